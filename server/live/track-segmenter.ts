import type { Milliseconds } from "../protocol/media/sample.ts";
import { BitrateMeter } from "./bitrate-meter.ts";
import {
  byTime,
  CUT_TOLERANCE,
  type Cut,
  type Following,
  mayBeginSegment,
  passingOf,
} from "./cut.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "./live-track.ts";
import { makePart } from "./part-maker.ts";
import { type FrameTiming, frameTiming, SHORTEST_OF_TARGET } from "./part-target.ts";
import { PendingSamples, startOf } from "./pending-samples.ts";
import type { OpenSegment, Part, Rendition, Segment } from "./segment.ts";
import { SegmentWindow, type WindowSettings } from "./segment-window.ts";
import { WaitingEvents } from "./timed-event.ts";

/** What all tracks of a live stream have in common. */
export type TrackSettings = {
  readonly targetDuration: Milliseconds;
  /** Undefined until it is chosen: nothing is published before. */
  partTarget(): Milliseconds | undefined;
  /** What the encoder says of this kind of track, in bits a second; 0: nothing. */
  declaredBitrate(track: LiveTrack): number;
  readonly window: WindowSettings;
};

/** One track's open part and segment, and its complete ones. */
export class TrackSegmenter implements Rendition {
  track: LiveTrack;
  open: OpenSegment | undefined;
  nextPart = 1;
  /** Bytes of the open segment's samples. */
  openBytes = 0;
  /** The number of the open segment. */
  mediaSequence = 0;
  /** Complete segments that there ever were. */
  closed = 0;
  isRetired = false;
  /** Whether the cut began a segment that has not ended yet. */
  isOpen = false;
  /** Where the open segment's first sample lies. */
  openedAt: Milliseconds = 0;
  /** What is said in between, until the part that it belongs to. */
  readonly events: WaitingEvents = new WaitingEvents();
  readonly #settings: TrackSettings;
  readonly #meter: BitrateMeter;
  readonly #window: SegmentWindow;
  /** Discontinuities before it began. */
  #discontinuitiesBefore = 0;
  readonly #pending = new PendingSamples();
  #cut: Cut | undefined;
  #newest: LiveSample | undefined;
  /** The newest sample is not among the pending ones: how long it lasts, its successor tells. */
  #isWaiting = false;
  /** Where its last pending or published sample ends, in ticks. */
  #end: number | undefined;
  /** Its newest sync sample, and how far that was from the one before; in ms. */
  #sync: { at: Milliseconds; interval: Milliseconds } | undefined;
  #step = 0;
  #parts: Part[] = [];
  /** Whether the open segment begins with a sync sample, once it has a part. */
  #beginsIndependent: boolean | undefined;

  constructor(track: LiveTrack, settings: TrackSettings) {
    this.track = track;
    this.#settings = settings;
    this.#meter = new BitrateMeter(settings.targetDuration);
    this.#window = new SegmentWindow(settings.window);
  }

  get segments(): readonly Segment[] {
    return this.#window.segments;
  }

  get discontinuitySequence(): number {
    return this.#discontinuitiesBefore + this.#window.discontinuitySequence;
  }

  /** Bytes of complete segments in memory. */
  get bytes(): number {
    return this.#window.bytes;
  }

  /** How many of the newest complete segments have their bytes in memory. */
  get inMemory(): number {
    return this.#window.inMemory;
  }

  /** Segments before this number are not to be listed: they soon make room for others. */
  get leavingBefore(): number {
    return this.#window.leavingBefore;
  }

  get averageBitrate(): number {
    return this.#meter.average(this.#settings.declaredBitrate(this.track));
  }

  get peakBitrate(): number {
    return this.#meter.peak(this.#settings.declaredBitrate(this.track));
  }

  /** When its newest sample is decoded; undefined where there is none. */
  get newestAt(): Milliseconds | undefined {
    return this.#newest && ticksToMs(this.#newest.track, this.#newest.dts);
  }

  /** Where its last sample ends, in ms, as far as it is known. */
  get end(): Milliseconds {
    const newest = this.#newest;
    if (newest === undefined) return 0;
    const ticks = this.#isWaiting ? newest.dts + this.#step : (this.#end ?? newest.dts);
    return ticksToMs(newest.track, ticks);
  }

  /** Whether all that came is published: a good place to end a segment. */
  get isAtPartEnd(): boolean {
    return this.#pending.length === 0;
  }

