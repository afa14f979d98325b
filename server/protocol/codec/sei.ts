import type { Bytes } from "../bytes/bytes.ts";
import { removeEmulationPrevention } from "./nal-units.ts";

/** One message of a SEI NAL unit. */
export type SeiMessage = {
  readonly payloadType: number;
  /** A view of the unit, or of its copy without emulation prevention. */
  readonly payload: Bytes;
};

/**
 * The messages of a SEI NAL unit (ITU-T H.264 §7.3.2.3.1; H.265 and H.266 have the same form):
 *
 *     (ff* type u8 | ff* size u8 | payload)* | rbsp_trailing_bits
 *
 * @param headerLength bytes of the unit's header: 1 of AVC, 2 of HEVC and VVC
 * @returns those that are whole
 */
export function seiMessages(unit: Bytes, headerLength: number): SeiMessage[] {
  const rbsp = removeEmulationPrevention(unit);
  const messages: SeiMessage[] = [];
  let offset = headerLength;
  const number = (): number => {
    let value = 0;
    while (rbsp[offset] === 0xff) {
      value += 0xff;
      offset += 1;
    }
    value += rbsp[offset] ?? 0;
    offset += 1;
    return value;
  };
  // What is left at the end is one byte, rbsp_trailing_bits.
  while (offset + 2 < rbsp.length) {
    const payloadType = number();
    const size = number();
    if (offset + size > rbsp.length) break;
    messages.push({ payloadType, payload: rbsp.subarray(offset, offset + size) });
    offset += size;
  }
  return messages;
}
