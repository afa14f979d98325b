import type { SegmentedStream } from "../../server/endpoint/hls/presentation.ts";
import type { DateRange } from "../../server/live/date-range.ts";
import type { LiveState } from "../../server/live/live-observer.ts";
import type { LiveTrack } from "../../server/live/live-track.ts";
import type { OpenSegment, Part, Rendition, Segment } from "../../server/live/segment.ts";
import type { TextCue, TextTrack } from "../../server/live/text-track.ts";

const START = 1_700_000_000_000;

/** What of a part or a segment a test cares about. */
export type PartFields = {
  /** ms */
  readonly duration?: number;
  readonly isIndependent?: boolean;
  readonly bytes?: Uint8Array;
};

/** A rendition that a test cuts by hand. */
export class HandRendition implements Rendition {
  track: LiveTrack;
  segments: Segment[] = [];
  open: OpenSegment | undefined;
  nextPart = 1;
  discontinuitySequence = 0;
  isRetired = false;
  readonly peakBitrate = 1_000_000;
  readonly averageBitrate = 900_000;
  /** In ticks. */
  #at = 0;
  #mediaSequence: number;

  constructor(track: LiveTrack, mediaSequence: number) {
    this.track = track;
    this.#mediaSequence = mediaSequence;
  }

  part({ duration = 200, isIndependent, bytes = new Uint8Array(10) }: PartFields, isNew: boolean) {
    const { track, open } = this;
    const parts = open?.parts ?? [];
    const ticks = Math.round((duration * track.timescale) / 1000);
    const part: Part = {
      number: this.nextPart,
      partIndex: parts.length,
      start: this.#at,
      duration: ticks,
      samples: 5,
      isIndependent: isIndependent ?? (parts.length === 0 || track.track.mediaType === "audio"),
      pieces: [bytes],
      byteLength: bytes.length,
    };
    this.nextPart += 1;
    this.#at += ticks;
    this.open = {
      mediaSequence: this.#mediaSequence,
      track,
      programDateTime: open?.programDateTime ?? START + (part.start * 1000) / track.timescale,
      isDiscontinuity: open?.isDiscontinuity ?? isNew,
      parts: [...parts, part],
    };
  }

  cut(fields: Partial<Segment> = {}): void {
    const { open } = this;
    const parts = open?.parts ?? [];
    this.segments = [
      ...this.segments,
      {
        mediaSequence: this.#mediaSequence,
        track: open?.track ?? this.track,
        start: parts[0]?.start ?? this.#at,
        duration: parts.reduce((sum, part) => sum + part.duration, 0),
        programDateTime: open?.programDateTime ?? START + (this.#at * 1000) / this.track.timescale,
        isDiscontinuity: open?.isDiscontinuity ?? false,
        isIndependent: parts[0]?.isIndependent ?? false,
        isGap: parts.length === 0,
        parts,
        byteLength: parts.reduce((sum, part) => sum + part.byteLength, 0),
        ...fields,
      },
    ];
    this.#mediaSequence += 1;
    this.open = undefined;
  }

  /** A stretch without samples. */
  gap(duration: number): void {
    const ticks = Math.round((duration * this.track.timescale) / 1000);
    this.cut({ duration: ticks, isGap: true });
    this.#at += ticks;
  }
}

/** A live stream that a test makes part by part, and of which it can say anything. */
export class HandStream implements SegmentedStream {
  readonly id: string;
  state: LiveState = "live";
  startedAt: number | undefined = START;
  dateRanges: DateRange[] = [];
  textTracks: TextTrack[] = [];
  readonly textCues = new Map<string, TextCue[]>();
  renditions: HandRendition[];
  readonly segmenter: SegmentedStream["segmenter"];
  isReady = true;
  readonly #listeners = new Set<() => void>();

  constructor(
    tracks: readonly LiveTrack[],
    { id = "m0abc", firstSegment = 1, partTarget = 200 } = {},
  ) {
    this.id = id;
    this.renditions = tracks.map((track) => new HandRendition(track, firstSegment));
    const listeners = this.#listeners;
    const renditions = () =>
      this.renditions.filter(({ segments, open }) => segments.length > 0 || open !== undefined);
    const isReady = () => this.isReady && renditions().length > 0;
    this.segmenter = {
      partTarget,
      get firstListed() {
        // Two minutes are listed.
        let listed = 0;
        const leading = renditions()[0]?.segments ?? [];
        const first = leading.findLast(({ duration, track }) => {
          listed += duration / track.timescale;
          return listed >= 120;
        });
        return first?.mediaSequence ?? firstSegment;
      },
      get renditions() {
        return renditions();
      },
      get isReady() {
        return isReady();
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  cues(trackId: string): readonly TextCue[] {
    const cues = this.textCues.get(trackId) ?? [];
    this.textCues.set(trackId, cues);
    return cues;
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The next part of every rendition, or of those with these tracks. */
  part(fields: PartFields & { only?: number; isDiscontinuity?: boolean } = {}): void {
    for (const rendition of this.renditions) {
      if (fields.only !== undefined && rendition.track.id !== fields.only) continue;
      rendition.part(fields, fields.isDiscontinuity === true);
    }
    this.tell();
  }

  /** Ends the open segment of every rendition. */
  cut(): void {
    for (const rendition of this.renditions) rendition.cut();
    this.tell();
  }

  /** Whole segments of two seconds. */
  segments(count: number, parts = 10): void {
    for (let segment = 0; segment < count; segment += 1) {
      for (let index = 0; index < parts; index += 1) {
        for (const rendition of this.renditions) rendition.part({}, false);
      }
      for (const rendition of this.renditions) rendition.cut();
    }
    this.tell();
  }

  /** The encoder is gone, and may return. */
  pause(state: "reconnecting" | "ended" = "reconnecting"): void {
    this.state = state;
    for (const rendition of this.renditions) if (rendition.open !== undefined) rendition.cut();
    this.tell();
  }

  /** It does not. */
  giveUp(): void {
    this.startedAt = undefined;
    for (const rendition of [...this.renditions]) {
      this.renditions = this.renditions.filter((other) => other !== rendition);
      this.tell();
    }
  }
}
