import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CodedFrame, expectAccount } from "../support/accounting.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { playWith, type RtmpPlayer, type RtmpPlayerName } from "../support/rtmp-players.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-play-"));
  server = await startSluice(["--grace-period", "2"]);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CLASSIC: ClipOptions = { video: "h264", audio: "aac", bFrames: 2 };

/** Resolves when the server has logged this of a live stream. */
const logged = (streamPath: string, message: string) =>
  server.child.line(new RegExp(`"streamPath":"${streamPath}"[^\\n]*"msg":"${message}"`));

/** The frames of one kind that a player got. */
const framesOf = (player: RtmpPlayer, mediaType: "video" | "audio"): readonly CodedFrame[] =>
  player.packets().find((stream) => stream.mediaType === mediaType)?.frames ?? [];

describe.concurrent("RTMP play", { timeout: 60_000 }, () => {
  test.each<{ client: RtmpPlayerName; endsByItself?: boolean; repackages?: boolean }>([
    { client: "ffmpeg 5.1" },
    { client: "FFmpeg 8" },
    { client: "rtmpdump" },
    { client: "rtmp2src" },
    // It connects again when a broadcast ends, and waits for the next one.
    { client: "rtmpsrc", endsByItself: false },
    // It writes parameter sets into the pictures, and begins sound with the first of them.
    { client: "VLC", repackages: true },
  ])(
    "$client waits for a publisher, gets every frame, and ends when the broadcast does",
    async ({ client, endsByItself = true, repackages = false }) => {
      const streamPath = `live/${client.toLowerCase().replace(/[^a-z0-9]/g, "-")}`;
      const url = server.rtmpUrl(streamPath);
      const beside = join(folder, `${streamPath.replace("/", "-")}.flv`);
      const watching = new WsViewer(server.wsUrl(streamPath));
      const early = playWith(client, url);
      let late: RtmpPlayer | undefined;
      try {
        await logged(streamPath, "playing");
        const input = await counterClip(CLASSIC);
        const publisher = publishWithFfmpeg({ input, url, beside });
        const middle = (viewer: WsViewer) => viewer.coded("video").length > 45;
        await watching.until("the middle of the second GOP", middle, 30_000);
        late = playWith(client, url);
        expect((await publisher.child.exited).code).toBe(0);
        for (const player of [early, late]) {
          if (endsByItself) expect(await player.ended).toBe(0);
        }
        if (!endsByItself) {
          await logged(streamPath, "playing ended");
          await early.child.stop("SIGKILL");
          await late.child.stop("SIGKILL");
        }
        for (const { mediaType, frames } of expectedPackets(beside)) {
          if (repackages) {
            const most = mediaType === "video" ? frames.length : frames.length - 10;
            expect(framesOf(early, mediaType).length).toBeGreaterThanOrEqual(most);
            expect(framesOf(late, mediaType).length).toBeGreaterThan(frames.length / 2);
            continue;
          }
          expectAccount("early", [frames], framesOf(early, mediaType), { mediaType });
          expectAccount("late", [frames], framesOf(late, mediaType), { mediaType, joined: "late" });
        }
        const codecs = early.packets().map(({ codec }) => codec);
        expect(codecs.sort()).toEqual(["aac", "h264"]);
      } finally {
        await early.close();
        await late?.close();
        await watching.close();
      }
    },
  );
});
