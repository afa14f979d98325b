import { BitReader } from "../bytes/bit-reader.ts";
import { type Bytes, concat } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { VideoTrack } from "../media/track.ts";
import { checkDimensions } from "./picture-format.ts";

/** What the uncompressed header of a VP9 key frame says (VP9 §6.2). */
export type Vp9KeyFrameHeader = {
  readonly profile: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly colourSpace: number;
  readonly isFullRange: boolean;
  readonly subsamplingX: number;
  readonly subsamplingY: number;
  readonly width: number;
  readonly height: number;
};

const VERSION_AND_FLAGS = Uint8Array.of(1, 0, 0, 0);
// profile, level, depth and chroma, three of colour, and the size of initialization data: 0
const RECORD_LENGTH = 8;
const RGB = 7;

/**
 * Reads the configuration that an encoder sends ahead of its pictures: vpcC, with version and flags
 * (FFmpeg) or without (VP codec ISO-BMFF binding, "VP Codec Configuration Box").
 *
 *     version u8 = 1 | flags u24 | profile u8 | level u8 | bit depth u4 chroma u3 full range u1
 *     primaries u8 | transfer u8 | matrix u8 | initialization data length u16 = 0
 *
 * It knows no dimensions, so the track is known with the first key frame only; with each later one
 * this may be called again to notice a new size.
 *
 * @param record vpcC without box header; made from the key frame where it is empty
 * @throws ProtocolError `VP9_CONFIGURATION`, `VP9_FRAME` or `TRUNCATED` (malformed)
 */
export function vp9Track(trackIndex: number, record: Bytes, keyFrame: Bytes): VideoTrack {
  const header = readVp9KeyFrameHeader(keyFrame);
  const configuration = record.length === 0 ? writeVpcC(header) : withVersion(record);
  const [profile = 0, level = 0, depth = 0] = configuration.subarray(VERSION_AND_FLAGS.length);
  const named = LEVELS.some(([, known]) => known === level) ? level : levelOf(header);
  const twoDigits = (value: number): string => String(value).padStart(2, "0");
  return {
    mediaType: "video",
    trackIndex,
    codec: "vp9",
    codecString: `vp09.${twoDigits(profile)}.${twoDigits(named)}.${twoDigits(depth >> 4)}`,
    configuration,
    width: header.width,
    height: header.height,
    reorderDepth: 0, // a superframe shows one picture, in decoding order
  };
}

/**
 * uncompressed_header() of a key frame up to its size (VP9 §6.2, §6.2.1 to §6.2.3).
 *
 * @throws ProtocolError `VP9_FRAME` or `TRUNCATED` (malformed) for anything else
 */
export function readVp9KeyFrameHeader(frame: Bytes): Vp9KeyFrameHeader {
  const bits = new BitReader(frame);
  if (bits.bits(2) !== 2) throw malformed("VP9_FRAME", "Cannot read a frame without frame_marker");
  const profile = bits.bits(1) + bits.bits(1) * 2;
  if (profile === 3) bits.skip(1); // reserved_zero
  if (bits.flag() || bits.flag()) {
    throw malformed("VP9_FRAME", "Cannot read the size of a frame that is not a key frame");
  }
  bits.skip(2); // show_frame, error_resilient_mode
  const syncCode = bits.bits(24);
  if (syncCode !== 0x498342) {
    throw malformed("VP9_FRAME", `Cannot read a key frame with sync code ${syncCode}`);
  }
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
  const colourSpace = bits.bits(3);
  const isOdd = profile === 1 || profile === 3;
  let isFullRange = true;
  let subsamplingX = colourSpace === RGB ? 0 : 1;
  let subsamplingY = subsamplingX;
  if (colourSpace !== RGB) {
    isFullRange = bits.flag();
    if (isOdd) {
      subsamplingX = bits.bits(1);
      subsamplingY = bits.bits(1);
    }
  }
  if (isOdd) bits.skip(1); // reserved_zero
  const width = bits.bits(16) + 1;
  const height = bits.bits(16) + 1;
  checkDimensions("VP9_FRAME", width, height);
  return { profile, bitDepth, colourSpace, isFullRange, subsamplingX, subsamplingY, width, height };
}

/** Whether decoding can begin with this frame by its own words; false too for what is no frame. */
export function isVp9Sync(frame: Bytes): boolean {
  const first = frame[0] ?? 0;
  if (first >> 6 !== 2) return false;
  // marker u2 | profile low u1 high u1 | (profile 3: reserved u1) | show existing u1 | frame type u1
  const isProfile3 = (first & 0x30) === 0x30;
  return (first & (isProfile3 ? 0x06 : 0x0c)) === 0;
}

function withVersion(record: Bytes): Bytes {
  // Without version and flags these bytes would say profile 1 with samples of 0 bits.
  const hasVersion = VERSION_AND_FLAGS.every((byte, index) => record[index] === byte);
  const length = RECORD_LENGTH + (hasVersion ? VERSION_AND_FLAGS.length : 0);
  if (record.length < length) {
    const message = `Cannot read a VP9 configuration of ${record.length} bytes`;
    throw malformed("VP9_CONFIGURATION", message);
  }
  return hasVersion ? record : concat(VERSION_AND_FLAGS, record);
}

function writeVpcC(header: Vp9KeyFrameHeader): Bytes {
  const { profile, bitDepth, subsamplingX, subsamplingY, isFullRange } = header;
  const chroma = subsamplingX === 0 ? 3 : subsamplingY === 0 ? 2 : 1; // 4:2:0 is colocated
  return concat(
    VERSION_AND_FLAGS,
    Uint8Array.of(
      profile,
      levelOf(header),
      (bitDepth << 4) | (chroma << 1) | (isFullRange ? 1 : 0),
    ),
    Uint8Array.of(2, 2, header.colourSpace === RGB ? 0 : 2, 0, 0), // unspecified but for identity
  );
}

// Largest picture in pixels of each level (VP9 levels, webmproject.org/vp9/levels).
const LEVELS: readonly (readonly [number, number])[] = [
  [36_864, 10],
  [73_728, 11],
  [122_880, 20],
  [245_760, 21],
  [552_960, 30],
  [983_040, 31],
  [2_228_224, 40],
  [2_228_224, 41],
  [8_912_896, 50],
  [8_912_896, 51],
  [8_912_896, 52],
  [35_651_584, 60],
  [35_651_584, 61],
  [35_651_584, 62],
];

/** The least level for a picture of this size: browsers refuse a codec string with level 0. */
function levelOf({ width, height }: Vp9KeyFrameHeader): number {
  return LEVELS.find(([pixels]) => width * height <= pixels)?.[1] ?? 62;
}

const malformed = (code: string, message: string): ProtocolError =>
  new ProtocolError("malformed", code, message);
