import { equal, type OwnBytes } from "../bytes/bytes.ts";
import { LIMITS } from "../limits.ts";
import type { Milliseconds } from "../media/sample.ts";

/** A picture as captions see it. */
export type OrderedPicture = {
  /** When it is decoded and when it is shown; ms on one line. */
  readonly decodedAt: Milliseconds;
  readonly shownAt: Milliseconds;
  /** Its caption data. */
  readonly data: OwnBytes | undefined;
};

/**
 * Puts pictures that come in decode order into the order in which they are shown, holding none back
 * longer than it is uncertain: nothing that is decoded later can be shown before the moment at which
 * the newest one is decoded, nor before one that has more pictures waiting behind it than the coding
 * may reorder.
 */
export class PresentationOrder {
  /** By the moment at which they are shown. */
  #waiting: OrderedPicture[] = [];
  /** How far a picture was shown before it was decoded: encoders with a wrong clock exist. */
  #lead: Milliseconds = 0;

  /** Nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * @param reorderDepth pictures that may be decoded before one that is shown earlier, where known
   * @returns pictures in the order in which they are shown; one that came twice only once
   */
  push(picture: OrderedPicture, reorderDepth: number | undefined): readonly OrderedPicture[] {
    const { decodedAt, shownAt } = picture;
    this.#lead = Math.max(this.#lead, decodedAt - shownAt);
    if (reorderDepth === 0 && this.isEmpty) return [picture];
    const index = this.#waiting.findLastIndex((other) => other.shownAt <= shownAt);
    const before = this.#waiting[index];
    const isRepeated = before?.shownAt === shownAt && isSame(before.data, picture.data);
    if (!isRepeated) this.#waiting.splice(index + 1, 0, picture);
    const depth = Math.min(reorderDepth ?? LIMITS.captionReorder, LIMITS.captionReorder);
    let count = 0;
    for (const waiting of this.#waiting) {
      const isCertain = waiting.shownAt <= decodedAt - this.#lead;
      if (!isCertain && this.#waiting.length - count <= depth) break;
      count += 1;
    }
    return count === 0 ? NONE : this.#waiting.splice(0, count);
  }

  /** @returns all that wait: nothing will come before them any more */
  flush(): readonly OrderedPicture[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#lead = 0;
    return all;
  }
}

const NONE: readonly OrderedPicture[] = [];

const isSame = (a: OwnBytes | undefined, b: OwnBytes | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && equal(a, b));
