/** Times in ms, rates in bits a second. */
export const QUALITY = {
  /** Media that stands on the way for longer than this is too much for the line … */
  congested: 350,
  /** … and for less than this, none is. */
  calm: 120,
  /** Of what comes through a line that is full, so much is to be used. */
  used: 0.8,
  /** A change is given this long to take effect (its key frame has to come, the queue to empty). */
  settling: 3_500,
  /** What was asked for and has not come by now is not waited for: the track may be gone. */
  pending: 15_000,
  /** Up after so long a calm; sooner where the line was seen to carry `ample` times as much. */
  climbAfter: 10_000,
  climbSoonAfter: 4_000,
  ample: 1.5,
  /** A rung that was too much is left alone for this long; twice as long each time, at most … */
  rest: 15_000,
  longestRest: 240_000,
  /** … and that is forgotten when it has been played for so long. */
  forgiven: 60_000,
  /** A rung covers what is to be filled if it need not be enlarged by more than this. */
  enlarged: 1.1,
  /** Smaller ones are taken where the larger have been too large for so long. */
  tooLarge: 2_000,
  /** More than this share of pictures too late for the screen, for so long: the decoder's fault. */
  undecoded: 0.2,
  tooSlow: 4_000,
} as const;

/** One of the sizes that there are. */
export type Rung = {
  readonly id: number;
  /** 0: not known. */
  readonly bitrate: number;
  readonly width: number;
  readonly height: number;
};

/** One look at line, decoder and page. */
export type QualityReading = {
  /** ms of any clock. */
  readonly now: number;
  readonly rungs: readonly Rung[];
  /** What plays. */
  readonly playing: number;
  /** As in `LineReading`. */
  readonly lateness: number | undefined;
  readonly throughput: number;
  readonly capacity: number | undefined;
  /** Pictures that the server left out since the look before, for want of room. */
  readonly dropped: number;
  /** Whether it stood still since then, for what came too late. */
  readonly stalled: boolean;
  /** Share of the latest pictures that came too late for the screen: 0 to 1. */
  readonly undecoded: number;
  /** Device pixels that are to be filled; 0 where none are to be seen. */
  readonly width: number;
  readonly height: number;
  /** Whether it plays, and somebody may look. */
  readonly isAwake: boolean;
};

type Rest = { until: number; length: number };

/**
 * Chooses among the sizes of a broadcast by what the line carries, what the decoder manages and what
 * is to be seen: down at once, up one rung at a time after a calm, and ever more rarely to a rung that
 * was too much. While nobody looks nothing climbs. The clock is an input.
 */
export class QualityController {
  #wanted: number | undefined;
  #switchedAt = Number.NEGATIVE_INFINITY;
  #calmSince: number | undefined;
  #playingSince: number | undefined;
  readonly #rests = new Map<number, Rest>();
  #tooLargeSince: number | undefined;
  /** It went down for want of pixels to fill: it may go up as soon as there are more. */
  #isSmallBySize = false;
  #tooSlowSince: number | undefined;

