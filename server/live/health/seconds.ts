/**
 * So many seconds encoders and lines take to connect, to stamp their first pictures and to find their pace:
 * what happens in them is not worth a word.
 */
export const STARTING = 3;

/** A figure of each of the last seconds, in constant memory; NaN where there was none. */
export class Seconds {
  readonly #values: Float64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  /** How many there are. */
  get length(): number {
    return Math.min(this.#count, this.#values.length);
  }

  /** Another second is over. */
  push(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count += 1;
  }

  /** @param back 0 is the newest second. @returns NaN where it is not kept */
  at(back: number): number {
    if (back < 0 || back >= this.length) return Number.NaN;
    return this.#values[(this.#count - 1 - back) % this.#values.length] ?? Number.NaN;
  }

  /** Of the last `seconds`, as far as they are known. */
  sum(seconds: number): number {
    let sum = 0;
    for (let back = Math.min(seconds, this.length) - 1; back >= 0; back -= 1) {
      const value = this.at(back);
      if (!Number.isNaN(value)) sum += value;
    }
    return sum;
  }

  /** Of the last `seconds`; 0 where nothing is known. */
  max(seconds: number): number {
    let max = 0;
    for (let back = Math.min(seconds, this.length) - 1; back >= 0; back -= 1) {
      const value = this.at(back);
      if (value > max) max = value;
    }
    return max;
  }

  /** How many of the last `seconds` were above. */
  above(limit: number, seconds: number): number {
    let count = 0;
    for (let back = Math.min(seconds, this.length) - 1; back >= 0; back -= 1) {
      if (this.at(back) > limit) count += 1;
    }
    return count;
  }

  /** All that are kept, oldest first. */
  list(): number[] {
    return Array.from({ length: this.length }, (_, index) => this.at(this.length - 1 - index));
  }
}
