/** How the clock is moved: seconds, and seconds a second. */
export const CLOCK = {
  /** Farther off than this: at once. */
  jump: 0.6,
  /** Farther off than this: in haste. */
  far: 0.1,
  /** How much slower and faster than time it may go, unheard. */
  slower: 0.05,
  faster: { usual: 0.05, hasty: 0.25 },
  /** Of a master's reading, so much is believed, since messages are late by chance; farther off, all. */
  belief: 0.15,
  disbelief: 0.06,
} as const;

/**
 * What time it is on the media timeline: it goes with the wall clock at a distance, which somebody wants
 * otherwise now and then, or which a master (sound that is heard) dictates. All in seconds.
 */
export class MediaClock {
  #distance: number | undefined;
  #lookedAt = 0;
  #rate = 1;

  /** Undefined before it was set. */
  time(now: number): number | undefined {
    return this.#distance === undefined ? undefined : now - this.#distance;
  }

  /** Media seconds a second, as it was moved last. */
  get rate(): number {
    return this.#rate;
  }

  /** It is `time` at `now`. */
  set(time: number, now: number): void {
    this.#distance = now - time;
    this.#lookedAt = now;
    this.#rate = 1;
  }

  /** Goes towards a distance from the wall clock. @returns whether it jumped; the first time is none */
  approach(distance: number, now: number): boolean {
    const since = now - this.#lookedAt;
    this.#lookedAt = now;
    const before = this.#distance;
    const off = before === undefined ? 0 : distance - before;
    if (before === undefined || Math.abs(off) > CLOCK.jump) {
      this.#distance = distance;
      this.#rate = 1;
      return before !== undefined;
    }
    const { hasty, usual } = CLOCK.faster;
    const faster = off < -CLOCK.far ? hasty : usual;
    const change = Math.max(-faster * since, Math.min(CLOCK.slower * since, off));
    this.#distance = before + change;
    this.#rate = since > 0 ? 1 - change / since : 1;
    return false;
  }

  /** A master says that it is `time`. */
  follow(time: number, now: number): void {
    const distance = now - time;
    const off = distance - (this.#distance ?? Number.POSITIVE_INFINITY);
    this.#lookedAt = now;
    if (Math.abs(off) > CLOCK.disbelief) this.#distance = distance;
    else this.#distance = (this.#distance ?? distance) + off * CLOCK.belief;
  }

  /** Nobody knows what time it is. */
  stop(): void {
    this.#distance = undefined;
  }
}
