import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { attempt } from "./attempt.ts";
import { checkDimensions, plausibleFrameRate } from "./picture-format.ts";

/** obu_type of AV1, of those that mean something here (AV1 §6.2.2). */
export const ObuType = {
  SequenceHeader: 1,
  TemporalDelimiter: 2,
  FrameHeader: 3,
  Metadata: 5,
  Frame: 6,
} as const;

/** What the sequence header of AV1 says, as far as somebody needs it (AV1 §5.5). */
export type Av1SequenceHeader = {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly isMonochrome: boolean;
  /** By the numbers of ISO/IEC 23091-2; 2 where nothing is said. */
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly isFullRange: boolean;
  readonly subsamplingX: number;
  readonly subsamplingY: number;
  readonly chromaSamplePosition: number;
  readonly isReducedStillPicture: boolean;
  readonly width: number;
  readonly height: number;
  readonly frameRate?: number;
};

/** Called with an OBU's place in a temporal unit: its header, its payload, its end. */
export type ObuVisitor = (type: number, offset: number, start: number, end: number) => boolean;

/**
 * Walks over the open bitstream units of one temporal unit (AV1 §5.3), low-overhead form: only the
 * last may leave its size out. Every picture is asked, so this allocates nothing: `visit` gets an
 * OBU's place in `data` and ends the walk by returning true.
 *
 *     forbidden u1 = 0 | type u4 | extension u1 | has size u1 | reserved u1
 *     (extension u8) | (size leb128) | payload
 *
 * @returns whether `visit` ended the walk
 * @throws ProtocolError `AV1_OBU` (malformed), `AV1_OBUS` (limit)
 */
export function someObu(data: Bytes, visit: ObuVisitor): boolean {
  let offset = 0;
  let count = 0;
  while (offset < data.length) {
    const header = data[offset] ?? 0;
    if ((header & 0x80) !== 0) {
      throw malformed("AV1_OBU", "Cannot read an OBU with its forbidden bit set", offset);
    }
    let start = offset + ((header & 4) === 0 ? 1 : 2);
    let length = data.length - start;
    if ((header & 2) !== 0) {
      length = 0;
      let place = 1;
      for (let more = true; more; place *= 128) {
        const byte = data[start];
        if (byte === undefined || place > 2 ** 49) {
          throw malformed("AV1_OBU", "Cannot read the size of an OBU", offset);
        }
        length += (byte & 127) * place;
        more = byte >= 128;
        start += 1;
      }
    }
    const end = start + length;
    if (length < 0 || end > data.length) {
      const message = `Cannot read an OBU of ${length} bytes: ${data.length - start} are left`;
      throw malformed("AV1_OBU", message, offset);
    }
    count += 1;
    if (count > LIMITS.obusInPicture) {
      const message = `Cannot take more than ${LIMITS.obusInPicture} OBUs in a picture`;
      throw new ProtocolError("limit", "AV1_OBUS", message, { offset });
    }
    if (visit((header >> 3) & 15, offset, start, end)) return true;
    offset = end;
  }
  return false;
}

/**
 * The payload of the first sequence header of a temporal unit or of configOBUs, a view of `data`;
 * undefined where there is none, or what is before it cannot be read.
 */
export function findSequenceHeader(data: Bytes): Bytes | undefined {
  let payload: Bytes | undefined;
  attempt(() =>
    someObu(data, (type, _offset, start, end) => {
      if (type !== ObuType.SequenceHeader) return false;
      payload = data.subarray(start, end);
      return true;
    }),
  );
  return payload;
}

