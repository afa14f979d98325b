import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds, STARTING } from "./seconds.ts";

/** The rate is measured over so many seconds … */
const WINDOW = 4;
/** … and pictures are missed for so many. */
const RECENT = 30;

/** Steps that the usual one is the median of; of more in a second, the newest are looked at. */
const STEPS = 256;

/** Steps of a pace: a longer one is a pause, and a smaller one a clock that is none. */
const LONGEST_STEP: Milliseconds = 5000;
const SMALLEST_STEP: Milliseconds = 1;

/** All sort here, one after the other. */
const sorted = new Float32Array(STEPS);

/** Measures the distances of pictures by their timestamps. */
export class PicturePace {
  readonly #pictures = new Seconds(RECENT);
  readonly #advance = new Seconds(WINDOW);
  readonly #irregular = new Seconds(RECENT);
  readonly #missing = new Seconds(RECENT);
  readonly #steps = new Float32Array(STEPS);
  #count = 0;
  #second = { pictures: 0, advance: 0 };
  #typical: Milliseconds | undefined;
  #last: Milliseconds | undefined;
  #missed = 0;
  #seconds = 0;

  /** @param at its decode time */
  take(at: Milliseconds): void {
    const step = this.#last === undefined ? undefined : at - this.#last;
    this.#last = at;
    if (step === undefined || step < 0 || step > LONGEST_STEP) return;
    this.#second.pictures += 1;
    this.#second.advance += step;
    this.#steps[this.#count % STEPS] = step;
    this.#count += 1;
  }

  closeSecond(): void {
    const { pictures, advance } = this.#second;
    this.#pictures.push(pictures);
    this.#advance.push(advance);
    this.#second = { pictures: 0, advance: 0 };
    this.#compare(Math.min(pictures, STEPS));
  }

  /** Compares the newest steps with the usual one. */
  #compare(newest: number): void {
    const held = Math.min(this.#count, STEPS);
    sorted.set(this.#steps.subarray(0, held));
    const typical = sorted.subarray(0, held).sort()[held >> 1] ?? 0;
    let irregular = 0;
    let missing = 0;
    if (typical >= SMALLEST_STEP) {
      this.#typical = typical;
      for (let index = this.#count - newest; index < this.#count; index += 1) {
        const step = this.#steps[index % STEPS] ?? typical;
        const steps = Math.max(1, Math.round(step / typical));
        // Timestamps are often whole ms.
        const isRegular = Math.abs(step - steps * typical) <= 0.15 * typical + 1.5;
        if (isRegular) missing += steps - 1;
        else irregular += 1;
      }
    }
    this.#seconds += 1;
    this.#irregular.push(this.#seconds > STARTING ? irregular : 0);
    this.#missing.push(missing);
    this.#missed += missing;
  }

  /** What follows lies on another clock. */
  jump(): void {
    this.#last = undefined;
  }

  /** Pictures a second, by their own times; undefined where there were none lately. */
  get frameRate(): number | undefined {
    const advance = this.#advance.sum(WINDOW);
    return advance > 0 ? (1000 * this.#pictures.sum(WINDOW)) / advance : undefined;
  }

  /** The usual distance of two pictures. */
  get typicalStep(): Milliseconds | undefined {
    return this.#typical;
  }

  /** 0 to 1: how many steps of the last seconds are no multiple of the usual one. */
  get irregularity(): number {
    const pictures = this.#pictures.sum(RECENT);
    return pictures === 0 ? 0 : this.#irregular.sum(RECENT) / pictures;
  }

  /** Pictures that timestamps leave room for: of the last full second, of the last half a minute, and of all. */
  get missing(): { readonly second: number; readonly recent: number; readonly total: number } {
    return {
      second: this.#missing.sum(1),
      recent: this.#missing.sum(Math.min(RECENT, Math.max(0, this.#seconds - STARTING))),
      total: this.#missed,
    };
  }
}
