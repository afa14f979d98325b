import type { Bytes } from "../protocol/bytes/bytes.ts";
import { mediaSegmentHead } from "../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "./live-track.ts";
import type { Part, Rendition, Segment } from "./segment.ts";
import type { Epoch } from "./timeline.ts";

/** The timeline is cut here for every track: the next segment of each begins at or after `at`. */
export type Cut = {
  readonly at: Milliseconds;
  readonly mediaSequence: number;
  readonly epoch: Epoch;
  readonly isDiscontinuity: boolean;
  /** Discontinuities before this cut, since the live stream began. */
  readonly discontinuitySequence: number;
};

/** How a track follows the cuts that another one made. */
export type Following = {
  /** So long behind a cut its own sync sample may come. */
  readonly patience: Milliseconds;
  readonly longestSegment: Milliseconds;
};

/** How a track goes past a cut. */
type Passing = {
  /** With another configuration. */
  readonly isChange: boolean;
  /** Whether it passes this one yet. */
  readonly isDue: (cut: Cut) => boolean;
  /** Whether its open part lies behind it already. */
  readonly keeps: (cut: Cut) => boolean;
};
const PASSING: Passing = { isChange: false, isDue: () => true, keeps: () => false };

/** A part that is not complete, its duration in ticks. */
type OpenPart = { samples: { sample: LiveSample; duration: number }[]; duration: number };

/** One track's open part and segment, and its complete ones. */
export class TrackSegmenter implements Rendition {
  track: LiveTrack;
  segments: Segment[] = [];
  discontinuitySequence = 0;
  peakBitrate = 0;
  averageBitrate = 0;
  /** Bytes of the complete segments. */
  bytes = 0;
  readonly open = undefined;
  nextPart = 1;
  /** Bytes of the open segment's samples. */
  openBytes = 0;
  /** The number of the open segment. */
  mediaSequence = 0;
  isRetired = false;
  readonly #part: Milliseconds;
  #cut: Cut | undefined;
  /** Whether the cut began a segment that has not ended yet. */
  isOpen = false;
  #waiting: LiveSample | undefined;
  /** Its newest sync sample, and how far that was from the one before; in ms. */
  #sync: { at: Milliseconds; interval: Milliseconds } | undefined;
  /** Where the open segment's first sample lies. */
  #openedAt: Milliseconds = 0;
  #step = 0;
  #samples: OpenPart["samples"] = [];
  #partDuration = 0;
  #parts: Part[] = [];
  /** Whether the open segment begins with a sync sample, once it has a part. */
  #beginsIndependent: boolean | undefined;
  #total = { bytes: 0, seconds: 0 };

  constructor(track: LiveTrack, part: Milliseconds) {
    this.track = track;
    this.#part = part;
  }

  /** Whether the sample's configuration is new, and no discontinuity is there yet to begin with it. */
  breaksAfter(lastCut: Cut, sample: LiveSample): boolean {
    const isAhead = lastCut.isDiscontinuity && lastCut.mediaSequence > this.mediaSequence;
    return this.#changes(sample) && !isAhead;
  }

