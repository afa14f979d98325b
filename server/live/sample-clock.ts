import type { Milliseconds } from "../protocol/media/sample.ts";

/** Sound is counted in samples; it is moved back onto the encoder's clock beyond this distance. */
const AUDIO_ANCHOR_TOLERANCE: Milliseconds = 50;

/**
 * Decode times of a video track in ticks: the encoder's own, each later than the one before. One
 * that repeats or steps back a little is placed one tick after its predecessor; its presentation
 * time stays what it was.
 */
export class VideoClock {
  readonly #ticksPerMs: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(timescale: number) {
    this.#ticksPerMs = timescale / 1000;
  }

  place(at: Milliseconds, offset: Milliseconds): { dts: number; compositionOffset: number } {
    const asSent = Math.round(at * this.#ticksPerMs);
    const dts = Math.max(asSent, this.#last + 1);
    this.#last = dts;
    const pts = Math.round((at + offset) * this.#ticksPerMs);
    return { dts, compositionOffset: pts - dts };
  }
}

/**
 * Decode times of an audio track, counted in samples so that frames join without cracks although
 * RTMP rounds their times to ms. Where the count leaves the encoder's clock by more than 50 ms, it
 * is anchored again, forward or backward, yet never before the frame that is out.
 */
export class AudioClock {
  readonly #ticksPerMs: number;
  readonly #tolerance: number;
  #last = Number.NEGATIVE_INFINITY;
  #next: number | undefined;

  constructor(timescale: number) {
    this.#ticksPerMs = timescale / 1000;
    this.#tolerance = AUDIO_ANCHOR_TOLERANCE * this.#ticksPerMs;
  }

  /** What follows lies elsewhere on the timeline: begin to count anew. */
  anchor(): void {
    this.#next = undefined;
  }

  /** @param samples how many samples of sound the frame holds */
  place(at: Milliseconds, samples: number): number {
    const asSent = Math.round(at * this.#ticksPerMs);
    const counted = this.#next;
    const isCounted = counted !== undefined && Math.abs(counted - asSent) <= this.#tolerance;
    const dts = Math.max(isCounted ? counted : asSent, this.#last + 1);
    this.#last = dts;
    this.#next = dts + samples;
    return dts;
  }
}
