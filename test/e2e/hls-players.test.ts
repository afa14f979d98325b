import { afterAll, beforeAll, expect, test } from "vitest";
import { counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { playInBrowser } from "../support/hls-players.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// Somebody else's page with somebody else's player; the matrix has more of them, for a minute each.

let server: RunningSluice;
let publisher: Publisher;

beforeAll(async () => {
  server = await startSluice();
  const input = await counterClip({ video: "h264", audio: "aac", bFrames: 2, seconds: 40 });
  publisher = publishWithFfmpeg({ input, url: server.rtmpUrl("live/players") });
  await server.child.line(/"live\/players".*"publishing"/);
});

afterAll(async () => {
  await publisher.stop();
  await server.stop();
});

test("hls.js plays in low latency, without a word and without a stop", async () => {
  const streamPath = "live/players";
  const account = await playInBrowser("hls.js", server, { streamPath, seconds: 5 });
  const { counters, decoded, complaints, stalls, latency } = account;
  expect(complaints).toEqual([]);
  expect(stalls).toBe(0);
  expect(latency).toBeLessThan(2.5);
  const [first = 0] = counters;
  const span = (counters.at(-1) ?? 0) - first + 1;
  expect(span).toBeGreaterThan(100);
  expect(counters.toSorted((a, b) => a - b)).toEqual(counters);
  // The test looks at pictures as they are shown, and may miss some; the decoder has each.
  expect(decoded).toBeGreaterThanOrEqual(span);
});
