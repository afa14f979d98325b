import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { ticksToMs } from "./live-track.ts";

/** Sound alone has no GOP: a newcomer is given this much of it. */
const SOUND_ALONE: Milliseconds = 1000;

/**
 * What a newcomer is given at once: all samples since the newest sync sample of each video track
 * (without video: the last second of sound), bounded in bytes and time. A GOP that outgrows the
 * bounds is forgotten, and newcomers wait for the next sync sample.
 */
export class History {
  readonly #maxBytes: number;
  readonly #maxTime: Milliseconds;
  #samples: LiveSample[] = [];
  #bytes = 0;
  /** Per video track: its newest sync sample, while it is held. */
  readonly #syncs = new Map<number, LiveSample>();

  constructor({ maxBytes, maxTime }: { maxBytes: number; maxTime: Milliseconds }) {
    this.#maxBytes = maxBytes;
    this.#maxTime = maxTime;
  }

  /** Bytes of samples held. */
  get bytes(): number {
    return this.#bytes;
  }

  push(sample: LiveSample): void {
    if (sample.isVideo && sample.isSync) this.#syncs.set(sample.track.id, sample);
    if (sample.isVideo && !this.#syncs.has(sample.track.id)) return;
    this.#samples.push(sample);
    this.#bytes += sample.data.length;
    if (sample.isVideo ? sample.isSync : this.#syncs.size === 0) this.#trim(sample);
    this.#bound(sample);
  }

  /** A track is gone, or its configuration changed: what is held of it is of no use. */
  forget(trackId: number): void {
    this.#syncs.delete(trackId);
    this.#samples = this.#samples.filter((sample) => sample.track.id !== trackId);
    this.#bytes = this.#samples.reduce((sum, sample) => sum + sample.data.length, 0);
  }

  clear(): void {
    this.#syncs.clear();
    this.#samples = [];
    this.#bytes = 0;
  }

  /** @returns what a newcomer gets, in the order it arrived; each video track from a sync sample */
  join(): LiveSample[] {
    const begun = new Set<number>();
    return this.#samples.filter((sample) => {
      if (!sample.isVideo) return true;
      if (this.#syncs.get(sample.track.id) === sample) begun.add(sample.track.id);
      return begun.has(sample.track.id);
    });
  }

  /** Drops what lies before the oldest of the newest sync samples (or before the last second). */
  #trim(newest: LiveSample): void {
    const newestAt = ticksToMs(newest.track, newest.dts);
    const syncs = new Set(this.#syncs.values());
    const keepFrom = this.#samples.findIndex((sample) =>
      syncs.size > 0
        ? syncs.has(sample)
        : newestAt - ticksToMs(sample.track, sample.dts) <= SOUND_ALONE,
    );
    if (keepFrom > 0) this.#drop(keepFrom);
  }

  #bound(newest: LiveSample): void {
    const oldest = this.#samples[0];
    if (oldest === undefined) return;
    const span = ticksToMs(newest.track, newest.dts) - ticksToMs(oldest.track, oldest.dts);
    if (this.#bytes <= this.#maxBytes && span <= this.#maxTime) return;
    this.clear();
  }

  #drop(count: number): void {
    for (const sample of this.#samples.slice(0, count)) this.#bytes -= sample.data.length;
    this.#samples = this.#samples.slice(count);
  }
}