  #changes(sample: LiveSample): boolean {
    const latest = this.#waiting?.track ?? this.track;
    return sample.track.configuration !== latest.configuration;
  }

  /** How long the sample probably is, in ms: as long as the one before. */
  stepOf(sample: LiveSample): Milliseconds {
    return ticksToMs(sample.track, this.#step);
  }

  /** @returns whether a segment became complete */
  push(sample: LiveSample, at: Milliseconds, cuts: readonly Cut[], following?: Following): boolean {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      // Over a pause the distance is no duration; over a jump of the clock it is a short one.
      const step = sample.dts - waiting.dts;
      const isContinuous =
        !this.isRetired &&
        waiting.track.timescale === sample.track.timescale &&
        (waiting.epoch.index === sample.epoch.index || ticksToMs(sample.track, step) < STILL);
      if (isContinuous) this.#step = step;
      const duration = isContinuous ? step : this.#step || this.#shortStep(waiting.track);
      // A size of the picture that follows may have its key frame just before the one that leads.
      if (following !== undefined && waiting.isVideo && waiting.isSync) this.#closePart();
      this.#take(waiting, this.#upToCut(waiting, duration, cuts));
    }
    const isChange = this.#changes(sample);
    this.#waiting = sample;
    this.isRetired = false;
    const { mediaSequence } = this;
    const follows = following !== undefined && !isChange && sample.isVideo;
    const isDue = (cut: Cut) => !follows || !this.#awaitsSync(sample, at, cut, cuts, following);
    const keeps = (cut: Cut) => follows && this.#beginsAtSync(cut);
    const passing = { isChange, isDue, keeps };
    const isComplete = this.#pass(cuts, at + CUT_TOLERANCE, sample.epoch.index, passing);
    if (this.mediaSequence !== mediaSequence) {
      const first = this.#samples[0]?.sample ?? sample;
      this.#openedAt = ticksToMs(first.track, first.dts);
    }
    if (sample.isSync) {
      const interval = this.#sync === undefined ? 0 : at - this.#sync.at;
      this.#sync = { at, interval: interval > 0 ? interval : 0 };
    }
    this.track = sample.track;
    return isComplete;
  }

  /**
   * Whether the open part begins with a key frame that was meant for this cut: renditions differ in
   * their decode times where one has B-frames and another has none.
   */
  #beginsAtSync(cut: Cut): boolean {
    const first = this.#samples[0]?.sample;
    if (first === undefined || !first.isVideo || !first.isSync) return false;
    // With nothing before it, it would leave a gap, unless the track only just began.
    if (this.#parts.length === 0 && this.segments.length > 0) return false;
    return !cut.isDiscontinuity && cut.at - ticksToMs(first.track, first.dts) <= this.#part;
  }

  /** Whether a picture that lies behind a cut still belongs before it: its GOP ends soon enough. */
  #awaitsSync(
    sample: LiveSample,
    at: Milliseconds,
    cut: Cut,
    cuts: readonly Cut[],
    { patience, longestSegment }: Following,
  ): boolean {
    const isBound = cut.isDiscontinuity || cut !== cuts.at(-1);
    if (sample.isSync || isBound || this.#sync === undefined) return false;
    if (this.#beginsAtSync(cut)) return false;
    const { at: last, interval } = this.#sync;
    // Of the first GOP it is not known how long it is: only that it is that long by now.
    const isSoon =
      interval === 0 ? cut.at - last <= 2 * patience : last + interval - cut.at <= patience;
    const length = at + this.stepOf(sample) - this.#openedAt;
    return isSoon && at - cut.at <= patience && length <= longestSegment;
  }

  /** Where its last sample ends, in ms, as far as it is known. */
  get end(): Milliseconds {
    const waiting = this.#waiting;
    return waiting === undefined ? 0 : ticksToMs(waiting.track, waiting.dts + this.#step);
  }

  /** @param end where the broadcast ends for all tracks, in ms */
  finish(end: Milliseconds, cuts: readonly Cut[]): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#take(waiting, this.#step || this.#shortStep(waiting.track));
    this.#waiting = undefined;
    this.#pass(cuts, end, waiting.epoch.index);
    this.#close(end);
  }

  trim(window: Milliseconds, bytes: number): void {
    const newest = this.segments.at(-1);
    if (newest === undefined) return;
    const end = ticksToMs(newest.track, newest.start + newest.duration);
    for (;;) {
      const [oldest, next] = this.segments;
      if (oldest === undefined || next === undefined) return;
      const isInWindow = end - ticksToMs(next.track, next.start) < window;
      if (isInWindow && this.bytes <= bytes) return;
      this.segments = this.segments.slice(1);
      this.bytes -= oldest.byteLength;
      if (oldest.isDiscontinuity) this.discontinuitySequence += 1;
    }
  }

  /** A retired track goes past the cuts of the others, leaving gaps. */
  skip(cuts: readonly Cut[], at: Milliseconds): void {
    if (!this.isRetired) return;
    this.finish(at, []);
    this.#pass(cuts, at, Number.POSITIVE_INFINITY);
  }

  /** A picture that stands still over a cut of the others lasts up to it; behind it lies a gap. */
  #upToCut({ track, dts }: LiveSample, duration: number, cuts: readonly Cut[]): number {
    if (ticksToMs(track, duration) < STILL) return duration;
    const next = cuts.find((cut) => cut.mediaSequence > this.mediaSequence);
    const upToNext = next === undefined ? duration : msToTicks(track, next.at) - dts;
    return upToNext > 0 ? Math.min(duration, upToNext) : duration;
  }

  /** What the only sample of a stretch is taken to last. */
  #shortStep(track: LiveTrack): number {
    return Math.max(1, msToTicks(track, UNKNOWN_STEP));
  }

  /** Goes past the cuts up to `at`; each ends the segment before it. */
  #pass(
    cuts: readonly Cut[],
    at: Milliseconds,
    epoch: number,
    { isChange, isDue, keeps }: Passing = PASSING,
  ): boolean {
    if (this.#cut === undefined) return this.#begin(cuts, at);
    let isComplete = false;
    // Tracks may begin anew at times that differ a little: there the break decides, not the time.
    const from = this.#cut.epoch.index;
    const last = cuts.findLastIndex((cut) => {
      const isBreak = cut.epoch.index > from || (isChange && cut.isDiscontinuity);
      return cut.epoch.index <= epoch && (isBreak || cut.at <= at);
    });
    for (const cut of cuts.slice(0, last + 1)) {
      if (cut.mediaSequence <= this.mediaSequence) continue;
      if (!isDue(cut)) break;
      const kept = keeps(cut) ? this.#detach() : undefined;
      const isFirst = kept !== undefined && this.#parts.length === 0;
      if (!isFirst && this.#close(cut.at)) isComplete = true;
      this.#open(cut);
      if (kept !== undefined) this.#attach(kept);
    }
    return isComplete;
  }

  /** A track that begins, late or not, begins with the newest cut. */
  #begin(cuts: readonly Cut[], at: Milliseconds): false {
    const cut = cuts.findLast((candidate) => candidate.at <= at) ?? cuts.at(-1);
    if (cut === undefined) return false;
    this.discontinuitySequence = cut.discontinuitySequence;
    this.#open(cut);
    return false;
  }

  #open(cut: Cut): void {
    this.#cut = cut;
    this.isOpen = true;
    this.#beginsIndependent = undefined;
    this.mediaSequence = cut.mediaSequence;
  }

  #take(sample: LiveSample, duration: number): void {
    const longest = msToTicks(sample.track, this.#part);
    if (this.#samples.length > 0 && this.#partDuration + duration > longest) this.#closePart();
    this.#samples.push({ sample, duration });
    this.#partDuration += duration;
    this.openBytes += sample.data.length;
  }

  /** Takes the open part out: it belongs to the next segment. */
  #detach(): OpenPart {
    const part = { samples: this.#samples, duration: this.#partDuration };
    this.#samples = [];
    this.#partDuration = 0;
    return part;
  }

  #attach({ samples, duration }: OpenPart): void {
    this.#samples = samples;
    this.#partDuration = duration;
    this.openBytes = samples.reduce((sum, { sample }) => sum + sample.data.length, 0);
  }

  #closePart(): void {
    const first = this.#samples[0]?.sample;
    if (first === undefined) return;
    const data = this.#samples.map(({ sample }) => sample.data);
    const isBare = first.track.track.codec === "mp3"; // HLS carries it as packed audio
    const pieces: Bytes[] = isBare ? data : [partHead(this.#samples), ...data];
    this.#parts.push({
      number: this.nextPart,
      partIndex: this.#parts.length,
      start: first.dts,
      duration: this.#partDuration,
      samples: this.#samples.length,
      isIndependent: this.#samples.some(({ sample }) => sample.isSync),
      pieces,
      byteLength: pieces.reduce((sum, piece) => sum + piece.length, 0),
    });
    this.nextPart += 1;
    this.#samples = [];
    this.#partDuration = 0;
    this.#beginsIndependent ??= first.isSync;
  }

  /** Ends the open segment, at `end` ms for all tracks. @returns whether there was one */
  #close(end: Milliseconds): boolean {
    const cut = this.#cut;
    if (cut === undefined || !this.isOpen) return false;
    this.isOpen = false;
    this.openBytes = 0;
    this.#closePart();
    const parts = this.#parts;
    this.#parts = [];
    const track = this.track;
    const [first] = parts;
    const start = first?.start ?? msToTicks(track, cut.at);
    const duration =
      first === undefined
        ? Math.max(1, msToTicks(track, end) - start)
        : parts.reduce((sum, part) => sum + part.duration, 0);
    const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.segments = [
      ...this.segments,
      {
        mediaSequence: cut.mediaSequence,
        track,
        start,
        duration,
        programDateTime: ticksToMs(track, start) + cut.epoch.wallOffset,
        isDiscontinuity: cut.isDiscontinuity,
        isIndependent: this.#beginsIndependent ?? false,
        isGap: first === undefined,
        parts,
        byteLength,
      },
    ];
    this.bytes += byteLength;
    this.#measure(byteLength, duration / track.timescale);
    return true;
  }

  #measure(bytes: number, seconds: number): void {
    if (bytes === 0) return;
    this.#total.bytes += bytes;
    this.#total.seconds += seconds;
    this.averageBitrate = (this.#total.bytes * 8) / this.#total.seconds;
    // A runt at a cut says little about the peak.
    if (seconds >= 0.5 || this.peakBitrate === 0) {
      this.peakBitrate = Math.max(this.peakBitrate, (bytes * 8) / seconds);
    }
  }
}

/** A sample this long is a still picture, not one of a pace. */
const STILL: Milliseconds = 1000;

const UNKNOWN_STEP: Milliseconds = 20;

/** Tracks are not stamped to the tick alike: a sample this close before a cut begins the segment. */
const CUT_TOLERANCE: Milliseconds = 1;

function partHead(samples: readonly { sample: LiveSample; duration: number }[]): Bytes {
  const first = samples[0]?.sample;
  if (first === undefined) return new Uint8Array(0);
  return mediaSegmentHead({
    trackId: first.track.id,
    sequenceNumber: first.sequenceNumber,
    baseMediaDecodeTime: first.dts,
    mediaType: first.track.track.mediaType,
    samples: samples.map(({ sample, duration }) => ({
      duration,
      size: sample.data.length,
      isSync: sample.isSync,
      isDisposable: sample.isDisposable,
      compositionOffset: sample.compositionOffset,
    })),
  });
}
