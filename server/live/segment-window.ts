import type { Milliseconds } from "../protocol/media/sample.ts";
import { ticksToMs } from "./live-track.ts";
import type { KeptObserver, Segment, StoredSegment } from "./segment.ts";

/** How long segments of a rendition are kept. */
export type WindowSettings = {
  /** So much in all. */
  readonly window: Milliseconds;
  /** The newest of them in memory, too, where they are stored … */
  readonly memory: Milliseconds;
  /** … and so much of them where they could not be. */
  readonly unstored: Milliseconds;
  /** What is stored goes so long after the end. */
  readonly linger: Milliseconds;
  /** Where older ones go; absent: nowhere, all are kept in memory. */
  keep?(segment: Segment, observer: KeptObserver): Promise<StoredSegment | undefined>;
  /** Something that is listed has become a gap, or is to be listed no more. */
  onLoss(): void;
};

/**
 * The complete segments of one rendition: the newest in memory, older ones in an archive where there is
 * one. What is lost on the way is a gap, or, at the old end, is dropped.
 */
export class SegmentWindow {
  /** Oldest first, without holes in their numbers; changed in place. */
  readonly segments: Segment[] = [];
  /** Bytes in memory. */
  bytes = 0;
  /** Discontinuities that have left with their segments. */
  discontinuitySequence = 0;
  /** The archive soon drops all before this number. */
  leavingBefore = 0;
  readonly #settings: WindowSettings;
  /** So many of the oldest have no bytes in memory. */
  #bare = 0;
  #isClosed = false;

  constructor(settings: WindowSettings) {
    this.#settings = settings;
  }

  push(segment: Segment): void {
    this.segments.push(segment);
    this.bytes += segment.byteLength;
    if (segment.isGap || this.#settings.keep === undefined) return;
    const { mediaSequence } = segment;
    const kept = this.#settings.keep(segment, {
      leaving: () => {
        this.leavingBefore = Math.max(this.leavingBefore, mediaSequence + 1);
        this.#settings.onLoss();
      },
      lost: () => this.#lose(mediaSequence),
    });
    void kept.then((stored) => this.#store(mediaSequence, stored));
  }

  /** @param bytes that it may have in memory */
  trim(bytes: number): void {
    const newest = this.segments.at(-1);
    if (newest === undefined) return;
    const { window, memory, unstored } = this.#settings;
    const end = endOf(newest);
    for (;;) {
      const [, next] = this.segments;
      if (next === undefined || end - ticksToMs(next.track, next.start) < window) break;
      this.#dropOldest();
    }
    while (this.#bare < this.segments.length - 1) {
      const segment = this.segments[this.#bare];
      if (segment === undefined) return;
      const age = end - endOf(segment);
      const isOld = age >= (segment.stored === undefined ? unstored : memory);
      if (!isOld && this.bytes <= bytes) return;
      this.#release(segment);
    }
  }

  /** Nothing follows: what is stored goes, though not at once, for who still plays the end. */
  close(): void {
    for (const { stored } of this.segments) stored?.delete(this.#settings.linger);
    this.#isClosed = true;
  }

  /** The oldest one in memory leaves it. */
  #release(segment: Segment): void {
    if (segment.stored === undefined && !segment.isGap && this.#bare === 0) {
      this.#dropOldest();
      return;
    }
    this.bytes -= segment.byteLength;
    this.segments[this.#bare] = segment.stored === undefined ? gap(segment) : bare(segment);
    this.#bare += 1;
    if (segment.stored === undefined && !segment.isGap) this.#dropLeadingGaps();
  }

  #dropLeadingGaps(): void {
    while (this.#bare > 0 && this.segments[0]?.isGap === true) this.#dropOldest();
    this.#settings.onLoss();
  }

  /** How many of the newest have their bytes in memory. */
  get inMemory(): number {
    return this.segments.length - this.#bare;
  }

  #dropOldest(): void {
    const oldest = this.segments.shift();
    if (oldest === undefined) return;
    if (this.#bare > 0) this.#bare -= 1;
    else this.bytes -= oldest.byteLength;
    if (oldest.isDiscontinuity) this.discontinuitySequence += 1;
    oldest.stored?.delete();
  }

  #indexOf(mediaSequence: number): number | undefined {
    const index = mediaSequence - (this.segments[0]?.mediaSequence ?? Number.POSITIVE_INFINITY);
    return index >= 0 && index < this.segments.length ? index : undefined;
  }

  #store(mediaSequence: number, stored: StoredSegment | undefined): void {
    if (stored === undefined) return;
    const index = this.#indexOf(mediaSequence);
    const segment = index === undefined ? undefined : this.segments[index];
    const isOver = segment === undefined || segment.isGap || this.#isClosed;
    if (index === undefined || isOver) stored.delete();
    else this.segments[index] = { ...segment, stored };
  }

  #lose(mediaSequence: number): void {
    const index = this.#indexOf(mediaSequence);
    const segment = index === undefined ? undefined : this.segments[index];
    if (index === undefined || segment === undefined) return;
    if (index >= this.#bare) {
      const { stored: _, ...inMemory } = segment;
      this.segments[index] = inMemory;
      return;
    }
    this.segments[index] = gap(segment);
    this.#dropLeadingGaps();
  }
}

/** @returns where a segment ends, in ms on the live stream's timeline */
export const endOf = ({ track, start, duration }: Segment): Milliseconds =>
  ticksToMs(track, start + duration);

const bare = (segment: Segment): Segment => ({ ...segment, parts: [] });

function gap({ stored: _, ...segment }: Segment): Segment {
  return { ...segment, isGap: true, isIndependent: false, parts: [], byteLength: 0 };
}
