import type { Milliseconds } from "../protocol/media/sample.ts";

const BUCKET: Milliseconds = 500;
const BUCKETS = 8;

/** Bits a second over the last four seconds, in constant memory. */
export class RateMeter {
  readonly #bytes = new Float64Array(BUCKETS);
  #bucket = 0;
  #first: Milliseconds | undefined;

  add(now: Milliseconds, bytes: number): void {
    this.#first ??= now;
    this.#turnTo(now);
    const index = this.#bucket % BUCKETS;
    this.#bytes[index] = (this.#bytes[index] ?? 0) + bytes;
  }

  bitsPerSecond(now: Milliseconds): number {
    if (this.#first === undefined) return 0;
    this.#turnTo(now);
    const sum = this.#bytes.reduce((total, bytes) => total + bytes, 0);
    const covered = (BUCKETS - 1) * BUCKET + (now % BUCKET);
    const span = Math.min(covered, Math.max(now - this.#first, BUCKET));
    return (sum * 8 * 1000) / span;
  }

  #turnTo(now: Milliseconds): void {
    const bucket = Math.floor(now / BUCKET);
    if (bucket - this.#bucket >= BUCKETS) this.#bytes.fill(0);
    else for (let b = this.#bucket + 1; b <= bucket; b += 1) this.#bytes[b % BUCKETS] = 0;
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}
