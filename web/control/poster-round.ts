/** A poster is looked at again after this long (ms); where there was none to be had, after longer. */
export const POSTER = { again: 8_000, afterFailure: 20_000 } as const;

type Turn = {
  /** Somebody could see it. */
  isSeen: boolean;
  /** Not before this moment, ms. */
  due: number;
};

/**
 * Whose poster is to be loaded next: one at a time, of those that somebody could see, the one that
 * has waited longest first. Time is an input.
 */
export class PosterRound {
  readonly #turns = new Map<string, Turn>();

  /** Takes part from now on, unless it does already. */
  add(key: string): void {
    if (!this.#turns.has(key)) this.#turns.set(key, { isSeen: false, due: 0 });
  }

  remove(key: string): void {
    this.#turns.delete(key);
  }

  /** Whether it is within view now. */
  setSeen(key: string, isSeen: boolean): void {
    const turn = this.#turns.get(key);
    if (turn !== undefined) turn.isSeen = isSeen;
  }

  /** It was looked at: `isShown` says whether there was something to show. */
  took(key: string, isShown: boolean, now: number): void {
    const turn = this.#turns.get(key);
    if (turn !== undefined) turn.due = now + (isShown ? POSTER.again : POSTER.afterFailure);
  }

  /** @returns undefined while nobody's turn has come */
  next(now: number): string | undefined {
    let first: string | undefined;
    let earliest = now;
    for (const [key, { isSeen, due }] of this.#turns) {
      if (!isSeen || due > earliest || (due === earliest && first !== undefined)) continue;
      first = key;
      earliest = due;
    }
    return first;
  }
}
