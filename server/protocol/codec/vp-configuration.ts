import { type Bytes, concat, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Colour } from "../media/track.ts";
import { namedColour } from "./picture-format.ts";

/** What VP8 and VP9 tell of their pictures where no record does. */
export type VpFormat = {
  readonly profile: number;
  readonly bitDepth: 8 | 10 | 12;
  /** chromaSubsampling: 0, 1 are 4:2:0 (vertical, colocated), 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  readonly isFullRange: boolean;
  /** matrix_coefficients; 2 where it is not told. */
  readonly matrix: number;
  readonly width: number;
  readonly height: number;
};

/** A record made whole, and what is written of it elsewhere. */
export type VpConfiguration = {
  /** vpcC without box header, version and flags included. */
  readonly configuration: Bytes;
  /** `PP.LL.DD` of the codec string. */
  readonly parameters: string;
  readonly colour: Colour | undefined;
};

const VERSION_AND_FLAGS = Uint8Array.of(1, 0, 0, 0);
// profile, level, depth and chroma, three of colour, and the size of initialization data: 0
const RECORD_LENGTH = 8;

/**
 * Reads a VPCodecConfigurationRecord, with version and flags of its box (FFmpeg) or without (VP codec
 * ISO-BMFF binding, "VP Codec Configuration Box").
 *
 *     version u8 = 1 | flags u24 | profile u8 | level u8 | bit depth u4 chroma u3 full range u1
 *     primaries u8 | transfer u8 | matrix u8 | initialization data length u16 = 0
 *
 * @param record made from `format` where it is empty
 * @param code of the error where it cannot be read (malformed)
 */
export function vpConfiguration(record: Bytes, format: VpFormat, code: string): VpConfiguration {
  const configuration = record.length === 0 ? writeVpcC(format) : withVersion(record, code);
  const [profile = 0, level = 0, depth = 0, ...colour] = configuration.subarray(
    VERSION_AND_FLAGS.length,
  );
  const [primaries = 2, transfer = 2, matrix = 2] = colour;
  // Browsers refuse a codec string with level 0.
  const named = LEVELS.some(([, known]) => known === level) ? level : levelOf(format);
  return {
    configuration,
    parameters: [profile, named, depth >> 4]
      .map((value) => String(value).padStart(2, "0"))
      .join("."),
    colour: namedColour({ primaries, transfer, matrix, fullRange: (depth & 1) === 1 }),
  };
}

function withVersion(record: Bytes, code: string): Bytes {
  // Without version and flags these bytes would say profile 1 with samples of 0 bits.
  const hasVersion = VERSION_AND_FLAGS.every((byte, index) => record[index] === byte);
  const length = RECORD_LENGTH + (hasVersion ? VERSION_AND_FLAGS.length : 0);
  if (record.length < length) {
    const message = `Cannot read a VP configuration of ${record.length} bytes`;
    throw new ProtocolError("malformed", code, message);
  }
  return hasVersion ? record : concat(VERSION_AND_FLAGS, record);
}

function writeVpcC(format: VpFormat): OwnBytes {
  const { profile, bitDepth, chroma, isFullRange, matrix } = format;
  return concat(
    VERSION_AND_FLAGS,
    Uint8Array.of(
      profile,
      levelOf(format),
      (bitDepth << 4) | (chroma << 1) | (isFullRange ? 1 : 0),
    ),
    Uint8Array.of(2, 2, matrix, 0, 0),
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

/** The least level for a picture of this size. */
function levelOf({ width, height }: VpFormat): number {
  return LEVELS.find(([pixels]) => width * height <= pixels)?.[1] ?? 62;
}
