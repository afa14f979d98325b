import { BitReader } from "../bytes/bit-reader.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, equal, type OwnBytes, u8, u16 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { VideoTrack } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import { annexBNalUnits, isAnnexB, removeEmulationPrevention, someNalUnit } from "./nal-units.ts";
import { readVvcSps, type VvcProfile, type VvcSps } from "./vvc-sps.ts";

/** nal_unit_type of VVC, of those that mean something here (ITU-T H.266 table 5). */
const VvcNalUnitType = {
  /** The first of the IRAP types, IDR_W_RADL … */
  FirstIrap: 7,
  /** … and the last, CRA. */
  LastIrap: 9,
  OperatingPoint: 12,
  DecodingCapability: 13,
  Vps: 14,
  Sps: 15,
  Pps: 16,
  PrefixSei: 23,
  SuffixSei: 24,
} as const;

// A record counts the units of an array in 16 bits; ids end at 15, 15 and 63.
const MAX_SETS = 64;
const MAX_SET_LENGTH = 0xffff;

type NalUnitArray = { readonly type: number; readonly units: readonly Bytes[] };

/** VvcDecoderConfigurationRecord, read. */
type VvcConfiguration = {
  readonly nalLengthSize: number;
  /** The bytes from ols_idx to avg_frame_rate; undefined where ptl_present_flag is 0. */
  readonly layer: Bytes | undefined;
  /** What they begin with. */
  readonly ptl: VvcProfile | undefined;
  readonly arrays: readonly NalUnitArray[];
};

/**
 * Reads the configuration that an encoder sends ahead of its pictures, or makes one from a byte
 * stream (Annex B) that stands in its place.
 *
 * @returns the track, its record normalised (lengths of 4 bytes, with profile and level, every array
 *   complete as `vvc1` wants it, no SEI), and how many bytes the lengths of its NAL units have as
 *   they come
 * @throws ProtocolError `VVC_CONFIGURATION`, `VVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function vvcTrack(
  trackIndex: number,
  record: Bytes,
): { track: VideoTrack; nalLengthSize: number } {
  const configuration = readVvcConfiguration(record);
  const sps = firstSps(configuration);
  const { width, height, reorderDepth } = sps;
  const track: VideoTrack = {
    mediaType: "video",
    trackIndex,
    codec: "vvc",
    codecString: codecString(configuration.ptl ?? ptlOf(sps)),
    configuration: writeVvcConfiguration(configuration, sps),
    width,
    height,
    ...(reorderDepth !== undefined && { reorderDepth }),
  };
  return { track, nalLengthSize: configuration.nalLengthSize };
}

/**
 * VvcDecoderConfigurationRecord (ISO/IEC 14496-15 §11.2.4.2):
 *
 *     11111 length size - 1 u2, ptl present u1
 *     (ols u9 sub-layers u3 constant rate u2 chroma u2 | bit depth - 8 u3 11111 | VvcPTLRecord
 *       | max width u16 | max height u16 | average frame rate u16)
 *     arrays u8 | (complete u1 00 type u5 | (count u16) | (length u16, unit)*)*
 *
 * @throws ProtocolError `VVC_CONFIGURATION` (malformed, limit) or `TRUNCATED` (malformed)
 */
function readVvcConfiguration(record: Bytes): VvcConfiguration {
  checkLength(record);
  if (isAnnexB(record)) return configurationOf(annexBNalUnits(record));
  const isFullBox = record.length > 4 && record.subarray(0, 4).every((byte) => byte === 0);
  const body = isFullBox ? record.subarray(4) : record;
  const reader = new ByteReader(body);
  const first = reader.u8();
  if (first >> 3 !== 31)
    throw malformed(`Cannot read a VVC configuration that begins with ${first}`);
  const nalLengthSize = ((first >> 1) & 3) + 1;
  const from = reader.offset;
  const ptl = (first & 1) === 1 ? readLayer(reader) : undefined;
  const layer = ptl && body.subarray(from, reader.offset);
  const arrays: NalUnitArray[] = [];
  for (let left = reader.u8(); left > 0; left -= 1) {
    const type = reader.u8() & 31;
    const units: Bytes[] = [];
    for (let count = SINGLE.includes(type) ? 1 : reader.u16(); count > 0; count -= 1) {
      const unit = reader.take(reader.u16());
      if (unit.length > 0) units.push(unit);
    }
    if (units.length > 0) arrays.push({ type, units });
  }
  return { nalLengthSize, layer, ptl, arrays };
}

