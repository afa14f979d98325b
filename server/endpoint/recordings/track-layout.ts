import type { Bytes } from "../../protocol/bytes/bytes.ts";
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
 * MP3 is packed audio instead, as everywhere in HLS here: the frames of each fragment behind a tag with
 * their time.
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
  readonly #begins: number[] = [0];

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
      const fragment = fragments[at];
      const begin = this.#beginOf(at);
      if (fragment === undefined || begin >= end) return;
      const from = Math.max(0, start - begin);
      const to = Math.min((this.#ends[at] ?? 0) - begin, end - begin);
      yield* this.#fragmentPieces(fragment, from, to);
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
      this.#ends.push(this.#beginOf(at) + this.#lengthOf(fragment));
      const first = fragments[this.#begins.at(-1) ?? 0];
      if (first === undefined || first === fragment) continue;
      const { segment, longest } = this.#settings;
      const elapsed = this.#seconds(fragment.time - first.time);
      const isWished = fragment.isSync && elapsed >= segment * SHORTEST_OF_WISHED;
      if (isWished || elapsed + this.#seconds(fragment.duration) > longest) this.#begins.push(at);
    }
  }

  #beginOf(at: number): number {
    return at === 0 ? this.init.length : (this.#ends[at - 1] ?? this.init.length);
  }

  /** The first fragment that ends behind an offset. */
  #fragmentAt(offset: number): number {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #lengthOf(fragment: PlacedFragment): number {
    const { length, headLength } = fragment;
    return this.#isPacked ? this.#tag(fragment).length + length - headLength : length;
  }

  #fragmentPieces(fragment: PlacedFragment, from: number, to: number): Piece[] {
    if (!this.#isPacked) return [{ offset: fragment.offset + from, length: to - from }];
    const tag = this.#tag(fragment);
    const pieces: Piece[] = [];
    if (from < tag.length) pieces.push({ bytes: tag.subarray(from, to) });
    if (to <= tag.length) return pieces;
    const start = Math.max(0, from - tag.length);
    const offset = fragment.offset + fragment.headLength + start;
    return [...pieces, { offset, length: to - tag.length - start }];
  }

  #tag({ time }: PlacedFragment): Bytes {
    return packedAudioTag(time, this.#index.timescale(this.#trackId));
  }

  #seconds(ticks: number): number {
    return ticks / this.#index.timescale(this.#trackId);
  }
}
