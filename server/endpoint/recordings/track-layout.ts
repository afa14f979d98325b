import { type Bytes, NO_BYTES } from "../../protocol/bytes/bytes.ts";
import { packedAudioTag } from "../../protocol/hls/packed-audio.ts";
import type { RecordedSegment } from "../../protocol/hls/recorded-playlist.ts";
import type { PlacedFragment, RecordingIndex } from "../../store/recording-index.ts";
import type { ByteRange } from "../http/byte-range.ts";

/** Bytes that are sent: ours, or those of a place in the recording's file. */
export type Piece =
  | { readonly bytes: Bytes }
  | { readonly offset: number; readonly length: number };

/** How segments are chosen; times in seconds. */
export type SegmentSettings = {
  /** A segment ends at the first sync sample after about this long … */
  readonly segment: number;
  /** … and in any case before it is longer than this. */
  readonly longest: number;
};

/** A GOP that is a little short of the wished length is not doubled. */
const SHORTEST_OF_WISHED = 0.9;

/**
 * One track of a recording as a file of its own, which lies nowhere: its init segment, then its
 * fragments as they stand in the recording, without those of other tracks between them. So a segment of
 * any length is one byte range, and a player gets no track that it did not ask for.
 *
 * MP3 is packed audio instead, as everywhere in HLS here: bare frames, and where a segment begins a tag
 * with its time.
 */
export class TrackLayout {
  readonly init: Bytes;
  readonly #index: RecordingIndex;
  readonly #trackId: number;
  readonly #isPacked: boolean;
  readonly #settings: SegmentSettings;
  /** Where each fragment ends. */
  readonly #ends: number[] = [];
  /** Fragments with which a segment begins. */
  readonly #begins: number[] = [];

  /** @param init empty for packed audio */
  constructor(
    index: RecordingIndex,
    trackId: number,
    { init, isPacked, settings }: { init: Bytes; isPacked: boolean; settings: SegmentSettings },
  ) {
    this.init = init;
    this.#index = index;
    this.#trackId = trackId;
    this.#isPacked = isPacked;
    this.#settings = settings;
  }

  /** Bytes of all that is there by now. */
  get length(): number {
    this.#follow();
    return this.#ends.at(-1) ?? this.init.length;
  }

  /** What is to be sent of a range of it, in order. */
  *pieces({ start, end }: ByteRange): Generator<Piece> {
    this.#follow();
    if (start < this.init.length) yield { bytes: this.init.subarray(start, end) };
    const fragments = this.#fragments;
    for (let at = this.#fragmentAt(start); at < fragments.length; at += 1) {
      const begin = this.#beginOf(at);
      if (begin >= end) return;
      const from = Math.max(0, start - begin);
      const to = Math.min((this.#ends[at] ?? 0) - begin, end - begin);
      yield* this.#fragmentPieces(at, from, to);
    }
  }

  /** Segments that are complete; the last one, too, where nothing will be added. */
  segments(isOver: boolean): RecordedSegment[] {
    this.#follow();
    const fragments = this.#fragments;
    const { longest } = this.#settings;
    const segments: RecordedSegment[] = [];
    for (const [index, first] of this.#begins.entries()) {
      const next = this.#begins[index + 1];
      const fragment = fragments[first];
      if (fragment === undefined || (next === undefined && !isOver)) break;
      const following = next === undefined ? undefined : fragments[next];
      const until =
        following === undefined
          ? this.#index.durationOf(this.#trackId) / 1000
          : this.#seconds(following.time);
      const offset = this.#beginOf(first);
      segments.push({
        // Behind a picture that stood still nothing is left to be told but the next one.
        duration: Math.min(until - this.#seconds(fragment.time), longest),
        offset,
        length: (next === undefined ? this.length : this.#beginOf(next)) - offset,
        isIndependent: fragment.isSync,
      });
    }
    return segments;
  }

  get #fragments(): readonly PlacedFragment[] {
    return this.#index.fragments(this.#trackId);
  }

  /** Takes in what was added since. */
  #follow(): void {
    const fragments = this.#fragments;
    for (let at = this.#ends.length; at < fragments.length; at += 1) {
      const fragment = fragments[at];
      if (fragment === undefined) return;
      const isBegin = this.#beginsSegment(fragment);
      if (isBegin) this.#begins.push(at);
      const { length, headLength } = fragment;
      const bare = (isBegin ? this.#tag(fragment).length : 0) + length - headLength;
      this.#ends.push(this.#beginOf(at) + (this.#isPacked ? bare : length));
    }
  }

  /** Whether a segment begins with a fragment that follows all others. */
  #beginsSegment({ time, duration, isSync }: PlacedFragment): boolean {
    const first = this.#fragments[this.#begins.at(-1) ?? -1];
    if (first === undefined) return true;
    const { segment, longest } = this.#settings;
    const elapsed = this.#seconds(time - first.time);
    const isWished = isSync && elapsed >= segment * SHORTEST_OF_WISHED;
    return isWished || elapsed + this.#seconds(duration) > longest;
  }

  #beginOf(at: number): number {
    return at === 0 ? this.init.length : (this.#ends[at - 1] ?? this.init.length);
  }

  /** The first fragment that ends behind an offset. */
  #fragmentAt(offset: number): number {
    return lowest(this.#ends.length, (one) => (this.#ends[one] ?? 0) > offset);
  }

  /** What of a fragment lies between two offsets within what is sent of it. */
  *#fragmentPieces(at: number, from: number, to: number): Generator<Piece> {
    const fragment = this.#fragments[at];
    if (fragment === undefined) return;
    if (!this.#isPacked) {
      yield { offset: fragment.offset + from, length: to - from };
      return;
    }
    const tag = this.#isBegin(at) ? this.#tag(fragment) : NO_BYTES;
    if (from < tag.length) yield { bytes: tag.subarray(from, to) };
    const start = Math.max(0, from - tag.length);
    const end = to - tag.length;
    if (start >= end) return;
    yield { offset: fragment.offset + fragment.headLength + start, length: end - start };
  }

  #isBegin(at: number): boolean {
    const index = lowest(this.#begins.length, (one) => (this.#begins[one] ?? 0) >= at);
    return this.#begins[index] === at;
  }

  #tag({ time }: PlacedFragment): Bytes {
    return packedAudioTag(time, this.#index.timescale(this.#trackId));
  }

  #seconds(ticks: number): number {
    return ticks / this.#index.timescale(this.#trackId);
  }
}

/** The lowest number below `count` for which something holds that holds for all above it; else `count`. */
function lowest(count: number, holds: (number: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
