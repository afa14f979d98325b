import type { Bytes } from "../protocol/bytes/bytes.ts";
import { mediaSegmentHead } from "../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "./live-track.ts";
import type { Part, Rendition, Segment } from "./segment.ts";
import type { Epoch } from "./timeline.ts";

/** How segments are cut and how many are kept. */
export type SegmenterSettings = {
  /** A segment ends at the first sync sample after about this long … */
  readonly segment: Milliseconds;
  /** … and in any case before it is longer than this. */
  readonly longestSegment: Milliseconds;
  readonly part: Milliseconds;
  /** Segments of this much time are kept, and no more bytes than that, all tracks together. */
  readonly window: Milliseconds;
  readonly windowBytes: number;
};

/** No segment takes more of the window's bytes than this, whatever its clock says. */
const LARGEST_OF_WINDOW = 0.25;

/** A GOP that is a little short of the wished length is not doubled. */
const SHORTEST_OF_WISHED = 0.9;

/** The timeline is cut here for every track: the next segment of each begins at or after `at`. */
type Cut = {
  readonly at: Milliseconds;
  readonly mediaSequence: number;
  readonly epoch: Epoch;
  readonly isDiscontinuity: boolean;
  /** Discontinuities before this cut, since the live stream began. */
  readonly discontinuitySequence: number;
};

/**
 * Cuts the samples of a live stream into parts and segments, the same stretches of time in every
 * rendition under the same numbers.
 *
 * One track leads (the first video track, without one the first audio track): it decides where a
 * segment ends, and the others follow at their next sample. The newest sample of each track waits
 * here for its successor, because HLS wants exact durations. A new configuration of any track and
 * a new epoch end the segment of all, and mark a discontinuity.
 */
export class Segmenter {
  readonly #settings: SegmenterSettings;
  readonly #listeners = new Set<() => void>();
  readonly #tracks = new Map<number, TrackSegmenter>();
  #cuts: Cut[] = [];
  #nextSequence = 1;
  #discontinuities = 0;

  constructor(settings: SegmenterSettings) {
    this.#settings = settings;
  }

