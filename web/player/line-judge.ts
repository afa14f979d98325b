import type { LineReading } from "../control/line-meter.ts";
import type { Playback } from "../engine/playback.ts";

/** Media that came so much later (ms) than the line's best is what a stall was made of. */
const LATE = 400;
const JUDGED_WITHIN = 1_500;

/** Media that stands on the way for longer than this, all the time for so long, is not waited for; ms. */
const OLD = 2_000;
const OLD_FOR = 1_000;
const BETWEEN_SHEDS = 8_000;

/** Tells what the line is to blame for. */
export class LineJudge {
  /** When it stood still last, where the line may be to blame. */
  #stalledAt: number | undefined;
  #stallsSeen = 0;
  /** Since when what comes is old, and when that was done away with. */
  #oldSince: number | undefined;
  #shedAt = Number.NEGATIVE_INFINITY;

  /**
   * Whether the picture stood still because what it waited for came late; once for each time. To be called
   * every 50 ms or so.
   */
  isToBlame(current: Playback | undefined, { peak = 0 }: LineReading, now: number): boolean {
    const stalls = current?.transport === "websocket" ? current.figures.stalls : 0;
    if (stalls > this.#stallsSeen) this.#stalledAt = now;
    this.#stallsSeen = stalls;
    if (this.#stalledAt === undefined || now - this.#stalledAt > JUDGED_WITHIN) return false;
    if (peak < LATE) return false;
    this.#stalledAt = undefined;
    return true;
  }

  /**
   * Whether what waits on the way is seconds old, and nothing would ever catch up: the next connection
   * begins with what is on now. To be called every 50 ms or so.
   *
   * @param isBusy whether media is to come over the line
   */
  isToShed(isBusy: boolean, { lateness = 0 }: LineReading, now: number): boolean {
    this.#oldSince = lateness > OLD && isBusy ? (this.#oldSince ?? now) : undefined;
    if (now - (this.#oldSince ?? now) < OLD_FOR || now - this.#shedAt < BETWEEN_SHEDS) return false;
    this.#shedAt = now;
    return true;
  }
}
