import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { RelayLine } from "./line.ts";

/** What a line may take in time, ms. */
export type WatchLimits = {
  readonly relayConnectTime: Milliseconds;
  readonly relaySilence: Milliseconds;
};

/** How often a line is looked after. */
const CHECK_INTERVAL = 1000;

/** Limits of time of one line: to be ready, and to move while something is expected to. */
export class LineWatch {
  /** It may be used. */
  isReady = false;
  /** What is played comes, and is not said to have ended. */
  isFlowing = false;
  readonly #line: RelayLine;
  readonly #clock: Clock;
  readonly #limits: WatchLimits;
  readonly #begun: Milliseconds;
  #bytes: number;
  #movedAt: Milliseconds;
  #cancel: () => void;

  constructor(line: RelayLine, { clock, limits }: { clock: Clock; limits: WatchLimits }) {
    this.#line = line;
    this.#clock = clock;
    this.#limits = limits;
    this.#begun = clock.now();
    this.#bytes = line.bytes;
    this.#movedAt = this.#begun;
    this.#cancel = clock.after(CHECK_INTERVAL, () => this.#check());
  }

  stop(): void {
    this.#cancel();
  }

  #check(): void {
    const line = this.#line;
    const now = this.#clock.now();
    const { relayConnectTime, relaySilence } = this.#limits;
    if (line.bytes !== this.#bytes) {
      this.#bytes = line.bytes;
      this.#movedAt = now;
    }
    const isExpected = this.isFlowing || line.unsent > 0;
    if (!this.isReady && now - this.#begun > relayConnectTime) {
      line.fail("RELAY_TIME", `the server was not ready within ${relayConnectTime} ms`);
    } else if (this.isReady && isExpected && now - this.#movedAt > relaySilence) {
      line.fail("RELAY_SILENCE", `nothing moved for ${relaySilence} ms`);
    } else {
      this.#cancel = this.#clock.after(CHECK_INTERVAL, () => this.#check());
    }
  }
}