  /** How much has come that is not published, in ms: what the newest picture lasts is not known. */
  get held(): Milliseconds {
    return ticksToMs(this.track, this.#pending.duration);
  }

  /** How long frames are, by what is pending. */
  get timing(): FrameTiming | undefined {
    const { track } = this.track;
    if (track.mediaType === "audio") {
      const durations = this.#pending.all.map(({ sample }) => sample.duration);
      if (durations.length === 0) return undefined;
      const longest = Math.max(...durations);
      const isEven = durations.every((duration) => duration === longest);
      return { frame: ticksToMs(this.track, longest), isEven };
    }
    const waiting = this.#newest === undefined || !this.#isWaiting ? [] : [this.newestAt ?? 0];
    return frameTiming([...this.#pending.all.map(startOf), ...waiting], track.frameRate);
  }

  /** Whether the sample's configuration is new, and no discontinuity is there yet to begin with it. */
  breaksAfter(lastCut: Cut, sample: LiveSample): boolean {
    const isAhead = lastCut.isDiscontinuity && lastCut.mediaSequence > this.mediaSequence;
    return this.#changes(sample) && !isAhead;
  }

  #changes(sample: LiveSample): boolean {
    const latest = this.#newest?.track ?? this.track;
    return sample.track.configuration !== latest.configuration;
  }

  /** How long the sample probably is, in ms: as long as the one before. */
  stepOf(sample: LiveSample): Milliseconds {
    return ticksToMs(sample.track, sample.isVideo ? this.#step : sample.duration);
  }

  push(sample: LiveSample, at: Milliseconds, cuts: readonly Cut[], following?: Following): void {
    const start = this.#settle(sample, cuts);
    const isChange = this.#changes(sample);
    this.#newest = sample;
    this.#isWaiting = sample.isVideo;
    this.isRetired = false;
    this.#pass(sample, at, cuts, isChange, following);
    if (sample.isSync) {
      const interval = this.#sync === undefined ? 0 : at - this.#sync.at;
      this.#sync = { at, interval: interval > 0 ? interval : 0 };
    }
    this.track = sample.track;
    if (!sample.isVideo) {
      this.#append(sample, start, Math.max(1, sample.dts + sample.duration - start));
    }
    this.publish(following);
  }

  /**
   * What came before a sample gets the duration that this one gives it.
   *
   * @returns where the sample begins: at its decode time, or where published sound ends
   */
  #settle(sample: LiveSample, cuts: readonly Cut[]): number {
    const newest = this.#newest;
    if (sample.track.timescale !== this.track.timescale) this.#end = undefined;
    if (newest === undefined) return Math.max(sample.dts, this.#end ?? 0);
    // Over a pause the distance is no duration; over a jump of the clock it is a short one.
    const step = sample.dts - newest.dts;
    const isSameClock = newest.track.timescale === sample.track.timescale;
    const isContinuous =
      !this.isRetired &&
      isSameClock &&
      (newest.epoch.index === sample.epoch.index || ticksToMs(sample.track, step) < STILL);
    if (isContinuous) this.#step = step;
    if (this.#isWaiting) {
      const duration = isContinuous ? step : this.#step || shortStep(newest.track);
      this.#append(newest, newest.dts, this.#upToCut(newest, newest.dts, duration, cuts));
      return sample.dts;
    }
    if (!isSameClock || this.#end === undefined) return sample.dts;
    const { last } = this.#pending;
    if (isContinuous && last !== undefined) {
      const duration = Math.max(1, sample.dts - last.start);
      this.#pending.stretchLast(this.#upToCut(newest, last.start, duration, cuts));
      this.#end = last.start + last.duration;
    } else if (isContinuous && ticksToMs(sample.track, sample.dts - this.#end) < STILL) {
      // What is published stays as it is: what its clock is moved by goes to this one.
      return this.#end;
    }
    return Math.max(sample.dts, this.#end);
  }

  #append(sample: LiveSample, start: number, duration: number): void {
    this.#pending.push({ sample, start, duration });
    this.#end = start + duration;
    this.openBytes += sample.data.length;
  }

  /** @param end where the broadcast ends for all tracks, in ms */
  finish(end: Milliseconds, cuts: readonly Cut[]): void {
    const newest = this.#newest;
    if (newest === undefined) return;
    if (this.#isWaiting) {
      this.#append(newest, newest.dts, this.#lastDuration(newest.track));
      this.#isWaiting = false;
    }
    const ownEnd = this.end;
    this.#passAll(cuts, (cut) => {
      if (cut.at > end || cut.epoch.index > newest.epoch.index) return false;
      // What was published beyond a cut stays before it: behind that there is nothing, and no gap.
      const isOver = ownEnd > cut.at + CUT_TOLERANCE || end - cut.at < STILL;
      return this.#reaches(cut) || !isOver;
    });
    this.#newest = undefined;
    this.#isWaiting = false;
    this.#close(end);
  }

  /** Nobody tells how long the last picture lasts: as long as others, give or take a rounded ms. */
  #lastDuration(track: LiveTrack): number {
    const duration = this.#step || shortStep(track);
    const room = this.#limit(this.#settings.partTarget() ?? 0) - this.#pending.duration;
    const isNear = room < duration && duration - room <= msToTicks(track, 1);
    return isNear ? Math.max(1, room) : duration;
  }

  /** @param bytes of complete segments that it may have in memory */
  trim(bytes: number): void {
    this.#window.trim(bytes);
  }

  /** Nothing follows. */
  close(): void {
    this.#window.close();
  }

  /** A retired track goes past the cuts of the others, leaving gaps. */
  skip(cuts: readonly Cut[], at: Milliseconds): void {
    if (!this.isRetired) return;
    this.finish(at, []);
    if (this.#cut !== undefined) this.#passAll(cuts, (cut) => cut.at <= at);
  }

  /** A picture that stands still over a cut of the others lasts up to it; behind it lies a gap. */
  #upToCut({ track }: LiveSample, start: number, duration: number, cuts: readonly Cut[]): number {
    if (ticksToMs(track, duration) < STILL) return duration;
    const next = cuts.find((cut) => cut.mediaSequence > this.mediaSequence);
    const upToNext = next === undefined ? duration : msToTicks(track, next.at) - start;
    return upToNext > 0 ? Math.min(duration, upToNext) : duration;
  }

  /** Goes past the cuts that the newest sample has come to; each ends the segment before it. */
  #pass(
    sample: LiveSample,
    at: Milliseconds,
    cuts: readonly Cut[],
    isChange: boolean,
    following: Following | undefined,
  ): void {
    if (this.#cut === undefined) {
      this.#begin(cuts, at);
      return;
    }
    // Tracks may begin anew at times that differ a little: there the break decides, not the time.
    const from = this.#cut.epoch.index;
    const newestCut = cuts.at(-1);
    const follows = (cut: Cut): boolean =>
      sample.isVideo && !isChange && cut === newestCut && !cut.isDiscontinuity;
    const last = cuts.findLastIndex((cut) => {
      const isBreak = cut.epoch.index > from || (isChange && cut.isDiscontinuity);
      const isEarly = following !== undefined && follows(cut) && sample.isSync;
      const until = at + (isEarly ? following.reach : CUT_TOLERANCE);
      return cut.epoch.index <= sample.epoch.index && (isBreak || cut.at <= until);
    });
    for (const [index, cut] of cuts.entries()) {
      if (index > last) return;
      if (cut.mediaSequence <= this.mediaSequence) continue;
      let passing: number | undefined;
      if (following !== undefined && follows(cut)) {
        passing = this.#passing(cut, sample, at, following);
      } else if (isChange && index === last) {
        passing = this.#pending.length;
      } else {
        passing = byTime(cut, this.#pending.all);
      }
      if (passing === undefined) return;
      this.#cross(cut, passing);
      const [first] = this.#pending.all;
      this.openedAt = first === undefined ? at : startOf(first);
    }
  }

  #passing(
    cut: Cut,
    newest: LiveSample,
    at: Milliseconds,
    following: Following,
  ): number | undefined {
    const follower = {
      pending: this.#pending.all,
      newest,
      at,
      step: this.stepOf(newest),
      sync: this.#sync,
      openedAt: this.openedAt,
      wouldLeaveGap: this.#parts.length === 0 && this.segments.length > 0,
    };
    return passingOf(cut, follower, following);
  }

  /** Whether there is something behind the cut that no part has yet. */
  #reaches(cut: Cut): boolean {
    return byTime(cut, this.#pending.all) < this.#pending.length;
  }

  #passAll(cuts: readonly Cut[], isDue: (cut: Cut) => boolean): void {
    const last = cuts.findLastIndex(isDue);
    for (const cut of cuts.slice(0, last + 1)) {
      if (cut.mediaSequence <= this.mediaSequence) continue;
      this.#cross(cut, byTime(cut, this.#pending.all));
    }
  }

