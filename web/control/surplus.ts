/** Looked back on, ms: two segments, so that the emptiest moment between two of them is among it. */
const WINDOW = 4_500;

/** Seconds that are to be left at the emptiest moment. */
const RESERVE = 0.5;

/** More than this (seconds) too much is skipped; more than that is caught up with gently. */
const MUCH = 1.5;
const SOME = 0.3;
const CATCHING_UP = 1.05;

/**
 * Keeps segmented media near the edge: it comes in lumps, so what counts is how much is left just
 * before the next one. hls.js gives up on its own target where it is more than a segment behind.
 */
export class Surplus {
  #readings: { readonly now: number; readonly ahead: number }[] = [];

  /** To be asked a few times a second. @returns rate to hold, seconds to skip; `ahead` in seconds */
  decide(reading: { readonly now: number; readonly ahead: number }): {
    readonly rate: number;
    readonly skip: number;
  } {
    const { now } = reading;
    this.#readings.push(reading);
    const oldest = this.#readings[0]?.now ?? now;
    if (now - oldest < WINDOW) return { rate: 1, skip: 0 };
    while ((this.#readings[0]?.now ?? now) < now - WINDOW) this.#readings.shift();
    const surplus = Math.min(...this.#readings.map(({ ahead }) => ahead)) - RESERVE;
    if (surplus > MUCH) {
      this.restart();
      return { rate: 1, skip: surplus };
    }
    return { rate: surplus > SOME ? CATCHING_UP : 1, skip: 0 };
  }

  /** It does not play, or was moved: what was seen before says nothing. */
  restart(): void {
    this.#readings = [];
  }
}
