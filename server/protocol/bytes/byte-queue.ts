import type { Bytes } from "./bytes.ts";

/**
 * What came from a socket and is not consumed yet: pieces of any size at one end, structures at
 * the other. It keeps the pieces as they came and copies only what a structure takes across a cut.
 */
export class ByteQueue {
  #pieces: Bytes[] = [];
  #first = 0; // index of the piece that is being read
  #offset = 0; // how far into it
  #length = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** The next `length` bytes, still waiting: a view where they lie in one piece, else a copy. */
  peek(length: number): Bytes {
    const bytes = this.#pieces[this.#first];
    if (bytes !== undefined && this.#offset + length <= bytes.length) {
      return bytes.subarray(this.#offset, this.#offset + length);
    }
    const copy = new Uint8Array(length);
    let filled = 0;
    let piece = this.#first;
    let offset = this.#offset;
    while (filled < length) {
      const from = this.#pieces[piece];
      if (from === undefined) break;
      const part = from.subarray(offset, offset + length - filled);
      copy.set(part, filled);
      filled += part.length;
      piece += 1;
      offset = 0;
    }
    return copy;
  }

  /** Takes the next `length` bytes out: a view where they lie in one piece, else a copy. */
  take(length: number): Bytes {
    const bytes = this.peek(length);
    this.skip(length);
    return bytes;
  }

  skip(length: number): void {
    let left = Math.min(length, this.#length);
    this.#length -= left;
    while (left > 0) {
      const bytes = this.#pieces[this.#first];
      if (bytes === undefined) return;
      const available = bytes.length - this.#offset;
      if (left < available) {
        this.#offset += left;
        break;
      }
      left -= available;
      this.#first += 1;
      this.#offset = 0;
    }
    // Drop what was read, now and then, so that a long-lived queue holds only what waits.
    if (this.#first === this.#pieces.length) {
      this.#pieces = [];
      this.#first = 0;
    } else if (this.#first > 64) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
  }
}
