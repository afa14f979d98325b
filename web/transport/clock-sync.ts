/** Two clocks part by less than this, ms of each ms: an older answer is worth so much less. */
const DRIFT = 1e-4;

/** A greeting that seems to have taken longer than this (ms) is one by another clock. */
const LONGEST_GREETING = 10_000;

/**
 * How far the server's clock is ahead of ours: the quickest answer decides, for as long as its age does not
 * speak against it. It outlives a connection, and a line that is full: an answer that waited in a queue on
 * its way back tells of the queue. All in ms.
 */
export class ClockSync {
  #offset: number | undefined;
  #roundTrip = Number.POSITIVE_INFINITY;
  #at = 0;

  /** A connection begins. Where nothing better is known, its greeting took no time. */
  greeted(serverTime: number, received: number): void {
    const offset = serverTime - received;
    const taken = (this.#offset ?? offset) - offset;
    const isLikely = taken >= -this.#slack(received) && taken < LONGEST_GREETING;
    if (!isLikely || this.roundTrip === undefined) this.#take(Infinity, offset, received);
  }

  /** `sent` and `received` by our clock. */
  answered(sent: number, serverTime: number, received: number): void {
    const roundTrip = received - sent;
    if (!(roundTrip >= 0)) return;
    const offset = serverTime - (sent + received) / 2;
    // Both cannot be true: a clock was set, or there is another server.
    const isOther =
      Math.abs((this.#offset ?? offset) - offset) > this.#slack(received) + roundTrip / 2;
    const isBetter = roundTrip <= this.#roundTrip + DRIFT * (received - this.#at);
    if (isOther || isBetter) this.#take(roundTrip, offset, received);
  }

  /** Server's clock minus ours, ms; undefined before the greeting. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /** Of the quickest answer, ms; undefined before the first. */
  get roundTrip(): number | undefined {
    return Number.isFinite(this.#roundTrip) ? this.#roundTrip : undefined;
  }

  #take(roundTrip: number, offset: number, at: number): void {
    this.#roundTrip = roundTrip;
    this.#offset = offset;
    this.#at = at;
  }

  /** So far may it be from the truth by now. */
  #slack(now: number): number {
    return this.#roundTrip / 2 + DRIFT * Math.max(0, now - this.#at) + 1;
  }
}
