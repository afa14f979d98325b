import type { Milliseconds } from "../../protocol/media/sample.ts";
import { Seconds } from "./seconds.ts";

/** The rate is measured over so many seconds … */
const WINDOW = 4;
/** … and pictures are missed for so many. */
const RECENT = 30;

/** The typical step follows the steps by this part of itself, up or down: it becomes their median. */
const PACE = 0.02;

/** So many odd steps in a row, and the typical one is another. */
const OTHERS = 8;

/** Steps that are no pause: a longer one belongs to no pace. */
const LONGEST_STEP: Milliseconds = 5000;

/** Measures the distances of pictures by their timestamps. */
export class PicturePace {
  readonly #pictures = new Seconds(RECENT);
  readonly #advance = new Seconds(WINDOW);
  readonly #irregular = new Seconds(RECENT);
  readonly #missing = new Seconds(RECENT);
  #second = { pictures: 0, advance: 0, irregular: 0, missing: 0 };
  #typical: Milliseconds | undefined;
  #oddInARow = 0;
  #last: Milliseconds | undefined;
  #missed = 0;

  /** @param at its decode time */
  take(at: Milliseconds): void {
    const step = this.#last === undefined ? undefined : at - this.#last;
    this.#last = at;
    if (step === undefined || step < 0 || step > LONGEST_STEP) return;
    this.#second.pictures += 1;
    this.#second.advance += step;
    this.#typical ??= step;
    this.#compare(step, this.#typical);
  }

  #compare(step: Milliseconds, typical: Milliseconds): void {
    const steps = Math.max(1, Math.round(step / typical));
    // Timestamps are often whole ms.
    const isRegular = Math.abs(step - steps * typical) <= 0.15 * typical + 1.5;
    if (!isRegular) {
      this.#second.irregular += 1;
    } else if (steps > 1) {
      this.#second.missing += steps - 1;
      this.#missed += steps - 1;
    }
    this.#oddInARow = isRegular && steps === 1 ? 0 : this.#oddInARow + 1;
    if (this.#oddInARow >= OTHERS) {
      this.#typical = Math.max(1, step);
      this.#oddInARow = 0;
    } else {
      this.#typical = typical + Math.sign(step - typical) * PACE * typical;
    }
  }

  closeSecond(): void {
    const { pictures, advance, irregular, missing } = this.#second;
    this.#pictures.push(pictures);
    this.#advance.push(advance);
    this.#irregular.push(irregular);
    this.#missing.push(missing);
    this.#second = { pictures: 0, advance: 0, irregular: 0, missing: 0 };
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
      recent: this.#missing.sum(RECENT),
      total: this.#missed,
    };
  }
}
