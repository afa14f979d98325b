/** What comes at once: how much of it, and how far from the edge one shall play; seconds. */
export type Lumps = { readonly partTarget: number; readonly partHoldBack: number };

type Policy = {
  /** Looked back on, ms: so that the emptiest moment between two lumps is among it. */
  readonly window: number;
  /** Seconds that are to be left at the emptiest moment. */
  readonly reserve: number;
  /** More than this (seconds) too much is skipped; more than that is caught up with gently. */
  readonly much: number;
  readonly some: number;
};

/** Whole segments of some two seconds. */
const SEGMENTS: Policy = { window: 4_500, reserve: 0.5, much: 1.5, some: 0.3 };

const CATCHING_UP = 1.05;

/**
 * Keeps what comes in lumps near the edge: what counts is how much is left just before the next one.
 * hls.js gives up on its own target where it is more than a segment behind, and wants a second of
 * media ahead before it goes any faster.
 */
export class Surplus {
  #policy = SEGMENTS;
  /** When it began to look. */
  #since: number | undefined;
  #catchesUp = false;
  #readings: { readonly now: number; readonly ahead: number }[] = [];
  #borne = 0;

  /** So many seconds are too much on purpose: they are caught up with, and not skipped. */
  bear(seconds: number): void {
    this.#borne = seconds;
  }

  /** Parts are coming; undefined: whole segments. */
  expect(lumps: Lumps | undefined): void {
    const { reserve } = this.#policy;
    this.#policy = lumps === undefined ? SEGMENTS : policyFor(lumps);
    if (this.#policy.reserve !== reserve) this.restart();
  }

  /** To be asked a few times a second. @returns rate to hold, seconds to skip; `ahead` in seconds */
  decide(reading: { readonly now: number; readonly ahead: number }): {
    readonly rate: number;
    readonly skip: number;
  } {
    const { now } = reading;
    const { window, reserve, much, some } = this.#policy;
    this.#since ??= now;
    this.#readings.push(reading);
    if (now - this.#since < window) return { rate: 1, skip: 0 };
    while ((this.#readings[0]?.now ?? now) < now - window) this.#readings.shift();
    const surplus = Math.min(...this.#readings.map(({ ahead }) => ahead)) - reserve;
    if (surplus > much + this.#borne) {
      this.#borne = 0;
      this.restart();
      return { rate: 1, skip: surplus };
    }
    // Each change of the rate costs the sound a splice.
    if (surplus < some) this.#borne = 0;
    this.#catchesUp = surplus > (this.#catchesUp ? some / 3 : some);
    return { rate: this.#catchesUp ? CATCHING_UP : 1, skip: 0 };
  }

  /** It does not play, or was moved: what was seen before says nothing. */
  restart(): void {
    this.#since = undefined;
    this.#catchesUp = false;
    this.#readings = [];
  }
}

/** Just before the next part, one of them has passed since the edge that is listed. */
const policyFor = ({ partTarget, partHoldBack }: Lumps): Policy => ({
  window: Math.max(1_500, 5_000 * partTarget),
  reserve: Math.max(partTarget, partHoldBack - partTarget),
  much: Math.max(1, 3 * partTarget),
  some: 0.1,
});
