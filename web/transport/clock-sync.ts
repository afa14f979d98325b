/** Two clocks part by less than this, ms of each ms: an older answer is worth so much less. */
const DRIFT = 1e-4;

/** A greeting that seems to have taken longer than this (ms) is one by another clock. */
const LONGEST_GREETING = 10_000;

type Answer = { readonly roundTrip: number; readonly offset: number; readonly received: number };

/**
 * How far the server's clock is ahead of ours: the quickest answer decides, for as long as its age does not
 * speak against it. It outlives a connection, and a line that is full: an answer that waited in a queue on
 * its way back tells of the queue. All in ms.
 */
export class ClockSync {
  #best: Answer | undefined;

  /** A connection begins. Where nothing better is known, its greeting took no time. */
  greeted(serverTime: number, received: number): void {
    const best = this.#best;
    const offset = serverTime - received;
    if (best !== undefined && Number.isFinite(best.roundTrip)) {
      const taken = best.offset - offset;
      if (taken >= -slackOf(best, received) && taken < LONGEST_GREETING) return;
    }
    this.#best = { roundTrip: Number.POSITIVE_INFINITY, offset, received };
  }

  /** `sent` and `received` by our clock. */
  answered(sent: number, serverTime: number, received: number): void {
    const roundTrip = received - sent;
    if (!(roundTrip >= 0)) return;
    const best = this.#best;
    const answer = { roundTrip, offset: serverTime - (sent + received) / 2, received };
    if (best === undefined || isContradicted(best, answer)) this.#best = answer;
    else if (roundTrip <= best.roundTrip + DRIFT * (received - best.received)) this.#best = answer;
  }

  /** Server's clock minus ours, ms; undefined before the greeting. */
  get offset(): number | undefined {
    return this.#best?.offset;
  }

  /** Of the quickest answer, ms; undefined before the first. */
  get roundTrip(): number | undefined {
    const roundTrip = this.#best?.roundTrip;
    return roundTrip !== undefined && Number.isFinite(roundTrip) ? roundTrip : undefined;
  }
}

/** So far may an answer be from the truth by now. */
const slackOf = ({ roundTrip, received }: Answer, now: number): number =>
  roundTrip / 2 + DRIFT * Math.max(0, now - received) + 1;

/** Whether both cannot be true: a clock was set, or there is another server. */
const isContradicted = (best: Answer, answer: Answer): boolean =>
  Math.abs(best.offset - answer.offset) > slackOf(best, answer.received) + answer.roundTrip / 2;
