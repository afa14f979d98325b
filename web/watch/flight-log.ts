import type { PlayerStats } from "../player/player-stats.ts";

/** Figures of one second; times in ms, `at` since the page was opened. */
export type Moment = {
  readonly at: number;
  readonly state: PlayerStats["state"];
  readonly transport: PlayerStats["transport"];
  readonly delay: number | undefined;
  readonly target: number;
  readonly buffer: number;
  readonly rate: number;
  readonly jitter: number;
  readonly roundTrip: number | undefined;
  /** bits/s */
  readonly bitrate: number;
  readonly frameRate: number;
  readonly shown: number;
  readonly dropped: number;
  readonly stalls: number;
};

/** Something that happened. */
export type Entry = {
  /** ms since the page was opened. */
  readonly at: number;
  readonly what: string;
  /** How often it happened like this in a row, the last time at `last`. */
  readonly times?: number;
  readonly last?: number;
};

/** So many are kept: seconds, and things that happened. */
const MOMENTS = 60;
const ENTRIES = 200;

/** What a player went through: the last minute by figures, and what happened, repeats counted. */
export class FlightLog {
  #moments: Moment[] = [];
  #entries: Entry[] = [];

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Takes the figures, once a second. */
  measure(at: number, stats: PlayerStats): void {
    const { state, transport, delay, target, buffer, rate, jitter, roundTrip } = stats;
    const { bitrate, frameRate, shown, stalls } = stats;
    const dropped = stats.droppedByBrowser + stats.droppedByServer;
    this.#moments.push({
      at: Math.round(at),
      ...{ state, transport, bitrate: Math.round(bitrate), shown, dropped, stalls },
      delay: delay === undefined ? undefined : Math.round(delay),
      ...{ target: Math.round(target), buffer: Math.round(buffer), rate: Number(rate.toFixed(3)) },
      ...{ jitter: Number(jitter.toFixed(1)), frameRate: Number(frameRate.toFixed(2)) },
      roundTrip: roundTrip === undefined ? undefined : Number(roundTrip.toFixed(1)),
    });
    if (this.#moments.length > MOMENTS) this.#moments.shift();
  }

  /** Keeps that something happened. */
  note(at: number, what: string): void {
    const now = Math.round(at);
    const before = this.#entries.at(-1);
    if (before?.what === what) {
      const times = (before.times ?? 1) + 1;
      this.#entries[this.#entries.length - 1] = { ...before, times, last: now };
      return;
    }
    this.#entries.push({ at: now, what });
    if (this.#entries.length > ENTRIES) this.#entries.shift();
  }
}
