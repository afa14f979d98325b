/** Who has not been heard of for so long (ms) does not count any more. */
const FORGOTTEN = 1_500;

/** Who needs so much (seconds) more than the one that needs least is not waited for. */
const LONGEST_WAIT = 5;

/** What one member needs is averaged over so long, ms. */
const SMOOTHING = 1_000;

/** What a member says of itself. */
export type SyncReport = {
  /** How far behind the server's clock it would be by itself, seconds. */
  readonly needed: number;
  /** From the encoder to the server, seconds, where the encoder stamps its clock. */
  readonly encoder: number | undefined;
};

type Member = { needed: number; encoder: number | undefined; at: number };

/**
 * Players that show the same moment: as far behind the clock as the one of them that needs most. The
 * clock is the server's, at which all streams arrive; where every encoder stamps its own, it is that.
 * Time and reports are inputs: it knows nothing of how a player plays.
 */
export class SyncGroup {
  readonly #members = new Map<object, Member>();

  /** How many go together now. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * To be called by each member every 50 ms or so while it plays at the live edge.
   *
   * @param now ms of any clock
   * @returns seconds that it is to hold more than by itself
   */
  report(who: object, { needed, encoder }: SyncReport, now: number): number {
    const member = this.#members.get(who);
    if (member === undefined) {
      this.#members.set(who, { needed, encoder, at: now });
    } else {
      const share = Math.min(1, (now - member.at) / SMOOTHING);
      member.needed += (needed - member.needed) * share;
      member.encoder = encoder;
      member.at = now;
    }
    for (const [other, { at }] of this.#members) {
      if (now - at > FORGOTTEN) this.#members.delete(other);
    }
    const members = [...this.#members.values()];
    const isStamped = members.every((one) => one.encoder !== undefined);
    const behind = (one: Member) => one.needed + (isStamped ? (one.encoder ?? 0) : 0);
    const least = Math.min(...members.map(behind));
    const most = Math.max(...members.map(behind).filter((lag) => lag <= least + LONGEST_WAIT));
    const own = this.#members.get(who);
    return own === undefined ? 0 : Math.max(0, most - behind(own));
  }

  /** It goes its own way: paused, gone back, ended. */
  leave(who: object): void {
    this.#members.delete(who);
  }
}
