/** The player's delay policy, in seconds and ratios; measured figures in `docs/benchmarks.md`. */
export const LATENCY = {
  /** Media ahead of the playhead: without and with sound. */
  target: 0.1,
  targetWithSound: 0.14,
  /** WebKit starts sound only with more, and jumps instead of changing its rate. */
  targetWithSoundWhereSeeking: 0.3,
  longestTarget: 3,
  raise: 1.5,
  lower: 0.95,
  calm: 10_000,
  slowest: 0.97,
  fastest: 1.05,
  /** Rate differs from 1 once the buffer is this far off, until it is `settled`. */
  tolerance: 0.02,
  settled: 0.005,
  /** Farther behind than this: jump. */
  jump: 1,
  jumpWhereSeeking: 0.4,
  betweenJumps: 1_000,
  /** Readings are averaged over this many ms: the buffer is a saw-tooth. */
  window: 500,
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
};

/** What to do: the playback rate to hold, and whether to jump to `target` behind the edge. */
export type Decision = { readonly rate: number; readonly jump: boolean };

const STAY: Decision = { rate: 1, jump: false };

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
    return Math.min(LATENCY.longestTarget, Math.max(this.#base, this.#floor) * this.#extra);
  }

  /** Seconds the stream needs whatever is asked: frame distance, jitter, reorder depth. */
  setFloor(floor: number): void {
    this.#floor = floor;
  }

  /** The picture stood still although the stream was on: hold more from now on. */
  stalled(now: number): void {
    const most = LATENCY.longestTarget / Math.max(this.#base, this.#floor);
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
    this.#readings = [];
  }

  /** To be asked every 50 to 100 ms. */
  decide({ now, ahead, playing }: Reading): Decision {
    if (!playing) {
      this.#readings = [];
      this.#rate = 1;
      return STAY;
    }
    if (this.#extra > 1 && now - this.#changedAt >= LATENCY.calm) {
      this.#extra = Math.max(1, this.#extra * LATENCY.lower);
      this.#changedAt = now;
    }
    this.#readings.push({ now, ahead });
    while ((this.#readings[0]?.now ?? now) < now - LATENCY.window) this.#readings.shift();
    if (this.#readings.length < 3) return { rate: this.#rate, jump: false };
    const off = this.#mean() - this.target;
    const far = this.#steering === "seek" ? LATENCY.jumpWhereSeeking : LATENCY.jump;
    if (off > far) {
      if (now - this.#jumpedAt < LATENCY.betweenJumps) return { rate: this.#rate, jump: false };
      this.jumped(now);
      this.#rate = 1;
      return { rate: 1, jump: true };
    }
    this.#rate = this.#steering === "seek" ? 1 : this.#steer(off);
    return { rate: this.#rate, jump: false };
  }

  #mean(): number {
    let sum = 0;
    for (const { ahead } of this.#readings) sum += ahead;
    return sum / this.#readings.length;
  }

  /** One percent for each 20 ms, in whole percents: each change costs the sound a splice. */
  #steer(off: number): number {
    const limit = this.#rate === 1 ? LATENCY.tolerance : LATENCY.settled;
    const turned = this.#rate !== 1 && off > 0 !== this.#rate > 1;
    if (Math.abs(off) < limit || turned) return 1;
    const percents = Math.sign(off) * Math.max(1, Math.round(Math.abs(off) * 50));
    return Math.min(LATENCY.fastest, Math.max(LATENCY.slowest, 1 + percents / 100));
  }
}
