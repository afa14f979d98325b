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
import { type LiveTrack, ticksToMs } from "./live-track.ts";
import { OpenParts } from "./open-parts.ts";
import { type FrameTiming, SHORTEST_OF_TARGET } from "./part-target.ts";
import { startOf } from "./pending-samples.ts";
import { SampleRun, STILL } from "./sample-run.ts";
import type { OpenSegment, Rendition, Segment } from "./segment.ts";
import { SegmentWindow, type WindowSettings } from "./segment-window.ts";
import type { WaitingEvents } from "./timed-event.ts";

/** What all tracks of a live stream have in common. */
export type TrackSettings = {
  readonly targetDuration: Milliseconds;
  /** Undefined until it is chosen: nothing is published before. */
  partTarget(): Milliseconds | undefined;
  /** What the encoder says of this kind of track, in bits a second; 0: nothing. */
  declaredBitrate(track: LiveTrack): number;
  readonly window: WindowSettings;
};

/** One track: the samples that no part has yet, the open segment's parts, and the complete segments. */
export class TrackSegmenter implements Rendition {
  track: LiveTrack;
  /** The number of the open segment. */
  mediaSequence = 0;
  /** Complete segments that there ever were. */
  closed = 0;
  isRetired = false;
  /** Whether the cut began a segment that has not ended yet. */
  isOpen = false;
  /** Where the open segment's first sample lies. */
  openedAt: Milliseconds = 0;
  /** The complete ones. */
  readonly window: SegmentWindow;
  readonly #settings: TrackSettings;
  readonly #meter: BitrateMeter;
  readonly #parts: OpenParts;
  readonly #run = new SampleRun();
  /** Discontinuities before it began. */
  #discontinuitiesBefore = 0;
  #cut: Cut | undefined;
  /** Its newest sync sample, and how far that was from the one before; in ms. */
  #sync: { at: Milliseconds; interval: Milliseconds } | undefined;

  constructor(track: LiveTrack, settings: TrackSettings) {
    this.track = track;
    this.#settings = settings;
    this.#meter = new BitrateMeter(settings.targetDuration);
    this.#parts = new OpenParts(this.#meter, settings.targetDuration);
    this.window = new SegmentWindow(settings.window);
  }

  get segments(): readonly Segment[] {
    return this.window.segments;
  }

  get open(): OpenSegment | undefined {
    return this.#parts.segment;
  }

  get nextPart(): number {
    return this.#parts.nextPart;
  }

  get discontinuitySequence(): number {
    return this.#discontinuitiesBefore + this.window.discontinuitySequence;
  }

  get averageBitrate(): number {
    return this.#meter.average(this.#settings.declaredBitrate(this.track));
  }

  get peakBitrate(): number {
    return this.#meter.peak(this.#settings.declaredBitrate(this.track));
  }

  /** What is said in between, until the part that it belongs to. */
  get events(): WaitingEvents {
    return this.#parts.events;
  }

  /** Bytes of the open segment. */
  get openBytes(): number {
    return this.#parts.bytes + this.#run.pending.bytes;
  }

  /** When its newest sample is decoded; undefined where there is none. */
  get newestAt(): Milliseconds | undefined {
    return this.#run.newestAt;
  }

  /** Where its last sample ends, in ms, as far as it is known. */
  get end(): Milliseconds {
    return this.#run.end;
  }

  /** Whether all that came is published: a good place to end a segment. */
  get isAtPartEnd(): boolean {
    return this.#run.pending.length === 0;
  }

  /** How much has come that is not published, in ms: what the newest picture lasts is not known. */
  get held(): Milliseconds {
    return ticksToMs(this.track, this.#run.pending.duration);
  }

  /** How long frames are, by what is not published. */
  get timing(): FrameTiming | undefined {
    return this.#run.timing(this.track);
  }

  /** Whether the sample's configuration is new, and no discontinuity is there yet to begin with it. */
  breaksAfter(lastCut: Cut, sample: LiveSample): boolean {
    const isAhead = lastCut.isDiscontinuity && lastCut.mediaSequence > this.mediaSequence;
    return this.#changes(sample) && !isAhead;
  }

  #changes(sample: LiveSample): boolean {
    const latest = this.#run.newest?.track ?? this.track;
    return sample.track.configuration !== latest.configuration;
  }

  /** How long the sample probably is, in ms. */
  stepOf(sample: LiveSample): Milliseconds {
    return this.#run.stepOf(sample);
  }

  push(sample: LiveSample, at: Milliseconds, cuts: readonly Cut[], following?: Following): void {
    const isChange = this.#changes(sample);
    if (sample.track.timescale !== this.track.timescale) this.#run.changeClock();
    const nextCut = cuts.find((cut) => cut.mediaSequence > this.mediaSequence);
    const start = this.#run.settle(sample, this.isRetired, nextCut);
    this.isRetired = false;
    this.#pass(sample, at, cuts, isChange, following);
    if (sample.isSync) {
      const interval = this.#sync === undefined ? 0 : at - this.#sync.at;
      this.#sync = { at, interval: interval > 0 ? interval : 0 };
    }
    this.track = sample.track;
    if (sample.isVideo) this.#run.wait();
    else this.#run.append(sample, start, Math.max(1, sample.dts + sample.duration - start));
    this.publish(following);
  }

