/** How late what came is, ms: looked back on this long for what stands, and that long for the line at its best. */
const NOW = 1_000;
const BEST = 60_000;

/** What is said of a queue this very moment, ms. */
const MOMENT = 300;

/** What a line carried at its best is good for this long, ms. */
const CAPACITY_FRESH = 15_000;

/** Smaller messages than this (bytes) say nothing of how much a line carries. */
const LARGE = 12_000;

/** Times shorter than this (ms) are not measured well. */
const SHORTEST = 2;

/** A line is not expected to be quicker than this, ms: pictures take their time through a machine. */
const UNAVOIDABLE = 40;

/** Arrivals remembered, at most. */
const MOST = 2_048;

/** What a line does; told as it is over a worker's boundary. */
export type LineReading = {
  /**
   * ms that even the quickest of the last second was later than the line's own delay: what stands in a
   * queue on the way, and not what merely comes unevenly. Undefined while nothing comes.
   */
  readonly lateness: number | undefined;
  /** The same of the latest of them. */
  readonly peak: number | undefined;
  /** bits/s that came through, of the last second. */
  readonly throughput: number;
  /** bits/s that a large picture came at when it came best; undefined while none was large. */
  readonly capacity: number | undefined;
};

type Arrival = { readonly at: number; readonly lag: number; readonly bytes: number };

const lagOf = ({ lag }: { readonly lag: number }): number => lag;

/**
 * Measures a line by how late media arrives: the server says when it had each sample. The clocks need
 * not agree. Times are inputs, ms.
 */
export class LineMeter {
  #arrivals: Arrival[] = [];
  /** The least lag of each `NOW` of the last minute. */
  #least: { readonly since: number; lag: number }[] = [];
  #capacity: { readonly at: number; readonly rate: number }[] = [];

  /**
   * A message came that is no history.
   *
   * @param lag our clock minus the server's at its last sample: any constant may be in it, unless
   *   `read` is told what the line takes
   */
  push(now: number, lag: number, bytes: number): void {
    this.#arrivals.push({ at: now, lag, bytes });
    if (this.#arrivals.length > MOST) this.#arrivals.splice(0, MOST >> 2);
    const last = this.#least.at(-1);
    if (last === undefined || now - last.since >= NOW) this.#least.push({ since: now, lag });
    else last.lag = Math.min(last.lag, lag);
    if (this.#least.length * NOW > BEST) this.#least.shift();
    if (bytes < LARGE) return;
    const quickest = Math.min(...this.#recent(now).map(lagOf));
    const rate = (bytes * 8_000) / Math.max(SHORTEST, lag - quickest);
    this.#capacity = [
      ...this.#capacity.filter(({ at }) => at > now - CAPACITY_FRESH),
      { at: now, rate },
    ];
  }

  /** @param roundTrip ms, where the clocks are related: how long the line takes when it is empty */
  read(now: number, roundTrip?: number): LineReading {
    const recent = this.#recent(now);
    const throughput = (recent.reduce((sum, { bytes }) => sum + bytes, 0) * 8_000) / NOW;
    const rates = this.#capacity.filter(({ at }) => at > now - CAPACITY_FRESH);
    const capacity = rates.length > 0 ? Math.max(...rates.map(({ rate }) => rate)) : undefined;
    if (recent.length === 0) return { lateness: undefined, peak: undefined, throughput, capacity };
    const best = this.#best(roundTrip);
    const lags = recent.map(lagOf);
    const above = (lag: number) => Math.max(0, lag - best);
    const [lateness, peak] = [above(Math.min(...lags)), above(Math.max(...lags))];
    return { lateness, peak, throughput, capacity };
  }

  /**
   * The same as `lateness`, of this very moment.
   *
   * @returns ms; 0 while nothing comes
   */
  queue(now: number, roundTrip?: number): number {
    const latest = this.#recent(now).filter(({ at }) => at > now - MOMENT);
    const best = this.#best(roundTrip);
    return latest.length > 0 ? Math.max(0, Math.min(...latest.map(lagOf)) - best) : 0;
  }

  /** Another connection, or another publisher: nothing that was seen holds. */
  restart(): void {
    this.#arrivals = [];
    this.#least = [];
    this.#capacity = [];
  }

  #best(roundTrip: number | undefined): number {
    const usual = roundTrip === undefined ? Number.POSITIVE_INFINITY : roundTrip + UNAVOIDABLE;
    return Math.min(usual, ...this.#least.map(lagOf));
  }

  #recent(now: number): readonly Arrival[] {
    const from = this.#arrivals.findIndex(({ at }) => at > now - NOW);
    this.#arrivals.splice(0, from < 0 ? this.#arrivals.length : from);
    return this.#arrivals;
  }
}
