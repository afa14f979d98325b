import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { attempt } from "./attempt.ts";
import { removeEmulationPrevention } from "./nal-units.ts";
import { checkDimensions } from "./picture-format.ts";

/** profile_tier_level() of VVC, as far as somebody needs it (ITU-T H.266 §7.3.3.1). */
export type VvcProfile = {
  readonly profile: number;
  readonly tier: number;
  readonly level: number;
  /** ptl_frame_only_constraint_flag, ptl_multilayer_enabled_flag and the constraints behind them. */
  readonly constraints: Bytes;
};

/** A sequence parameter set of VVC, as far as somebody needs it (§7.3.2.4). */
export type VvcSps = {
  readonly subLayers: number;
  readonly chromaFormat: number;
  /** Undefined where the set leaves it to a video parameter set. */
  readonly ptl: VvcProfile | undefined;
  /** Pixels to show, inside the conformance window. */
  readonly width: number;
  readonly height: number;
  readonly bitDepth?: number;
  /** dpb_max_num_reorder_pics of the highest sub-layer. */
  readonly reorderDepth?: number;
};

/**
 * Reads a sequence parameter set, a NAL unit of type 15 with its header of 2 bytes, up to its decoded
 * picture buffer. Where it divides pictures into subpictures, it is read up to there.
 *
 * @throws ProtocolError `VVC_SPS`, `TRUNCATED` or `EXP_GOLOMB` (malformed)
 */
export function readVvcSps(unit: Bytes): VvcSps {
  const rbsp = removeEmulationPrevention(unit);
  const bits = new BitReader(rbsp);
  const type = (bits.bits(16) >> 3) & 31;
  if (type !== 15) throw malformed(`Cannot read a NAL unit of type ${type} as a VVC SPS`);
  bits.skip(8); // sps_seq_parameter_set_id, sps_video_parameter_set_id
  const subLayers = bits.bits(3); // above the first
  if (subLayers > 6) throw malformed(`Cannot take ${subLayers + 1} sub-layers`);
  const chromaFormat = bits.bits(2);
  bits.skip(2); // sps_log2_ctu_size_minus5
  const hasPtl = bits.flag();
  const ptl = hasPtl ? readProfileTierLevel(bits, rbsp, subLayers) : undefined;
  bits.skip(1); // sps_gdr_enabled_flag
  if (bits.flag()) bits.skip(1); // sps_res_change_in_clvs_allowed_flag
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const window = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [];
  const [left = 0, right = 0, top = 0, bottom = 0] = window;
  const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const unitY = chromaFormat === 1 ? 2 : 1;
  const width = codedWidth - (left + right) * unitX;
  const height = codedHeight - (top + bottom) * unitY;
  checkDimensions("VVC_SPS", width, height);
  const rest = attempt(() => readToPictureBuffer(bits, subLayers, hasPtl));
  return { subLayers: subLayers + 1, chromaFormat, ptl, width, height, ...rest };
}

/** profile_tier_level(1, subLayers) (§7.3.3.1), of which what is behind the constraints is passed. */
function readProfileTierLevel(bits: BitReader, rbsp: Bytes, subLayers: number): VvcProfile {
  const profile = bits.bits(7);
  const tier = bits.bits(1);
  const level = bits.bits(8);
  const from = bits.position >> 3;
  bits.skip(2); // ptl_frame_only_constraint_flag, ptl_multilayer_enabled_flag
  if (bits.flag()) {
    bits.skip(71); // general constraints (§7.3.3.2)
    bits.skip(bits.bits(8)); // gci_num_additional_bits
  }
  align(bits);
  const constraints = rbsp.subarray(from, bits.position >> 3);
  let levels = 0;
  for (let layer = 0; layer < subLayers; layer += 1) levels += bits.bits(1);
  align(bits);
  bits.skip(8 * levels);
  bits.skip(32 * bits.bits(8)); // general_sub_profile_idc
  return { profile, tier, level, constraints };
}

/** From sps_subpic_info_present_flag to dpb_parameters() (§7.3.2.4, §7.3.4). */
function readToPictureBuffer(
  bits: BitReader,
  subLayers: number,
  hasPtl: boolean,
): { bitDepth?: number; reorderDepth?: number } {
  if (bits.flag()) return {};
  const bitDepth = 8 + bits.ue();
  if (bitDepth > 16) throw malformed(`Cannot take samples of ${bitDepth} bits`);
  bits.skip(2 + 4); // entropy coding, sps_log2_max_pic_order_cnt_lsb_minus4
  if (bits.flag()) bits.ue(); // sps_poc_msb_cycle_len_minus1
  bits.skip(8 * bits.bits(2)); // extra bits of picture headers
  bits.skip(8 * bits.bits(2)); // extra bits of slice headers
  if (!hasPtl) return { bitDepth };
  const first = subLayers > 0 && bits.flag() ? 0 : subLayers;
  let reorderDepth = 0;
  for (let layer = first; layer <= subLayers; layer += 1) {
    bits.ue(); // dpb_max_dec_pic_buffering_minus1
    reorderDepth = bits.ue();
    bits.ue(); // dpb_max_latency_increase_plus1
  }
  return reorderDepth > 16 ? { bitDepth } : { bitDepth, reorderDepth };
}

const align = (bits: BitReader): void => bits.skip((8 - (bits.position & 7)) & 7);

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "VVC_SPS", message);
