import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Cut } from "./cut.ts";
import type { LiveSample } from "./live-sample.ts";
import { type LiveTrack, msToTicks, ticksToMs } from "./live-track.ts";
import { type FrameTiming, frameTiming, SHORTEST_OF_TARGET } from "./part-target.ts";
import { PendingSamples, type Stretch, startOf } from "./pending-samples.ts";

/** A sample this long is a still picture, not one of a pace; a pause this long is none of sound's. */
export const STILL: Milliseconds = 1000;

const UNKNOWN_STEP: Milliseconds = 20;

/** What the only sample of a stretch is taken to last. */
const shortStep = (track: LiveTrack): number => Math.max(1, msToTicks(track, UNKNOWN_STEP));

/**
 * The samples of a track one behind the other, each with the duration that HLS is to write for it, so
 * that they join without holes. Sound has its own; a picture waits for the next one to tell.
 */
export class SampleRun {
  /** Those that no part has yet, but for a picture that waits. */
  readonly pending: PendingSamples = new PendingSamples();
  #newest: LiveSample | undefined;
  #isWaiting = false;
  /** So many ticks before its decode time the newest picture begins. */
  #early = 0;
  /** Where the last one but a waiting one ends, in ticks; published ones count. */
  #end: number | undefined;
  #step = 0;
  #stepBefore = 0;

  get newest(): LiveSample | undefined {
    return this.#newest;
  }

  /** When the newest is decoded; undefined where there is none. */
  get newestAt(): Milliseconds | undefined {
    return this.#newest && ticksToMs(this.#newest.track, this.#newest.dts);
  }

  /** The newest is a picture of which it is not known how long it lasts. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** How long what comes next probably lasts, in ticks. */
  get next(): number {
    return this.#isWaiting ? this.#step : (this.#newest?.duration ?? 0);
  }

