import type { Milliseconds } from "../protocol/media/sample.ts";

/** Before more is known, what came so far is taken for that much of what is to come. */
const MARGIN = 1.25;

/** A single key frame says little: below this the encoder's own word is better. */
const ENOUGH_SECONDS = 1;

/**
 * How many bits a second a rendition has, its wrapping included.
 *
 * The peak is the largest rate of any contiguous run of segments that lasts half to one and a half
 * target durations (RFC 8216bis §4.1). Until there is such a run, what came so far stands for it,
 * with a margin; before that, what the encoder said.
 */
export class BitrateMeter {
  readonly #shortestRun: number;
  readonly #longestRun: number;
  /** Newest segments, as many as a run may have. */
  #recent: { bytes: number; seconds: number }[] = [];
  #total = { bytes: 0, seconds: 0 };
  #open = { bytes: 0, seconds: 0 };
  #peak = 0;

  constructor(targetDuration: Milliseconds) {
    this.#shortestRun = (0.5 * targetDuration) / 1000;
    this.#longestRun = (1.5 * targetDuration) / 1000;
  }

  /** A part of the open segment is complete. */
  part(bytes: number, seconds: number): void {
    this.#open.bytes += bytes;
    this.#open.seconds += seconds;
  }

  /** The open segment is complete. */
  segment(): void {
    const segment = this.#open;
    this.#open = { bytes: 0, seconds: 0 };
    if (segment.bytes === 0) {
      this.#recent = []; // a gap: there is no run across it
      return;
    }
    this.#total.bytes += segment.bytes;
    this.#total.seconds += segment.seconds;
    this.#recent.push(segment);
    let bytes = 0;
    let seconds = 0;
    let count = 0;
    for (const one of this.#recent.toReversed()) {
      bytes += one.bytes;
      seconds += one.seconds;
      if (seconds > this.#longestRun && count > 0) break;
      count += 1;
      if (seconds >= this.#shortestRun) this.#peak = Math.max(this.#peak, (8 * bytes) / seconds);
    }
    this.#recent = this.#recent.slice(-count);
  }

  /** @param declared by the encoder, in bits a second; 0 where it said nothing */
  average(declared: number): number {
    const seconds = this.#total.seconds + this.#open.seconds;
    if (seconds < ENOUGH_SECONDS && declared > 0) return declared;
    return seconds === 0 ? 0 : (8 * (this.#total.bytes + this.#open.bytes)) / seconds;
  }

  /** @param declared see `average` */
  peak(declared: number): number {
    const average = this.average(declared);
    return this.#peak > 0 ? Math.max(this.#peak, average) : average * MARGIN;
  }
}