/**
 * From ols_idx on, with VvcPTLRecord:
 *
 *     00 constraint bytes u6 | profile u7 tier u1 | level u8 | constraints
 *     (sub-layers > 1: level present u1 each, up to a byte | levels u8) | sub-profiles u8 | u32 each
 */
function readLayer(reader: ByteReader): VvcProfile {
  const subLayers = (reader.u16() >> 4) & 7;
  reader.skip(1); // bit depth
  const constraintBytes = reader.u8() & 63;
  const profileAndTier = reader.u8();
  const level = reader.u8();
  const constraints = reader.take(constraintBytes);
  if (subLayers > 1) {
    for (let present = reader.u8(); present > 0; present &= present - 1) reader.skip(1);
  }
  reader.skip(4 * reader.u8());
  reader.skip(6); // largest width and height, average frame rate
  return { profile: profileAndTier >> 1, tier: profileAndTier & 1, level, constraints };
}

/**
 * What a key frame changes in the configuration: encoders that change size or coding sometimes put
 * the new parameter sets among the pictures only.
 *
 * @param current a record as `vvcTrack` gives it
 * @param keyFrame NAL units with lengths of 4 bytes
 * @returns a record with the key frame's parameter sets first, then those of `current` with other
 *   ids; undefined where the key frame carries none that `current` lacks
 */
export function newVvcConfiguration(current: Bytes, keyFrame: Bytes): OwnBytes | undefined {
  const sets: Bytes[] = [];
  someNalUnit(keyFrame, (data, start, end) => {
    const isSet = PARAMETER_SETS.includes((data[start + 1] ?? 0) >> 3);
    if (isSet && end - start <= MAX_SET_LENGTH) sets.push(data.subarray(start, end));
    return sets.length === MAX_SETS;
  });
  if (sets.length === 0) return undefined;
  return attempt(() => {
    const configuration = readVvcConfiguration(current);
    const known = configuration.arrays.flatMap(({ units }) => units);
    if (sets.every((set) => known.some((other) => equal(set, other)))) return undefined;
    const merged = configurationOf(merge(sets, known));
    const hasSps = sets.some((set) => typeOf(set) === VvcNalUnitType.Sps);
    const { layer, ptl } = configuration;
    const written = writeVvcConfiguration(
      hasSps ? merged : { ...merged, layer, ptl },
      firstSps(merged),
    );
    return equal(written, current) ? undefined : written; // sets that cannot be read change nothing
  });
}

/**
 * Whether decoding can begin with this picture by its own words: it has a slice of an IRAP picture.
 *
 * @param data NAL units with lengths of 4 bytes
 */
export const isVvcIrap = (data: Bytes): boolean =>
  someNalUnit(data, (bytes, start) => {
    const type = (bytes[start + 1] ?? 0) >> 3;
    return type >= VvcNalUnitType.FirstIrap && type <= VvcNalUnitType.LastIrap;
  });

/** ISO/IEC 14496-15 §E.6: `vvc1.1.L51.CQA`, the constraints in base32 without zeros at their end. */
function codecString({ profile, tier, level, constraints }: VvcProfile): string {
  let length = constraints.length;
  while (length > 1 && constraints[length - 1] === 0) length -= 1;
  const told = base32(constraints.subarray(0, length));
  return `vvc1.${profile}.${tier === 0 ? "L" : "H"}${level}${told === "" ? "" : `.C${told}`}`;
}

/** RFC 4648 §6, without padding. */
function base32(bytes: Bytes): string {
  const bits = new BitReader(bytes);
  let text = "";
  while (bits.remaining > 0) {
    const count = Math.min(5, bits.remaining);
    text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits.bits(count) << (5 - count)] ?? "";
  }
  return text;
}