/**
 * sequence_header_obu() (AV1 §5.5.1), the payload of an OBU of type 1. Of operating points the
 * first one counts, which is the whole stream.
 *
 * @throws ProtocolError `AV1_SEQUENCE_HEADER`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function readAv1SequenceHeader(payload: Bytes): Av1SequenceHeader {
  const bits = new BitReader(payload);
  const profile = bits.bits(3);
  if (profile > 2) throw malformed("AV1_SEQUENCE_HEADER", `Cannot take profile ${profile}`);
  bits.skip(1); // still_picture
  const isReducedStillPicture = bits.flag();
  const { level, tier, frameRate } = isReducedStillPicture
    ? { level: bits.bits(5), tier: 0, frameRate: undefined }
    : readOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  const height = bits.bits(heightBits) + 1;
  checkDimensions("AV1_SEQUENCE_HEADER", width, height);
  if (!isReducedStillPicture && bits.flag()) bits.skip(7); // lengths of frame ids
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!isReducedStillPicture) skipTools(bits);
  bits.skip(3); // enable_superres, enable_cdef, enable_restoration
  const colour = readColourConfig(bits, profile);
  return {
    ...{ profile, level, tier, isReducedStillPicture, width, height },
    ...colour,
    ...(frameRate !== undefined && { frameRate }),
  };
}

/** From timing_info_present_flag to the last operating point (§5.5.1, §5.5.3 to §5.5.5). */
function readOperatingPoints(bits: BitReader): {
  level: number;
  tier: number;
  frameRate: number | undefined;
} {
  let frameRate: number | undefined;
  let delayBits: number | undefined;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    // equal_picture_interval, and how many ticks that is.
    if (bits.flag()) frameRate = plausibleFrameRate(timeScale / unitsInTick / (bits.ue() + 1));
    if (bits.flag()) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5); // num_units_in_decoding_tick, lengths of other times
    }
  }
  const hasInitialDelay = bits.flag();
  let level = 0;
  let tier = 0;
  const points = bits.bits(5) + 1;
  for (let index = 0; index < points; index += 1) {
    bits.skip(12); // operating_point_idc
    const pointLevel = bits.bits(5);
    const pointTier = pointLevel > 7 ? bits.bits(1) : 0;
    if (delayBits !== undefined && bits.flag()) bits.skip(2 * delayBits + 1);
    if (hasInitialDelay && bits.flag()) bits.skip(4);
    if (index === 0) [level, tier] = [pointLevel, pointTier];
  }
  return { level, tier, frameRate };
}

const SELECT_SCREEN_CONTENT_TOOLS = 2;

/** From enable_interintra_compound to order_hint_bits_minus_1 (§5.5.1). */
function skipTools(bits: BitReader): void {
  bits.skip(4); // interintra, masked compound, warped motion, dual filter
  const hasOrderHint = bits.flag();
  if (hasOrderHint) bits.skip(2); // enable_jnt_comp, enable_ref_frame_mvs
  const choosesScreenContentTools = bits.flag();
  const screenContentTools = choosesScreenContentTools ? SELECT_SCREEN_CONTENT_TOOLS : bits.bits(1);
  if (screenContentTools > 0 && !bits.flag()) bits.skip(1); // seq_force_integer_mv
  if (hasOrderHint) bits.skip(3); // order_hint_bits_minus_1
}

/** color_config() (§5.5.2), up to chroma_sample_position. */
function readColourConfig(
  bits: BitReader,
  profile: number,
): Pick<
  Av1SequenceHeader,
  | ("bitDepth" | "isMonochrome" | "subsamplingX" | "subsamplingY" | "chromaSamplePosition")
  | ("primaries" | "transfer" | "matrix" | "isFullRange")
> {
  const isHigh = bits.flag();
  const isTwelve = profile === 2 && isHigh && bits.flag();
  const bitDepth = isTwelve ? 12 : isHigh ? 10 : 8;
  const isMonochrome = profile !== 1 && bits.flag();
  const [primaries, transfer, matrix] = bits.flag()
    ? [bits.bits(8), bits.bits(8), bits.bits(8)]
    : [2, 2, 2];
  const known = { bitDepth, isMonochrome, primaries, transfer, matrix } as const;
  if (isMonochrome) {
    const isFullRange = bits.flag();
    return { ...known, isFullRange, subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 };
  }
  // BT.709, sRGB and identity together mean RGB, without subsampling.
  if (primaries === 1 && transfer === 13 && matrix === 0) {
    return {
      ...{ ...known, isFullRange: true, subsamplingX: 0, subsamplingY: 0 },
      chromaSamplePosition: 0,
    };
  }
  const isFullRange = bits.flag();
  let subsamplingX = profile === 1 ? 0 : 1;
  let subsamplingY = profile === 0 ? 1 : 0;
  if (profile === 2 && isTwelve) {
    subsamplingX = bits.bits(1);
    subsamplingY = subsamplingX === 1 ? bits.bits(1) : 0;
  }
  const hasPosition = subsamplingX === 1 && subsamplingY === 1;
  const chromaSamplePosition = hasPosition ? bits.bits(2) : 0;
  return { ...known, isFullRange, subsamplingX, subsamplingY, chromaSamplePosition };
}

const malformed = (code: string, message: string, offset?: number): ProtocolError =>
  new ProtocolError("malformed", code, message, offset === undefined ? {} : { offset });
