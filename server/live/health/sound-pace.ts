import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds } from "./seconds.ts";

/** Measured over so many seconds … */
const WINDOW = 30;
/** … of which so many have to have sound, this much of it. */
const ENOUGH = 10;
const HEARD: Milliseconds = 500;

/** A step further than this from the length of the sound is a gap, or a jump: it says nothing of a pace. */
const GAP: Milliseconds = 100;

/**
 * Compares how long sound lasts with what its timestamps leave room for, second by second: in most of
 * them, so that one in which a source stalled, and stamped a heap at once, does not count.
 */
export class SoundPace {
  readonly #sampleRate: number;
  readonly #surplus = new Seconds(WINDOW);
  #length = 0;
  #step = 0;
  #lastAt: Milliseconds = Number.NaN;
  #lastLength: Milliseconds = 0;

  /** @param sampleRate Hz, of all that it takes */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** @param samples how many there are in it */
  take(at: Milliseconds, samples: number): void {
    const step = at - this.#lastAt;
    if (Math.abs(step - this.#lastLength) <= GAP) {
      this.#step += step;
      this.#length += this.#lastLength;
    }
    this.#lastAt = at;
    this.#lastLength = (1000 * samples) / this.#sampleRate;
  }

  closeSecond(): void {
    this.#surplus.push(this.#step < HEARD ? Number.NaN : this.#length / this.#step - 1);
    this.#length = 0;
    this.#step = 0;
  }

  /** What follows lies on another clock. */
  jump(): void {
    this.#lastAt = Number.NaN;
  }

  /** See `TrackVitals`. */
  get surplus(): number | undefined {
    const known = this.#surplus.list().filter((one) => !Number.isNaN(one));
    return known.length < ENOUGH ? undefined : known.sort((a, b) => a - b)[known.length >> 1];
  }
}
