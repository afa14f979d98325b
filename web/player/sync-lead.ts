import type { Playback } from "../engine/playback.ts";
import { wallClock } from "../transport/websocket.ts";
import { Later } from "./later.ts";
import type { Together } from "./together.ts";

/** What is known besides the playback. */
export type SyncSituation = {
  /** ms, `performance.now()`. */
  readonly now: number;
  /** Server's clock minus ours, ms; undefined while that is not known. */
  readonly clockOffset: number | undefined;
  /** ms from the encoder to the server, where it stamps its clock. */
  readonly encoderDelay: number | undefined;
};

/** What is held for the sake of others of a sync group: nothing, and no code for it, without one. */
export class SyncLead {
  readonly #together = new Later<Together>(async () => {
    const { Together } = await import("./together.ts");
    return new Together();
  });

  /** Seconds that are held more than by itself. */
  get lead(): number {
    return this.#together.value?.lead ?? 0;
  }

  /**
   * To be called every 50 ms or so.
   *
   * @param group empty: none
   * @param playing what plays at the live edge, if anything does
   * @returns `lead` as it is now
   */
  follow(group: string, playing: Playback | undefined, situation: SyncSituation): number {
    if (playing === undefined || group === "") {
      this.leave();
      return 0;
    }
    const { now, clockOffset, encoderDelay } = situation;
    const serverNow = clockOffset === undefined ? undefined : wallClock() + clockOffset;
    const { value: together } = this.#together;
    if (together !== undefined) {
      return together.follow(group, playing, { now, serverNow, encoderDelay });
    }
    this.#together.get().catch(() => undefined);
    return 0;
  }

  /** It does not play at the live edge now. */
  leave(): void {
    this.#together.value?.leave();
  }
}
