import type { Bytes } from "../bytes/bytes.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value < 0 ? 0x04c1_1db7 : 0);
  return value;
});

/**
 * CRC_32 of an MPEG-2 section: over the section without it its value, over the whole section 0.
 *
 * @see ISO/IEC 13818-1 Annex A
 */
export function sectionCrc(bytes: Bytes): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0);
  return crc >>> 0;
}
