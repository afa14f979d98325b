import { advice } from "./advice.ts";
import { type Check, firstVideo, say, tracksOf } from "./check.ts";
import { count, megabits, percent, seconds, tens } from "./figure-words.ts";

/** Nothing came for so long (ms): nobody thinks of a hiccup any more. */
const STANDING = 4000;

/** bits/s that many a household's line does not carry. */
const HIGH_BITRATE = 25e6;

/** How the broadcast arrives: whether, in time, evenly, and how much. */
export const ARRIVAL_CHECKS: readonly Check[] = [
  {
    code: "NO_MEDIA",
    severity: "error",
    after: 2000,
    see: ({ age, bytes, encoder }) =>
      age >= 3000 && bytes === 0
        ? `The encoder is connected and sends no picture or sound: ${advice(encoder.kind, "source")}`
        : undefined,
  },
  {
    code: "STANDS_STILL",
    severity: "error",
    after: 0,
    unless: ["NO_MEDIA"],
    see: (vitals) => {
      const { current } = vitals.pause;
      if (vitals.bytes === 0 || current <= STANDING) return undefined;
      const what = `Nothing came for ${Math.floor(current / 1000)} s: the encoder or its line stands still`;
      return say(vitals, "standstill", what);
    },
  },
  {
    code: "ARRIVAL_STALLS",
    severity: "warning",
    after: 0,
    unless: ["NO_MEDIA", "STANDS_STILL"],
    see: (vitals, isFound) => {
      const { pause, stalls, bitrate } = vitals;
      const isLong = pause.longest > 3000 && vitals.age > 5000;
      if (!isLong && stalls < (isFound ? 1 : 3)) return undefined;
      const longest = seconds(pause.longest);
      const isOne = isLong && 1000 * stalls <= pause.longest + 1000;
      if (isOne) {
        const what = `Nothing came for ${longest} within the last minute, as where an encoder or its line stands still`;
        return say(vitals, "standstill", what);
      }
      const what = `The broadcast comes in bursts, with up to ${longest} of nothing, as on a line that is too slow for it (${megabits(bitrate.mean)} came through)`;
      return say(vitals, "bitrate", what);
    },
  },
  {
    code: "SLOWER_THAN_TIME",
    severity: "warning",
    after: 5000,
    unless: ["ARRIVAL_STALLS", "TIMESTAMPS_DISORDERED"],
    see: (vitals, isFound) => {
      const { speed = 1, pause } = vitals;
      if (speed >= (isFound ? 0.98 : 0.95) || pause.current > 1000) return undefined;
      const what = `Only ${percent(speed)} of each second arrives: the encoder or its line is too slow`;
      return say(vitals, "load", what);
    },
  },
  {
    code: "FASTER_THAN_TIME",
    severity: "warning",
    after: 5000,
    unless: ["ARRIVAL_STALLS", "STANDS_STILL"], // what was held back comes at once
    see: (vitals, isFound) => {
      const { speed = 1 } = vitals;
      if (speed <= (isFound ? 1.03 : 1.1)) return undefined;
      const what = `It is sent ${speed.toFixed(1)} times as fast as it is to be shown: viewers fall behind`;
      return say(vitals, "pace", what);
    },
  },
  {
    code: "TIMESTAMP_JUMPS",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const jumps = vitals.jumps.recent;
      const what = `The timestamps jumped ${jumps === 1 ? "once" : `${jumps} times`} in the last minute: viewers see a cut`;
      return jumps > 0 ? say(vitals, "source", what) : undefined;
    },
  },
  {
    code: "TIMESTAMPS_DISORDERED",
    severity: "warning",
    after: 0,
    see: (vitals, isFound) => {
      const worst = vitals.tracks.reduce((most, { disorder }) => Math.max(most, disorder), 0);
      if (worst < (isFound ? 1 : 3)) return undefined;
      const what = `Timestamps stood still or went backwards in ${worst} of the last 30 seconds, and what is shown stutters`;
      return say(vitals, "source", what);
    },
  },
  {
    code: "MESSAGES_DROPPED",
    severity: "warning",
    after: 0,
    see: (vitals) => {
      const { recent } = vitals.badMessages;
      if (recent === 0) return undefined;
      const what = `${count(recent, "message")} of the last minute could not be understood and ${recent === 1 ? "was" : "were"} dropped (the server's log says why)`;
      return say(vitals, "restart", what);
    },
  },
  {
    code: "ARRIVAL_JITTER",
    severity: "warning",
    after: 10_000, // what is behind it, a slow encoder or a line that stalls, is known by then
    unless: ["ARRIVAL_STALLS", "SLOWER_THAN_TIME", "FASTER_THAN_TIME"],
    see: (vitals, isFound) => {
      const pictures = firstVideo(vitals);
      const jitter = (pictures ?? tracksOf(vitals, "audio")[0])?.jitter ?? 0;
      if (jitter <= (isFound ? 80 : 120)) return undefined;
      const what = `${pictures === undefined ? "Sound arrives" : "Pictures arrive"} unevenly, up to ${tens(jitter)} ms late, and players hold more for it: use a cable in place of Wi-Fi, or`;
      return `${what} ${advice(vitals.encoder.kind, "bitrate")}`;
    },
  },
  {
    code: "BITRATE_UNSTEADY",
    severity: "info",
    after: 0,
    unless: ["ARRIVAL_STALLS", "FASTER_THAN_TIME"],
    see: (vitals, isFound) => {
      const { swell, bitrate, age } = vitals;
      if (age < 20_000 || bitrate.mean < 200_000) return undefined;
      if (swell < bitrate.mean * (isFound ? 2 : 2.5)) return undefined;
      const what = `The bitrate swells to ${megabits(swell)}, ${(swell / bitrate.mean).toFixed(1)} times its mean, and lines stall on that`;
      return say(vitals, "rate-control", what);
    },
  },
  {
    code: "BITRATE_HIGH",
    severity: "info",
    after: 10_000,
    see: (vitals, isFound) => {
      const { mean } = vitals.bitrate;
      if (vitals.age < 20_000 || mean <= HIGH_BITRATE * (isFound ? 0.9 : 1)) return undefined;
      const what = `${megabits(mean)} is more than the lines of many viewers carry`;
      return say(vitals, "bitrate", what);
    },
  },
  {
    code: "CLOCK_DRIFT",
    severity: "info",
    after: 10_000,
    unless: ["SLOWER_THAN_TIME", "FASTER_THAN_TIME", "ARRIVAL_STALLS"],
    see: (vitals, isFound) => {
      const { drift } = vitals;
      if (drift === undefined || drift.over < 110_000) return undefined;
      if (Math.abs(drift.ppm) <= (isFound ? 400 : 600)) return undefined;
      const way = drift.ppm > 0 ? "fast" : "slow";
      const each = seconds(Math.abs(drift.ppm) * 3.6);
      return say(vitals, "source", `The encoder's clock is ${way} by ${each} an hour`);
    },
  },
];