  /** @param end where the broadcast ends for all tracks, in ms */
  finish(end: Milliseconds, cuts: readonly Cut[]): void {
    const { newest } = this.#run;
    if (newest === undefined) return;
    this.#run.settleLast(this.#limit);
    const ownEnd = this.end;
    this.#passAll(cuts, (cut) => {
      if (cut.at > end || cut.epoch.index > newest.epoch.index) return false;
      // What was published beyond a cut stays before it: behind that there is nothing, and no gap.
      const isOver = ownEnd > cut.at + CUT_TOLERANCE || end - cut.at < STILL;
      return this.#reaches(cut) || !isOver;
    });
    this.#run.pause();
    this.#close(end);
  }

  /** A retired track goes past the cuts of the others, leaving gaps. */
  skip(cuts: readonly Cut[], at: Milliseconds): void {
    if (!this.isRetired) return;
    this.finish(at, []);
    if (this.#cut !== undefined) this.#passAll(cuts, (cut) => cut.at <= at);
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
      } else if (index === last && (isChange || beginsWith(cut, sample, at))) {
        passing = this.#run.pending.length;
      } else {
        passing = byTime(cut, this.#run.pending.all);
      }
      if (passing === undefined) return;
      this.#cross(cut, passing);
      const [first] = this.#run.pending.all;
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
      pending: this.#run.pending.all,
      newest,
      at,
      step: this.stepOf(newest),
      sync: this.#sync,
      openedAt: this.openedAt,
      wouldLeaveGap: this.#parts.isEmpty && this.segments.length > 0,
    };
    return passingOf(cut, follower, following);
  }

  /** Whether there is something behind the cut that no part has yet. */
  #reaches(cut: Cut): boolean {
    return byTime(cut, this.#run.pending.all) < this.#run.pending.length;
  }

  #passAll(cuts: readonly Cut[], isDue: (cut: Cut) => boolean): void {
    const last = cuts.findLastIndex(isDue);
    for (const cut of cuts.slice(0, last + 1)) {
      if (cut.mediaSequence <= this.mediaSequence) continue;
      this.#cross(cut, byTime(cut, this.#run.pending.all));
    }
  }

  /** The pending samples from this one on belong behind the cut. */
  #cross(cut: Cut, index: number): void {
    const behind = this.#run.pending.takeFrom(index);
    // What only just began begins with the cut: there is nothing before it.
    const isFirst =
      this.#parts.isEmpty && this.#run.pending.length === 0 && this.segments.length === 0;
    if (isFirst) this.isOpen = false;
    else this.#close(cut.at);
    this.#open(cut);
    for (const timed of behind) {
      this.#run.pending.push(timed);
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
    this.mediaSequence = cut.mediaSequence;
  }

  /** Publishes the parts that are complete. */
  publish(following?: Following): void {
    if (this.#settings.partTarget() === undefined || !this.isOpen) return;
    const limit = this.#limit;
    const { pending } = this.#run;
    for (;;) {
      const { count, duration } = pending.within(limit);
      if (count === 0) return;
      if (count === pending.length) {
        const isFull = duration >= SHORTEST_OF_TARGET * limit && duration + this.#run.next > limit;
        if (!isFull) return;
      }
      if (following !== undefined && this.#run.isWaiting && pending.duration < 3 * limit) {
        // Once published, a part stays in the segment it was published for.
        if (mayBeginSegment(pending.all.slice(0, count), following)) return;
      }
      this.#publishFirst();
    }
  }

  /** The longest a part may be, in ticks. */
  get #limit(): number {
    return Math.floor(((this.#settings.partTarget() ?? 0) * this.track.timescale) / 1000);
  }

  #publishFirst(): void {
    if (this.#cut === undefined) return;
    const { count } = this.#run.fit(this.#limit);
    this.#parts.publish(this.#cut, this.#run.pending.takeFirst(count));
  }

  /** Ends the open segment, at `end` ms for all tracks. */
  #close(end: Milliseconds): void {
    const cut = this.#cut;
    if (cut === undefined || !this.isOpen) return;
    const { pending } = this.#run;
    while (pending.length > 0) this.#publishFirst();
    this.isOpen = false;
    this.closed += 1;
    this.window.push(this.#parts.close(cut, end, this.track, this.segments.at(-1)));
  }
}

/** Whether the cut was made for this key frame: one before it may have the same time, but for a tick. */
const beginsWith = ({ at: cutAt }: Cut, sample: LiveSample, at: Milliseconds): boolean =>
  sample.isVideo && sample.isSync && Math.abs(at - cutAt) < CUT_TOLERANCE;
