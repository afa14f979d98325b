const ROUNDS = 32;
const DELTA = 0x9e3779b9;

/**
 * Encrypts one block of 8 bytes in place with XTEA, both words little-endian: the signature of
 * handshake version 8.
 *
 * @param key four words
 */
export function encryptXtea(block: DataView, key: readonly number[]): void {
  let a = block.getUint32(0, true);
  let b = block.getUint32(4, true);
  let sum = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    a = (a + ((((b << 4) ^ (b >>> 5)) + b) ^ (sum + (key[sum & 3] ?? 0)))) >>> 0;
    sum = (sum + DELTA) >>> 0;
    b = (b + ((((a << 4) ^ (a >>> 5)) + a) ^ (sum + (key[(sum >>> 11) & 3] ?? 0)))) >>> 0;
  }
  block.setUint32(0, a, true);
  block.setUint32(4, b, true);
}
