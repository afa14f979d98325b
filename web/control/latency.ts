/** The player's delay policy, in seconds and ratios; measured figures in `docs/benchmarks.md`. */
export const LATENCY = {
  /** Media ahead of the playhead: without and with sound. */
  target: 0.1,
  targetWithSound: 0.125,
  /** WebKit starts sound only with more, and jumps instead of changing its rate. */
  targetWithSoundWhereSeeking: 0.3,
  longestTarget: 3,
  raise: 1.3,
  lower: 0.95,
  calm: 5_000,
  /**
   * Sound that is heard keeps its pitch at other rates, which asks for some 60 ms more of it ahead
   * (it is cut and joined): with less than `stretched` ahead it may not, and 1 % is not heard. The
   * second figure is for the way to the target, after a start, a jump or a stall.
   */
  stretched: 0.19,
  fastestStretched: [1.05, 1.1],
  fastestHeard: [1.01, 1.02],
  slowestHeard: 0.985,
  /** Where nothing sounds, or it is muted. */
  fastestUnheard: [1.05, 1.25],
  slowestUnheard: 0.95,
  /** Rate per second that the buffer is off: steadily, and on the way to the target. */
  gain: 1,
  approachGain: 2,
  /** Rate differs from 1 once the buffer is this far off, until it is `settled`. */
  tolerance: 0.01,
  settled: 0.005,
  /** Farther behind than this: jump. */
  jump: 0.6,
  jumpWhereSeeking: 0.4,
  betweenJumps: 1_000,
  /** Readings are averaged over this many ms, since the buffer is a saw-tooth. */
  window: 500,
  approachWindow: 200,
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
  readonly #base: number;
  #floor = 0;
  #extra = 1;
  #changedAt = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;
  #readings: { readonly now: number; readonly ahead: number }[] = [];
  #rate = 1;
  #keepsPitch = false;
  /** After a start, a jump or a stall, until the target is met. */
  #approaches = true;

  /** @param base seconds to hold on a calm line */
  constructor({ base, steering }: { base: number; steering: Steering }) {
    this.#base = base;
    this.#steering = steering;
  }

  /** Seconds to hold on a calm line, as asked. */
  get base(): number {
    return this.#base;
  }

  /** Seconds of media to hold ahead of the playhead. */
  get target(): number {
    // The floor has seen for itself how late the media was that the last stall waited for.
    return Math.min(LATENCY.longestTarget, Math.max(this.#base * this.#extra, this.#floor));
  }

  /** Seconds the stream needs whatever is asked: frame distance, jitter, reorder depth. */
  setFloor(floor: number): void {
    this.#floor = floor;
  }

  /** The picture stood still although the stream was on: hold more from now on. */
  stalled(now: number): void {
    this.#approaches = true;
    const most = LATENCY.longestTarget / this.#base;
    this.#extra = Math.min(most, this.#extra * LATENCY.raise);
    this.#changedAt = now;
    this.#readings = [];
  }

  /** The last stall was an outage and says nothing about the line's jitter. */
  forgiven(): void {
    this.#extra = Math.max(1, this.#extra / LATENCY.raise);
    this.#readings = [];
  }

  /** The playhead was moved: readings from before say nothing. */
  jumped(now: number): void {
    this.#jumpedAt = now;
    this.#approaches = true;
    this.#readings = [];
  }

  /** To be asked every 50 to 100 ms. */
  decide({ now, ahead, playing, audible }: Reading): Decision {
    if (!playing) {
      this.#readings = [];
      return this.#hold(1);
    }
    if (this.#extra > 1 && now - this.#changedAt >= LATENCY.calm) {
      this.#extra = Math.max(1, this.#extra * LATENCY.lower);
      this.#changedAt = now;
    }
    const window = this.#approaches ? LATENCY.approachWindow : LATENCY.window;
    this.#readings.push({ now, ahead });
    while ((this.#readings[0]?.now ?? now) < now - window) this.#readings.shift();
    if (this.#readings.length < 3) return this.#hold(this.#rate);
    const mean = this.#mean();
    const off = mean - this.target;
    const far = this.#steering === "seek" ? LATENCY.jumpWhereSeeking : LATENCY.jump;
    if (off > far) {
      if (now - this.#jumpedAt < LATENCY.betweenJumps) return this.#hold(this.#rate);
      this.jumped(now);
      return { ...this.#hold(1), jump: true };
    }
    if (this.#steering === "seek") return this.#hold(1);
    this.#keepsPitch = audible && mean > LATENCY.stretched;
    return this.#hold(this.#steer(off, audible));
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
    const turned = this.#rate !== 1 && off > 0 !== this.#rate > 1;
    if (Math.abs(off) < limit || turned) {
      this.#approaches = false;
      return 1;
    }
    const gain = this.#approaches ? LATENCY.approachGain : LATENCY.gain;
    const percents = Math.sign(off) * Math.max(1, Math.round(Math.abs(off) * gain * 100));
    const slowest = audible ? LATENCY.slowestHeard : LATENCY.slowestUnheard;
    return Math.min(this.#fastest(audible), Math.max(slowest, 1 + percents / 100));
  }

  #fastest(audible: boolean): number {
    const heard = this.#keepsPitch ? LATENCY.fastestStretched : LATENCY.fastestHeard;
    const [steady, approach] = audible ? heard : LATENCY.fastestUnheard;
    return this.#approaches ? approach : steady;
  }
}
