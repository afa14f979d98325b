import { BitReader } from "../bytes/bit-reader.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, equal, type OwnBytes, toHex, u8, u16 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { VideoTrack } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import { type AvcSps, readAvcSps, withoutReorderDelay } from "./avc-sps.ts";
import { annexBNalUnits, isAnnexB, removeEmulationPrevention, someNalUnit } from "./nal-units.ts";
import type { PictureFormat } from "./picture-format.ts";

/** nal_unit_type of AVC, of those that mean something here (ITU-T H.264 table 7-1). */
export const AvcNalUnitType = { Idr: 5, Sps: 7, Pps: 8 } as const;

// As many as the record can count.
const MAX_SPS = 31;
const MAX_PPS = 255;
const MAX_SET_LENGTH = 0xffff;
const MAX_SETS_IN_PICTURE = 64;

/** AVCDecoderConfigurationRecord, read. */
export type AvcConfiguration = {
  readonly nalLengthSize: number;
  /** Sequence and picture parameter sets, NAL units with their headers; at least one SPS. */
  readonly sps: readonly [Bytes, ...Bytes[]];
  readonly pps: readonly Bytes[];
  /** Chroma format, bit depths and SPS extensions of the high profiles, as they came; may be empty. */
  readonly extension: Bytes;
};

/**
 * Reads the configuration that an encoder sends ahead of its pictures, or makes one from a byte
 * stream (Annex B) that stands in its place.
 *
 * @returns the track, its record normalised (lengths of 4 bytes, profile and level from the SPS),
 *   and how many bytes the lengths of its NAL units have as they come
 * @throws ProtocolError `AVC_CONFIGURATION`, `AVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function avcTrack(
  trackIndex: number,
  record: Bytes,
): { track: VideoTrack; nalLengthSize: number } {
  const configuration = readAvcConfiguration(record);
  const [first] = configuration.sps;
  const sps = readAvcSps(first);
  const written = writeAvcConfiguration(configuration, sps);
  const { frameRate, reorderDepth, colour } = sps;
  const track: VideoTrack = {
    mediaType: "video",
    trackIndex,
    codec: "avc",
    codecString: `avc1.${toHex(first.subarray(1, 4))}`,
    configuration: equal(written, record) ? record : written,
    width: sps.width,
    height: sps.height,
    ...(frameRate !== undefined && { frameRate }),
    ...(reorderDepth !== undefined && { reorderDepth }),
    ...(sps.isInterlaced && { isInterlaced: true as const }),
    ...(colour && { colour }),
  };
  return { track, nalLengthSize: configuration.nalLengthSize };
}

/**
 * AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1):
 *
 *     version u8 = 1 | profile u8 | compatibility u8 | level u8 | 111111 length size - 1 u2
 *     111 SPS count u5 | (length u16, SPS)* | PPS count u8 | (length u16, PPS)* | extension
 *
 * @returns views of `record`; a byte stream in its place is read as if its units were listed
 * @throws ProtocolError `AVC_CONFIGURATION` (malformed, limit) or `TRUNCATED` (malformed)
 */
export function readAvcConfiguration(record: Bytes): AvcConfiguration {
  checkLength(record);
  if (isAnnexB(record)) {
    const units = annexBNalUnits(record);
    const sps = ofType(units, AvcNalUnitType.Sps).slice(0, MAX_SPS);
    const pps = ofType(units, AvcNalUnitType.Pps).slice(0, MAX_PPS);
    return { nalLengthSize: 4, sps: atLeastOne(sps), pps, extension: record.subarray(0, 0) };
  }
  const reader = new ByteReader(record);
  const version = reader.u8();
  if (version !== 1) throw malformed(`Cannot read version ${version} of an AVC configuration`);
  reader.skip(3); // profile, compatibility and level: the SPS says them too, and is believed
  const nalLengthSize = (reader.u8() & 3) + 1;
  const sps = readParameterSets(reader, reader.u8() & 31);
  const pps = readParameterSets(reader, reader.u8());
  return { nalLengthSize, sps: atLeastOne(sps), pps, extension: reader.rest() };
}

/**
 * The configuration as an init segment carries it: an SPS that rules reordering out also says it
 * where decoders look (`bitstream_restriction`). Everything else stays as it is.
 *
 * @returns `record` itself where nothing changes, else a copy
 */
export function withBitstreamRestriction(record: Bytes): Bytes {
  const configuration = attempt(() => readAvcConfiguration(record));
  if (configuration === undefined) return record;
  const [first, ...others] = configuration.sps;
  const sps: [Bytes, ...Bytes[]] = [withoutReorderDelay(first), ...others.map(withoutReorderDelay)];
  if (sps.every((unit, index) => unit === configuration.sps[index])) return record;
  return (
    attempt(() => writeAvcConfiguration({ ...configuration, sps }, readAvcSps(first))) ?? record
  );
}

/**
 * What a key frame changes in the configuration: encoders that change size or coding sometimes put
 * the new parameter sets among the pictures only.
 *
 * @param current a record as `avcTrack` gives it
 * @param keyFrame NAL units with lengths of 4 bytes
 * @returns a record with the key frame's parameter sets first, then those of `current` with other
 *   ids; undefined where the key frame carries none that `current` lacks
 */
