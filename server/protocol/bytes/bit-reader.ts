import { ProtocolError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";

/** A cursor over bits, most significant first; past the end it throws `TRUNCATED` (malformed). */
export class BitReader {
  readonly #bytes: Bytes;
  #position = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bits left to read. */
  get remaining(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  /** An unsigned number of up to 53 bits. */
  bits(count: number): number {
    if (count > this.remaining) {
      const message = `Cannot read ${count} bits: ${this.remaining} are left`;
      throw new ProtocolError("malformed", "TRUNCATED", message, { offset: this.#position >> 3 });
    }
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (count > this.remaining) this.bits(count);
    this.#position += count;
  }

  /** Unsigned Exp-Golomb code, ue(v) (ITU-T H.264 §9.1). */
  ue(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > 32) {
        throw new ProtocolError(
          "malformed",
          "EXP_GOLOMB",
          "Cannot read an Exp-Golomb code of 33 zeros",
          {
            offset: this.#position >> 3,
          },
        );
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb code, se(v) (ITU-T H.264 §9.1.1). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2;
  }
}
