import { type Bytes, concat, equal, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { VideoTrack } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import {
  type Av1SequenceHeader,
  findSequenceHeader,
  ObuType,
  readAv1SequenceHeader,
  someObu,
} from "./av1-obu.ts";
import { namedColour } from "./picture-format.ts";

const FIXED_LENGTH = 4;

/**
 * Reads the configuration that an encoder sends ahead of its pictures: av1C (AV1 ISO-BMFF binding
 * §2.3.3), whose sequence header some encoders leave to the first key frame.
 *
 *     marker u1 = 1 version u7 = 1 | profile u3 level u5
 *     tier u1 high u1 twelve u1 mono u1 subsampling u1 u1 position u2 | 000 delay u1 u4 | configOBUs
 *
 * @param record av1C without box header; may be empty where `keyFrame` has a sequence header
 * @param keyFrame the OBUs of a key frame: asked where `record` has no sequence header, which the
 *   track's configuration then gains
 * @throws ProtocolError `AV1_CONFIGURATION` (malformed) where neither has a sequence header: the
 *   caller waits for a key frame; `AV1_SEQUENCE_HEADER`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function av1Track(trackIndex: number, record: Bytes, keyFrame?: Bytes): VideoTrack {
  const [first] = record;
  if (first !== undefined && (first !== 0x81 || record.length < FIXED_LENGTH)) {
    const message = `Cannot read an AV1 configuration of ${record.length} bytes that begins with ${first}`;
    throw new ProtocolError("malformed", "AV1_CONFIGURATION", message);
  }
  const configured = findSequenceHeader(record.subarray(FIXED_LENGTH));
  const found = configured ?? (keyFrame && findSequenceHeader(keyFrame));
  if (found === undefined) {
    const message = "Cannot use an AV1 configuration without a sequence header";
    throw new ProtocolError("malformed", "AV1_CONFIGURATION", message);
  }
  const header = readAv1SequenceHeader(found);
  const configuration = configured === undefined ? writeAv1C(header, found) : record;
  const { frameRate, primaries, transfer, matrix } = header;
  const colour = namedColour({ primaries, transfer, matrix, fullRange: header.isFullRange });
  return {
    mediaType: "video",
    trackIndex,
    codec: "av1",
    codecString: codecString(header),
    configuration,
    width: header.width,
    height: header.height,
    ...(frameRate !== undefined && { frameRate }),
    reorderDepth: 0, // a temporal unit shows one picture, in decoding order
    ...(colour && { colour }),
  };
}

/** Whether av1C leaves the sequence header to the first key frame: it holds no OBUs, or others. */
export const leavesSequenceHeader = (record: Bytes): boolean =>
  record.length <= FIXED_LENGTH ||
  (record[0] === 0x81 && findSequenceHeader(record.subarray(FIXED_LENGTH)) === undefined);

/**
 * What a key frame changes in the configuration: an encoder may change size with a sequence header
 * among the pictures only.
 *
 * @param current av1C as `av1Track` gives it
 * @returns av1C with the key frame's sequence header, or undefined where all that is read of it is
 *   the same (SVT-AV1 sends ahead a header that differs from the real one in its tools)
 */
export function newAv1Configuration(current: Bytes, keyFrame: Bytes): OwnBytes | undefined {
  const carried = findSequenceHeader(keyFrame);
  const known = findSequenceHeader(current.subarray(FIXED_LENGTH));
  if (carried === undefined || known === undefined) return undefined;
  if (equal(known, carried)) return undefined;
  return attempt(() => {
    const before = readAv1SequenceHeader(known);
    const after = readAv1SequenceHeader(carried);
    const names = Object.keys({ ...before, ...after }) as (keyof Av1SequenceHeader)[];
    if (names.every((name) => before[name] === after[name])) return undefined;
    return writeAv1C(after, carried);
  });
}

/**
 * One temporal unit as `mdat` holds it: without its temporal delimiters (AV1 ISO-BMFF binding §2.4).
 *
 * @returns `temporalUnit` itself where there is none, a view where they stand in front, else a copy
 * @throws ProtocolError `AV1_OBU` (malformed), `AV1_OBUS` (limit)
 */
export function withoutTemporalDelimiters(temporalUnit: Bytes): Bytes {
  // Nearly always there is one, in front: its end is where the picture begins.
  let delimiters = 0;
  let front = 0;
  let others = 0;
  someObu(temporalUnit, (type, offset, _start, end) => {
    if (type !== ObuType.TemporalDelimiter) {
      others += end - offset;
      return false;
    }
    if (offset === front) front = end;
    delimiters += 1;
    return false;
  });
  if (delimiters === 0) return temporalUnit;
  if (others === 0) return NO_BYTES;
  if (front + others === temporalUnit.length) return temporalUnit.subarray(front);
  const kept = new Uint8Array(others);
  let length = 0;
  someObu(temporalUnit, (type, offset, _start, end) => {
    if (type === ObuType.TemporalDelimiter) return false;
    kept.set(temporalUnit.subarray(offset, end), length);
    length += end - offset;
    return false;
  });
  return kept;
}

/**
 * Whether decoding can begin with this picture by its own words: a sequence header, then a key
 * frame that is shown (AV1 §7.6.1).
 *
 * @returns false too for what cannot be read
 */
export function isAv1Sync(temporalUnit: Bytes): boolean {
  let hasSequenceHeader = false;
  let isKey = false;
  attempt(() =>
    someObu(temporalUnit, (type, _offset, start, end) => {
      if (type === ObuType.SequenceHeader) hasSequenceHeader = true;
      if (type !== ObuType.Frame && type !== ObuType.FrameHeader) return false;
      // show_existing_frame u1 = 0 | frame_type u2 = KEY_FRAME 0 | show_frame u1 = 1
      isKey = start < end && ((temporalUnit[start] ?? 0) & 0xf0) === 0x10;
      return true;
    }),
  );
  return hasSequenceHeader && isKey;
}

function writeAv1C(header: Av1SequenceHeader, sequenceHeader: Bytes): OwnBytes {
  const { profile, level, tier, bitDepth, isMonochrome, subsamplingX, subsamplingY } = header;
  const size = leb128(sequenceHeader.length);
  return concat(
    Uint8Array.of(
      0x81,
      (profile << 5) | level,
      (tier << 7) |
        (bitDepth > 8 ? 0x40 : 0) |
        (bitDepth === 12 ? 0x20 : 0) |
        (isMonochrome ? 0x10 : 0) |
        (subsamplingX << 3) |
        (subsamplingY << 2) |
        header.chromaSamplePosition,
      0,
      (ObuType.SequenceHeader << 3) | 2, // obu_has_size_field
    ),
    size,
    sequenceHeader,
  );
}

function leb128(value: number): OwnBytes {
  const bytes: number[] = [];
  for (let left = value; bytes.length === 0 || left > 0; left = Math.floor(left / 128)) {
    bytes.push((left % 128) | (left >= 128 ? 128 : 0));
  }
  return Uint8Array.from(bytes);
}

/** AV1 ISO-BMFF binding §5: `av01.0.08M.08`. */
function codecString({ profile, level, tier, bitDepth }: Av1SequenceHeader): string {
  const twoDigits = (value: number): string => String(value).padStart(2, "0");
  return `av01.${profile}.${twoDigits(level)}${tier === 0 ? "M" : "H"}.${twoDigits(bitDepth)}`;
}
