import { BitReader } from "../bytes/bit-reader.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, equal, type OwnBytes, u8, u16 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { VideoTrack } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import { type HevcSps, readHevcSps } from "./hevc-sps.ts";
import { annexBNalUnits, isAnnexB, removeEmulationPrevention, someNalUnit } from "./nal-units.ts";
import type { PictureFormat } from "./picture-format.ts";

/** nal_unit_type of HEVC, of those that mean something here (ITU-T H.265 table 7-1). */
export const HevcNalUnitType = {
  /** The first of the IRAP types, BLA_W_LP … */
  FirstIrap: 16,
  /** … and the last, RSV_IRAP_VCL23. */
  LastIrap: 23,
  Vps: 32,
  Sps: 33,
  Pps: 34,
  PrefixSei: 39,
  SuffixSei: 40,
} as const;

// A record counts the arrays in 8 bits, the units of one in 16; ids end at 15, 15 and 63.
const MAX_SETS = 64;
const MAX_SET_LENGTH = 0xffff;
const MAX_SETS_IN_PICTURE = 64;

/** One array of a HEVCDecoderConfigurationRecord. */
export type HevcNalUnitArray = { readonly type: number; readonly units: readonly Bytes[] };

/** HEVCDecoderConfigurationRecord, read. */
export type HevcConfiguration = {
  readonly nalLengthSize: number;
  /** min_spatial_segmentation_idc and parallelismType; what tells neither is 0. */
  readonly minSpatialSegmentation: number;
  readonly parallelism: number;
  readonly arrays: readonly HevcNalUnitArray[];
};

/**
 * Reads the configuration that an encoder sends ahead of its pictures, or makes one from a byte
 * stream (Annex B) that stands in its place.
 *
 * @returns the track, its record normalised (lengths of 4 bytes, profile and level from the SPS,
 *   every array complete as `hvc1` wants it, no SEI: x265 puts 2 KB of text there), and how many
 *   bytes the lengths of its NAL units have as they come
 * @throws ProtocolError `HEVC_CONFIGURATION`, `HEVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function hevcTrack(
  trackIndex: number,
  record: Bytes,
): { track: VideoTrack; nalLengthSize: number } {
  const configuration = readHevcConfiguration(record);
  const sps = readHevcSps(firstSps(configuration));
  const { width, height, frameRate, reorderDepth, colour } = sps;
  const track: VideoTrack = {
    mediaType: "video",
    trackIndex,
    codec: "hevc",
    codecString: hevcCodecString(sps.profileTierLevel),
    configuration: writeHevcConfiguration(configuration, sps),
    width,
    height,
    ...(frameRate !== undefined && { frameRate }),
    reorderDepth,
    ...(colour && { colour }),
  };
  return { track, nalLengthSize: configuration.nalLengthSize };
}

/**
 * HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1):
 *
 *     version u8 = 1 | profile, tier and level 12 bytes | 1111 spatial segmentation u12
 *     111111 parallelism u2 | 111111 chroma u2 | 11111 luma u3 | 11111 chroma u3
 *     average frame rate u16 | constant u2 layers u3 nested u1 length size - 1 u2 | arrays u8
 *     (complete u1 0 type u6 | count u16 | (length u16, unit)*)*
 *
 * @returns views of `record`; a byte stream in its place is read as if its units were listed
 * @throws ProtocolError `HEVC_CONFIGURATION` (malformed, limit) or `TRUNCATED` (malformed)
 */
export function readHevcConfiguration(record: Bytes): HevcConfiguration {
  checkLength(record);
  if (isAnnexB(record)) {
    const units = annexBNalUnits(record).filter((unit) => unit.length <= MAX_SET_LENGTH);
    const arrays = PARAMETER_SETS.map((type) => {
      return { type, units: units.filter((unit) => typeOf(unit) === type).slice(0, MAX_SETS) };
    }).filter(({ units }) => units.length > 0);
    return { nalLengthSize: 4, minSpatialSegmentation: 0, parallelism: 0, arrays };
  }
  const reader = new ByteReader(record);
  const version = reader.u8();
  // Encoders of before the standard was final wrote 0.
  if (version > 1) throw malformed(`Cannot read version ${version} of an HEVC configuration`);
  reader.skip(12); // profile, tier and level: the SPS says them too, and is believed
  const minSpatialSegmentation = reader.u16() & 0xfff;
  const parallelism = reader.u8() & 3;
  reader.skip(5); // chroma format, bit depths (the SPS again), average frame rate
  const nalLengthSize = (reader.u8() & 3) + 1;
  const arrays: HevcNalUnitArray[] = [];
  for (let left = reader.u8(); left > 0; left -= 1) {
    const type = reader.u8() & 63;
    const units: Bytes[] = [];
    for (let count = reader.u16(); count > 0; count -= 1) {
      const unit = reader.take(reader.u16());
      if (unit.length > 0) units.push(unit);
    }
    if (units.length > 0) arrays.push({ type, units });
  }
  return { nalLengthSize, minSpatialSegmentation, parallelism, arrays };
}

/**
 * What a key frame changes in the configuration: encoders that change size or coding sometimes put
 * the new parameter sets among the pictures only.
 *
 * @param current a record as `hevcTrack` gives it
 * @param keyFrame NAL units with lengths of 4 bytes
 * @returns a record with the key frame's parameter sets first, then those of `current` with other
 *   ids; undefined where the key frame carries none that `current` lacks
 */
