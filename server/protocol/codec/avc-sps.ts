import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { attempt } from "./attempt.ts";
import { BitWriter } from "./bit-writer.ts";
import { addEmulationPrevention, removeEmulationPrevention } from "./nal-units.ts";
import {
  checkDimensions,
  type PictureFormat,
  plausibleFrameRate,
  readPictureFormat,
} from "./picture-format.ts";

/** A sequence parameter set of AVC, as far as somebody needs it (ITU-T H.264 §7.3.2.1). */
export type AvcSps = PictureFormat & {
  readonly id: number;
  readonly profile: number;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly maxRefFrames: number;
  /** Pixels to show, after cropping. */
  readonly width: number;
  readonly height: number;
  /** frame_mbs_only_flag is 0. */
  readonly isInterlaced?: true;
  readonly frameRate?: number;
  /** max_num_reorder_frames: as written, or 0 where the SPS rules reordering out (§E.2.1). */
  readonly reorderDepth?: number;
};

// Profiles whose SPS tells chroma format and bit depth (§7.3.2.1.1).
const HIGH_PROFILES: readonly number[] = [
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
];
// Profiles for which constraint_set3_flag means "intra only" and so no reordering (§E.2.1).
const INTRA_PROFILES: readonly number[] = [44, 86, 100, 110, 122, 244];
const PICTURE_ORDER_IS_DECODING_ORDER = 2;

/**
 * Reads a sequence parameter set, a NAL unit of type 7 with its header.
 *
 * A VUI that cannot be read is taken for none.
 *
 * @throws ProtocolError `AVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export const readAvcSps = (unit: Bytes): AvcSps => scan(removeEmulationPrevention(unit)).sps;

/**
 * A sequence parameter set that rules reordering out and says so where decoders look: its VUI gains
 * `bitstream_restriction` with max_num_reorder_frames 0 and max_dec_frame_buffering
 * max_num_ref_frames. Without it a decoder may hold back as many pictures as its level allows.
 *
 * @returns `unit` itself where it has the field, allows reordering or cannot be read, else a copy
 */
export function withoutReorderDelay(unit: Bytes): Bytes {
  const rbsp = removeEmulationPrevention(unit);
  const found = attempt(() => scan(rbsp));
  if (found === undefined || found.sps.reorderDepth !== 0) return unit;
  const { sps, vuiFlagAt, restrictionFlagAt } = found;
  const writer = new BitWriter();
  if (vuiFlagAt !== undefined) {
    copyBits(rbsp, vuiFlagAt, writer);
    writer.bits(1, 1).bits(8, 0); // vui_parameters_present_flag, and a VUI that says nothing …
  } else if (restrictionFlagAt !== undefined) {
    copyBits(rbsp, restrictionFlagAt, writer);
  } else {
    return unit;
  }
  writer.bits(1, 1); // … but bitstream_restriction_flag, with what absence means (§E.2.1) in
  writer.bits(1, 1).ue(2).ue(1).ue(15).ue(15); // vectors over edges, bytes, bits, vector lengths
  writer.ue(0).ue(sps.maxRefFrames); // max_num_reorder_frames, max_dec_frame_buffering
  writer.bits(1, 1); // rbsp_stop_one_bit
  const rewritten = addEmulationPrevention(writer.finish());
  return rewritten.length <= 0xffff ? rewritten : unit; // its length has 16 bits in the record
}

type Scan = {
  readonly sps: AvcSps;
  /** Bit of vui_parameters_present_flag where it is 0. */
  readonly vuiFlagAt?: number;
  /** Bit of bitstream_restriction_flag where it is 0. */
  readonly restrictionFlagAt?: number;
};

/**
 * seq_parameter_set_data() behind the NAL unit header:
 *
 *     profile u8 | constraints u8 | level u8 | id ue | (high profiles: chroma, depths, scaling)
 *     frame number ue | picture order count … | reference frames ue | gaps u1
 *     size in macroblocks ue ue | frames only u1 … | direct 8x8 u1 | cropping … | VUI …
 */
