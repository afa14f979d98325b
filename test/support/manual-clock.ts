import type { Clock } from "../../server/live/clock.ts";

/** A clock that a test turns by hand. */
export class ManualClock implements Clock {
  #now: number;
  #calls: { at: number; callback: () => void }[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** Calls that are still to come. */
  get pending(): number {
    return this.#calls.length;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): () => void {
    const call = { at: this.#now + delay, callback };
    this.#calls.push(call);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== call);
    };
  }

  /** Lets time pass; what becomes due is called in order, at its own moment. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#calls.filter((call) => call.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#calls = this.#calls.filter((call) => call !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }
}
