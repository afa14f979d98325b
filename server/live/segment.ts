import type { Bytes } from "../protocol/bytes/bytes.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveTrack } from "./live-track.ts";

/**
 * The smallest piece that HLS serves: one `moof` and `mdat` (MP3: bare MPEG frames), boxes of timed
 * events (`emsg`) before it. `pieces` in order are its bytes; all but the heads are views of the
 * samples.
 */
export type Part = {
  /**
   * Counts the parts of its rendition, from 1, across segments and without holes: so it is known what
   * the next one will be called before it is known to which segment it belongs.
   */
  readonly number: number;
  /** Its place in its segment, from 0. */
  readonly partIndex: number;
  /** Decode time of its first sample, in the track's timescale. */
  readonly start: number;
  /** The exact sum of its samples' durations, in the track's timescale. */
  readonly duration: number;
  readonly samples: number;
  /** It contains a sync sample. */
  readonly isIndependent: boolean;
  readonly pieces: readonly Bytes[];
  readonly byteLength: number;
};

/** The segment that is being made: what is known of it before it is complete. */
export type OpenSegment = {
  readonly mediaSequence: number;
  /** With which configuration (init segment) it is to be decoded. */
  readonly track: LiveTrack;
  /** Wall clock of its first sample: ms since 1970. */
  readonly programDateTime: Milliseconds;
  /** Configuration, encoder or timeline changed before it (marked on all renditions alike). */
  readonly isDiscontinuity: boolean;
  /** Its complete parts, at least one. */
  readonly parts: readonly Part[];
};

/** A complete segment: the concatenation of its parts. */
export type Segment = {
  /** The same number in every rendition of a live stream for the same stretch of time. From 1. */
  readonly mediaSequence: number;
  /** With which configuration (init segment) it is to be decoded. */
  readonly track: LiveTrack;
  /** Decode time of its first sample, in the track's timescale. */
  readonly start: number;
  readonly duration: number;
  /** Wall clock of its first sample: ms since 1970. */
  readonly programDateTime: Milliseconds;
  /** Configuration, encoder or timeline changed before it (marked on all renditions alike). */
  readonly isDiscontinuity: boolean;
  /** It begins with a sync sample. */
  readonly isIndependent: boolean;
  /** Nothing came for this track in this stretch: to be listed as a gap; it has no parts. */
  readonly isGap: boolean;
  /** Empty where its bytes lie in `stored` alone. */
  readonly parts: readonly Part[];
  /** Where its bytes lie once an archive has them: no longer in memory when `parts` is empty. */
  readonly stored?: StoredSegment;
  readonly byteLength: number;
};

/** The bytes of a segment that an archive keeps. */
export type StoredSegment = {
  readonly byteLength: number;
  /**
   * Reads bytes `start` up to `end` piece by piece, as fast as they are taken.
   *
   * @throws where they are gone or the disk fails
   */
  read(start: number, end: number): AsyncIterable<Bytes>;
  /** It has left the window, and its bytes go; not before `linger` has passed. */
  delete(linger?: Milliseconds): void;
};

/** Keeps complete segments outside memory; `store` has one that writes to disk. */
export type SegmentArchive = {
  /**
   * Segments of one track come in order.
   *
   * @param life of the live stream: its `id`
   * @returns where the bytes lie now; undefined where they could not be kept. It never rejects
   */
  keep(
    streamPath: string,
    life: string,
    segment: Segment,
    observer: KeptObserver,
  ): Promise<StoredSegment | undefined>;
};

/** Who is told what becomes of a segment in an archive. */
export type KeptObserver = {
  /** It is among the oldest, and soon makes room for others: it is not to be listed any more. */
  leaving(): void;
  /** Its bytes are gone, and nobody deleted it. */
  lost(): void;
};

/** One track as HLS sees it. */
export type Rendition = {
  /** Newest configuration. */
  readonly track: LiveTrack;
  /** The track gives nothing at present: newcomers are not to know of it. */
  readonly isRetired: boolean;
  /** Complete segments within the window, oldest first, without holes in their numbers. */
  readonly segments: readonly Segment[];
  /** The segment behind them; undefined until its first part is complete, and after the end. */
  readonly open: OpenSegment | undefined;
  /** What the next part's `number` will be. */
  readonly nextPart: number;
  /** Discontinuities that have left the window with their segments. */
  readonly discontinuitySequence: number;
  /** Largest and mean bits a second of the segments so far; 0 before the first. */
  readonly peakBitrate: number;
  readonly averageBitrate: number;
};
