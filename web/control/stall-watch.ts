/** The clock standing still for this long (ms) is a stall; longer than the other is an outage. */
const STALL = 80;
const OUTAGE = 1_000;

/** One look at the clock of a playback. */
export type ClockReading = {
  /** ms of any clock. */
  readonly now: number;
  /** Where the playhead is, seconds. */
  readonly time: number;
  /** Whether it need not move: paused, or on its way to another place. */
  readonly held: boolean;
  /** Whether media is to be expected: the line is up and somebody publishes. */
  readonly expectsMedia: boolean;
};

/**
 * Tells stalls (media came too late: hold more of it) from outages (no line, or no publisher: that
 * says nothing about how evenly media comes). Time and readings are inputs.
 */
export class StallWatch {
  #at = 0;
  #time = -1;
  #since: number | undefined;
  #hasMoved = false;
  #isOutage = false;
  #stalls = 0;

  /** Whether the clock has ever run by itself. */
  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /** Stalls so far; what turned out to be an outage counts, too. */
  get stalls(): number {
    return this.#stalls;
  }

  /** Whether it stands still although it should run. */
  get isStalled(): boolean {
    return this.#since !== undefined;
  }

  /** From its beginning until `recovered`. */
  get isOutage(): boolean {
    return this.#isOutage;
  }

  /** For how long the clock has been standing still, ms. */
  stillFor(now: number): number {
    return now - this.#at;
  }

  /** The playhead was put elsewhere. */
  moved(now: number): void {
    this.#at = now;
    this.#time = -1;
  }

  /** Media is there again: what comes now is judged anew. */
  recovered(): void {
    this.#isOutage = false;
  }

  /** To be called every 50 ms or so. @returns what began, if something did */
  look({ now, time, held, expectsMedia }: ClockReading): "stall" | "outage" | undefined {
    const since = this.#since;
    const isLong = since !== undefined && now - since > OUTAGE;
    if (!this.#isOutage && (!expectsMedia || isLong)) {
      this.#isOutage = true;
      this.#since = undefined;
      this.#follow(now, time, held);
      return since === undefined ? undefined : "outage";
    }
    if (this.#follow(now, time, held) || now - this.#at < STALL) return undefined;
    if (since !== undefined || !this.#hasMoved || this.#isOutage) return undefined;
    this.#since = this.#at;
    this.#stalls += 1;
    return "stall";
  }

  /** @returns whether it runs, or need not */
  #follow(now: number, time: number, held: boolean): boolean {
    const hasMoved = time !== this.#time;
    if (!hasMoved && !held) return false;
    if (hasMoved && !held && this.#time >= 0) {
      this.#hasMoved = true;
      this.#since = undefined;
    }
    this.#at = now;
    this.#time = time;
    return true;
  }
}
