/** Samples remembered: 8 s at 60 pictures a second. */
const MAX_SAMPLES = 512;

/** Shown pictures that the delay is the median of. */
const WINDOW = 31;

/**
 * Server to screen: knows when each picture reached the server, is told which one is shown, and
 * says how old it is. Both clocks in ms, already related.
 */
export class ShownDelay {
  #samples: { readonly shownAt: number; readonly serverTime: number }[] = [];
  #delays: number[] = [];

  /** A sample arrived. @param shownAt presentation time on the media timeline, seconds */
  push(shownAt: number, serverTime: number): void {
    this.#samples.push({ shownAt, serverTime });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.splice(0, MAX_SAMPLES >> 2);
  }

  /**
   * The picture of `mediaTime` is on the screen at `now` (ms, by the server's clock). Where only the
   * playhead is known, the last picture (or frame of sound) that begins before it is meant, and when it began.
   */
  shown(mediaTime: number, now: number): void {
    const sample = this.#find(mediaTime);
    if (sample === undefined) return;
    const begunFor = Math.max(0, mediaTime - sample.shownAt) * 1_000;
    this.#delays.push(now - begunFor - sample.serverTime);
    if (this.#delays.length > WINDOW) this.#delays.shift();
  }

  /** Median of the latest, ms; undefined while nothing was shown. */
  get value(): number | undefined {
    if (this.#delays.length === 0) return undefined;
    const sorted = [...this.#delays].sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }

  /** The playhead was moved: what was shown before says nothing. */
  restart(): void {
    this.#delays = [];
  }

  #find(mediaTime: number): { readonly shownAt: number; readonly serverTime: number } | undefined {
    let best: { readonly shownAt: number; readonly serverTime: number } | undefined;
    for (let index = this.#samples.length - 1; index >= 0; index -= 1) {
      const sample = this.#samples[index];
      // Half a millisecond: media times pass through microseconds.
      if (sample === undefined || sample.shownAt > mediaTime + 0.0005) continue;
      if (best === undefined || sample.shownAt > best.shownAt) best = sample;
      // With B-frames the newest that fits may lie a few samples further back, not many.
      if (mediaTime - sample.shownAt > 1) break;
      if (mediaTime - best.shownAt < 0.001) break;
    }
    return best !== undefined && mediaTime - best.shownAt < 2 ? best : undefined;
  }
}
