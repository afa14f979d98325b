/** Arrivals remembered at most, and how many there must be to say anything. */
const MAX_ARRIVALS = 4_096;
const ENOUGH = 30;

/** Quicker than the first remembered by this much (ms): what came until now had waited somewhere. */
const BACKLOG = 250;

/**
 * All that came was later than this (ms), until it was no later than that, for so long: it stood in a queue,
 * and that is no jitter. Once it has drained, and did not fill again for so long, it is forgotten.
 */
const QUEUE = { late: 250, drained: 80, least: 300, calm: 4_000 } as const;

/** Later, or sooner, by this much (ms) all at once: another clock, or the line was down. */
const JUMP = 3_000;

/** Nothing came for so long (ms): what comes then had waited. */
const HOLE = 1_000;

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
  #quickest = Number.POSITIVE_INFINITY;
  /** Since when nothing came in time. */
  #lateSince: number | undefined;
  /** When the last queue had drained. */
  #drainedAt: number | undefined;

  constructor(options: JitterOptions) {
    this.#options = options;
    this.#value = options.assumed;
  }

  /** @param now arrival, ms; @param mediaTime decode time, ms */
  push(now: number, mediaTime: number): void {
    const last = this.#arrivals.at(-1);
    const lag = now - mediaTime;
    // The encoder's clock jumped: that is no jitter.
    if (last !== undefined && Math.abs(lag - last.lag) > JUMP) this.reset();
    this.#watchQueue(now, lag, last?.at ?? now);
    const first = this.#arrivals[0];
    if (first !== undefined && lag < first.lag - BACKLOG) this.reset();
    this.#since ??= now;
    this.#arrivals.push({ at: now, lag });
    if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals.splice(0, MAX_ARRIVALS >> 2);
  }

  /** To be called often. @returns whether a queue that drained has just been forgotten */
  forgetQueue(now: number): boolean {
    const drainedAt = this.#drainedAt;
    if (drainedAt === undefined || this.#lateSince !== undefined) return false;
    if (now - drainedAt < QUEUE.calm) return false;
    this.#drainedAt = undefined;
    this.#since = drainedAt;
    this.#drop(drainedAt);
    this.#computedAt = Number.NEGATIVE_INFINITY;
    return true;
  }

  /** ms. Cheap: computed once a second. */
  value(now: number): number {
    if (now - this.#computedAt < 1_000) return this.#value;
    this.#computedAt = now;
    const { quantile, window, assumed } = this.#options;
    this.#drop(now - window);
    if (this.#arrivals.length < ENOUGH) return this.#value;
    const lags = this.#arrivals.map(({ lag }) => lag).sort((a, b) => a - b);
    const quickest = lags[0] ?? 0;
    this.#quickest = quickest;
    const measured = (lags[Math.floor(lags.length * quantile)] ?? quickest) - quickest;
    const isKnown = now - (this.#since ?? now) >= window;
    this.#value = isKnown ? measured : Math.max(assumed, measured);
    return this.#value;
  }

  reset(): void {
    this.#arrivals = [];
    this.#since = undefined;
    this.#value = this.#options.assumed;
    this.#quickest = Number.POSITIVE_INFINITY;
    this.#lateSince = undefined;
    this.#drainedAt = undefined;
  }

  #drop(before: number): void {
    const from = this.#arrivals.findIndex(({ at }) => at > before);
    this.#arrivals.splice(0, from < 0 ? this.#arrivals.length : from);
  }

  #watchQueue(now: number, lag: number, lastAt: number): void {
    this.#quickest = Math.min(this.#quickest, lag);
    const isHole = now - lastAt > HOLE;
    const since = this.#lateSince ?? (isHole ? lastAt : undefined);
    const allowed = since === undefined ? QUEUE.late : QUEUE.drained;
    if (lag > this.#quickest + allowed) {
      this.#lateSince = since ?? now;
      return;
    }
    if (now - (since ?? now) > QUEUE.least) this.#drainedAt = now;
    this.#lateSince = undefined;
  }
}