function writeVvcConfiguration(configuration: VvcConfiguration, sps: VvcSps): OwnBytes {
  const arrays = configuration.arrays.filter(({ type }) => !SEI.includes(type));
  const written = concat(
    u8(0xff), // lengths of 4 bytes, profile and level told
    configuration.layer ?? writeLayer(sps),
    u8(arrays.length),
    ...arrays.flatMap(({ type, units }) => [
      u8(0x80 | type), // array_completeness
      ...(SINGLE.includes(type) ? [] : [u16(units.length)]),
      ...units.flatMap((unit) => [u16(unit.length), unit]),
    ]),
  );
  checkLength(written);
  return written;
}

/** What a record tells of profile and size, from the SPS: one output layer, no sub-layers named. */
function writeLayer(sps: VvcSps): OwnBytes {
  const { profile, tier, level, constraints } = ptlOf(sps);
  return concat(
    u16((1 << 4) | sps.chromaFormat),
    u8((((sps.bitDepth ?? 8) - 8) << 5) | 31),
    u8(constraints.length),
    Uint8Array.of((profile << 1) | tier, level),
    constraints,
    u8(0), // sub-profiles
    u16(sps.width),
    u16(sps.height),
    u16(0), // average frame rate: not told
  );
}

function ptlOf({ ptl }: VvcSps): VvcProfile {
  if (ptl === undefined)
    throw malformed("Cannot use a VVC configuration without profile and level");
  return ptl;
}

const PARAMETER_SETS: readonly number[] = [
  VvcNalUnitType.Vps,
  VvcNalUnitType.Sps,
  VvcNalUnitType.Pps,
];
const SEI: readonly number[] = [VvcNalUnitType.PrefixSei, VvcNalUnitType.SuffixSei];
/** Their arrays have no count: there is one unit. */
const SINGLE: readonly number[] = [
  VvcNalUnitType.OperatingPoint,
  VvcNalUnitType.DecodingCapability,
];

/** A configuration of parameter sets alone. */
function configurationOf(units: readonly Bytes[]): VvcConfiguration {
  const arrays = PARAMETER_SETS.map((type) => {
    const ofType = units.filter((unit) => typeOf(unit) === type && unit.length <= MAX_SET_LENGTH);
    return { type, units: ofType.slice(0, MAX_SETS) };
  }).filter((array) => array.units.length > 0);
  return { nalLengthSize: 4, layer: undefined, ptl: undefined, arrays };
}

/** `newer`, then what `older` has under other ids. */
function merge(newer: readonly Bytes[], older: readonly Bytes[]): Bytes[] {
  const merged = new Map<number, Bytes>();
  for (const unit of [...newer, ...older]) {
    const id = parameterSetId(unit);
    if (id !== undefined && !merged.has(id)) merged.set(id, unit);
  }
  return [...merged.values()];
}

/** Its type and its own id: 4 bits of a VPS and SPS, 6 of a PPS, behind the header of 2 bytes. */
function parameterSetId(unit: Bytes): number | undefined {
  return attempt(() => {
    const bits = new BitReader(removeEmulationPrevention(unit.subarray(2, 8)));
    return typeOf(unit) * 64 + bits.bits(typeOf(unit) === VvcNalUnitType.Pps ? 6 : 4);
  });
}

function firstSps({ arrays }: VvcConfiguration): VvcSps {
  const unit = arrays.find(({ type }) => type === VvcNalUnitType.Sps)?.units[0];
  if (unit === undefined) throw malformed("Cannot use a VVC configuration without an SPS");
  return readVvcSps(unit);
}

const typeOf = (unit: Bytes): number => (unit[1] ?? 0) >> 3;

function checkLength(record: Bytes): void {
  if (record.length <= LIMITS.configurationBytes) return;
  const message = `Cannot take a configuration of ${record.length} bytes`;
  throw new ProtocolError("limit", "VVC_CONFIGURATION", message);
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "VVC_CONFIGURATION", message);
