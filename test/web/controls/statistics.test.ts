import { expect, test } from "vitest";
import { FiguresOfMinute } from "../../../web/controls/figures.ts";
import { ENGLISH } from "../../../web/controls/language.ts";
import { statisticsLines, statisticsText } from "../../../web/controls/statistics.ts";
import type { PlayerStats } from "../../../web/player/player-stats.ts";

const stats = {
  state: "live",
  transport: "websocket",
  reason: "best",
  engine: "mse",
  delay: 118.4,
  buffer: 101,
  target: 100,
  rate: 1.02,
  stalls: 1,
  droppedByBrowser: 2,
  droppedByServer: 30,
  codecs: ["avc1.64001f", "mp4a.40.2"],
  width: 1280,
  height: 720,
  frameRate: 29.97,
  bitrate: 2_450_000,
  reorderDelay: 66,
  jitter: 12,
  roundTrip: undefined,
} as unknown as PlayerStats;

test("statisticsLines tells everything as people read it", () => {
  const minute = new FiguresOfMinute();
  for (let at = 0; at < 100; at += 1) minute.push({ at, delay: at, buffer: 0, bitrate: 0 });
  const lines = statisticsLines(stats, minute, ENGLISH);
  const value = Object.fromEntries(lines.map(({ name, value }) => [name, value]));
  expect(value).toMatchObject({
    statDelay: "118 ms · p50 50 ms · p95 95 ms",
    statTarget: "100 ms",
    statBuffer: "101 ms",
    statRate: "1.02×",
    statDropped: "2 here, 30 by the server",
    statStalls: "1",
    statBitrate: "2.5 Mbit/s",
    statFrameRate: "29.97 fps",
    statCodec: "H.264 (avc1.64001f), AAC (mp4a.40.2)",
    statSize: "1280 × 720",
    statTransport: "WebSocket (best)",
    statEngine: "mse",
    statReorder: "66 ms",
    statJitter: "12 ms",
    statRoundTrip: "–",
  });
});

test("statisticsLines tells of all of the way where the encoder's clock is known", () => {
  const stamped = { ...stats, encoderDelay: 41, encoderDelayIsWhole: true };
  const lines = statisticsLines(stamped, new FiguresOfMinute(), ENGLISH);
  expect(lines[1]).toEqual({ name: "statEye", value: "159 ms" });
});

test("statisticsText is a line for each, and all that is known in one more", () => {
  const lines = statisticsText(stats, new FiguresOfMinute(), ENGLISH).split("\n");
  expect(lines[0]).toBe("Delay: 118 ms");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ jitter: 12 });
});
