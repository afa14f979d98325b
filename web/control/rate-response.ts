/** Looked at over this long, ms. */
const SPAN = 2_500;

/** A rate nearer to 1 than this says nothing. */
const LEAST = 1.02;

/** Less than this part of what a rate should win is won: it does not follow. */
const FOLLOWS = 0.35;

/**
 * Notices an element that is told to play faster and does not. Firefox fills with silence what its way to
 * the speakers wants of sound that is not there yet, and tells nobody: the clock just gains nothing. That
 * is the least that can be held ahead on that machine. Clocks and looks are inputs.
 */
export class RateResponse {
  #from: { readonly now: number; readonly time: number } | undefined;
  #at = 0;
  #due = 0;

  /**
   * To be called every 50 ms or so.
   *
   * @param look.now ms of any clock; @param look.time of the playhead, seconds
   * @param look.rate as it was told, since the last look; @param look.playing it plays on undisturbed
   * @returns whether it has just been seen not to follow
   */
  look(look: {
    readonly now: number;
    readonly time: number;
    readonly rate: number;
    readonly playing: boolean;
  }): boolean {
    const { now, time, rate, playing } = look;
    if (!playing || rate < LEAST) {
      this.#from = undefined;
      return false;
    }
    if (this.#from === undefined) {
      this.#from = { now, time };
      this.#due = 0;
    } else {
      this.#due += ((rate - 1) * (now - this.#at)) / 1_000;
    }
    this.#at = now;
    const passed = now - this.#from.now;
    if (passed < SPAN) return false;
    const won = time - this.#from.time - passed / 1_000;
    this.#from = undefined;
    return won < FOLLOWS * this.#due;
  }
}
