import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { id3Tag, readId3Text } from "./id3.ts";
import type { JsonValue } from "./json-value.ts";

/** A `data` message of the wire as it lies in the media of HLS: the same fields, the same values. */
export type TimedMetadata = {
  readonly id: string;
  readonly name: string;
  /** ms on the live stream's timeline. */
  readonly time: number;
  readonly values: readonly JsonValue[];
};

/** The description of the TXXX frame it lies in. */
export const TIMED_METADATA = "sluice";

/** As an ID3 tag. */
export const timedMetadataTag = ({ id, name, time, values }: TimedMetadata): OwnBytes =>
  id3Tag(TIMED_METADATA, JSON.stringify({ id, name, time, values }));

/** Finds it in an ID3 tag. @returns undefined where it is not there, or not what it should be */
export function findTimedMetadata(tag: Bytes): TimedMetadata | undefined {
  const text = readId3Text(tag, TIMED_METADATA);
  return text === undefined ? undefined : readTimedMetadata(text);
}

/** Reads its JSON. @returns undefined where it is not what it should be */
export function readTimedMetadata(json: string): TimedMetadata | undefined {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof said !== "object" || said === null) return undefined;
  const isWhole =
    "id" in said &&
    typeof said.id === "string" &&
    "name" in said &&
    typeof said.name === "string" &&
    "time" in said &&
    typeof said.time === "number" &&
    "values" in said &&
    Array.isArray(said.values);
  return isWhole ? (said as TimedMetadata) : undefined;
}
