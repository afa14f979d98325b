import type { OwnBytes } from "../bytes/bytes.ts";

/** Collects bits, most significant first: for the small structures that a codec's configuration is. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #length = 0;

  /** Bits written so far. */
  get length(): number {
    return this.#length;
  }

  /** The low `count` bits of a value below 2^53; returns itself, to write on. */
  bits(count: number, value: number): this {
    for (let place = count - 1; place >= 0; place -= 1) {
      const bit = Math.floor(value / 2 ** place) % 2;
      const at = this.#length >> 3;
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (bit << (7 - (this.#length & 7)));
      this.#length += 1;
    }
    return this;
  }

  /** Unsigned Exp-Golomb code, ue(v) (ITU-T H.264 §9.1). */
  ue(value: number): this {
    const zeros = Math.floor(Math.log2(value + 1));
    return this.bits(zeros, 0).bits(zeros + 1, value + 1);
  }

  /** All that was written; the last byte is filled up with zeros. */
  finish(): OwnBytes {
    return Uint8Array.from(this.#bytes);
  }
}
