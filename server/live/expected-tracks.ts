import type { Milliseconds } from "../protocol/media/sample.ts";
import type { MediaType } from "../protocol/media/track.ts";

/** Who gave nothing for this long after it was announced is not waited for any more. */
const PATIENCE: Milliseconds = 1000;

/** A track by its number, or whichever of a kind. */
export type Expected = number | MediaType;

/** Tracks that were announced and gave nothing yet. */
export class ExpectedTracks {
  /** Since when, on the timeline: from the first sample on that any other one gives. */
  readonly #since = new Map<Expected, Milliseconds | undefined>();
  #newest: Milliseconds = 0;

  add(expected: Expected): void {
    this.#since.set(expected, undefined);
  }

  remove(expected: Expected): void {
    this.#since.delete(expected);
  }

  /** Something came at this moment of the timeline. */
  pass(at: Milliseconds): void {
    this.#newest = Math.max(this.#newest, at);
    for (const [id, since] of this.#since) {
      if (since === undefined) this.#since.set(id, at);
    }
  }

  /** Whether one of them is to be expected any moment. */
  get isWaiting(): boolean {
    for (const since of this.#since.values()) {
      if (since === undefined || this.#newest - since < PATIENCE) return true;
    }
    return false;
  }
}
