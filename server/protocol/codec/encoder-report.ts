import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, equal, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { EncoderReport } from "../media/encoder-report.ts";
import type { VideoCodec } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import { ObuType, someObu } from "./av1-obu.ts";
import { someNalUnit } from "./nal-units.ts";
import { seiMessages } from "./sei.ts";

/**
 * What an encoder tells of itself among a picture's units: OBS's Broadcast Performance Metrics, which
 * it puts behind each key frame of a multitrack broadcast since 31.0, in three SEI messages of type
 * user_data_unregistered (HEVC: suffix SEI, prefix SEI before 32.1) or three metadata OBUs of type 6.
 * The picture stays as it is.
 *
 * @param data a sample, as `mdat` holds it
 * @returns undefined where there is nothing of it, or nothing that can be read
 * @see shared/bpm in the sources of OBS Studio
 */
export function readEncoderReport(codec: VideoCodec, data: Bytes): EncoderReport | undefined {
  let report: EncoderReport | undefined;
  const take = (message: Bytes): void => {
    const read = attempt(() => readMessage(message));
    if (read !== undefined)
      report = { ...report, ...read, times: { ...report?.times, ...read.times } };
  };
  switch (codec) {
    case "avc":
      takeFromSei(data, 1, (first) => (first & 31) === AVC_SEI, take);
      break;
    case "hevc":
      takeFromSei(data, 2, (first) => HEVC_SEI.includes((first >> 1) & 63), take);
      break;
    case "av1":
      takeFromObus(data, take);
      break;
    default:
      break;
  }
  return report;
}

function takeFromSei(
  data: Bytes,
  headerLength: number,
  isSei: (first: number) => boolean,
  take: (message: Bytes) => void,
): void {
  someNalUnit(data, (bytes, start, end) => {
    if (!isSei(bytes[start] ?? 0) || end - start > LIMITS.encoderReportBytes) return false;
    for (const { payloadType, payload } of seiMessages(bytes.subarray(start, end), headerLength)) {
      if (payloadType === USER_DATA_UNREGISTERED) take(payload);
    }
    return false;
  });
}

/** Metadata OBU (AV1 §5.8.1): type leb128 | … | trailing bits, a byte 80 here. */
function takeFromObus(data: Bytes, take: (message: Bytes) => void): void {
  attempt(() =>
    someObu(data, (type, _offset, start, end) => {
      const isPrivate = type === ObuType.Metadata && data[start] === USER_PRIVATE;
      if (isPrivate && end - start <= LIMITS.encoderReportBytes)
        take(data.subarray(start + 1, end));
      return false;
    }),
  );
}

/** A message of one of three kinds; whatever begins with another UUID is none of them. */
function readMessage(message: Bytes): EncoderReport | undefined {
  const uuid = message.subarray(0, UUID_LENGTH);
  const reader = new ByteReader(message.subarray(UUID_LENGTH));
  if (equal(uuid, TIMESTAMPS)) return { times: readTimes(reader) };
  // What Dolby Millicast makes of onFI, and what encoders write that are meant for it: ms since 1970.
  if (equal(uuid, MILLICAST)) return { times: composedAt(readTime(reader, 2)) };
  if (equal(uuid, SESSION)) {
    readTimes(reader);
    const [rendered, lagged, dropped, output] = readCounters(reader, 4);
    return { times: {}, session: { rendered, lagged, dropped, output } };
  }
  if (equal(uuid, RENDITION)) {
    readTimes(reader);
    const [input, skipped, output] = readCounters(reader, 3);
    return { times: {}, rendition: { input, skipped, output } };
  }
  return undefined;
}

/**
 * 0000 count - 1 u4 | (form u8 | event u8 | time)*
 *
 *     form 1: RFC 3339 and a zero byte | 2: ms since 1970, u64 | 3: a distance in ns, u64
 */
function readTimes(reader: ByteReader): EncoderReport["times"] {
  const times: { -readonly [name in keyof EncoderReport["times"]]: number } = {};
  for (let left = (reader.u8() & 15) + 1; left > 0; left -= 1) {
    const form = reader.u8();
    const event = EVENTS[reader.u8()];
    const time = readTime(reader, form);
    if (event !== undefined && time !== undefined) times[event] = time;
  }
  return times;
}

const composedAt = (composed: number | undefined): EncoderReport["times"] =>
  composed === undefined ? {} : { composed };

/** @returns ms since 1970; undefined for a distance, which OBS never writes */
function readTime(reader: ByteReader, form: number): number | undefined {
  switch (form) {
    case 1: {
      let text = "";
      for (let byte = reader.u8(); byte !== 0; byte = reader.u8()) {
        if (text.length === LONGEST_TIME) throw malformed("Cannot read a time without an end");
        text += String.fromCharCode(byte);
      }
      const time = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
      if (Number.isNaN(time)) throw malformed(`Cannot read ${JSON.stringify(text)} as a time`);
      return time;
    }
    case 2: {
      const time = reader.u32() * 2 ** 32 + reader.u32();
      if (time > LATEST_TIME) throw malformed(`Cannot read ${time} ms since 1970 as a time`);
      return time;
    }
    case 3:
      reader.skip(8);
      return undefined;
    default:
      throw malformed(`Cannot read a time of form ${form}`);
  }
}

/** 0000 count - 1 u4 | (tag u8 | frames u32)*, since the report before. Tags count from 1. */
function readCounters(reader: ByteReader, tags: 4): [number, number, number, number];
function readCounters(reader: ByteReader, tags: 3): [number, number, number];
function readCounters(reader: ByteReader, tags: number): number[] {
  const counters = new Array<number>(tags).fill(0);
  for (let left = (reader.u8() & 15) + 1; left > 0; left -= 1) {
    const tag = reader.u8();
    const frames = reader.u32();
    if (tag >= 1 && tag <= tags) counters[tag - 1] = frames;
  }
  return counters;
}

const uuid = (text: string): OwnBytes =>
  Uint8Array.from(text.replaceAll("-", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const UUID_LENGTH = 16;
const TIMESTAMPS = uuid("0aecffe7-5272-4e2f-a62f-d19cd61a93b5");
const SESSION = uuid("ca60e71c-6a8b-4388-a377-151df7bf8ac2");
const RENDITION = uuid("f1fbc1d5-101e-4fb5-a61e-b8ce3c07b8c0");
const MILLICAST = uuid("9a21f3be-31f0-4b78-b0be-c7f7dbb97250");

/** What a time is of, by its event. */
const EVENTS: readonly (keyof EncoderReport["times"] | undefined)[] = [
  ...[undefined, "composed", "encodeBegan", "encodeEnded", "sent"],
] as const;

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const LONGEST_TIME = 63;
/** The end of the year 9999, up to which a time has its usual form in text too. */
const LATEST_TIME = 253_402_300_799_999;

const AVC_SEI = 6;
const HEVC_SEI: readonly number[] = [39, 40];
const USER_DATA_UNREGISTERED = 5;
/** METADATA_TYPE_USER_PRIVATE_6. */
const USER_PRIVATE = 6;

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "ENCODER_REPORT", message);
