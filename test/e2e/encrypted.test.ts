import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { publishWithCurl } from "../support/other-publishers.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// RTMPE by the two clients at hand that speak it, frame by frame.

let server: RunningSluice;

beforeAll(async () => {
  server = await startSluice();
});

afterAll(() => server.stop());

/** The same address, encrypted; even from this machine a key is needed then. */
function encrypted(url: string): string {
  const key = readFileSync(join(server.dataDir, "publish.key"), "utf8").trim();
  return `${url.replace(/^rtmp:/, "rtmpe:")}?key=${key}`;
}

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };

const ffmpeg8 = (clip: ClipOptions, seconds: number): Run => ({
  publish: async (url, beside) => {
    const input = await counterClip(clip);
    const { child } = publishWithFfmpeg8({ input, url: encrypted(url), beside, seconds });
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`FFmpeg 8 exited with ${code}\n${child.stderr()}`);
  },
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

/** It leaves with what the socket has not sent yet. */
const curl = (): Run => {
  let input = "";
  return {
    publish: async (url, beside) => {
      input = await counterClip(CLIP);
      await publishWithCurl({ input, url: encrypted(url), beside, seconds: 4 });
    },
    expected: () => expectedPackets(input),
    mayDropEnd: 500,
  };
};

describe.concurrent("RTMPE", { timeout: 60_000 }, () => {
  test("FFmpeg 8 publishes, leaves and comes back", async () => {
    const hevc: ClipOptions = { video: "hevc", audio: "opus", bFrames: 3 };
    await accountForBroadcast(server, "live/ffmpeg8", {
      runs: [ffmpeg8(CLIP, 3), ffmpeg8(hevc, 2)],
    });
  });

  test("curl publishes", async () => {
    await accountForBroadcast(server, "live/curl", { runs: [curl()] });
    expect(server.logs()).toMatch(/"streamPath":"live\/curl".*"transport":"rtmpe"/);
  });
});

test("a publisher on this machine needs a key over RTMPE", async () => {
  const input = await counterClip(CLIP);
  const url = server.rtmpUrl("live/keyless").replace(/^rtmp:/, "rtmpe:");
  const { child } = publishWithFfmpeg8({ input, url, seconds: 3 });
  expect((await child.exited).code).not.toBe(0);
  expect(server.logs()).toContain("publish refused: A publish key is needed");
});

test("--rtmpe off refuses an encrypted handshake, and says what to use", async () => {
  const without = await startSluice(["--rtmpe", "off", "--open"]);
  try {
    const input = await counterClip(CLIP);
    const url = without.rtmpUrl("live/off").replace(/^rtmp:/, "rtmpe:");
    const { child } = publishWithFfmpeg8({ input, url, seconds: 3 });
    expect((await child.exited).code).not.toBe(0);
    expect(without.logs()).toContain("use rtmp:// or rtmps://");
  } finally {
    await without.stop();
  }
});
