import { FrameInterval } from "./frame-interval.ts";

/** What grouping needs to know of a sample: its decode time and how much later it is shown. */
export type Ordered = { readonly dts: number; readonly compositionOffset: number };

/** Samples held at most: H.264 and HEVC reorder 16 pictures at the most. */
const MAX_HELD = 16;

/** How long a sample may be held back, in ms of arrival, whatever the stream says. */
const MAX_HOLD = 300;

/**
 * Cuts a stream of coded samples into appends that never end in a hole in presentation order:
 * I | P B B | P B B. Firefox loses most pictures of a stream with B-frames otherwise, Chromium stalls.
 *
 * A picture that comes later is shown no earlier than its decode time plus the smallest composition
 * offset of the stream, so everything up to there is whole. A stream without B-frames has one
 * composition offset: each of its samples is released by its own arrival.
 */
export class AppendGrouping<Sample extends Ordered> {
  readonly #interval: FrameInterval;
  #held: { readonly sample: Sample; readonly since: number }[] = [];
  #smallestOffset = Number.POSITIVE_INFINITY;
  #lastShown = Number.NEGATIVE_INFINITY;
  #releasedUntil = Number.NEGATIVE_INFINITY;
  #reorders = false;
  #depth = 0;

  /** @param timescale ticks a second of the samples' times. */
  constructor({ timescale }: { timescale: number }) {
    this.#interval = new FrameInterval({ initial: timescale / 30, longest: timescale });
  }

  /** Samples that wait for others. */
  get held(): number {
    return this.#held.length;
  }

  /** Whether a picture has come after one that is shown later. */
  get reorders(): boolean {
    return this.#reorders;
  }

  /** For how long pictures wait for B-frames, in ticks: the longest so far, by the stream's own times. */
  get depth(): number {
    return this.#depth;
  }

  /** Distance of decode times, in ticks. */
  get interval(): number {
    return this.#interval.value;
  }

  /**
   * Takes the next sample in decode order.
   *
   * @param now ms of any clock
   * @returns what may be appended now, in decode order; often nothing or `sample` alone
   */
  push(sample: Sample, now: number): Sample[] {
    this.#interval.push(sample.dts);
    const shown = shownAt(sample);
    if (shown < this.#lastShown) this.#reorders = true;
    this.#lastShown = Math.max(this.#lastShown, shown);
    this.#smallestOffset = Math.min(this.#smallestOffset, sample.compositionOffset);
    this.#held.push({ sample, since: now });
    if (this.#held.length > MAX_HELD) return this.flush();
    const complete = this.#hasNoGap() ? this.#held.length : this.#complete(sample.dts);
    const taken = this.#take(complete);
    const [first] = taken;
    if (this.#reorders && first !== undefined) {
      this.#depth = Math.max(this.#depth, sample.dts - first.dts);
    }
    return taken;
  }

  /** Releases what has been held for too long. To be called now and then. */
  expire(now: number): Sample[] {
    const oldest = this.#held[0];
    return oldest !== undefined && now - oldest.since > MAX_HOLD ? this.flush() : [];
  }

  /** Releases all. */
  flush(): Sample[] {
    return this.#take(this.#held.length);
  }

  /** Forgets the stream so far: its timeline breaks, or another configuration begins. */
  reset(): void {
    this.#held = [];
    this.#smallestOffset = Number.POSITIVE_INFINITY;
    this.#lastShown = Number.NEGATIVE_INFINITY;
    this.#releasedUntil = Number.NEGATIVE_INFINITY;
    this.#reorders = false;
    this.#depth = 0;
  }

  #take(count: number): Sample[] {
    if (count === 0) return [];
    const samples = this.#held.splice(0, count).map(({ sample }) => sample);
    for (const sample of samples) {
      this.#releasedUntil = Math.max(this.#releasedUntil, shownAt(sample));
    }
    return samples;
  }

  /** Whether those held follow what was released with no room for another picture between them. */
  #hasNoGap(): boolean {
    const most = 1.5 * this.#interval.value;
    let until = this.#releasedUntil;
    const times = this.#held.map(({ sample }) => shownAt(sample)).sort((a, b) => a - b);
    for (const time of times) {
      if (!(time - until <= most)) return false;
      until = time;
    }
    return true;
  }

  /** How many of those held can go: the longest beginning that nothing after it is shown within. */
  #complete(lastDts: number): number {
    // Before the first B-frame the smallest offset may still be too large: then only what is in
    // order is sure. After it, the next sample lies one interval on.
    const reach = (this.#reorders ? 1.25 : 0.5) * this.#interval.value;
    let earliestToCome = lastDts + this.#smallestOffset + reach;
    let complete = 0;
    const latestShown: number[] = [];
    let latest = Number.NEGATIVE_INFINITY;
    for (const { sample } of this.#held) {
      latest = Math.max(latest, shownAt(sample));
      latestShown.push(latest);
    }
    for (let index = this.#held.length - 1; index >= 0; index -= 1) {
      if ((latestShown[index] ?? 0) <= earliestToCome) {
        complete = index + 1;
        break;
      }
      const entry = this.#held[index];
      if (entry === undefined) break;
      earliestToCome = Math.min(earliestToCome, shownAt(entry.sample));
    }
    return complete;
  }
}

const shownAt = ({ dts, compositionOffset }: Ordered): number => dts + compositionOffset;
