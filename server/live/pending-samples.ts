import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { ticksToMs } from "./live-track.ts";

/** A sample with the duration that is written for it; times in ticks. */
export type TimedSample = {
  readonly sample: LiveSample;
  /** Its decode time, but for sound that is moved onto the end of what was published before it. */
  readonly start: number;
  duration: number;
};

/** @returns when a sample is decoded, in ms */
export const startOf = ({ sample, start }: TimedSample): Milliseconds =>
  ticksToMs(sample.track, start);

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

  /** As many of the first as last no longer than `limit` together; at least one. */
  within(limit: number): { count: number; duration: number } {
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
