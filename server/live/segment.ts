import type { Bytes } from "../protocol/bytes/bytes.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveTrack } from "./live-track.ts";

/**
 * The smallest piece that HLS serves: one `moof` and `mdat` with the samples of about 200 ms (MP3:
 * bare MPEG frames). `pieces` in order are its bytes; all but the heads are views of the samples.
 */
export type Part = {
  readonly partIndex: number;
  /** Decode time of its first sample, in the track's timescale. */
  readonly start: number;
  /** The exact sum of its samples' durations, in the track's timescale. */
  readonly duration: number;
  /** It begins with a sync sample. */
  readonly isIndependent: boolean;
  readonly pieces: readonly Bytes[];
  readonly byteLength: number;
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
  readonly isIndependent: boolean;
  /** Nothing came for this track in this stretch: to be listed as a gap; it has no parts. */
  readonly isGap: boolean;
  readonly parts: readonly Part[];
  readonly byteLength: number;
};

/** One track as HLS sees it. */
export type Rendition = {
  /** Newest configuration. */
  readonly track: LiveTrack;
  /** The track gives nothing at present: newcomers are not to know of it. */
  readonly isRetired: boolean;
  /** Complete segments within the window, oldest first, without holes in their numbers. */
  readonly segments: readonly Segment[];
  /** Discontinuities that have left the window with their segments. */
  readonly discontinuitySequence: number;
  /** Largest and mean bits a second of the segments so far; 0 before the first. */
  readonly peakBitrate: number;
  readonly averageBitrate: number;
};
