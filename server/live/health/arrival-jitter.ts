import { LIMITS } from "../../protocol/limits.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds } from "./seconds.ts";

/** Over so many seconds. */
const WINDOW = 10;

/** Of more, the newest are compared. */
const ARRIVALS = LIMITS.healthArrivals;

/** All sort here, one after the other. */
const sorted = new Float32Array(ARRIVALS);

/**
 * How unevenly samples arrive: how much later than the promptest of the last seconds, by their own
 * times, 95 of 100 are at most.
 */
export class ArrivalJitter {
  readonly #lags = new Float32Array(ARRIVALS);
  readonly #arrivals = new Seconds(WINDOW);
  #count = 0;
  #thisSecond = 0;
  #first: Milliseconds | undefined;

  /** @param lag arrival minus timestamp, against whatever it is the same as for those before */
  take(lag: Milliseconds): void {
    this.#first ??= lag; // small numbers are exact in 32 bits
    this.#lags[this.#count % ARRIVALS] = lag - this.#first;
    this.#count += 1;
    this.#thisSecond += 1;
  }

  closeSecond(): void {
    this.#arrivals.push(this.#thisSecond);
    this.#thisSecond = 0;
  }

  /** Of the last full seconds; undefined where too little came. */
  get p95(): Milliseconds | undefined {
    const held = Math.min(this.#arrivals.sum(WINDOW), ARRIVALS);
    if (held < 5) return undefined;
    const end = this.#count - this.#thisSecond;
    for (let index = 0; index < held; index += 1) {
      sorted[index] = this.#lags[(end - held + index) % ARRIVALS] ?? 0;
    }
    const values = sorted.subarray(0, held).sort();
    return (values[Math.floor(0.95 * (held - 1))] ?? 0) - (values[0] ?? 0);
  }
}
