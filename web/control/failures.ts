/** When something that fails is let alone, and for how long; times in ms. */
export type Patience = {
  /** So many failures among the last `window` … */
  readonly most: number;
  readonly window: number;
  /** … and it rests so long; twice as long each time that follows, at most … */
  readonly rest: number;
  readonly longest: number;
};

/** Counts the failures of a way to play, and says while it had better rest. The clock is an input. */
export class Failures {
  readonly #patience: Patience;
  #at: number[] = [];
  #rest: number;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(patience: Patience) {
    this.#patience = patience;
    this.#rest = patience.rest;
  }

  /** @param isFinal there is no use in trying again soon */
  add(now: number, isFinal = false): void {
    const { most, window, longest } = this.#patience;
    this.#at = [...this.#at.filter((at) => at > now - window), now];
    if (this.#at.length < most && !isFinal) return;
    this.#at = [];
    this.#restsUntil = now + this.#rest;
    this.#rest = Math.min(longest, 2 * this.#rest);
  }

  /** It plays well: what was is forgotten. */
  forget(): void {
    this.#at = [];
    this.#rest = this.#patience.rest;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
  }

  isResting(now: number): boolean {
    return now < this.#restsUntil;
  }
}
