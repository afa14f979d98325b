import { expect, test } from "vitest";
import type { PlayerStats } from "../../../web/player/player-stats.ts";
import { FlightLog } from "../../../web/watch/flight-log.ts";

const stats = {
  ...{ state: "live", transport: "websocket", delay: 110.4, target: 100, buffer: 99.6 },
  ...{ rate: 1.00049, jitter: 3.14, roundTrip: undefined, bitrate: 2_000_000.4 },
  ...{ frameRate: 29.97003, shown: 300, droppedByBrowser: 2, droppedByServer: 1, stalls: 0 },
} as PlayerStats;

test("FlightLog keeps the last minute", () => {
  const log = new FlightLog();
  for (let second = 0; second < 100; second += 1) log.measure(second * 1_000 + 0.7, stats);
  expect(log.moments).toHaveLength(60);
  expect(log.moments[0]?.at).toBe(40_001);
  expect(log.moments.at(-1)).toEqual({
    ...{ at: 99_001, state: "live", transport: "websocket", delay: 110, target: 100 },
    ...{ buffer: 100, rate: 1, jitter: 3.1, roundTrip: undefined, bitrate: 2_000_000 },
    ...{ frameRate: 29.97, shown: 300, dropped: 3, stalls: 0 },
  });
});

test("FlightLog counts what repeats, and forgets the oldest", () => {
  const log = new FlightLog();
  for (let n = 0; n < 1_000; n += 1) log.note(n, "stall");
  expect(log.entries).toEqual([{ at: 0, what: "stall", times: 1_000, last: 999 }]);
  for (let n = 0; n < 1_000; n += 1) log.note(n, `error ${n}`);
  expect(log.entries).toHaveLength(200);
  expect(log.entries.at(-1)).toEqual({ at: 999, what: "error 999" });
});