  /** The pending samples from this one on belong behind the cut. */
  #cross(cut: Cut, index: number): void {
    const behind = this.#pending.takeFrom(index);
    // What only just began begins with the cut: there is nothing before it.
    const isFirst =
      this.#parts.length === 0 && this.#pending.length === 0 && this.segments.length === 0;
    if (isFirst) this.isOpen = false;
    else this.#close(cut.at);
    this.#open(cut);
    for (const timed of behind) {
      this.#pending.push(timed);
      this.openBytes += timed.sample.data.length;
    }
  }

  /** A track that begins, late or not, begins with the newest cut. */
  #begin(cuts: readonly Cut[], at: Milliseconds): void {
    const cut = cuts.findLast((candidate) => candidate.at <= at) ?? cuts.at(-1);
    if (cut === undefined) return;
    this.#discontinuitiesBefore = cut.discontinuitySequence;
    this.#open(cut);
    this.openedAt = at;
  }

  #open(cut: Cut): void {
    this.#cut = cut;
    this.isOpen = true;
    this.openBytes = 0;
    this.#beginsIndependent = undefined;
    this.mediaSequence = cut.mediaSequence;
  }

  /** Publishes the parts that are complete. */
  publish(following?: Following): void {
    const target = this.#settings.partTarget();
    if (target === undefined || !this.isOpen) return;
    const limit = this.#limit(target);
    for (;;) {
      const { count, duration } = this.#pending.within(limit);
      if (count === 0) return;
      if (count === this.#pending.length) {
        const next = this.#isWaiting ? this.#step : (this.#newest?.duration ?? 0);
        const isFull = duration >= SHORTEST_OF_TARGET * limit && duration + next > limit;
        if (!isFull) return;
      }
      if (following !== undefined && this.#isWaiting && this.#pending.duration < 3 * limit) {
        // Once published, a part stays in the segment it was published for.
        if (mayBeginSegment(this.#pending.all.slice(0, count), following)) return;
      }
      this.#publishFirst(count);
    }
  }

  #limit(target: Milliseconds): number {
    return Math.floor((target * this.track.timescale) / 1000);
  }

  #publishFirst(count: number): void {
    const [first, ...others] = this.#pending.takeFirst(count);
    const cut = this.#cut;
    if (first === undefined || cut === undefined) return;
    const last = others.at(-1) ?? first;
    const { track } = first.sample;
    const end = ticksToMs(track, last.start + last.duration);
    const events = this.events.takeUntil(end, track.timescale);
    const part = makePart([first, ...others], this.nextPart, this.#parts.length, events);
    this.nextPart += 1;
    this.#parts.push(part);
    this.#beginsIndependent ??= first.sample.isSync;
    this.#meter.part(part.byteLength, part.duration / first.sample.track.timescale);
    const { mediaSequence, isDiscontinuity, epoch } = cut;
    this.open = {
      mediaSequence,
      track: this.open?.track ?? track,
      programDateTime:
        this.open?.programDateTime ?? ticksToMs(track, part.start) + epoch.wallOffset,
      isDiscontinuity,
      parts: [...this.#parts],
    };
  }

  /** Ends the open segment, at `end` ms for all tracks. */
  #close(end: Milliseconds): void {
    const cut = this.#cut;
    if (cut === undefined || !this.isOpen) return;
    const limit = this.#limit(this.#settings.partTarget() ?? 0);
    while (this.#pending.length > 0) this.#publishFirst(this.#pending.within(limit).count);
    this.isOpen = false;
    this.openBytes = 0;
    const { open } = this;
    const parts = this.#parts;
    this.#parts = [];
    this.open = undefined;
    const track = open?.track ?? this.track;
    const [first] = parts;
    const start = first?.start ?? this.#gapStart(cut, track);
    const duration =
      first === undefined
        ? Math.max(1, msToTicks(track, end) - start)
        : parts.reduce((sum, part) => sum + part.duration, 0);
    const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.#window.push({
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
    });
    this.closed += 1;
    this.#meter.segment();
  }

  /** A gap begins where the segment before it ends, if that is near. */
  #gapStart(cut: Cut, track: LiveTrack): number {
    const start = msToTicks(track, cut.at);
    const before = this.segments.at(-1);
    if (before === undefined || cut.isDiscontinuity) return start;
    if (before.track.timescale !== track.timescale) return start;
    const end = before.start + before.duration;
    return ticksToMs(track, start - end) < STILL ? end : start;
  }
}

/** A sample this long is a still picture, not one of a pace. */
const STILL: Milliseconds = 1000;

const UNKNOWN_STEP: Milliseconds = 20;

/** What the only sample of a stretch is taken to last. */
const shortStep = (track: LiveTrack): number => Math.max(1, msToTicks(track, UNKNOWN_STEP));
