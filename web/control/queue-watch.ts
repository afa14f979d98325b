/** What stands on the way for longer than this (ms) is told to the server … */
const LONG = 150;

/** … when it has not become less for so long (ms) … */
const LASTING = 200;

/** … and then this often (ms), and when there is no more of it. */
const EVERY = 250;

/** Less by this part of the time that passed: it drains, as after an interruption. */
const DRAINS = 0.5;

/** Decides what the server is told of a queue on the way. The clock is an input, ms. */
export class QueueWatch {
  #looked = { at: 0, queue: 0 };
  #since: number | undefined;
  #told: { readonly at: number } | undefined;

  /** Whether something stands there now. */
  get isLong(): boolean {
    return this.#looked.queue > LONG;
  }

  /** To be called every 50 ms or so. @returns what is to be told now, ms */
  look(now: number, queue: number): number | undefined {
    const { at, queue: before } = this.#looked;
    this.#looked = { at: now, queue };
    if (!this.isLong) {
      this.#since = undefined;
      const wasTold = this.#told !== undefined;
      this.#told = undefined;
      return wasTold ? queue : undefined;
    }
    const isDraining = before - queue > DRAINS * (now - at);
    if (isDraining) this.#since = now;
    this.#since ??= now;
    const isDue = now - (this.#told?.at ?? Number.NEGATIVE_INFINITY) >= EVERY;
    if (now - this.#since < LASTING || !isDue) return undefined;
    this.#told = { at: now };
    return queue;
  }
}
