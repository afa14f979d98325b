import { ProtocolError } from "../../protocol/errors.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { SessionCounters } from "../../protocol/rtmp/session-effect.ts";

/** How long a client may take, in ms, and how much it may ask for in a second. */
export type PatienceLimits = {
  readonly handshakeTime: number;
  readonly timeToPublish: number;
  readonly publisherSilence: number;
  readonly smallMessagesPerSecond: number;
  readonly commandsPerSecond: number;
};

/** What a client is doing when it is looked after. */
export type Doing = {
  readonly isShaking: boolean;
  readonly isPublishing: boolean;
  readonly isPlaying: boolean;
  readonly counters: SessionCounters;
};

/** Asked whether it is there when nothing came for this long; some firewalls want to see traffic. */
const PING_AFTER: Milliseconds = 5000;

/** Limits of time and rate of one connection. It is told what happens, and asked once a second. */
export class Patience {
  readonly #limits: PatienceLimits;
  readonly #openedAt: number;
  /** Since when nothing is being published or played. */
  #idleSince: number;
  #lastHeard: number;
  #lastPing = 0;
  #lastCounters: SessionCounters;

  /** @param openedAt when the client connected; all moments are ms since 1970 */
  constructor(limits: PatienceLimits, openedAt: number, now: number, counters: SessionCounters) {
    this.#limits = limits;
    this.#openedAt = openedAt;
    this.#idleSince = now;
    this.#lastHeard = now;
    this.#lastCounters = counters;
  }

  /** Something came. */
  heard(now: number): void {
    this.#lastHeard = now;
  }

  /** From now on it has time to publish or play something, anew. */
  idle(now: number): void {
    this.#idleSince = now;
  }

  /** How long nothing has come. */
  silence(now: number): Milliseconds {
    return now - this.#lastHeard;
  }

  /**
   * To be called each second.
   *
   * @throws ProtocolError (limit) in connection scope: `RTMP_HANDSHAKE_TIME`,
   *   `RTMP_TIME_TO_PUBLISH`, `RTMP_SILENCE`, or `RTMP_RATE`
   */
  check(now: number, doing: Doing): void {
    this.#checkTime(now, doing);
    this.#checkRate(doing.counters);
  }

  /** @returns whether it is to be asked if it is there: true once, then not for a while */
  takePing(now: number): boolean {
    if (this.silence(now) <= PING_AFTER || now - this.#lastPing <= PING_AFTER) return false;
    this.#lastPing = now;
    return true;
  }

  #checkTime(now: number, { isShaking, isPublishing, isPlaying }: Doing): void {
    const { handshakeTime, timeToPublish, publisherSilence } = this.#limits;
    if (isShaking) {
      if (now - this.#openedAt <= handshakeTime) return;
      const message = `Cannot wait longer than ${handshakeTime} ms for a handshake`;
      throw reached("RTMP_HANDSHAKE_TIME", message);
    }
    if (isPublishing) {
      if (this.silence(now) <= publisherSilence) return;
      const message = `Cannot wait longer than ${publisherSilence} ms for a publisher that sends nothing`;
      throw reached("RTMP_SILENCE", message);
    }
    if (isPlaying || now - this.#idleSince <= timeToPublish) return;
    const message = `Cannot wait longer than ${timeToPublish} ms for a publish or play`;
    throw reached("RTMP_TIME_TO_PUBLISH", message);
  }

  #checkRate(counters: SessionCounters): void {
    const { smallMessagesPerSecond, commandsPerSecond } = this.#limits;
    const small = counters.smallMessages - this.#lastCounters.smallMessages;
    const asked = counters.commands - this.#lastCounters.commands;
    this.#lastCounters = counters;
    if (small <= smallMessagesPerSecond && asked <= commandsPerSecond) return;
    const message = `Cannot take ${small} messages of a few bytes and ${asked} commands in a second`;
    throw reached("RTMP_RATE", message);
  }
}

function reached(code: string, message: string): ProtocolError {
  return new ProtocolError("limit", code, message, { scope: "connection" });
}
