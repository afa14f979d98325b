import type { OwnBytes } from "../protocol/bytes/bytes.ts";
import type { FileContents } from "../protocol/isobmff/file-head.ts";
import {
  movieFragmentRandomAccess,
  type TrackRandomAccess,
} from "../protocol/isobmff/random-access.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";

/** One fragment of a recording; times in ticks of its track. */
export type IndexedFragment = {
  readonly trackId: number;
  /** Bytes of `moof` and `mdat` together, and of what comes before the first sample. */
  readonly length: number;
  readonly headLength: number;
  /** Decode time of its first sample, and how long all of them last. */
  readonly time: number;
  readonly duration: number;
  /** Of its first sample. */
  readonly isSync: boolean;
  readonly compositionOffset: number;
};

/** A fragment, and where it lies. */
export type PlacedFragment = IndexedFragment & {
  /** From the beginning of the file. */
  readonly offset: number;
};

/** A track as the index knows it. */
export type IndexedTrack = { readonly id: number; readonly timescale: number };

/**
 * Where what lies in a recording's file: its head, then fragments without holes, in the order they were
 * written. It only grows.
 */
export class RecordingIndex {
  readonly headLength: number;
  readonly #timescales: ReadonlyMap<number, number>;
  readonly #tracks = new Map<number, PlacedFragment[]>();
  readonly #leader: number | undefined;
  #length: number;
  #count = 0;

  /** @param tracks of the file, the one that leads first */
  constructor(headLength: number, tracks: readonly IndexedTrack[]) {
    this.headLength = headLength;
    this.#length = headLength;
    this.#timescales = new Map(tracks.map(({ id, timescale }) => [id, timescale]));
    for (const { id } of tracks) this.#tracks.set(id, []);
    this.#leader = tracks[0]?.id;
  }

  /** Bytes of the file up to the end of its last fragment. */
  get length(): number {
    return this.#length;
  }

  /** Fragments of all tracks. */
  get count(): number {
    return this.#count;
  }

  get trackIds(): readonly number[] {
    return [...this.#tracks.keys()];
  }

  /** The longest track's end. */
  get duration(): Milliseconds {
    return Math.max(0, ...this.trackIds.map((id) => this.durationOf(id)));
  }

  /** A track's fragments, oldest first: they are added to, and never changed. */
  fragments(trackId: number): readonly PlacedFragment[] {
    return this.#tracks.get(trackId) ?? [];
  }

  /** Ticks a second of a track. */
  timescale(trackId: number): number {
    return this.#timescales.get(trackId) ?? 1000;
  }

  /** Where a track ends, from the beginning of the file. */
  durationOf(trackId: number): Milliseconds {
    const last = this.fragments(trackId).at(-1);
    return last === undefined ? 0 : ((last.time + last.duration) * 1000) / this.timescale(trackId);
  }

  /** @param fragments that follow what is there, of tracks of this file */
  add(fragments: readonly IndexedFragment[]): void {
    for (const fragment of fragments) {
      const { trackId, length, headLength, time, duration, isSync, compositionOffset } = fragment;
      const placed = { trackId, length, headLength, time, duration, isSync, compositionOffset };
      this.#tracks.get(trackId)?.push({ ...placed, offset: this.#length });
      this.#length += length;
      this.#count += 1;
    }
  }

  /** All fragments in the order they lie in the file. */
  rows(): PlacedFragment[] {
    return [...this.#tracks.values()].flat().sort((a, b) => a.offset - b.offset);
  }

  /** What the file ends with when it is complete. */
  randomAccess(): OwnBytes {
    const tracks = [...this.#tracks].map(([trackId, fragments]): TrackRandomAccess => {
      const entries = fragments.filter(({ isSync }) => isSync);
      const points = entries.map((one) => ({ time: shown(one), moofOffset: one.offset }));
      return { trackId, points };
    });
    return movieFragmentRandomAccess(tracks);
  }

  /** What the file's head is to say by now. */
  contents(): FileContents {
    const durations = new Map(this.trackIds.map((id) => [id, this.durationOf(id)]));
    const leader = this.#leader;
    if (leader === undefined) return { durations, index: undefined };
    const entries = this.fragments(leader).filter(({ isSync }) => isSync);
    // All of the file has to be told: nothing may lie before the first entry.
    if (entries[0]?.offset !== this.headLength) return { durations, index: undefined };
    const timescale = this.timescale(leader);
    const end = (this.durationOf(leader) * timescale) / 1000;
    const subsegments = entries.map((entry, index) => {
      const next = entries[index + 1];
      const until = next === undefined ? Math.round(end) : shown(next);
      return {
        size: (next?.offset ?? this.#length) - entry.offset,
        duration: Math.max(0, until - shown(entry)),
      };
    });
    const earliestPresentationTime = Math.max(0, shown(entries[0]));
    const index = { trackId: leader, timescale, earliestPresentationTime, subsegments };
    return { durations, index };
  }
}

const shown = ({ time, compositionOffset }: IndexedFragment): number => time + compositionOffset;
