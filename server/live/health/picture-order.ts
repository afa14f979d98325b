import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds } from "./seconds.ts";

/** As many pictures as any coding lets wait (ITU-T H.264 §A.3.1: max_dec_frame_buffering). */
const KEPT = 16;

const WINDOW = 5;

/** Measures how many pictures are decoded before one that is shown earlier: what B-frames cost. */
export class PictureOrder {
  readonly #shown = new Float64Array(KEPT).fill(Number.NEGATIVE_INFINITY);
  readonly #depths = new Seconds(WINDOW);
  #next = 0;
  #newest: Milliseconds = Number.NEGATIVE_INFINITY;
  #thisSecond = 0;

  /** @param shown presentation time; in decoding order */
  take(shown: Milliseconds): void {
    if (shown >= this.#newest) {
      this.#newest = shown;
    } else {
      let depth = 0;
      for (const other of this.#shown) if (other > shown) depth += 1;
      this.#thisSecond = Math.max(this.#thisSecond, depth);
    }
    this.#shown[this.#next] = shown;
    this.#next = (this.#next + 1) % KEPT;
  }

  closeSecond(): void {
    this.#depths.push(this.#thisSecond);
    this.#thisSecond = 0;
  }

  /** What follows lies on another clock. */
  jump(): void {
    this.#shown.fill(Number.NEGATIVE_INFINITY);
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  /** Of the last seconds. */
  get depth(): number {
    return Math.max(this.#thisSecond, this.#depths.max(WINDOW));
  }
}
