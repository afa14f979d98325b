/** Arrivals looked back on, in ms and in number. */
const WINDOW = 10_000;
const MAX_ARRIVALS = 1_024;

/**
 * How unevenly media arrives: how much later than the quickest of the last 10 s the 95th of a
 * hundred samples is.
 */
export class ArrivalJitter {
  #arrivals: { readonly at: number; readonly lag: number }[] = [];
  #value = 0;
  #computedAt = Number.NEGATIVE_INFINITY;

  /** @param now arrival, ms; @param mediaTime decode time, ms */
  push(now: number, mediaTime: number): void {
    const last = this.#arrivals.at(-1);
    const lag = now - mediaTime;
    // The encoder's clock jumped, or the line was down: that is no jitter.
    if (last !== undefined && (Math.abs(lag - last.lag) > 1_000 || now - last.at > 1_000)) {
      this.reset();
    }
    this.#arrivals.push({ at: now, lag });
    if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals.splice(0, MAX_ARRIVALS >> 2);
  }

  /** The 95th percentile, ms; 0 until there is enough to say. Cheap: computed once a second. */
  value(now: number): number {
    if (now - this.#computedAt < 1_000) return this.#value;
    this.#computedAt = now;
    const from = this.#arrivals.findIndex(({ at }) => at >= now - WINDOW);
    this.#arrivals.splice(0, from < 0 ? this.#arrivals.length : from);
    if (this.#arrivals.length < 30) return this.#value;
    const lags = this.#arrivals.map(({ lag }) => lag).sort((a, b) => a - b);
    const quickest = lags[0] ?? 0;
    this.#value = (lags[Math.floor(lags.length * 0.95)] ?? quickest) - quickest;
    return this.#value;
  }

  reset(): void {
    this.#arrivals = [];
    this.#value = 0;
  }
}
