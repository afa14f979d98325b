import type { Milliseconds } from "../protocol/media/sample.ts";

/** Watches how far the key frames of the leading track are apart. */
export class GopWatch {
  readonly #longest: Milliseconds;
  #last: Milliseconds | undefined;
  #isLong = false;

  /** @param longest that a segment may be */
  constructor(longest: Milliseconds) {
    this.#longest = longest;
  }

  /** They are further apart than a segment may be long. */
  get isLong(): boolean {
    return this.#isLong;
  }

  sync(at: Milliseconds): void {
    if (this.#last !== undefined) this.#isLong = at - this.#last > this.#longest;
    this.#last = at;
  }

  /** A segment had to be cut between them. */
  cutWithin(): void {
    this.#isLong = true;
  }

  /** What follows is no GOP of this one. */
  pause(): void {
    this.#last = undefined;
  }
}