function scan(rbsp: Bytes): Scan {
  const bits = new BitReader(rbsp);
  const type = bits.bits(8) & 31;
  if (type !== 7) throw malformed(`Cannot read a NAL unit of type ${type} as an SPS`);
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  bits.skip(8); // level_idc
  const id = bits.ue();
  if (id > 31) throw malformed(`Cannot take SPS id ${id}: the last is 31`);
  let chromaFormat = 1;
  let separatePlanes = false;
  let bitDepthLuma = 8;
  let bitDepthChroma = 8;
  if (HIGH_PROFILES.includes(profile)) {
    chromaFormat = bits.ue();
    if (chromaFormat > 3) throw malformed(`Cannot take chroma format ${chromaFormat}`);
    if (chromaFormat === 3) separatePlanes = bits.flag();
    bitDepthLuma = 8 + bits.ue();
    bitDepthChroma = 8 + bits.ue();
    if (bitDepthLuma > 14 || bitDepthChroma > 14) {
      throw malformed(`Cannot take samples of ${bitDepthLuma} and ${bitDepthChroma} bits`);
    }
    bits.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (bits.flag()) skipScalingMatrix(bits, chromaFormat);
  }
  bits.ue(); // log2_max_frame_num_minus4
  const pictureOrderType = skipPictureOrder(bits);
  const maxRefFrames = bits.ue();
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const framesOnly = bits.flag();
  if (!framesOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const fields = framesOnly ? 1 : 2;
  const subsampled = !separatePlanes;
  const cropUnitX = subsampled && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
  const cropUnitY = (subsampled && chromaFormat === 1 ? 2 : 1) * fields;
  const width = widthInMacroblocks * 16 - (left + right) * cropUnitX;
  const height = heightInMapUnits * 16 * fields - (top + bottom) * cropUnitY;
  checkDimensions("AVC_SPS", width, height);

  const isIntra = INTRA_PROFILES.includes(profile) && (constraints & 0x10) !== 0;
  const isOrdered = pictureOrderType === PICTURE_ORDER_IS_DECODING_ORDER || isIntra;
  const known = {
    ...{ id, profile, chromaFormat, bitDepthLuma, bitDepthChroma, maxRefFrames, width, height },
    ...(isOrdered && { reorderDepth: 0 }),
    ...(!framesOnly && { isInterlaced: true as const }),
  };
  const vuiFlagAt = bits.position;
  if (!bits.flag()) return { sps: known, vuiFlagAt };
  const vui = attempt(() => readVui(bits));
  if (vui === undefined) return { sps: known };
  const { restrictionFlagAt, ...told } = vui;
  return { sps: { ...known, ...told }, ...(restrictionFlagAt && { restrictionFlagAt }) };
}

/** vui_parameters() (§E.1.1). */
function readVui(
  bits: BitReader,
): PictureFormat & { frameRate?: number; reorderDepth?: number; restrictionFlagAt?: number } {
  const format = readPictureFormat(bits);
  let frameRate: number | undefined;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    bits.skip(1); // fixed_frame_rate_flag
    frameRate = plausibleFrameRate(timeScale / unitsInTick / 2); // a tick is a field
  }
  const hasNalHrd = bits.flag();
  if (hasNalHrd) skipHrd(bits);
  const hasVclHrd = bits.flag();
  if (hasVclHrd) skipHrd(bits);
  if (hasNalHrd || hasVclHrd) bits.skip(1); // low_delay_hrd_flag
  bits.skip(1); // pic_struct_present_flag
  const told = { ...format, ...(frameRate !== undefined && { frameRate }) };
  const restrictionFlagAt = bits.position;
  if (!bits.flag()) return { ...told, restrictionFlagAt };
  bits.skip(1); // motion_vectors_over_pic_boundaries_flag
  for (let skipped = 0; skipped < 4; skipped += 1) bits.ue(); // denominators, vector lengths
  const reorderDepth = bits.ue();
  return reorderDepth <= 16 ? { ...told, reorderDepth } : told;
}

/** pic_order_cnt_type and what follows from it (§7.3.2.1.1). */
function skipPictureOrder(bits: BitReader): number {
  const type = bits.ue();
  if (type === 0) bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  if (type === 1) {
    bits.skip(1); // delta_pic_order_always_zero_flag
    bits.se(); // offset_for_non_ref_pic
    bits.se(); // offset_for_top_to_bottom_field
    const cycle = bits.ue();
    if (cycle > 255) throw malformed(`Cannot take a picture order cycle of ${cycle}`);
    for (let index = 0; index < cycle; index += 1) bits.se();
  }
  if (type > 2) throw malformed(`Cannot take picture order count type ${type}`);
  return type;
}

/** seq_scaling_list_present_flag[] and scaling_list() (§7.3.2.1.1.1). */
function skipScalingMatrix(bits: BitReader, chromaFormat: number): void {
  const lists = chromaFormat === 3 ? 12 : 8;
  for (let list = 0; list < lists; list += 1) {
    if (!bits.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let scale = 8;
    for (let index = 0; index < size && scale !== 0; index += 1) {
      scale = (scale + bits.se() + 256) % 256;
    }
  }
}

/** hrd_parameters() (§E.1.2). */
function skipHrd(bits: BitReader): void {
  const last = bits.ue();
  if (last > 31) throw malformed(`Cannot take ${last + 1} coded picture buffers`);
  bits.skip(8); // bit_rate_scale, cpb_size_scale
  for (let index = 0; index <= last; index += 1) {
    bits.ue(); // bit_rate_value_minus1
    bits.ue(); // cpb_size_value_minus1
    bits.skip(1); // cbr_flag
  }
  bits.skip(20); // four lengths of 5 bits
}

function copyBits(from: Bytes, count: number, to: BitWriter): void {
  const bits = new BitReader(from);
  for (let left = count; left > 0; left -= 32) {
    const size = Math.min(left, 32);
    to.bits(size, bits.bits(size));
  }
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "AVC_SPS", message);
