import { fromBase64 } from "../bytes/base64.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { DataValue } from "../media/sample.ts";
import { readSpliceInfoSection } from "./splice-info-section.ts";
import { writeSpliceInsert } from "./splice-insert.ts";
import { marksOf, type SpliceMark } from "./splice-mark.ts";

/** scheme_id_uri of an event that is a splice_info_section (SCTE 214-1). */
export const SPLICE_SCHEME = "urn:scte:scte35:2013:bin";

/** SCTE 35 as an encoder put it into a data message. */
export type SpliceMessage = {
  /** The whole splice_info_section. */
  readonly section: Bytes;
  readonly marks: readonly SpliceMark[];
};

/** Data messages in which encoders say such things: onCuePoint, onAdCue, onSCTE35, onAdMarker … */
const CUE_NAME = /cue|scte|splice|ad_?marker/i;

/** How deep it lies in them, and how many values are looked at. */
const DEEPEST = 4;
const MOST_VALUES = 256;

/**
 * Finds SCTE 35 in a data message. Encoders do it in three ways:
 *
 * - the section in Base64 or hexadecimal, or as bytes, wherever in the arguments: `onAdCue { cue, type:
 *   "scte35", id, duration, time }` (Adobe Primetime, Azure), `onCuePoint { name: "scte35-bin64", data }`;
 * - its fields one by one: `onCuePoint { name: "scte35", parameters: { splice_event_id,
 *   out_of_network_indicator, break_duration (ms) … } }` (AWS Elemental); the section is made of them;
 * - neither: a cue point like any other.
 *
 * @returns undefined where there is none
 * @throws ProtocolError as `readSpliceInfoSection` does, where one is there and broken
 */
export function findSplice(name: string, values: readonly DataValue[]): SpliceMessage | undefined {
  if (!CUE_NAME.test(name)) return undefined;
  const section = findSection(values) ?? sectionOfFields(values[0]);
  if (section === undefined) return undefined;
  return { section, marks: marksOf(readSpliceInfoSection(section)) };
}

/**
 * How long after its message a cue happens, ms: cue points may be announced. By `pre_roll_time` (ms) or
 * `pre_roll_time_sec`, or by `time`, seconds on the clock of the message's timestamp.
 *
 * @param timestamp of the message, ms on the publisher's clock
 * @returns 0 where it does not say so, or says what cannot be
 */
export function leadTime(values: readonly DataValue[], timestamp: number): number {
  const cue = membersOf(values[0]);
  const parameters = membersOf(cue?.["parameters"]);
  const inMs = numberOf(cue, parameters, "pre_roll_time");
  const inSeconds = numberOf(cue, parameters, "pre_roll_time_sec");
  const time = numberOf(cue, undefined, "time");
  for (const lead of [
    inMs,
    inSeconds === undefined ? undefined : inSeconds * 1000,
    time === undefined ? undefined : time * 1000 - timestamp,
  ]) {
    if (lead !== undefined && lead > 0 && lead <= LIMITS.spliceLead) return lead;
  }
  return 0;
}

function findSection(values: readonly DataValue[]): Bytes | undefined {
  let looked = 0;
  const look = (value: DataValue, depth: number): Bytes | undefined => {
    looked += 1;
    if (looked > MOST_VALUES || value === null) return undefined;
    if (typeof value === "string") return sectionOfText(value);
    if (value instanceof Uint8Array) return value[0] === 0xfc ? value : undefined;
    if (typeof value !== "object" || value instanceof Date || depth === DEEPEST) return undefined;
    for (const member of Object.values(value)) {
      const found = look(member, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return look(values, 0);
}

/** Base64 of table_id 0xfc and a length below 4096 begins with "/DA" to "/D/". */
const AS_BASE64 = /^\/D[A-Za-z0-9+/_-]{17,}={0,2}$/;
const AS_HEX = /^0x[0-9a-f]+$|^fc[0-9a-f]{28,}$/i;

function sectionOfText(text: string): Bytes | undefined {
  const trimmed = text.trim();
  if (trimmed.length > LIMITS.spliceInfoSection * 2 + 2) return undefined;
  if (AS_BASE64.test(trimmed)) return fromBase64(trimmed);
  if (!AS_HEX.test(trimmed)) return undefined;
  const digits = trimmed.replace(/^0x/i, "");
  if (digits.length % 2 === 1 || !/^fc/i.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

function sectionOfFields(value: DataValue | undefined): Bytes | undefined {
  const cue = membersOf(value);
  const fields = membersOf(cue?.["parameters"]) ?? cue;
  if (fields === undefined) return undefined;
  const eventId = fields["splice_event_id"];
  const isOut = fields["out_of_network_indicator"];
  if (typeof eventId !== "number" || typeof isOut !== "boolean") return undefined;
  if (!Number.isInteger(eventId) || eventId < 0 || eventId > 0xffff_ffff) {
    const message = `Cannot take ${eventId} for a splice_event_id`;
    throw new ProtocolError("malformed", "SCTE35_SECTION", message);
  }
  return writeSpliceInsert({
    eventId,
    isOut,
    isCanceled: fields["splice_event_cancel_indicator"] === true,
    duration: ticksOf(fields["break_duration"]),
    programId: smallNumber(fields["unique_program_id"], 0xffff),
    avail: smallNumber(fields["avail_num"], 0xff),
    availsExpected: smallNumber(fields["avail_expected"] ?? fields["avails_expected"], 0xff),
  });
}

const ticksOf = (ms: DataValue | undefined): number | undefined =>
  typeof ms === "number" && ms > 0 && ms < 2 ** 33 / 90 ? Math.round(ms * 90) : undefined;

const smallNumber = (value: DataValue | undefined, most: number): number =>
  typeof value === "number" && value >= 0 && value <= most ? Math.trunc(value) : 0;

function numberOf(
  first: Members | undefined,
  second: Members | undefined,
  name: string,
): number | undefined {
  const value = first?.[name] ?? second?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

type Members = { readonly [name: string]: DataValue };

/** The members of an object, such as a cue point is. */
export function membersOf(value: DataValue | undefined): Members | undefined {
  if (typeof value !== "object" || value === null || value instanceof Date) return undefined;
  if (value instanceof Uint8Array || Array.isArray(value)) return undefined;
  return value as Members;
}
