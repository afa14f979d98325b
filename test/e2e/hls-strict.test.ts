import { afterAll, beforeAll, expect, test } from "vitest";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { checkHls } from "../support/hls-checker/check.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;

beforeAll(async () => {
  server = await startSluice();
});

afterAll(() => server.stop());

test("plain H.264 and AAC", async () => {
  const input = await counterClip({ video: "h264", audio: "aac", bFrames: 2, seconds: 40 });
  const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl("live/plain"), loops: 1 });
  try {
    const url = server.httpUrl("/streams/live/plain/index.m3u8");
    await publisher.child.line(/Output #0/);
    await new Promise((r) => setTimeout(r, 1000));
    const report = await checkHls({ url, seconds: Number(process.env.SECS ?? 7) });
    console.log(report.seen);
    expect(String(report)).toBe("");
  } finally {
    await publisher.stop();
  }
});
