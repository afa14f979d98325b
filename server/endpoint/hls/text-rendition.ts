import type { OpenSegment, Part, Rendition, Segment } from "../../live/segment.ts";
import { type TextCue, type TextTrack, textBefore } from "../../live/text-track.ts";
import type { PlaylistSegmentHead } from "../../protocol/hls/media-playlist.ts";
import { textPartName, textSegmentName } from "../../protocol/hls/resource-name.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { type VttCue, webVttSegment } from "../../protocol/text/webvtt.ts";
import { ListedSegment } from "./listed-segment.ts";
import { fileInMemory, type MediaFile } from "./media-file.ts";
import { secondsOf } from "./track-facts.ts";

/**
 * A text track as a rendition of WebVTT. It follows the leading rendition: the same stretches of time
 * under the same numbers, in segments and, where there are any, in parts, without which the text of a
 * picture would come when players in low latency have long shown it.
 *
 * What is said of a stretch never changes once the stretch is complete: texts that were there before
 * its end, with what they said by then, bounded to it. A text that goes on is said again in the next.
 */
export class TextRendition {
  readonly track: TextTrack;
  readonly #cues: readonly TextCue[];
  readonly #life: string;
  readonly #lines = new WeakMap<Segment, ListedSegment>();
  readonly #files = new WeakMap<Segment | Part, MediaFile>();

  /**
   * @param cues of the track, as they are at any time
   * @param life of the live stream: its `id`
   */
  constructor(track: TextTrack, cues: readonly TextCue[], life: string) {
    this.track = track;
    this.#cues = cues;
    this.#life = life;
  }

  /** How its playlist lists the stretch of a segment. */
  listed(segment: Segment): ListedSegment {
    const known = this.#lines.get(segment);
    if (known !== undefined) return known;
    const written = new ListedSegment(undefined, () => ({
      ...this.head(segment),
      uri: textSegmentName(this.track.id, this.#life, segment.mediaSequence),
      duration: secondsOf(segment),
      isGap: false, // that nothing is said is no gap
    }));
    this.#lines.set(segment, written);
    return written;
  }

  /** What of a segment stands before its end, and all that there is while it is open. */
  head(segment: Segment | OpenSegment): PlaylistSegmentHead {
    const { isDiscontinuity, programDateTime, parts, track } = segment;
    return {
      isDiscontinuity,
      programDateTime,
      map: undefined,
      parts: parts.map(({ number, duration }) => ({
        uri: textPartName(this.track.id, this.#life, track.id, number),
        duration: duration / track.timescale,
        isIndependent: true,
      })),
    };
  }

  /** The name of the part that comes next. */
  hint({ track, nextPart }: Rendition): string {
    return textPartName(this.track.id, this.#life, track.id, nextPart);
  }

  /** The text of a complete segment, or of one of its parts. */
  file({ track: { timescale } }: Segment | OpenSegment, stretch: Segment | Part): MediaFile {
    const known = this.#files.get(stretch);
    if (known !== undefined) return known;
    const from = (stretch.start * 1000) / timescale;
    const to = ((stretch.start + stretch.duration) * 1000) / timescale;
    const text = webVttSegment(from, cuesWithin(this.#cues, from, to));
    const file = fileInMemory("text/vtt; charset=utf-8", [Buffer.from(text)]);
    this.#files.set(stretch, file);
    return file;
  }
}

/** Times are those of the boxes of the other renditions. */
function cuesWithin(cues: readonly TextCue[], from: Milliseconds, to: Milliseconds): VttCue[] {
  const within: VttCue[] = [];
  // Few are within, and those are commonly the last ones.
  for (let index = cues.length - 1; index >= 0; index -= 1) {
    const cue = cues[index];
    if (cue === undefined || cue.start >= to) continue;
    const start = Math.max(cue.start, from);
    const end = Math.min(cue.end ?? to, to);
    // One that is shorter than the times of WebVTT can say is not said.
    if (Math.round(start) >= Math.round(end)) {
      if (isLong(cue, from)) break;
      continue;
    }
    within.push({ start, end, text: textBefore(cue, to), settings: cue.settings });
  }
  return within.reverse();
}

/** It ended so long before that none of those before it can go on. */
const isLong = (cue: TextCue, from: Milliseconds): boolean =>
  cue.end !== undefined && from - cue.end > LONGEST_CUE;

/** Texts are erased long before, unless something is said of their channel again and again. */
const LONGEST_CUE: Milliseconds = 600_000;