  /**
   * Tells when a segment became complete or a rendition went.
   *
   * @returns takes the listener out again
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Renditions that have at least one complete segment, video first, then by track number; also
   * those of retired tracks, for who still plays them.
   */
  get renditions(): readonly Rendition[] {
    return [...this.#tracks.values()]
      .filter((track) => track.segments.length > 0)
      .sort((a, b) => rank(a.track) - rank(b.track));
  }

  /** Whether every track that gives samples has a complete segment. */
  get isReady(): boolean {
    const tracks = [...this.#tracks.values()].filter((track) => !track.isRetired);
    return tracks.length > 0 && tracks.every((track) => track.segments.length > 0);
  }

  push(sample: LiveSample): void {
    const known = this.#tracks.get(sample.track.id);
    const track = known ?? new TrackSegmenter(sample.track, this.#settings.part);
    if (known === undefined) this.#tracks.set(sample.track.id, track);
    const at = ticksToMs(sample.track, sample.dts);
    const lastCut = this.#cuts.at(-1);
    const isLeading = this.#leader() === track;
    if (lastCut === undefined) {
      this.#cut(sample, at, false);
    } else if (this.#breaks(track, sample, lastCut)) {
      this.#cut(sample, at, true);
    } else {
      const { segment, longestSegment, windowBytes } = this.#settings;
      const isLongEnough = at - lastCut.at >= segment * SHORTEST_OF_WISHED;
      const isTooLong = at + track.stepOf(sample) - lastCut.at > longestSegment;
      const isTooLarge = track.openBytes > windowBytes * LARGEST_OF_WINDOW;
      const isWished = isLeading && sample.isSync && isLongEnough;
      if (isWished || isTooLong || isTooLarge) this.#cut(sample, at, false);
    }
    if (!track.push(sample, at, this.#cuts)) return;
    for (const other of this.#tracks.values()) other.skip(this.#cuts, at);
    this.#tidy();
    this.#tell();
  }

  /** The broadcast is over for now: what waits for a successor becomes the end of a segment. */
  finish(): void {
    const tracks = [...this.#tracks.values()];
    const end = Math.max(...tracks.map((track) => track.end));
    for (const track of tracks) track.finish(end, this.#cuts);
    this.#tidy();
    this.#tell();
  }

  /**
   * The track gives nothing for now: newcomers are not to know of it. What it gave stays until it
   * leaves the window, with gaps behind it.
   */
  retire(trackId: number): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.isRetired = true;
    this.#tell();
  }

  /** The track is gone, with all it gave. */
  remove(trackId: number): void {
    this.#tracks.delete(trackId);
    this.#tell();
  }

  /**
   * Whether a discontinuity is to begin with this sample: a new configuration, a publisher's
   * return, or a jump of the clock, which waits for a sync sample of the leading track.
   */
  #breaks(track: TrackSegmenter, sample: LiveSample, lastCut: Cut): boolean {
    if (track.breaksAfter(lastCut, sample)) return true;
    if (sample.epoch.index <= lastCut.epoch.index) return false;
    const isOpen = [...this.#tracks.values()].some((other) => other.isOpen);
    return !isOpen || (sample.isSync && this.#leader() === track);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #leader(): TrackSegmenter | undefined {
    let leader: TrackSegmenter | undefined;
    for (const track of this.#tracks.values()) {
      if (track.isRetired) continue;
      if (leader === undefined || rank(track.track) < rank(leader.track)) leader = track;
    }
    return leader;
  }

  #cut(sample: LiveSample, at: Milliseconds, isDiscontinuity: boolean): void {
    const mediaSequence = this.#nextSequence;
    const discontinuitySequence = this.#discontinuities;
    this.#nextSequence += 1;
    if (isDiscontinuity) this.#discontinuities += 1;
    const { epoch } = sample;
    this.#cuts.push({ at, mediaSequence, epoch, isDiscontinuity, discontinuitySequence });
  }

  /** Forgets cuts that every track has passed, and segments that left the window. */
  #tidy(): void {
    const tracks = [...this.#tracks.values()];
    const passed = Math.min(...tracks.map((track) => track.mediaSequence));
    const firstNeeded = this.#cuts.findIndex((cut) => cut.mediaSequence >= passed);
    if (firstNeeded > 0) this.#cuts = this.#cuts.slice(firstNeeded);
    if (this.#cuts.length > MAX_CUTS) this.#cuts = this.#cuts.slice(-MAX_CUTS);
    const { window, windowBytes } = this.#settings;
    const bytes = tracks.reduce((sum, track) => sum + track.bytes, 0);
    for (const track of tracks) {
      track.trim(window, bytes > windowBytes ? (track.bytes * windowBytes) / bytes : track.bytes);
    }
  }
}

const MAX_CUTS = 64;

const rank = (track: LiveTrack): number =>
  (track.track.mediaType === "video" ? 0 : 1_000_000) + track.id;

/** One track's open part and segment, and its complete ones. */
class TrackSegmenter implements Rendition {
  track: LiveTrack;
  segments: Segment[] = [];
  discontinuitySequence = 0;
  peakBitrate = 0;
  averageBitrate = 0;
  /** Bytes of the complete segments. */
  bytes = 0;
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
  #step = 0;
  #samples: { sample: LiveSample; duration: number }[] = [];
  #partDuration = 0;
  #parts: Part[] = [];
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
  push(sample: LiveSample, at: Milliseconds, cuts: readonly Cut[]): boolean {
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
      this.#take(waiting, this.#upToCut(waiting, duration, cuts));
    }
    const isChange = this.#changes(sample);
    this.#waiting = sample;
    this.isRetired = false;
    const isComplete = this.#pass(cuts, at + CUT_TOLERANCE, sample.epoch.index, isChange);
    this.track = sample.track;
    return isComplete;
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
  #pass(cuts: readonly Cut[], at: Milliseconds, epoch: number, isChange = false): boolean {
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
      if (this.#close(cut.at)) isComplete = true;
      this.#open(cut);
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
    this.mediaSequence = cut.mediaSequence;
  }

  #take(sample: LiveSample, duration: number): void {
    const longest = msToTicks(sample.track, this.#part);
    if (this.#samples.length > 0 && this.#partDuration + duration > longest) this.#closePart();
    this.#samples.push({ sample, duration });
    this.#partDuration += duration;
    this.openBytes += sample.data.length;
  }

  #closePart(): void {
    const first = this.#samples[0]?.sample;
    if (first === undefined) return;
    const data = this.#samples.map(({ sample }) => sample.data);
    const isBare = first.track.track.codec === "mp3"; // HLS carries it as packed audio
    const pieces: Bytes[] = isBare ? data : [partHead(this.#samples), ...data];
    this.#parts.push({
      partIndex: this.#parts.length,
      start: first.dts,
      duration: this.#partDuration,
      isIndependent: first.isSync,
      pieces,
      byteLength: pieces.reduce((sum, piece) => sum + piece.length, 0),
    });
    this.#samples = [];
    this.#partDuration = 0;
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
        isIndependent: first?.isIndependent ?? false,
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
