import type { Bytes } from "../bytes/bytes.ts";

const ROUNDS = 16;
/** Words of the P-array and of the four S-boxes: all of them are fractional digits of π. */
const SUBKEYS = ROUNDS + 2;
const WORDS: number = SUBKEYS + 4 * 256;

/** The first words of π's fraction: made once, when first asked for (some 30 ms). */
let words: Uint32Array | undefined;

/**
 * Blowfish with one key, for blocks of two little-endian words: the signature of handshake
 * version 9. Node's OpenSSL no longer offers it.
 */
export class Blowfish {
  /** P-array, then S-boxes 0 to 3. */
  readonly #words: Uint32Array;

  constructor(key: Bytes) {
    words ??= fractionOfPi(WORDS);
    this.#words = words.slice();
    const table = this.#words;
    for (let index = 0, at = 0; index < SUBKEYS; index += 1) {
      let word = 0;
      for (let byte = 0; byte < 4; byte += 1, at += 1) {
        word = (word << 8) | (key[at % key.length] ?? 0);
      }
      table[index] = (table[index] ?? 0) ^ word;
    }
    const block = new DataView(new ArrayBuffer(8));
    for (let index = 0; index < WORDS; index += 2) {
      this.encrypt(block);
      table[index] = block.getUint32(0, true);
      table[index + 1] = block.getUint32(4, true);
    }
  }

  /** Encrypts one block of 8 bytes in place. */
  encrypt(block: DataView): void {
    const table = this.#words;
    let left = block.getUint32(0, true);
    let right = block.getUint32(4, true);
    for (let round = 0; round < ROUNDS; round += 1) {
      left ^= table[round] ?? 0;
      right ^= this.#mix(left);
      [left, right] = [right, left];
    }
    block.setUint32(0, right ^ (table[ROUNDS + 1] ?? 0), true);
    block.setUint32(4, left ^ (table[ROUNDS] ?? 0), true);
  }

  #mix(word: number): number {
    const box = (index: number, byte: number): number =>
      this.#words[SUBKEYS + 256 * index + byte] ?? 0;
    const sum = box(0, word >>> 24) + box(1, (word >>> 16) & 0xff);
    return ((sum ^ box(2, (word >>> 8) & 0xff)) + box(3, word & 0xff)) | 0;
  }
}

/** π - 3 in words of 32 bits, by Machin's formula: π = 16 arctan(1/5) - 4 arctan(1/239). */
function fractionOfPi(count: number): Uint32Array {
  const guard = 64n;
  const bits = BigInt(32 * count) + guard;
  const pi = 16n * arctan(5n, bits) - 4n * arctan(239n, bits);
  const fraction = (pi & ((1n << bits) - 1n)) >> guard;
  const digits = fraction.toString(16).padStart(8 * count, "0");
  return Uint32Array.from({ length: count }, (_, index) =>
    Number.parseInt(digits.slice(8 * index, 8 * index + 8), 16),
  );
}

/** arctan(1/x) with so many bits behind the point. */
function arctan(x: bigint, bits: bigint): bigint {
  let power = (1n << bits) / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / n;
  }
  return sum;
}
