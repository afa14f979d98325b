import type { Milliseconds } from "../protocol/media/sample.ts";
import type { TrackKey } from "../protocol/media/track.ts";

/** A stretch of a live stream's timeline without a break; a new one begins with each break. */
export type Epoch = {
  /** Counts from 0. */
  readonly index: number;
  /** Wall clock (ms since 1970) minus timeline, by the arrival of the stretch's first sample. */
  readonly wallOffset: Milliseconds;
};

/** Where the timeline begins: far enough from 0 that no presentation time becomes negative. */
export const TIMELINE_START: Milliseconds = 10_000;

/** A new stretch begins this long after the newest sample of the old one. */
const SPLICE_GAP: Milliseconds = 100;

/** Steps of an encoder's clock within these are its own pace … */
const SMALLEST_STEP: Milliseconds = -1000;
const LARGEST_STEP: Milliseconds = 5000;
/** … and so are larger ones if as much time really passed (a still picture, a muted track). */
const PACE_TOLERANCE: Milliseconds = 3000;

/** A track that has not followed the others into an epoch for this long is on its own. */
const LONGEST_LAG: Milliseconds = 3000;

type TrackPlace = {
  dts: Milliseconds;
  wall: Milliseconds;
  /** Live stream's time minus publisher's time. */
  offset: Milliseconds;
  /** Moved apart from the others because its clock lies too far from theirs. */
  isApart: boolean;
  epoch: Epoch;
};

/**
 * Maps the clocks of one publisher after another onto one timeline that never steps back.
 *
 * Decode times and the distances between them are the encoder's. Where its clock jumps, or another
 * publisher continues, the timeline goes on right behind what it has, with one offset for all
 * tracks, and a new epoch marks the place. A track that jumps first takes the others along: one
 * that lags is mapped by the old offset until it jumps too.
 */
export class Timeline {
  readonly #maxSkew: Milliseconds;
  readonly #places = new Map<TrackKey, TrackPlace>();
  #epoch: Epoch = { index: -1, wallOffset: 0 };
  /** Wall clock at the epoch's first sample. */
  #begun: Milliseconds = 0;
  #offset: Milliseconds = 0;
  #newest: Milliseconds = TIMELINE_START - SPLICE_GAP;
  /** What there was when the epoch began: nothing of the epoch may lie before. */
  #floor: Milliseconds = 0;
  #isBroken = true;

  constructor({ maxSkew }: { maxSkew: Milliseconds }) {
    this.#maxSkew = maxSkew;
  }

  /** The newest moment on the timeline at which something is shown. */
  get newest(): Milliseconds {
    return this.#newest;
  }

  /** The present stretch; its `index` is -1 before the first. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /** What follows comes from another clock: the next sample begins an epoch. */
  splice(): void {
    this.#isBroken = true;
    this.#places.clear();
  }

  /**
   * @param dts the publisher's decode time, on its own unwrapped line
   * @param wall ms since 1970 at its arrival
   * @param compositionOffset how much later it is shown: what follows a break is not shown before
   * @returns the same moment on the live stream's timeline, and the epoch it belongs to
   */
  place(
    key: TrackKey,
    dts: Milliseconds,
    wall: Milliseconds,
    compositionOffset: Milliseconds = 0,
  ): { at: Milliseconds; epoch: Epoch } {
    if (this.#isBroken) this.#begin(dts, wall);
    const known = this.#places.get(key);
    const place = known === undefined ? this.#first(dts, wall) : this.#next(known, dts, wall);
    place.dts = dts;
    place.wall = wall;
    this.#places.set(key, place);
    const at = dts + place.offset;
    const shown = at + Math.min(Math.max(compositionOffset, 0), LARGEST_STEP);
    this.#newest = Math.max(this.#newest, shown);
    return { at, epoch: place.epoch };
  }

  /**
   * Where a moment of the publisher's clock lies, without moving anything: for data. Nearest to the
   * newest moment, where its clock is not that of the tracks.
   */
  peek(dts: Milliseconds): Milliseconds {
    if (this.#isBroken) return this.#newest;
    const at = dts + this.#offset;
    return Math.abs(at - this.#newest) > LARGEST_STEP ? this.#newest : at;
  }

  #first(dts: Milliseconds, wall: Milliseconds): TrackPlace {
    const isApart = Math.abs(dts + this.#offset - this.#newest) > this.#maxSkew;
    if (!isApart && dts + this.#offset <= this.#floor) this.#shift(dts, wall);
    const offset = isApart ? this.#newest - dts : this.#offset;
    return { dts, wall, offset, isApart, epoch: this.#epoch };
  }

  /**
   * A track begins so much earlier than the one that began the epoch that it would lie on what was
   * there before: the epoch begins anew, further on, for all of them.
   */
  #shift(dts: Milliseconds, wall: Milliseconds): void {
    const at = this.#floor + SPLICE_GAP;
    this.#offset = at - dts;
    this.#epoch = { index: this.#epoch.index + 1, wallOffset: wall - at };
    for (const place of this.#places.values()) {
      if (place.isApart) continue;
      place.offset = this.#offset;
      place.epoch = this.#epoch;
    }
  }

  #next(place: TrackPlace, dts: Milliseconds, wall: Milliseconds): TrackPlace {
    const step = dts - place.dts;
    const passed = wall - place.wall;
    const isOwnPace = step >= SMALLEST_STEP && step <= LARGEST_STEP;
    const hasLagged = place.epoch !== this.#epoch;
    if (isOwnPace || (step > 0 && Math.abs(step - passed) <= PACE_TOLERANCE)) {
      // It did not jump with the others, and will not any more: its clock is its own from here.
      if (hasLagged && wall - this.#begun > LONGEST_LAG) {
        return { ...place, isApart: true, epoch: this.#epoch };
      }
      return place;
    }
    if (place.isApart) {
      return { ...place, offset: this.#newest + SPLICE_GAP - dts, epoch: this.#epoch };
    }
    const followsOthers = Math.abs(dts + this.#offset - this.#newest) <= LARGEST_STEP;
    if (!(hasLagged && followsOthers)) this.#begin(dts, wall);
    return { ...place, offset: this.#offset, epoch: this.#epoch };
  }

  #begin(dts: Milliseconds, wall: Milliseconds): void {
    const at = this.#newest + SPLICE_GAP;
    this.#floor = this.#newest;
    this.#offset = at - dts;
    this.#isBroken = false;
    this.#begun = wall;
    this.#epoch = { index: this.#epoch.index + 1, wallOffset: wall - at };
  }
}