  /** To be asked a few times a second. @returns the id of what should play */
  decide(reading: QualityReading): number {
    const { now, playing, isAwake } = reading;
    const rungs = reading.rungs.toSorted(
      (a, b) => a.bitrate - b.bitrate || a.width * a.height - b.width * b.height,
    );
    const index = rungs.findIndex(({ id }) => id === (this.#wanted ?? playing));
    const isOverdue = playing !== this.#wanted && now - this.#switchedAt > QUALITY.pending;
    if (index < 0 || (this.#wanted !== undefined && isOverdue)) {
      this.#wanted = undefined;
      return playing;
    }
    if (!isAwake) {
      this.#calmSince = undefined;
      this.#tooSlowSince = undefined;
      return this.#wanted ?? playing;
    }
    this.#watch(reading);
    const isSettling = now - this.#switchedAt < QUALITY.settling || playing !== rungs[index]?.id;
    const isLate = (reading.lateness ?? 0) > QUALITY.congested;
    if (isLate || reading.dropped > 0 || reading.stalled) {
      if (!isSettling && index > 0) {
        this.#rest(rungs, index, now);
        return this.#take(rungs[this.#fitting(rungs, index, reading)], reading);
      }
      return this.#wanted ?? playing;
    }
    if (isSettling) return this.#wanted ?? playing;
    const cap = this.#cap(rungs, reading);
    if (index > cap) {
      this.#tooLargeSince ??= now;
      if (now - this.#tooLargeSince < QUALITY.tooLarge) return this.#wanted ?? playing;
      const taken = this.#take(rungs[cap], reading);
      this.#isSmallBySize = true;
      return taken;
    }
    this.#tooLargeSince = undefined;
    if (this.#isTooSlow(reading) && index > 0) {
      this.#rest(rungs, index, now);
      return this.#take(rungs[index - 1], reading);
    }
    const higher = this.#higher(rungs, index, cap, reading);
    return higher === undefined ? (this.#wanted ?? playing) : this.#take(higher, reading);
  }

  #watch({ now, lateness, dropped, stalled, playing }: QualityReading): void {
    const isCalm = lateness !== undefined && lateness < QUALITY.calm && dropped === 0 && !stalled;
    if (isCalm) this.#calmSince ??= now;
    else if (lateness !== undefined || dropped > 0 || stalled) this.#calmSince = undefined;
    if (this.#calmSince === undefined) return;
    if (now - Math.max(this.#calmSince, this.#playingSince ?? now) > QUALITY.forgiven) {
      this.#rests.delete(playing);
    }
  }

  /** It was too much, and whatever is more is, too. */
  #rest(rungs: readonly Rung[], from: number, now: number): void {
    for (const { id } of rungs.slice(from)) {
      const before = this.#rests.get(id)?.length;
      const length =
        before === undefined ? QUALITY.rest : Math.min(QUALITY.longestRest, 2 * before);
      this.#rests.set(id, { until: now + length, length });
    }
  }

  /** The highest below `index` that what comes through has room for. */
  #fitting(rungs: readonly Rung[], index: number, { throughput }: QualityReading): number {
    for (let lower = index - 1; lower > 0; lower -= 1) {
      const { bitrate = 0 } = rungs[lower] ?? {};
      if (bitrate <= throughput * QUALITY.used) return lower;
    }
    return 0;
  }

  /** The smallest rung that fills what is to be filled; where nothing is, no other than now. */
  #cap(rungs: readonly Rung[], { width, height, playing }: QualityReading): number {
    if (width === 0 || height === 0) return rungs.findIndex(({ id }) => id === playing);
    const covers = (rung: Rung) =>
      Math.min(width / rung.width, height / rung.height) <= QUALITY.enlarged;
    const cap = rungs.findIndex(covers);
    return cap < 0 ? rungs.length - 1 : cap;
  }

  #isTooSlow({ now, undecoded }: QualityReading): boolean {
    if (undecoded < QUALITY.undecoded) {
      this.#tooSlowSince = undefined;
      return false;
    }
    this.#tooSlowSince ??= now;
    return now - this.#tooSlowSince >= QUALITY.tooSlow;
  }

  #higher(
    rungs: readonly Rung[],
    index: number,
    cap: number,
    { now, capacity = 0 }: QualityReading,
  ): Rung | undefined {
    const next = rungs[index + 1];
    if (index >= cap || next === undefined || this.#calmSince === undefined) return undefined;
    if (now < (this.#rests.get(next.id)?.until ?? 0)) return undefined;
    const isAmple = (rung: Rung) => capacity >= QUALITY.ample * rung.bitrate;
    const isKnown = next.bitrate > 0 && isAmple(next);
    const wait = isKnown ? QUALITY.climbSoonAfter : QUALITY.climbAfter;
    if (!this.#isSmallBySize && now - Math.max(this.#calmSince, this.#switchedAt) < wait) {
      return undefined;
    }
    if (!isKnown) return next;
    const mayRise = (rung: Rung) => isAmple(rung) && now >= (this.#rests.get(rung.id)?.until ?? 0);
    const highest = rungs.slice(index + 1, cap + 1).findLast(mayRise);
    return highest ?? next;
  }

  #take(rung: Rung | undefined, { now, playing }: QualityReading): number {
    if (rung === undefined) return playing;
    this.#wanted = rung.id;
    this.#switchedAt = now;
    this.#playingSince = now;
    this.#calmSince = undefined;
    this.#tooLargeSince = undefined;
    this.#tooSlowSince = undefined;
    this.#isSmallBySize = false;
    return rung.id;
  }
}