export function newHevcConfiguration(current: Bytes, keyFrame: Bytes): OwnBytes | undefined {
  const sets: Bytes[] = [];
  someNalUnit(keyFrame, (data, start, end) => {
    const type = ((data[start] ?? 0) >> 1) & 63;
    const isSet = PARAMETER_SETS.includes(type) && end - start <= MAX_SET_LENGTH;
    if (isSet) sets.push(data.subarray(start, end));
    return sets.length === MAX_SETS_IN_PICTURE;
  });
  if (sets.length === 0) return undefined;
  return attempt(() => {
    const configuration = readHevcConfiguration(current);
    const known = configuration.arrays.flatMap(({ units }) => units);
    if (sets.every((set) => known.some((other) => equal(set, other)))) return undefined;
    const arrays = PARAMETER_SETS.map((type) => {
      const ofType = (units: readonly Bytes[]): Bytes[] =>
        units.filter((unit) => typeOf(unit) === type);
      return { type, units: merge(ofType(sets), ofType(known)) };
    }).filter(({ units }) => units.length > 0);
    const merged = { ...configuration, arrays };
    const written = writeHevcConfiguration(merged, readHevcSps(firstSps(merged)));
    return equal(written, current) ? undefined : written; // sets that cannot be read change nothing
  });
}

/**
 * Whether decoding can begin with this picture by its own words: it has a slice of an IRAP picture.
 *
 * @param data NAL units with lengths of 4 bytes
 */
export const isHevcIrap = (data: Bytes): boolean =>
  someNalUnit(data, (bytes, start) => {
    const type = ((bytes[start] ?? 0) >> 1) & 63;
    return type >= HevcNalUnitType.FirstIrap && type <= HevcNalUnitType.LastIrap;
  });

/** Pixel aspect and colour that a record's SPS names; nothing where it cannot be read. */
export const hevcPictureFormat = (record: Bytes): PictureFormat =>
  attempt(() => readHevcSps(firstSps(readHevcConfiguration(record)))) ?? {};

/**
 * RFC 6381 name of a profile, tier and level (ISO/IEC 14496-15 §E.3): `hvc1.1.6.L60.90`.
 *
 * @param profileTierLevel space u2 tier u1 profile u5 | compatibility 4 bytes | constraints 6 bytes
 *   | level u8
 */
function hevcCodecString(profileTierLevel: Bytes): string {
  const reader = new ByteReader(profileTierLevel);
  const first = reader.u8();
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  const tier = (first & 0x20) === 0 ? "L" : "H";
  let reversed = 0;
  const compatibility = reader.u32();
  for (let bit = 0; bit < 32; bit += 1) reversed += ((compatibility >>> bit) & 1) * 2 ** (31 - bit);
  const constraints = [...reader.take(6)];
  const level = reader.u8();
  while (constraints.at(-1) === 0) constraints.pop();
  const hex = (value: number): string => value.toString(16).toUpperCase();
  return [
    `hvc1.${space}${first & 31}`,
    hex(reversed),
    `${tier}${level}`,
    ...constraints.map(hex),
  ].join(".");
}

function writeHevcConfiguration(configuration: HevcConfiguration, sps: HevcSps): OwnBytes {
  const { minSpatialSegmentation, parallelism } = configuration;
  const arrays = configuration.arrays.filter(({ type }) => !SEI.includes(type));
  const layers = (sps.temporalLayers << 3) | (sps.temporalIdNested ? 4 : 0) | 3;
  const written = concat(
    u8(1),
    sps.profileTierLevel,
    u16(0xf000 | minSpatialSegmentation),
    u8(0xfc | parallelism),
    u8(0xfc | sps.chromaFormat),
    u8(0xf8 | (sps.bitDepthLuma - 8)),
    u8(0xf8 | (sps.bitDepthChroma - 8)),
    u16(0), // average frame rate: not told
    u8(layers), // constant frame rate: not told
    u8(arrays.length),
    ...arrays.flatMap(({ type, units }) => [
      u8(0x80 | type), // array_completeness
      u16(units.length),
      ...units.flatMap((unit) => [u16(unit.length), unit]),
    ]),
  );
  checkLength(written);
  return written;
}

const PARAMETER_SETS: readonly number[] = [
  HevcNalUnitType.Vps,
  HevcNalUnitType.Sps,
  HevcNalUnitType.Pps,
];
const SEI: readonly number[] = [HevcNalUnitType.PrefixSei, HevcNalUnitType.SuffixSei];

/** `newer`, then what `older` has under other ids. */
function merge(newer: readonly Bytes[], older: readonly Bytes[]): Bytes[] {
  const merged = new Map<number, Bytes>();
  for (const unit of [...newer, ...older]) {
    const id = parameterSetId(unit);
    if (id !== undefined && !merged.has(id) && merged.size < MAX_SETS) merged.set(id, unit);
  }
  return [...merged.values()];
}

function parameterSetId(unit: Bytes): number | undefined {
  return attempt(() => {
    if (typeOf(unit) === HevcNalUnitType.Sps) return readHevcSps(unit).id;
    const bits = new BitReader(removeEmulationPrevention(unit.subarray(2)));
    return typeOf(unit) === HevcNalUnitType.Vps ? bits.bits(4) : bits.ue();
  });
}

function firstSps({ arrays }: HevcConfiguration): Bytes {
  const sps = arrays.find(({ type }) => type === HevcNalUnitType.Sps)?.units[0];
  if (sps === undefined) throw malformed("Cannot use an HEVC configuration without an SPS");
  return sps;
}

const typeOf = (unit: Bytes): number => ((unit[0] ?? 0) >> 1) & 63;

function checkLength(record: Bytes): void {
  if (record.length <= LIMITS.configurationBytes) return;
  const message = `Cannot take a configuration of ${record.length} bytes`;
  throw new ProtocolError("limit", "HEVC_CONFIGURATION", message);
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "HEVC_CONFIGURATION", message);
