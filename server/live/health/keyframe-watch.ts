import type { Milliseconds } from "../../protocol/media/sample.ts";

/** Intervals that are looked back on. */
const KEPT = 8;

/** Fewer say nothing of their size. */
const ENOUGH = 3;

/** How far the keyframes of a track are apart; times by the encoder's clock. */
export type KeyframeIntervals = {
  /** Between the newest two. */
  readonly last: Milliseconds | undefined;
  /** The same in pictures. */
  readonly pictures: number | undefined;
  /** The longest and the shortest of the last eight; the longest may be the one that is going on. */
  readonly longest: Milliseconds | undefined;
  readonly shortest: Milliseconds | undefined;
  /** How many of the last eight are not as long as most are, by a third. */
  readonly uneven: number;
  /** From the newest keyframe to the newest picture; undefined where there was none yet. */
  readonly open: Milliseconds | undefined;
  /** Mean of the last eight keyframes; undefined where there were few yet. */
  readonly bytes: number | undefined;
};

/** Measures the distances of keyframes. */
export class KeyframeWatch {
  readonly #intervals = new Float64Array(KEPT);
  readonly #sizes = new Float64Array(KEPT);
  #keyframes = 0;
  #count = 0;
  #begun: Milliseconds | undefined;
  #newest: Milliseconds = 0;
  #pictures = 0;
  #lastPictures: number | undefined;

  /** @param at its decode time */
  take(at: Milliseconds, isSync: boolean, bytes: number): void {
    this.#newest = at;
    if (isSync) {
      this.#sizes[this.#keyframes % KEPT] = bytes;
      this.#keyframes += 1;
      if (this.#begun !== undefined) {
        this.#intervals[this.#count % KEPT] = at - this.#begun;
        this.#count += 1;
        this.#lastPictures = this.#pictures;
      }
      this.#begun = at;
      this.#pictures = 0;
    }
    this.#pictures += 1;
  }

  /** What follows lies on another clock: the interval that goes on cannot be measured. */
  jump(): void {
    this.#begun = undefined;
  }

  get #bytes(): number | undefined {
    const held = this.#sizes.subarray(0, Math.min(this.#keyframes, KEPT));
    return held.length < ENOUGH ? undefined : held.reduce((sum, one) => sum + one) / held.length;
  }

  get intervals(): KeyframeIntervals {
    const open = this.#begun === undefined ? undefined : this.#newest - this.#begun;
    const held = this.#intervals.subarray(0, Math.min(this.#count, KEPT));
    const usual = held.slice().sort()[held.length >> 1] ?? 0;
    const longest = Math.max(...held, open ?? 0);
    return {
      last: this.#count === 0 ? undefined : this.#intervals[(this.#count - 1) % KEPT],
      pictures: this.#lastPictures,
      longest: longest > 0 ? longest : undefined,
      shortest: held.length === 0 ? undefined : Math.min(...held),
      uneven: held.length - held.filter((one) => Math.abs(one - usual) <= usual / 3).length,
      open,
      bytes: this.#bytes,
    };
  }
}
