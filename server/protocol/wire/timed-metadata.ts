import { ascii, type Bytes, concat, type OwnBytes, u8, utf8 } from "../bytes/bytes.ts";
import type { WireValue } from "./control.ts";

/** A `data` message as it lies in the media of HLS: the same fields, the same values. */
export type TimedMetadata = {
  readonly id: string;
  readonly name: string;
  /** ms on the live stream's timeline. */
  readonly time: number;
  readonly values: readonly WireValue[];
};

/** scheme_id_uri of an `emsg` that holds an ID3v2 tag: what native players and hls.js look for. */
export const ID3_SCHEME = "https://aomedia.org/emsg/ID3";

/** The description of our frame: TXXX may be anybody's. */
export const DESCRIPTION = "sluice";

const UTF_8 = 3;

/**
 * An ID3v2.4 tag with one frame (id3v2.4.0-structure §3, id3v2.4.0-frames §4.2.6):
 *
 *     "ID3" 4 0 flags u8 size u28 | "TXXX" size u28 flags u16 | 3 (UTF-8) "sluice" 0 text
 *
 * where the sizes are of 7 bits a byte, without the headers they stand in.
 *
 * @param json of a `TimedMetadata`
 */
export function id3Tag(json: string): OwnBytes {
  const body = concat(u8(UTF_8), ascii(DESCRIPTION), u8(0), utf8(json));
  const frame = concat(ascii("TXXX"), syncsafe(body.length), u8(0), u8(0), body);
  return concat(ascii("ID3"), u8(4), u8(0), u8(0), syncsafe(frame.length), frame);
}

/**
 * Finds our frame in an ID3v2.4 tag.
 *
 * @returns undefined where it is not there, or not what it should be
 */
export function readId3Tag(tag: Bytes): TimedMetadata | undefined {
  if (textOf(tag.subarray(0, 3)) !== "ID3" || tag[3] !== 4) return undefined;
  const end = Math.min(tag.length, 10 + readSyncsafe(tag, 6));
  for (let at = 10; at + 10 < end; ) {
    const body = at + 10;
    const next = body + readSyncsafe(tag, at + 4);
    if (next > end || next === body) return undefined;
    const isText = textOf(tag.subarray(at, at + 4)) === "TXXX" && tag[body] === UTF_8;
    const separator = isText ? tag.indexOf(0, body + 1) : -1;
    if (separator > 0 && textOf(tag.subarray(body + 1, separator)) === DESCRIPTION) {
      return readTimedMetadata(textOf(tag.subarray(separator + 1, next)));
    }
    at = next;
  }
  return undefined;
}

/** Reads the text of our frame. @returns undefined where it is not what it should be */
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

const syncsafe = (value: number): OwnBytes =>
  Uint8Array.of((value >> 21) & 0x7f, (value >> 14) & 0x7f, (value >> 7) & 0x7f, value & 0x7f);

const readSyncsafe = (bytes: Bytes, at: number): number =>
  [0, 1, 2, 3].reduce((value, index) => value * 128 + ((bytes[at + index] ?? 0) & 0x7f), 0);

const textOf = (bytes: Bytes): string => new TextDecoder().decode(bytes);
