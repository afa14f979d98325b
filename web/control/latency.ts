/** The player's delay policy, in seconds and ratios; what it rests on is in `docs/decisions.md`. */
export const LATENCY = {
  longestTarget: 3,
  raise: 1.3,
  lower: 0.95,
  calm: 5_000,
  /** Rates that nobody notices, the pitch kept where it is heard … */
  slowest: 0.97,
  fastest: 1.05,
  /** … and on the way to the target, after a start, a jump or a stall, where nothing is heard. */
  fastestUnheard: 1.1,
  /** Where the pitch cannot be kept: 1 % is not heard, 2 % hardly, and it is rare. */
  slowestUnkept: 0.985,
  fastestUnkept: [1.01, 1.02],
  /** Rate per second that the buffer is off: steadily, and on the way to the target. */
  gain: 1,
  approachGain: 2,
  /** Rate differs from 1 once the buffer is this far off, until it is `settled`. */
  tolerance: 0.01,
  settled: 0.005,
  /** Farther behind than this: jump. */
  jump: 0.6,
  jumpWhereSeeking: 0.4,
  /** Farther than this from what was just asked for: jump there, forward or back. */
  askedJump: 0.3,
  betweenJumps: { rate: 1_000, seek: 10_000 },
  /** Where the element cannot be brought nearer: so much more is held than it was found with, for so long (ms). */
  overLeast: 0.03,
  leastHolds: 120_000,
  mostLeast: 0.4,
  /** Readings are averaged over this many ms, since the buffer is a saw-tooth. */
  window: 500,
  approachWindow: 200,
  /** So many readings, at least; one is enough where so much more (seconds) than the target is ahead after a jump. */
  readings: 3,
  plain: 0.05,
} as const;

/** How the delay is kept: by gentle rates and rare jumps, or by jumps alone (WebKit). */
export type Steering = "rate" | "seek";

/** One look at the playback. */
export type Reading = {
  /** ms of any clock. */
  readonly now: number;
  /** Seconds of media between playhead and the newest that can be shown. */
  readonly ahead: number;
  /** Whether it plays: a picture was shown, nobody paused it, no seek is under way. */
  readonly playing: boolean;
  /** Whether there is sound, and somebody hears it. */
  readonly audible: boolean;
  /**
   * Seconds of sound that have to be ahead before its pitch may be kept at another rate: it is cut and
   * joined for that, and runs out sooner.
   */
  readonly pitchFrom: number;
  /** Whether what is newest is there: where more stands on the way, the edge is still to come. */
  readonly isCaughtUp: boolean;
  /** Seconds of media behind the newest without a hole: farther back nobody can go. All unless told. */
  readonly reach?: number;
};

/** What to do. */
export type Decision = {
  /** The playback rate to hold, and whether sound is to keep its pitch at it. */
  readonly rate: number;
  readonly keepsPitch: boolean;
  /** Whether to jump to `target` behind the edge. */
  readonly jump: boolean;
};

/** Keeps the playhead a steady distance behind the live edge. Time and readings are inputs. */
export class LatencyController {
  readonly #steering: Steering;
  #base: number;
  #floor = 0;
  /** Seconds that stalls have added. */
  #extra = 0;
  #changedAt = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;
  #readings: { readonly now: number; readonly ahead: number }[] = [];
  #rate = 1;
  #keepsPitch = false;
  /** After a start, a jump or a stall, until the target is met. */
  #approaches = true;
  /** Something else was asked for, and is not held yet. */
  #isNew = false;
  /** It has just begun: there may not be as much yet as is to be held. */
  #isFirst = true;
  #lead = 0;
  /** It was seen not to come nearer than this. */
  #least: { readonly ahead: number; readonly until: number } | undefined;

  /** @param base seconds to hold on a calm line */
  constructor({ base, steering }: { base: number; steering: Steering }) {
    this.#base = base;
    this.#steering = steering;
  }

  /** Seconds to hold on a calm line, as asked. It may be changed while it plays. */
  get base(): number {
    return this.#base;
  }

