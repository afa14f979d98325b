import type { Milliseconds } from "../protocol/media/sample.ts";
import type { BitrateMeter } from "./bitrate-meter.ts";
import type { Cut } from "./cut.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "./live-track.ts";
import { makePart } from "./part-maker.ts";
import type { TimedSample } from "./pending-samples.ts";
import type { OpenSegment, Part, Segment } from "./segment.ts";
import { WaitingEvents } from "./timed-event.ts";

/** The parts of the segment that is being made, up to when it is complete. */
export class OpenParts {
  /** What is said in between, until the part that it belongs to. */
  readonly events: WaitingEvents = new WaitingEvents();
  /** What the next part's number will be. */
  nextPart = 1;
  /** Undefined until its first part. */
  segment: OpenSegment | undefined;
  bytes = 0;
  readonly #meter: BitrateMeter;
  readonly #longest: Milliseconds;
  #parts: Part[] = [];
  /** Whether it begins with a sync sample, once it has a part. */
  #isIndependent = false;

  /** @param longest how long a segment may be */
  constructor(meter: BitrateMeter, longest: Milliseconds) {
    this.#meter = meter;
    this.#longest = longest;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Publishes samples as a part of the segment that began with `cut`. */
  publish(cut: Cut, [first, ...others]: readonly TimedSample[]): void {
    if (first === undefined) return;
    const last = others.at(-1) ?? first;
    const { track } = first.sample;
    const end = ticksToMs(track, last.start + last.duration);
    const events = this.events.takeUntil(end, track.timescale);
    const part = makePart([first, ...others], this.nextPart, this.#parts.length, events);
    this.nextPart += 1;
    if (this.isEmpty) this.#isIndependent = first.sample.isSync;
    this.#parts.push(part);
    this.bytes += part.byteLength;
    this.#meter.part(part.byteLength, part.duration / track.timescale);
    const { mediaSequence, isDiscontinuity, epoch } = cut;
    this.segment = {
      mediaSequence,
      track: this.segment?.track ?? track,
      programDateTime:
        this.segment?.programDateTime ?? ticksToMs(track, part.start) + epoch.wallOffset,
      isDiscontinuity,
      parts: [...this.#parts],
    };
  }

  /**
   * Ends the segment that began with `cut`, which is a gap where it has no part.
   *
   * @param end for all tracks, in ms
   * @param before the segment before it
   */
  close(cut: Cut, end: Milliseconds, newest: LiveTrack, before: Segment | undefined): Segment {
    const track = this.segment?.track ?? newest;
    const parts = this.#parts;
    this.#parts = [];
    this.segment = undefined;
    this.bytes = 0;
    this.#meter.segment();
    const [first] = parts;
    const start = first?.start ?? this.#gapStart(cut, end, track, before);
    return {
      mediaSequence: cut.mediaSequence,
      track,
      start,
      duration:
        first === undefined
          ? Math.max(1, msToTicks(track, end) - start)
          : parts.reduce((sum, part) => sum + part.duration, 0),
      programDateTime: ticksToMs(track, start) + cut.epoch.wallOffset,
      isDiscontinuity: cut.isDiscontinuity,
      isIndependent: first !== undefined && this.#isIndependent,
      isGap: first === undefined,
      parts,
      byteLength: parts.reduce((sum, part) => sum + part.byteLength, 0),
    };
  }

  /**
   * A gap begins where the segment before it ends, so that EXTINF and EXT-X-PROGRAM-DATE-TIME agree,
   * unless it would be longer than a segment may be.
   */
  #gapStart(cut: Cut, end: Milliseconds, track: LiveTrack, before: Segment | undefined): number {
    const start = msToTicks(track, cut.at);
    if (before === undefined || cut.isDiscontinuity) return start;
    if (before.track.timescale !== track.timescale) return start;
    const endBefore = before.start + before.duration;
    const isFar = end - ticksToMs(track, endBefore) > this.#longest;
    return isFar ? start : endBefore;
  }
}
