import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CodedFrame, expectAccount } from "../support/accounting.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { playWith, type RtmpPlayer, type RtmpPlayerName } from "../support/rtmp-players.ts";
import { TagPlayer } from "../support/rtmp-tag-player.ts";
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

/** Resolves when so many have begun to play a live stream. */
async function untilPlayers(streamPath: string, count: number): Promise<void> {
  const one = `"streamPath":"${streamPath}"[^\\n]*"msg":"playing"[^]*`;
  await server.child.line(new RegExp(one.repeat(count)));
}

/** The frames of one kind that a player got. */
const framesOf = (player: RtmpPlayer, mediaType: "video" | "audio"): readonly CodedFrame[] =>
  player.packets().find((stream) => stream.mediaType === mediaType)?.frames ?? [];

describe.concurrent("RTMP play", { timeout: 60_000 }, () => {
  test.each<RtmpPlayerName>(["ffmpeg 5.1", "FFmpeg 8", "rtmpdump"])(
    "%s waits for a publisher, gets every frame, and ends when the broadcast does",
    async (client) => {
      const streamPath = `live/${client.toLowerCase().replace(/[^a-z0-9]/g, "-")}`;
      const url = server.rtmpUrl(streamPath);
      const beside = join(folder, `${streamPath.replace("/", "-")}.flv`);
      const watching = new WsViewer(server.wsUrl(streamPath));
      const early = playWith(client, url);
      let late: RtmpPlayer | undefined;
      try {
        await untilPlayers(streamPath, 1);
        const input = await counterClip(CLASSIC);
        const publisher = publishWithFfmpeg({ input, url, beside, loops: 0 });
        const middle = (viewer: WsViewer) => viewer.coded("video").length > 45;
        await watching.until("the middle of the second GOP", middle, 30_000);
        late = playWith(client, url);
        await untilPlayers(streamPath, 2);
        const enough = watching.coded("video").length + 45;
        const isEnough = (viewer: WsViewer) => viewer.coded("video").length >= enough;
        await watching.until("a second and a half with both", isEnough, 30_000);
        await publisher.stop();
        for (const player of [early, late]) expect(await player.ended).toBe(0);
        for (const { mediaType, frames } of expectedPackets(beside)) {
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

  test("HEVC goes to FFmpeg 8 where it says that it reads it, and its sound to everybody", async () => {
    const url = server.rtmpUrl("live/hevc");
    const beside = join(folder, "hevc.flv");
    const players = {
      silent: playWith("FFmpeg 8", url),
      named: playWith("FFmpeg 8", url, { codecs: ["hvc1"] }),
      asking: playWith("FFmpeg 8", `${url}?enhanced=1`),
      old: playWith("ffmpeg 5.1", url),
    };
    try {
      await untilPlayers("live/hevc", 4);
      const input = await counterClip({ video: "hevc", audio: "aac", bFrames: 2 });
      const publisher = publishWithFfmpeg8({ input, url, beside });
      expect((await publisher.child.exited).code).toBe(0);
      for (const [name, player] of Object.entries(players)) {
        expect(await player.ended, player.child.stderr()).toBe(0);
        for (const { mediaType, frames } of expectedPackets(beside, "ffmpeg8")) {
          const got = framesOf(player, mediaType);
          const isLeftOut = mediaType === "video" && (name === "silent" || name === "old");
          if (isLeftOut) expect(got).toEqual([]);
          else expectAccount(name, [frames], got, { mediaType });
        }
      }
      expect(server.logs().match(/PLAY_LEFT_OUT.*hvc1/g) ?? []).toHaveLength(2);
    } finally {
      for (const player of Object.values(players)) await player.close();
    }
  });

  test.each<{ name: string; clip: ClipOptions; codecs: string[] }>([
    { name: "AV1 and Opus", clip: { video: "av1", audio: "opus" }, codecs: ["av01", "Opus"] },
    { name: "VP9 and FLAC", clip: { video: "vp9", audio: "flac" }, codecs: ["vp09", "fLaC"] },
  ])("$name reach FFmpeg 8 frame by frame", async ({ name, clip, codecs }) => {
    const streamPath = `live/${name.toLowerCase().replaceAll(" ", "-")}`;
    const url = server.rtmpUrl(streamPath);
    const beside = join(folder, `${streamPath.replace("/", "-")}.flv`);
    const player = playWith("FFmpeg 8", url, { codecs });
    try {
      await untilPlayers(streamPath, 1);
      const publisher = publishWithFfmpeg8({ input: await counterClip(clip), url, beside });
      expect((await publisher.child.exited).code).toBe(0);
      expect(await player.ended, player.child.stderr()).toBe(0);
      for (const { mediaType, frames } of expectedPackets(beside, "ffmpeg8")) {
        expectAccount(name, [frames], framesOf(player, mediaType), { mediaType });
      }
    } finally {
      await player.close();
    }
  });

  test("a player holds on while the encoder's line is lost, and goes on with its return", async () => {
    const url = server.rtmpUrl("live/return");
    const player = playWith("ffmpeg 5.1", url);
    const watching = new WsViewer(server.wsUrl("live/return"));
    try {
      await untilPlayers("live/return", 1);
      const input = await counterClip(CLASSIC);
      const tags = readFlvFile(input);
      const published = expectedPackets(input);
      const first = await TagPublisher.open(url);
      await first.play(tags.filter(({ timestamp }) => timestamp < 1500));
      // A line that breaks takes along what the server has not read yet.
      for (const { mediaType, frames } of published) {
        const { length } = frames.filter(({ dts }) => dts < 1500);
        await watching.until("all that was sent", (one) => one.coded(mediaType).length >= length);
      }
      first.abort();
      await server.child.line(/"streamPath":"live\/return"[^\n]*"msg":"publishing ended"/);
      const second = await TagPublisher.open(url);
      await second.play(tags); // in its time: a player that does not follow loses pictures
      await second.finish();
      expect(await player.ended).toBe(0);
      for (const { mediaType, frames } of published) {
        const runs = [frames.filter(({ dts }) => dts < 1500), frames];
        const got = framesOf(player, mediaType);
        expectAccount("the player", runs, got, { mediaType });
      }
    } finally {
      await player.close();
      await watching.close();
    }
  });

  test("a player that reads nothing for a while keeps sound, and loses pictures up to a sync sample", async () => {
    const url = server.rtmpUrl("live/slow");
    const [slow, other] = [await TagPlayer.open(url), await TagPlayer.open(url)];
    try {
      const input = await counterClip({ ...CLASSIC, seconds: 12 });
      const tags = readFlvFile(input)
        .filter(({ kind, payload }) => kind === "audio" || isPicture(kind, payload))
        .map((tag) => (isPicture(tag.kind, tag.payload) ? padded(tag, 40_000) : tag));
      const publisher = await TagPublisher.open(url);
      slow.pause();
      // No faster than one who does read takes it: on a busy machine that one would lose pictures, too.
      for (let at = 0; at < tags.length; at += PORTION) {
        await publisher.play(tags.slice(at, at + PORTION), 0);
        await other.until("the portion before", (one) => one.tags.length >= at);
      }
      await publisher.finish();
      await other.ended();
      expect(other.tags).toHaveLength(tags.length);
      slow.resume();
      await slow.ended();
      const sound = ({ kind }: Tag) => kind === "audio";
      expect(slow.tags.filter(sound).map(({ payload }) => hashOf(payload))).toEqual(
        tags.filter(sound).map(({ payload }) => hashOf(payload)),
      );
      const pictures = tags.filter(({ kind }) => kind === "video");
      const places = new Map(pictures.map(({ payload }, index) => [hashOf(payload), index]));
      const got = slow.tags
        .filter(({ kind }) => kind === "video")
        .map(({ payload }) => ({ payload, place: places.get(hashOf(payload)) ?? -1 }));
      expect(got.length).toBeLessThan(pictures.length);
      for (const [index, { payload, place }] of got.entries()) {
        const before = got[index - 1]?.place ?? -1;
        expect(place).toBeGreaterThan(before);
        if (place > before + 1) expect(payload[0]).toBe(0x17); // a sync sample
      }
    } finally {
      slow.close();
      other.close();
    }
  });
});

/** So many tags are on the way to a player at once: with their filler data 2 MB. */
const PORTION = 50;

/** A picture or a configuration: everything in a video tag of AVC but its end of sequence. */
const isPicture = (kind: string, payload: Uint8Array): boolean =>
  kind === "video" && payload[1] !== 2;

/** The same with a NAL unit of filler data behind a picture: so that it is a large one. */
function padded(tag: Tag, size: number): Tag {
  if (tag.payload[1] !== 1) return tag;
  const filler = Buffer.alloc(4 + size);
  filler.writeUInt32BE(size);
  filler.writeUInt8(12, 4);
  return { ...tag, payload: Buffer.concat([tag.payload, filler]) };
}

const hashOf = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
