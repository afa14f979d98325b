/** Remembered, at most so many. */
const MOST = 1_024;

/** Computed this often, seconds. */
const EVERY = 0.25;

/** This much (seconds) quicker than the quickest: what came until now had waited somewhere. */
const BACKLOG = 0.25;

/** From one to the next, seconds: the encoder's clock jumped, or the line was down. */
const BREAK = 1;

/** How late something comes: by how much the wall clock is ahead of the media timeline, seconds. */
export class Lag {
  readonly #window: number;
  #seen: { readonly at: number; readonly lag: number }[] = [];
  #read: { readonly at: number; readonly sorted: readonly number[] } = {
    at: Number.NEGATIVE_INFINITY,
    sorted: [],
  };

  /** @param window looked back on, seconds */
  constructor(window: number) {
    this.#window = window;
  }

  push(now: number, time: number): void {
    const lag = now - time;
    const last = this.#seen.at(-1);
    const isBreak =
      last !== undefined && (Math.abs(lag - last.lag) > BREAK || now - last.at > BREAK);
    if (isBreak || lag < this.base(now) - BACKLOG) this.reset();
    this.#seen.push({ at: now, lag });
    if (this.#seen.length > MOST) this.#seen.splice(0, MOST >> 2);
  }

  /** Of the quickest; Infinity before there is one. */
  base(now: number): number {
    return this.#sorted(now)[0] ?? Number.POSITIVE_INFINITY;
  }

  /** How much later than the quickest so many of all are, at most: 0.95 of them, say. */
  spread(now: number, quantile: number): number {
    const sorted = this.#sorted(now);
    const [base] = sorted;
    return base === undefined ? 0 : (sorted[Math.floor(sorted.length * quantile)] ?? base) - base;
  }

  /** Whether anything was seen within the window: otherwise the figures are of before. */
  isFresh(now: number): boolean {
    const last = this.#seen.at(-1);
    return last !== undefined && now - last.at <= this.#window;
  }

  /** What made things late until now is over: of all that was seen, the quickest counts. */
  calm(): void {
    const quickest = this.#seen.reduce((best, one) => (one.lag < best.lag ? one : best), {
      at: 0,
      lag: Number.POSITIVE_INFINITY,
    });
    this.reset();
    if (quickest.at > 0) this.#seen.push(quickest);
  }

  reset(): void {
    this.#seen = [];
    this.#read = { at: Number.NEGATIVE_INFINITY, sorted: [] };
  }

  #sorted(now: number): readonly number[] {
    const { at, sorted } = this.#read;
    if (now - at < EVERY && sorted.length >= Math.min(this.#seen.length, 8)) return sorted;
    const from = this.#seen.findIndex((one) => one.at >= now - this.#window);
    this.#seen.splice(0, Math.max(0, from));
    this.#read = { at: now, sorted: this.#seen.map(({ lag }) => lag).sort((a, b) => a - b) };
    return this.#read.sorted;
  }
}