  set base(seconds: number) {
    if (seconds === this.#base) return;
    this.#base = seconds;
    this.#extra = 0;
    this.#approaches = true;
    this.#isNew = true;
  }

  /** Seconds of media to hold ahead of the playhead. */
  get target(): number {
    // The floor has seen for itself how late the media was that the last stall waited for.
    const needed = Math.max(this.#base + this.#extra, this.#floor, this.#least?.ahead ?? 0);
    return Math.min(Math.max(LATENCY.longestTarget, this.#base), needed) + this.#lead;
  }

  /** Seconds more, so that others who need more show the same moment. */
  set lead(seconds: number) {
    if (Math.abs(seconds - this.#lead) > LATENCY.askedJump) {
      this.#approaches = true;
      this.#isNew = true;
    }
    this.#lead = seconds;
  }

  /** Seconds the stream needs whatever is asked: frame distance, jitter, reorder depth. */
  setFloor(floor: number): void {
    this.#floor = floor;
  }

  /** What it held for is over: it goes back to its target at once. */
  relieved(): void {
    this.#approaches = true;
    this.#isNew = true;
  }

  /** The picture stood still although the stream was on: hold more from now on. */
  stalled(now: number): void {
    this.#approaches = true;
    const most = Math.max(0, LATENCY.longestTarget - this.#base);
    const raised = Math.max(LEAST_HELD, this.#base + this.#extra) * LATENCY.raise;
    this.#extra = Math.min(most, raised - this.#base);
    this.#changedAt = now;
    this.#readings = [];
  }

  /**
   * It is told to play faster and comes no nearer: that is left for a while. Where it does so with more ahead
   * than it was left at, too, it is not that: its clock is slow.
   */
  resisted(now: number): void {
    if (this.#readings.length === 0) return;
    const ahead = this.#mean() + LATENCY.overLeast - this.#lead;
    if (ahead > (this.#least?.ahead ?? LATENCY.mostLeast)) return;
    this.#least = { ahead, until: now + LATENCY.leastHolds };
  }

  /** It was seen not to come nearer than so many seconds. */
  get least(): number | undefined {
    return this.#least?.ahead;
  }

  /** What kept it from coming nearer is gone: its sound goes another way. */
  released(): void {
    this.#least = undefined;
    this.#approaches = true;
  }

  /** The last stall was an outage and says nothing about the line's jitter. */
  forgiven(): void {
    const before = (this.#base + this.#extra) / LATENCY.raise;
    this.#extra = Math.max(0, before - this.#base);
    this.#readings = [];
  }

  /** The playhead was moved: readings from before say nothing. */
  jumped(now: number): void {
    this.#jumpedAt = now;
    this.#approaches = true;
    this.#isNew = false;
    this.#isFirst = false;
    this.#readings = [];
  }

  /** To be asked every 50 to 100 ms. */
  decide({ now, ahead, playing, audible, pitchFrom, isCaughtUp, reach }: Reading): Decision {
    if (!playing) {
      this.#readings = [];
      return this.#hold(1);
    }
    if (this.#extra > 0 && now - this.#changedAt >= LATENCY.calm) {
      this.#extra = Math.max(0, (this.#base + this.#extra) * LATENCY.lower - this.#base);
      this.#changedAt = now;
    }
    if (this.#least !== undefined && now >= this.#least.until) this.#least = undefined;
    const window = this.#approaches ? LATENCY.approachWindow : LATENCY.window;
    this.#readings.push({ now, ahead });
    while ((this.#readings[0]?.now ?? now) < now - window) this.#readings.shift();
    const isFew = this.#readings.length < LATENCY.readings;
    const isPlain = this.#approaches && ahead - this.target > LATENCY.plain;
    if (isFew && !isPlain) return this.#hold(this.#rate);
    const mean = this.#mean();
    const off = mean - this.target;
    const far = this.#steering === "seek" ? LATENCY.jumpWhereSeeking : LATENCY.jump;
    const isFarAhead = off > (this.#isNew ? LATENCY.askedJump : far);
    if (isFarAhead || (this.#isFarBack(off) && (reach ?? this.target) >= this.target)) {
      const isSoon = now - this.#jumpedAt < this.#betweenJumps;
      if (isFew || isSoon || !isCaughtUp) return this.#hold(this.#rate);
      this.jumped(now);
      return { ...this.#hold(1), jump: true };
    }
    if (this.#steering === "seek") {
      if (Math.abs(off) <= LATENCY.askedJump) this.#isNew = false;
      return this.#hold(1);
    }
    this.#keepsPitch = audible && mean > pitchFrom;
    return this.#hold(this.#steer(off, audible));
  }

  /** Whether much more is to be held than it was begun with, or was asked for before. */
  #isFarBack(off: number): boolean {
    if (this.#isNew) return off < -LATENCY.askedJump;
    return this.#isFirst && off < -LATENCY.jump;
  }

  /** Where jumps are all there is they are dear, and another one lands no nearer. What was asked for does not wait. */
  get #betweenJumps(): number {
    return LATENCY.betweenJumps[this.#isNew ? "rate" : this.#steering];
  }

  #hold(rate: number): Decision {
    this.#rate = rate;
    return { rate, keepsPitch: this.#keepsPitch, jump: false };
  }

  #mean(): number {
    let sum = 0;
    for (const { ahead } of this.#readings) sum += ahead;
    return sum / this.#readings.length;
  }

  /** In whole percents: each change costs the sound a splice. */
  #steer(off: number, audible: boolean): number {
    const limit = this.#rate === 1 ? LATENCY.tolerance : LATENCY.settled;
    // It has crossed its target; where that was put elsewhere meanwhile, it has not come there yet.
    const isElsewhere = this.#isNew && Math.abs(off) > LATENCY.askedJump;
    const turned = this.#rate !== 1 && off > 0 !== this.#rate > 1 && !isElsewhere;
    if (Math.abs(off) < limit || turned) {
      this.#approaches = false;
      this.#isNew = false;
      this.#isFirst = false;
      return 1;
    }
    const gain = this.#approaches ? LATENCY.approachGain : LATENCY.gain;
    const percents = Math.sign(off) * Math.max(1, Math.round(Math.abs(off) * gain * 100));
    return Math.min(this.#fastest(audible), Math.max(this.#slowest(audible), 1 + percents / 100));
  }

  #slowest(audible: boolean): number {
    return audible && !this.#keepsPitch ? LATENCY.slowestUnkept : LATENCY.slowest;
  }

  #fastest(audible: boolean): number {
    if (!audible) return this.#approaches ? LATENCY.fastestUnheard : LATENCY.fastest;
    if (this.#keepsPitch) return LATENCY.fastest;
    const [steady, approach] = LATENCY.fastestUnkept;
    return this.#approaches ? approach : steady;
  }
}

/** Stalls are answered as if at least so much (seconds) had been held. */
const LEAST_HELD = 0.1;
