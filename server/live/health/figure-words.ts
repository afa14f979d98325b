import type { Milliseconds } from "../../protocol/media/sample.ts";

/** "1.2 s" */
export const seconds = (ms: Milliseconds): string => `${Number((ms / 1000).toFixed(1))} s`;

/** "640 kbit/s", "2.1 Mbit/s" */
export const megabits = (bitrate: number): string =>
  bitrate < 1e6 ? `${Math.round(bitrate / 1e3)} kbit/s` : `${(bitrate / 1e6).toFixed(1)} Mbit/s`;

/** "80 %" */
export const percent = (part: number): string => `${Math.round(100 * part)} %`;

/** "29.9" */
export const rate = (perSecond: number): string => `${Number(perSecond.toFixed(1))}`;

/** To the next ten: what follows is no more exact. */
export const tens = (ms: Milliseconds): number => 10 * Math.round(ms / 10);

/** "1 picture", "3 pictures" */
export const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? "" : "s"}`;
