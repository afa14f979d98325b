import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Cut } from "./cut.ts";
import type { Epoch } from "./timeline.ts";

/** Cuts that are kept for tracks which have not passed them. */
const MAX_CUTS = 64;

/** The cuts of a live stream's timeline, numbered. */
export class CutList {
  #cuts: Cut[] = [];
  #nextSequence = 1;
  #discontinuities = 0;

  /** Oldest first; those that every track has passed are forgotten. */
  get all(): readonly Cut[] {
    return this.#cuts;
  }

  get last(): Cut | undefined {
    return this.#cuts.at(-1);
  }

  add(epoch: Epoch, at: Milliseconds, isDiscontinuity: boolean): Cut {
    const mediaSequence = this.#nextSequence;
    const discontinuitySequence = this.#discontinuities;
    this.#nextSequence += 1;
    if (isDiscontinuity) this.#discontinuities += 1;
    const cut = { at, mediaSequence, epoch, isDiscontinuity, discontinuitySequence };
    this.#cuts.push(cut);
    return cut;
  }

  /** Forgets what lies before this number: all have passed it. */
  forget(before: number): void {
    const firstNeeded = this.#cuts.findIndex((cut) => cut.mediaSequence >= before);
    if (firstNeeded > 0) this.#cuts = this.#cuts.slice(firstNeeded);
    if (this.#cuts.length > MAX_CUTS) this.#cuts = this.#cuts.slice(-MAX_CUTS);
  }
}