export function newAvcConfiguration(current: Bytes, keyFrame: Bytes): OwnBytes | undefined {
  const sets: Bytes[] = [];
  someNalUnit(keyFrame, (data, start, end) => {
    const type = (data[start] ?? 0) & 31;
    const isSet = type === AvcNalUnitType.Sps || type === AvcNalUnitType.Pps;
    if (isSet && end - start <= MAX_SET_LENGTH) sets.push(data.subarray(start, end));
    return sets.length === MAX_SETS_IN_PICTURE;
  });
  if (sets.length === 0) return undefined;
  return attempt(() => {
    const configuration = readAvcConfiguration(current);
    const known = [...configuration.sps, ...configuration.pps];
    if (sets.every((set) => known.some((other) => equal(set, other)))) return undefined;
    const sps = merge(ofType(sets, AvcNalUnitType.Sps), configuration.sps, spsId, MAX_SPS);
    const pps = merge(ofType(sets, AvcNalUnitType.Pps), configuration.pps, ppsId, MAX_PPS);
    const [first] = atLeastOne(sps);
    const extension = configuration.extension.subarray(0, 0);
    const merged = { nalLengthSize: 4, sps: atLeastOne(sps), pps, extension };
    const written = writeAvcConfiguration(merged, readAvcSps(first));
    return equal(written, current) ? undefined : written; // sets that cannot be read change nothing
  });
}

/**
 * Whether decoding can begin with this picture by its own words: it has a slice of an IDR picture.
 *
 * @param data NAL units with lengths of 4 bytes
 */
export const isAvcSync = (data: Bytes): boolean =>
  someNalUnit(data, (bytes, start) => ((bytes[start] ?? 0) & 31) === AvcNalUnitType.Idr);

/** Pixel aspect and colour that a record's SPS names; nothing where it cannot be read. */
export const avcPictureFormat = (record: Bytes): PictureFormat =>
  attempt(() => readAvcSps(readAvcConfiguration(record).sps[0])) ?? {};

function writeAvcConfiguration(configuration: AvcConfiguration, sps: AvcSps): OwnBytes {
  const [first] = configuration.sps;
  const written = concat(
    u8(1),
    first.subarray(1, 4), // profile, compatibility, level
    u8(0xfc | 3),
    u8(0xe0 | configuration.sps.length),
    ...configuration.sps.flatMap((unit) => [u16(unit.length), unit]),
    u8(configuration.pps.length),
    ...configuration.pps.flatMap((unit) => [u16(unit.length), unit]),
    configuration.extension.length > 0 ? configuration.extension : writeExtension(sps),
  );
  checkLength(written);
  return written;
}

// Baseline, Main and Extended end with the PPS; all others tell their sample format (2019 edition).
const PLAIN_PROFILES: readonly number[] = [66, 77, 88];

/** What the high profiles append: 111111 chroma u2 | 11111 luma u3 | 11111 chroma u3 | count u8. */
const writeExtension = (sps: AvcSps): OwnBytes =>
  PLAIN_PROFILES.includes(sps.profile)
    ? new Uint8Array(0)
    : Uint8Array.of(
        0xfc | sps.chromaFormat,
        0xf8 | (sps.bitDepthLuma - 8),
        0xf8 | (sps.bitDepthChroma - 8),
        0,
      );

function readParameterSets(reader: ByteReader, count: number): Bytes[] {
  const sets: Bytes[] = [];
  for (let index = 0; index < count; index += 1) {
    const set = reader.take(reader.u16());
    if (set.length > 0) sets.push(set);
  }
  return sets;
}

/** `newer`, then what `older` has under other ids, no more than `limit` in all. */
function merge(
  newer: readonly Bytes[],
  older: readonly Bytes[],
  id: (unit: Bytes) => number | undefined,
  limit: number,
): Bytes[] {
  const merged = new Map<number, Bytes>();
  for (const unit of [...newer, ...older]) {
    const key = id(unit);
    if (key !== undefined && !merged.has(key) && merged.size < limit) merged.set(key, unit);
  }
  return [...merged.values()];
}

const spsId = (unit: Bytes): number | undefined => attempt(() => readAvcSps(unit).id);

const ppsId = (unit: Bytes): number | undefined =>
  attempt(() => new BitReader(removeEmulationPrevention(unit.subarray(1))).ue());

const ofType = (units: readonly Bytes[], type: number): Bytes[] =>
  units.filter((unit) => ((unit[0] ?? 0) & 31) === type && unit.length <= MAX_SET_LENGTH);

function atLeastOne(sps: readonly Bytes[]): [Bytes, ...Bytes[]] {
  const [first, ...others] = sps;
  if (first === undefined) throw malformed("Cannot use an AVC configuration without an SPS");
  return [first, ...others];
}

function checkLength(record: Bytes): void {
  if (record.length <= LIMITS.configurationBytes) return;
  const message = `Cannot take a configuration of ${record.length} bytes`;
  throw new ProtocolError("limit", "AVC_CONFIGURATION", message);
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "AVC_CONFIGURATION", message);
