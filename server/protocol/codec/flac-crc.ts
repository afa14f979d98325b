import type { Bytes } from "../bytes/bytes.ts";

/** CRC of a FLAC frame's header: x^8 + x^2 + x + 1 over `start` to `end` (RFC 9639 §9.1.8). */
export function crc8(bytes: Bytes, start: number, end: number): number {
  let crc = 0;
  for (let index = start; index < end; index += 1) {
    crc ^= bytes[index] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x80) === 0 ? 0 : 0x107);
  }
  return crc;
}

/**
 * CRC of a FLAC frame: x^16 + x^15 + x^2 + 1 over `start` to `end`; 0 over a frame with its CRC
 * (RFC 9639 §9.3).
 *
 * @param before of the bytes ahead of `start`; 0 at the beginning of a frame
 */
export function crc16(before: number, bytes: Bytes, start: number, end: number): number {
  let crc = before;
  for (let index = start; index < end; index += 1) {
    const entry = CRC16_TABLE[(crc >> 8) ^ (bytes[index] ?? 0)] ?? 0;
    crc = ((crc << 8) & 0xffff) ^ entry;
  }
  return crc;
}

const CRC16_TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x18005);
  return crc;
});