  /** How long a sample probably lasts, in ms: a picture as long as the one before. */
  stepOf(sample: LiveSample): Milliseconds {
    return ticksToMs(sample.track, sample.isVideo ? this.#step : sample.duration);
  }

  /** Where the newest ends, in ms, as far as it is known. */
  get end(): Milliseconds {
    const newest = this.#newest;
    if (newest === undefined) return 0;
    const ticks = this.#isWaiting ? newest.dts + this.#step : (this.#end ?? newest.dts);
    return ticksToMs(newest.track, ticks);
  }

  /** How long frames are, by what is pending. */
  timing({ track }: LiveTrack): FrameTiming | undefined {
    const { all } = this.pending;
    if (track.mediaType === "audio") {
      const durations = all.map(({ sample }) => ticksToMs(sample.track, sample.duration));
      if (durations.length === 0) return undefined;
      const frame = Math.max(...durations);
      return { frame, isEven: durations.every((duration) => duration === frame) };
    }
    const waiting = this.newestAt === undefined || !this.#isWaiting ? [] : [this.newestAt];
    return frameTiming([...all.map(startOf), ...waiting], track.frameRate);
  }

  /**
   * A sample came: the one before it gets its duration.
   *
   * @param isPaused nothing was expected any more
   * @param nextCut that the one before it lies before, where there is one
   * @returns where this one begins: at its decode time, or where published sound ends
   */
  settle(sample: LiveSample, isPaused: boolean, nextCut: Cut | undefined): number {
    const newest = this.#newest;
    const early = this.#early;
    this.#newest = sample;
    this.#early = 0;
    if (newest === undefined) return Math.max(sample.dts, this.#end ?? 0);
    const isSameClock = newest.track.timescale === sample.track.timescale;
    // Over a pause the distance is no duration; over a jump of the clock it is a short one.
    const step = sample.dts - newest.dts;
    const isContinuous =
      !isPaused &&
      isSameClock &&
      (newest.epoch.index === sample.epoch.index || ticksToMs(sample.track, step) < STILL);
    if (isContinuous) {
      this.#stepBefore = this.#step;
      this.#step = step;
    }
    if (this.#isWaiting) {
      this.#isWaiting = false;
      const duration = isContinuous ? step : this.#step || shortStep(newest.track);
      const lasting = upToCut(newest, newest.dts, duration, nextCut) + early;
      this.append(newest, newest.dts - early, lasting);
      return sample.dts;
    }
    if (!isSameClock || this.#end === undefined) {
      this.#end = undefined;
      return sample.dts;
    }
    const { last } = this.pending;
    if (isContinuous && last !== undefined) {
      const duration = Math.max(1, sample.dts - last.start);
      this.pending.stretchLast(upToCut(newest, last.start, duration, nextCut));
      this.#end = last.start + last.duration;
    } else if (isContinuous && ticksToMs(sample.track, sample.dts - this.#end) < STILL) {
      // What is published stays as it is: what its clock is moved by goes to this one.
      return this.#end;
    }
    return Math.max(sample.dts, this.#end);
  }

  /** The newest, a picture, waits for the next one. */
  wait(): void {
    this.#isWaiting = true;
  }

  append(sample: LiveSample, start: number, duration: number): void {
    this.pending.push({ sample, start, duration });
    this.#end = start + duration;
  }

  /**
   * Nothing follows for now: what waited lasts as long as others, give or take a ms that was rounded.
   *
   * @param limit of a part, in ticks
   */
  settleLast(limit: number): void {
    const newest = this.#newest;
    if (newest === undefined || !this.#isWaiting) return;
    this.#isWaiting = false;
    const early = this.#early;
    const duration = early + (this.#step || shortStep(newest.track));
    this.#early = 0;
    const room = limit - this.pending.duration;
    const isNear = room < duration && duration - room <= msToTicks(newest.track, 1);
    this.append(newest, newest.dts - early, isNear ? Math.max(1, room) : duration);
  }

  /**
   * The samples of the next part. Where whole pictures make it too short or too long, the one at its
   * end is shortened: the one behind it is decoded that much earlier, and shown when it was to be shown.
   * That does not help where pictures begin to come as slowly as that: parts are what they are then.
   *
   * @param limit of a part, in ticks
   */
  fit(limit: number): Stretch {
    const { pending } = this;
    const whole = pending.within(limit);
    const taken = pending.all.slice(0, whole.count);
    const isTooLong = whole.duration > limit;
    const isIndependent = taken.some(({ sample }) => sample.isSync);
    if (!isTooLong && (isIndependent || whole.duration >= SHORTEST_OF_TARGET * limit)) return whole;
    const index = isTooLong ? 0 : whole.count;
    const last = pending.all[index];
    if (last === undefined || !last.sample.isVideo) return whole;
    if (index > 0 && last.sample.isSync) return whole; // a segment may yet begin with it
    const over = (isTooLong ? 0 : whole.duration) + last.duration - limit;
    const following = this.#durationAt(index + 1);
    if (following === undefined || over + following > limit) return whole;
    if (index + 1 === pending.length) this.#early += over;
    pending.give(index, over);
    return { count: index + 1, duration: limit };
  }

  /** How long the picture at `index` lasts, in ticks: the newest, behind them all, as the shorter of two before it. */
  #durationAt(index: number): number | undefined {
    const { all, last, length } = this.pending;
    if (index < length) return all[index]?.duration;
    // It may be among them already, with nothing behind it.
    if (this.#newest === undefined || this.#newest === last?.sample) return undefined;
    return Math.min(this.#step, this.#stepBefore);
  }

  /** What comes next is another stretch, on the same or another clock. */
  pause(): void {
    this.#newest = undefined;
  }

  /** The clock that follows is another one. */
  changeClock(): void {
    this.#end = undefined;
  }
}

/** A picture that stands still over a cut of the others lasts up to it; behind it lies a gap. */
function upToCut(
  { track }: LiveSample,
  start: number,
  duration: number,
  next: Cut | undefined,
): number {
  if (next === undefined || ticksToMs(track, duration) < STILL) return duration;
  const upToNext = msToTicks(track, next.at) - start;
  return upToNext > 0 ? Math.min(duration, upToNext) : duration;
}
