/** Answers remembered. */
const WINDOW = 10;

/** How far the server's clock is ahead of ours: the quickest of the last ten answers decides. */
export class ClockSync {
  #answers: { readonly roundTrip: number; readonly offset: number }[] = [];

  /** Nothing better is known at first than that the greeting took no time. */
  greeted(serverTime: number, received: number): void {
    this.#answers = [{ roundTrip: Number.POSITIVE_INFINITY, offset: serverTime - received }];
  }

  /** All in ms; `sent` and `received` by our clock. */
  answered(sent: number, serverTime: number, received: number): void {
    const roundTrip = received - sent;
    if (!(roundTrip >= 0)) return;
    this.#answers.push({ roundTrip, offset: serverTime - (sent + received) / 2 });
    if (this.#answers.length > WINDOW) this.#answers.shift();
  }

  /** Server's clock minus ours, ms; undefined before the greeting. */
  get offset(): number | undefined {
    return this.#quickest()?.offset;
  }

  /** Of the quickest answer, ms; undefined before the first. */
  get roundTrip(): number | undefined {
    const roundTrip = this.#quickest()?.roundTrip;
    return roundTrip !== undefined && Number.isFinite(roundTrip) ? roundTrip : undefined;
  }

  #quickest(): { readonly roundTrip: number; readonly offset: number } | undefined {
    let best = this.#answers[0];
    for (const answer of this.#answers) {
      if (best === undefined || answer.roundTrip < best.roundTrip) best = answer;
    }
    return best;
  }
}
