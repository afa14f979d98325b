import { SyncGroup } from "../control/sync-group.ts";
import type { Playback } from "../engine/playback.ts";

/** What stands still for so long (ms) says nothing of what it needs: the group forgets it, and goes on. */
const STILL = 300;

/** The groups of this page. */
const groups = new Map<string, SyncGroup>();

/** What is known besides the playback. */
export type TogetherSituation = {
  /** ms, `performance.now()`. */
  readonly now: number;
  /** ms since 1970 by the server's clock; undefined while that is not known. */
  readonly serverNow: number | undefined;
  /** ms from the encoder to the server, where it stamps its clock. */
  readonly encoderDelay: number | undefined;
};

/** A player's place among others of its page that are to show the same moment. */
export class Together {
  #name = "";
  #group: SyncGroup | undefined;
  #lead = 0;
  #seen = { moment: Number.NaN, at: 0 };

  /** Seconds that it holds more than by itself. */
  get lead(): number {
    return this.#lead;
  }

  /**
   * To be called every 50 ms or so with what plays at the live edge.
   *
   * @param name of the group
   * @returns `lead` as it is now
   */
  follow(
    name: string,
    { figures }: Playback,
    { now, serverNow, encoderDelay }: TogetherSituation,
  ): number {
    const { moment, ahead, target } = figures;
    const isKnown = moment !== undefined && serverNow !== undefined;
    if (!isKnown || name !== this.#name) this.leave();
    if (!isKnown) return 0;
    if (moment !== this.#seen.moment) this.#seen = { moment, at: now };
    if (now - this.#seen.at > STILL) return this.#lead;
    this.#name = name;
    this.#group = groups.get(name) ?? new SyncGroup();
    groups.set(name, this.#group);
    const lag = (serverNow - moment) / 1_000;
    const needed = lag - (ahead - (target - this.#lead));
    const encoder = encoderDelay === undefined ? undefined : encoderDelay / 1_000;
    this.#lead = this.#group.report(this, { needed, encoder }, now);
    return this.#lead;
  }

  /** It does not play at the live edge now. */
  leave(): void {
    this.#lead = 0;
    if (this.#group === undefined) return;
    this.#group.leave(this);
    if (this.#group.size === 0) groups.delete(this.#name);
    this.#group = undefined;
  }
}
