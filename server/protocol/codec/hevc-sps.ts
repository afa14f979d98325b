import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { attempt } from "./attempt.ts";
import { removeEmulationPrevention } from "./nal-units.ts";
import {
  checkDimensions,
  type PictureFormat,
  plausibleFrameRate,
  readPictureFormat,
} from "./picture-format.ts";

/** A sequence parameter set of HEVC, as far as somebody needs it (ITU-T H.265 §7.3.2.2). */
export type HevcSps = PictureFormat & {
  readonly id: number;
  /** The 12 bytes of the general profile, tier and level, as the configuration record repeats them. */
  readonly profileTierLevel: Bytes;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels to show, inside the conformance window. */
  readonly width: number;
  readonly height: number;
  readonly frameRate?: number;
  /** sps_max_num_reorder_pics of the highest sub-layer. */
  readonly reorderDepth: number;
};

/**
 * Reads a sequence parameter set, a NAL unit of type 33 with its header of 2 bytes.
 *
 * What lies behind the reordering fields (up to the VUI) is taken for absent where it cannot be read.
 *
 * @throws ProtocolError `HEVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function readHevcSps(unit: Bytes): HevcSps {
  const rbsp = removeEmulationPrevention(unit);
  const bits = new BitReader(rbsp);
  const type = (bits.bits(16) >> 9) & 63;
  if (type !== 33) throw malformed(`Cannot read a NAL unit of type ${type} as an SPS`);
  bits.skip(4); // sps_video_parameter_set_id
  const subLayers = bits.bits(3); // above the first
  const temporalIdNested = bits.flag();
  const profileTierLevel = rbsp.subarray(3, 15);
  skipProfileTierLevel(bits, subLayers);
  const id = bits.ue();
  if (id > 15) throw malformed(`Cannot take SPS id ${id}: the last is 15`);
  const chromaFormat = bits.ue();
  if (chromaFormat > 3) throw malformed(`Cannot take chroma format ${chromaFormat}`);
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const window = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [];
  const [left = 0, right = 0, top = 0, bottom = 0] = window;
  const unitX = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
  const unitY = !separatePlanes && chromaFormat === 1 ? 2 : 1;
  const width = codedWidth - (left + right) * unitX;
  const height = codedHeight - (top + bottom) * unitY;
  checkDimensions("HEVC_SPS", width, height);
  const bitDepthLuma = 8 + bits.ue();
  const bitDepthChroma = 8 + bits.ue();
  if (bitDepthLuma > 15 || bitDepthChroma > 15) {
    throw malformed(`Cannot take samples of ${bitDepthLuma} and ${bitDepthChroma} bits`);
  }
  const pictureOrderBits = 4 + bits.ue();
  const first = bits.flag() ? 0 : subLayers;
  let reorderDepth = 0;
  for (let layer = first; layer <= subLayers; layer += 1) {
    bits.ue(); // sps_max_dec_pic_buffering_minus1
    reorderDepth = bits.ue();
    bits.ue(); // sps_max_latency_increase_plus1
  }
  if (reorderDepth > 16) throw malformed(`Cannot reorder ${reorderDepth} pictures`);
  const vui = attempt(() => readToVui(bits, pictureOrderBits));
  return {
    ...{ id, profileTierLevel, temporalLayers: subLayers + 1, temporalIdNested },
    ...{ chromaFormat, bitDepthLuma, bitDepthChroma, width, height, reorderDepth },
    ...vui,
  };
}

/** profile_tier_level() (§7.3.3). */
function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skip(96);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let layer = 0; layer < subLayers; layer += 1) {
    present.push({ profile: bits.flag(), level: bits.flag() });
  }
  if (subLayers > 0) bits.skip(2 * (8 - subLayers)); // reserved_zero_2bits
  for (const { profile, level } of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}

/** From log2_min_luma_coding_block_size_minus3 to the timing of the VUI (§7.3.2.2.1, §E.2.1). */
function readToVui(
  bits: BitReader,
  pictureOrderBits: number,
): PictureFormat & { frameRate?: number } {
  for (let skipped = 0; skipped < 6; skipped += 1) bits.ue(); // block sizes, hierarchy depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // pcm bit depths
    bits.ue(); // log2_min_pcm_luma_coding_block_size_minus3
    bits.ue(); // log2_diff_max_min_pcm_luma_coding_block_size
    bits.skip(1); // pcm_loop_filter_disabled_flag
  }
  skipReferencePictureSets(bits);
  if (bits.flag()) {
    const longTerm = bits.ue();
    if (longTerm > 32) throw malformed(`Cannot take ${longTerm} long-term reference pictures`);
    bits.skip(longTerm * (pictureOrderBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  if (!bits.flag()) return {};
  const format = readPictureFormat(bits);
  bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (bits.flag()) for (let skipped = 0; skipped < 4; skipped += 1) bits.ue(); // display window
  if (!bits.flag()) return format;
  const unitsInTick = bits.bits(32);
  const frameRate = plausibleFrameRate(bits.bits(32) / unitsInTick);
  return { ...format, ...(frameRate !== undefined && { frameRate }) };
}

/** scaling_list_data() (§7.3.4). */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size += 1) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) bits.se(); // scaling_list_dc_coef_minus8
      for (let left = Math.min(64, 16 << (2 * size)); left > 0; left -= 1) bits.se();
    }
  }
}

/** The pictures before and after the current one that it refers to, by distance. */
type ReferencePictureSet = {
  readonly before: readonly number[];
  readonly after: readonly number[];
};

/** num_short_term_ref_pic_sets and st_ref_pic_set() (§7.3.7, §7.4.8). */
function skipReferencePictureSets(bits: BitReader): void {
  const count = bits.ue();
  if (count > 64) throw malformed(`Cannot take ${count} reference picture sets`);
  let previous: ReferencePictureSet = { before: [], after: [] };
  for (let index = 0; index < count; index += 1) {
    const isPredicted = index > 0 && bits.flag();
    previous = isPredicted ? readPredictedSet(bits, previous) : readExplicitSet(bits);
    if (previous.before.length + previous.after.length > 16) {
      throw malformed("Cannot take a reference picture set of more than 16 pictures");
    }
  }
}

function readExplicitSet(bits: BitReader): ReferencePictureSet {
  const before = bits.ue();
  const after = bits.ue();
  if (before > 16 || after > 16) {
    throw malformed(`Cannot take a reference picture set of ${before} and ${after} pictures`);
  }
  return { before: readDistances(bits, before, -1), after: readDistances(bits, after, 1) };
}

function readDistances(bits: BitReader, count: number, sign: number): number[] {
  const distances: number[] = [];
  let distance = 0;
  for (let index = 0; index < count; index += 1) {
    distance += sign * (bits.ue() + 1);
    bits.skip(1); // used_by_curr_pic_flag
    distances.push(distance);
  }
  return distances;
}

/** A set told as a change of the one before it (equations 7-61 and 7-62; their order matters here). */
function readPredictedSet(bits: BitReader, reference: ReferencePictureSet): ReferencePictureSet {
  const isNegative = bits.flag();
  const step = (bits.ue() + 1) * (isNegative ? -1 : 1);
  const distances = [...reference.before, ...reference.after, 0].map((distance) => distance + step);
  const kept = distances.filter(() => bits.flag() || bits.flag()); // used_by_curr_pic, use_delta
  return {
    before: kept.filter((distance) => distance < 0).sort((a, b) => b - a),
    after: kept.filter((distance) => distance > 0).sort((a, b) => a - b),
  };
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "HEVC_SPS", message);
