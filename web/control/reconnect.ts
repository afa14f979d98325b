/** Waits between attempts: they double from `first` to `longest`, each up or down by `spread`. */
export const RECONNECT = { first: 250, longest: 8_000, longestProbe: 60_000, spread: 0.3 } as const;

/**
 * How long to wait before the next attempt, in ms. Many viewers lose the same server at the same
 * moment: the random share keeps them from coming back at the same moment, too.
 */
export class Backoff {
  readonly #longest: number;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random 0 (included) to 1 (excluded) */
  constructor({ random, longest = RECONNECT.longest }: { random: () => number; longest?: number }) {
    this.#random = random;
    this.#longest = longest;
  }

  /** Attempts since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait, in ms: 0.25 s × 2^n ± 30 %, at most `longest`. */
  next(): number {
    const wait = Math.min(this.#longest, RECONNECT.first * 2 ** Math.min(this.#attempts, 16));
    this.#attempts += 1;
    const factor = 1 + RECONNECT.spread * (2 * this.#random() - 1);
    return Math.min(this.#longest, wait * factor);
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#attempts = 0;
  }
}
