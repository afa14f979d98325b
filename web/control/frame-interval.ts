/** Deltas that the median is taken of: long enough for 33, 33, 34, short enough for a change of rate. */
const WINDOW = 9;

/** How far apart samples are, from their decode times, in whatever unit those have. */
export class FrameInterval {
  readonly #initial: number;
  readonly #longest: number;
  #deltas: number[] = [];
  #last: number | undefined;
  #value: number;

  /** @param initial what is assumed until two samples are there; above `longest` is a gap. */
  constructor({ initial, longest }: { initial: number; longest: number }) {
    this.#initial = initial;
    this.#longest = longest;
    this.#value = initial;
  }

  /** Median of the latest distances. */
  get value(): number {
    return this.#value;
  }

  push(decodeTime: number): void {
    const last = this.#last;
    this.#last = decodeTime;
    if (last === undefined) return;
    const delta = decodeTime - last;
    if (delta <= 0 || delta > this.#longest) return;
    this.#deltas.push(delta);
    if (this.#deltas.length > WINDOW) this.#deltas.shift();
    const sorted = [...this.#deltas].sort((a, b) => a - b);
    this.#value = sorted[sorted.length >> 1] ?? this.#initial;
  }
}
