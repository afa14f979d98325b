import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccount } from "../support/accounting.ts";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { publishWithCurl } from "../support/other-publishers.ts";
import { playWith } from "../support/rtmp-players.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// RTMPE and RTMPTE by the clients at hand that speak them, frame by frame.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-encrypted-"));
  server = await startSluice(["--grace-period", "2"]);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Scheme = "rtmpe" | "rtmpte";

/** The same address, encrypted. */
const encrypted = (url: string, scheme: Scheme): string => url.replace(/^rtmp:/, `${scheme}:`);
/** Even from this machine a key is needed then. */
const withKey = (url: string): string => `${url}?key=${server.publishKey}`;

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };

const ffmpeg8 = (scheme: Scheme, clip: ClipOptions, seconds: number): Run => ({
  publish: async (plain, beside) => {
    const url = withKey(encrypted(plain, scheme));
    const { child } = publishWithFfmpeg8({ input: await counterClip(clip), url, beside, seconds });
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`FFmpeg 8 exited with ${code}\n${child.stderr()}`);
  },
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
  // What it has not sent when it closes the tunnel it drops.
  ...(scheme === "rtmpte" && { mayDropEnd: 500 }),
});

/** It leaves with what the socket has not sent yet. */
const curl = (scheme: Scheme): Run => {
  let input = "";
  return {
    publish: async (plain, beside) => {
      input = await counterClip(CLIP);
      const url = withKey(encrypted(plain, scheme));
      await publishWithCurl({ input, url, beside, seconds: 4 });
    },
    expected: () => expectedPackets(input),
    mayDropEnd: 500,
  };
};

describe.concurrent.each<Scheme>(["rtmpe", "rtmpte"])("%s", { timeout: 60_000 }, (scheme) => {
  test("FFmpeg 8 publishes, leaves and comes back", async () => {
    const hevc: ClipOptions = { video: "hevc", audio: "opus", bFrames: 3 };
    await accountForBroadcast(server, `live/ffmpeg8-${scheme}`, {
      runs: [ffmpeg8(scheme, CLIP, 3), ffmpeg8(scheme, hevc, 2)],
    });
  });

  test("curl publishes", async () => {
    await accountForBroadcast(server, `live/curl-${scheme}`, { runs: [curl(scheme)] });
    const line = new RegExp(`"streamPath":"live/curl-${scheme}".*"transport":"${scheme}"`);
    expect(server.logs()).toMatch(line);
  });

  test.each(["rtmpdump", "FFmpeg 8"] as const)("%s plays", async (client) => {
    const streamPath = `live/${scheme}-to-${client.toLowerCase().replace(" ", "-")}`;
    const plain = server.rtmpUrl(streamPath);
    const beside = join(folder, `${streamPath.replace("/", "-")}.flv`);
    const player = playWith(client, encrypted(plain, scheme));
    try {
      await server.child.line(new RegExp(`"streamPath":"${streamPath}"[^\\n]*"msg":"playing"`));
      const publisher = publishWithFfmpeg({ input: await counterClip(CLIP), url: plain, beside });
      expect((await publisher.child.exited).code).toBe(0);
      expect(await player.ended).toBe(0);
      const got = player.packets();
      for (const { mediaType, frames } of expectedPackets(beside)) {
        const received = got.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
        expectAccount(client, [frames], received, { mediaType });
      }
    } finally {
      await player.close();
    }
  });
});

test("a publisher on this machine needs a key over RTMPE", async () => {
  const input = await counterClip(CLIP);
  const url = encrypted(server.rtmpUrl("live/keyless"), "rtmpe");
  const { child } = publishWithFfmpeg8({ input, url, seconds: 3 });
  expect((await child.exited).code).not.toBe(0);
  expect(server.logs()).toContain("publish refused: A publish key is needed");
});

test("--rtmpe off refuses an encrypted handshake, and says what to use", async () => {
  const without = await startSluice(["--rtmpe", "off", "--open"]);
  try {
    const input = await counterClip(CLIP);
    const url = encrypted(without.rtmpUrl("live/off"), "rtmpe");
    const { child } = publishWithFfmpeg8({ input, url, seconds: 3 });
    expect((await child.exited).code).not.toBe(0);
    expect(without.logs()).toContain("use rtmp:// or rtmps://");
  } finally {
    await without.stop();
  }
});
