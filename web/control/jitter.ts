/** Arrivals remembered at most, and how many there must be to say anything. */
const MAX_ARRIVALS = 4_096;
const ENOUGH = 30;

/** Quicker than the first remembered by this much (ms): what came until now had waited somewhere. */
const BACKLOG = 250;

/** What is provided for. */
export type JitterOptions = {
  /** How many samples are to be in time, of all: 0.95, or more where a late one costs more. */
  readonly quantile: number;
  /** Looked back on, ms. */
  readonly window: number;
  /** What a line is taken for until it has been looked at for so long, ms. */
  readonly assumed: number;
};

/** How unevenly media arrives: how much later than the quickest a sample is that few are later than. */
export class ArrivalJitter {
  readonly #options: JitterOptions;
  #arrivals: { readonly at: number; readonly lag: number }[] = [];
  #since: number | undefined;
  #value: number;
  #computedAt = Number.NEGATIVE_INFINITY;

  constructor(options: JitterOptions) {
    this.#options = options;
    this.#value = options.assumed;
  }

  /** @param now arrival, ms; @param mediaTime decode time, ms */
  push(now: number, mediaTime: number): void {
    const last = this.#arrivals.at(-1);
    const lag = now - mediaTime;
    // The encoder's clock jumped, or the line was down: that is no jitter.
    if (last !== undefined && (Math.abs(lag - last.lag) > 1_000 || now - last.at > 1_000)) {
      this.reset();
    }
    const first = this.#arrivals[0];
    if (first !== undefined && lag < first.lag - BACKLOG) this.reset();
    this.#since ??= now;
    this.#arrivals.push({ at: now, lag });
    if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals.splice(0, MAX_ARRIVALS >> 2);
  }

  /** ms. Cheap: computed once a second. */
  value(now: number): number {
    if (now - this.#computedAt < 1_000) return this.#value;
    this.#computedAt = now;
    const { quantile, window, assumed } = this.#options;
    const from = this.#arrivals.findIndex(({ at }) => at >= now - window);
    this.#arrivals.splice(0, from < 0 ? this.#arrivals.length : from);
    if (this.#arrivals.length < ENOUGH) return this.#value;
    const lags = this.#arrivals.map(({ lag }) => lag).sort((a, b) => a - b);
    const quickest = lags[0] ?? 0;
    const measured = (lags[Math.floor(lags.length * quantile)] ?? quickest) - quickest;
    const isKnown = now - (this.#since ?? now) >= window;
    this.#value = isKnown ? measured : Math.max(assumed, measured);
    return this.#value;
  }

  reset(): void {
    this.#arrivals = [];
    this.#since = undefined;
    this.#value = this.#options.assumed;
  }
}
