import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { ticksToMs } from "./live-track.ts";

/** A sample with the duration that is written for it; times in ticks. */
export type TimedSample = {
  readonly sample: LiveSample;
  /**
   * Its decode time, but for sound that is moved onto the end of what was published before it, and for
   * a picture before which a part ends (`SampleRun.fit`).
   */
  start: number;
  duration: number;
};

/** So many samples from the first, and how long they last together, in ticks. */
export type Stretch = { readonly count: number; readonly duration: number };

/** @returns when a sample is decoded, in ms; a picture that a part moved: when it was to be decoded */
export const startOf = ({ sample, start }: TimedSample): Milliseconds =>
  ticksToMs(sample.track, sample.isVideo ? sample.dts : start);

/** Samples that no part has yet, oldest first. */
export class PendingSamples {
  #samples: TimedSample[] = [];
  /** Of all together, in ticks. */
  duration = 0;
  bytes = 0;

  get length(): number {
    return this.#samples.length;
  }

  get all(): readonly TimedSample[] {
    return this.#samples;
  }

  get last(): TimedSample | undefined {
    return this.#samples.at(-1);
  }

  push(timed: TimedSample): void {
    this.#samples.push(timed);
    this.duration += timed.duration;
    this.bytes += timed.sample.data.length;
  }

  /** Now that the next one is there, it is known how long the last one lasts. */
  stretchLast(duration: number): void {
    const last = this.last;
    if (last === undefined) return;
    this.duration += duration - last.duration;
    last.duration = duration;
  }

  /** The sample at `index` gives so much, in ticks, of its duration to the one behind it. */
  give(index: number, ticks: number): void {
    const [giving, taking] = this.#samples.slice(index, index + 2);
    if (giving === undefined) return;
    giving.duration -= ticks;
    if (taking === undefined) {
      this.duration -= ticks;
      return;
    }
    taking.start -= ticks;
    taking.duration += ticks;
  }

  /** As many of the first as last no longer than `limit` together; at least one. */
  within(limit: number): Stretch {
    let count = 0;
    let duration = 0;
    for (const timed of this.#samples) {
      if (count > 0 && duration + timed.duration > limit) break;
      count += 1;
      duration += timed.duration;
    }
    return { count, duration };
  }

  /** Takes the first ones out. */
  takeFirst(count: number): TimedSample[] {
    const taken = this.#samples.splice(0, count);
    this.#measure();
    return taken;
  }

  /** Takes out all from this one on. */
  takeFrom(index: number): TimedSample[] {
    const taken = this.#samples.splice(index);
    this.#measure();
    return taken;
  }

  #measure(): void {
    this.duration = this.#samples.reduce((sum, timed) => sum + timed.duration, 0);
    this.bytes = this.#samples.reduce((sum, { sample }) => sum + sample.data.length, 0);
  }
}
