/** Steps that are remembered when the longest is asked for. */
const REMEMBERED_STEPS = 32;
const SHORTEST_SECONDS = 0.1;
const LONGEST_SECONDS = 5;
/** Declared before a step is known and no frame rate either. */
const UNKNOWN_SECONDS = 0.5;
const STEPS_DECLARED = 3;

/**
 * The duration to declare for a picture that is sent before the next one is known.
 *
 * MediaSource drops everything up to the next sync sample when a decode time lies more than twice
 * the last declared duration away, and takes an over-long duration without harm: so a generous one
 * is declared, three times the longest of the recent steps and at least 100 ms.
 *
 * @see Media Source Extensions, coded frame processing, step 1.6
 */
export class DeclaredDuration {
  readonly #timescale: number;
  readonly #steps: number[] = [];
  #last: number | undefined;
  #value: number;

  constructor(timescale: number, frameRate: number | undefined) {
    this.#timescale = timescale;
    this.#value = this.#bounded(
      frameRate === undefined
        ? UNKNOWN_SECONDS * timescale
        : (STEPS_DECLARED * timescale) / frameRate,
    );
  }

  /** @returns the duration in ticks to declare for the picture at `dts` */
  declare(dts: number): number {
    const last = this.#last;
    this.#last = dts;
    if (last === undefined) return this.#value;
    this.#steps.push(dts - last);
    if (this.#steps.length > REMEMBERED_STEPS) this.#steps.shift();
    let longest = 0;
    for (const step of this.#steps) longest = Math.max(longest, step);
    this.#value = this.#bounded(STEPS_DECLARED * longest);
    return this.#value;
  }

  #bounded(ticks: number): number {
    const shortest = SHORTEST_SECONDS * this.#timescale;
    return Math.round(Math.min(Math.max(ticks, shortest), LONGEST_SECONDS * this.#timescale));
  }
}
