/** So many attempts in a row that came to nothing, and the way is blocked. */
const BLOCKED = 2;

/** So many bad seconds, or lost connections, among the last `window` ms, and the line is lossy. */
const LOSSY = { seconds: 4, losses: 3, window: 20_000 } as const;

/** A lossy line is left alone for this long (ms); each time that it is lossy again, for twice as long. */
const REST = { first: 30_000, longest: 600_000 } as const;

/** A line that was good for this long (ms) has made up for what was before. */
const GOOD_AGAIN = 60_000;

/** What is thought of the WebSocket's line. */
export type LineState = "untried" | "up" | "blocked" | "lossy";

/**
 * Judges the line of a WebSocket by what happens on it: whether it comes to be, whether it holds, and
 * whether pictures come in time. The clock is an input, ms of any.
 */
export class LineWatch {
  #isUp = false;
  #failures = 0;
  #hasBeenUp = false;
  /** Seconds (of the clock) in which something went wrong. */
  #bad: number[] = [];
  #losses: number[] = [];
  #restsUntil: number | undefined;
  #rest: number = REST.first;
  #goodSince: number | undefined;

  /** The server spoke. */
  up(now: number): void {
    this.#isUp = true;
    this.#hasBeenUp = true;
    this.#failures = 0;
    this.#goodSince = now;
  }

  /** The connection ended, or did not come to be. @param failures attempts in a row without a word */
  down(now: number, failures: number): void {
    if (this.#isUp) this.#count(now, this.#losses, now);
    this.#isUp = false;
    this.#failures = failures;
  }

  /** Pictures were lost on the way, or came too late: the line's fault, and no less would do. */
  suffered(now: number): void {
    const second = Math.floor(now / 1_000);
    if (this.#bad.at(-1) === second) return;
    this.#count(now, this.#bad, second);
  }

  /** It has less to carry from now on: what was says nothing. */
  relieved(): void {
    this.#bad = [];
  }

  /** The rest is over now: the network is another one, or somebody wants to know. */
  forgive(): void {
    this.#restsUntil = undefined;
    this.#rest = REST.first;
    this.#bad = [];
    this.#losses = [];
    this.#failures = 0;
  }

  state(now: number): LineState {
    if (this.#restsUntil !== undefined && now < this.#restsUntil) return "lossy";
    if (this.#isUp) {
      if (now - (this.#goodSince ?? now) >= GOOD_AGAIN) this.#rest = REST.first;
      return "up";
    }
    if (this.#failures >= BLOCKED) return "blocked";
    return this.#hasBeenUp ? "up" : "untried";
  }

  #count(now: number, list: number[], entry: number): void {
    if (this.#restsUntil !== undefined && now < this.#restsUntil) return;
    this.#goodSince = now;
    list.push(entry);
    const since = now - LOSSY.window;
    this.#bad = this.#bad.filter((second) => second * 1_000 >= since);
    this.#losses = this.#losses.filter((at) => at >= since);
    if (this.#bad.length < LOSSY.seconds && this.#losses.length < LOSSY.losses) return;
    this.#bad = [];
    this.#losses = [];
    this.#restsUntil = now + this.#rest;
    this.#goodSince = this.#restsUntil;
    this.#rest = Math.min(REST.longest, 2 * this.#rest);
  }
}
