import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds } from "./seconds.ts";

/** As many pictures as any coding lets wait (ITU-T H.264 §A.3.1: max_dec_frame_buffering). */
const KEPT = 16;

const WINDOW = 5;

/** Keyframes may be far apart. */
const GOPS = 30;

/** Times are rounded to ms, and sometimes twice. */
const TOLERANCE: Milliseconds = 4;

/**
 * Measures how many pictures are decoded before one that is shown earlier, and what that costs. Offsets
 * tell it: they are what goes by from a picture's coding until it is shown, so that those of a picture
 * that others refer to and of the last of those others differ by what the encoder waited and the viewer
 * waits. Without B-frames all are the same.
 */
export class PictureOrder {
  readonly #shown = new Float64Array(KEPT).fill(Number.NEGATIVE_INFINITY);
  readonly #depths = new Seconds(WINDOW);
  #next = 0;
  #newest: Milliseconds = Number.NEGATIVE_INFINITY;
  #thisSecond = 0;
  readonly #delays = new Seconds(WINDOW);
  #leastOffset = Number.POSITIVE_INFINITY;
  #mostOffset = Number.NEGATIVE_INFINITY;
  readonly #leading = new Seconds(GOPS);
  #leadingNow = 0;
  #keyframe: Milliseconds = Number.NEGATIVE_INFINITY;

  /**
   * In decoding order.
   *
   * @param at decode time
   * @param offset from it to presentation
   */
  take(at: Milliseconds, offset: Milliseconds, isSync: boolean): void {
    const shown = at + offset;
    if (offset < this.#leastOffset) this.#leastOffset = offset;
    if (offset > this.#mostOffset) this.#mostOffset = offset;
    if (isSync) this.#keyframe = shown;
    else if (shown < this.#keyframe - TOLERANCE) this.#leadingNow += 1;
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
    this.#delays.push(Math.max(0, this.#mostOffset - this.#leastOffset));
    this.#leastOffset = Number.POSITIVE_INFINITY;
    this.#mostOffset = Number.NEGATIVE_INFINITY;
    this.#leading.push(this.#leadingNow);
    this.#leadingNow = 0;
  }

  /** What follows lies on another clock. */
  jump(): void {
    this.#shown.fill(Number.NEGATIVE_INFINITY);
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#keyframe = Number.NEGATIVE_INFINITY;
    this.#leastOffset = Number.POSITIVE_INFINITY;
    this.#mostOffset = Number.NEGATIVE_INFINITY;
  }

  /** What the order adds between camera and screen, in the last full seconds. */
  get delay(): Milliseconds {
    return this.depth === 0 ? 0 : this.#delays.max(WINDOW);
  }

  /** Pictures that came after a keyframe were to be shown before it. */
  get isOpenGop(): boolean {
    return this.#leading.max(GOPS) > 0;
  }

  /** Of the last seconds. */
  get depth(): number {
    return Math.max(this.#thisSecond, this.#depths.max(WINDOW));
  }
}
