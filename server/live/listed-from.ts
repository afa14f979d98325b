import type { Milliseconds } from "../protocol/media/sample.ts";
import { ticksToMs } from "./live-track.ts";
import type { Segment } from "./segment.ts";
import { endOf } from "./segment-window.ts";

/** Where bytes bound the window: so many of them may be of segments that are listed. */
const LISTED_OF_BYTES = 0.85;

/** What is known of the rendition by which it is decided. */
export type LeadingWindow = {
  readonly segments: readonly Segment[];
  /** How many of the newest have their bytes in memory. */
  readonly inMemory: number;
};

/** Where playlists begin: later than the window does, so that what leaves them can still be had. */
export class ListedFrom {
  readonly #listed: Milliseconds;
  #first = 1;

  /** @param listed so much is listed, if it is there */
  constructor(listed: Milliseconds) {
    this.#listed = listed;
  }

  /** A number for all renditions, never smaller than it was. */
  get first(): number {
    return this.#first;
  }

  /** Nothing before this number is to be listed any more. */
  atLeast(mediaSequence: number): void {
    this.#first = Math.max(this.#first, mediaSequence);
  }

  /** @param fill of the memory that segments may take, 0 to 1 and more */
  move({ segments, inMemory }: LeadingWindow, fill: number): void {
    const [oldest] = segments;
    const newest = segments.at(-1);
    if (oldest === undefined || newest === undefined) return;
    const end = endOf(newest);
    for (;;) {
      const next = segments[Math.max(0, this.#first - oldest.mediaSequence) + 1];
      if (next === undefined || end - ticksToMs(next.track, next.start) < this.#listed) break;
      this.#first = next.mediaSequence;
    }
    if (fill <= LISTED_OF_BYTES) return;
    const spare = Math.ceil((inMemory * (fill - LISTED_OF_BYTES)) / fill);
    const within = segments[segments.length - inMemory + Math.min(spare, inMemory - 1)];
    if (within !== undefined && within.stored === undefined) this.atLeast(within.mediaSequence);
  }
}
