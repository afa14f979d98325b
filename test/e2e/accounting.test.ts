import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import {
  asHevcUnderCodecId12,
  byFourCc,
  constructedTags,
  interleave,
} from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, shiftTags, type Tag } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-clips-"));
  server = await startSluice();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

/** Seconds of media in the first run and in the one after the restart. */
const [FIRST, SECOND] = [3, 2];

async function finished({ child }: Publisher): Promise<void> {
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`The publisher exited with ${code}\n${child.stderr()}`);
}

/** Debian's ffmpeg. */
const ffmpeg = (clip: ClipOptions, seconds: number, startMs = 0): Run => ({
  publish: async (url, beside) =>
    finished(publishWithFfmpeg({ input: await counterClip(clip), url, beside, seconds, startMs })),
});

/** FFmpeg 8 through node-av. */
const ffmpeg8 = (clip: ClipOptions, seconds: number, startMs = 0): Run => ({
  publish: async (url, beside) =>
    finished(publishWithFfmpeg8({ input: await counterClip(clip), url, beside, seconds, startMs })),
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

/** A constructed capture: tags over a socket. `source` is the file that ffprobe reads. */
const tags = (list: readonly Tag[], source: string): Run => ({
  publish: async (url) => {
    const publisher = await TagPublisher.open(url);
    await publisher.play(list);
    await publisher.finish();
  },
  expected: () => expectedPackets(source),
});

describe.concurrent("frame accounting", { timeout: 60_000 }, () => {
  test.each<[string, ClipOptions]>([
    ["H.264 without B-frames and AAC", { video: "h264", audio: "aac" }],
    ["H.264 with B-frames and AAC", { video: "h264", audio: "aac", bFrames: 3 }],
    ["H.264 with open GOPs and MP3", { video: "h264", audio: "mp3", bFrames: 2, openGop: true }],
    ["H.264 alone, at 24 pictures a second", { video: "h264", audio: "none", frameRate: 24 }],
    ["AAC alone, 44.1 kHz mono", { video: "none", audio: "aac", sampleRate: 44_100, channels: 1 }],
    ["MP3 alone", { video: "none", audio: "mp3" }],
  ])("ffmpeg 5.1: %s", async (name, clip) => {
    await accountForBroadcast(server, `live/classic-${slug(name)}`, {
      runs: [ffmpeg(clip, FIRST), ffmpeg(clip, SECOND)],
      lateDecodes: clip.openGop !== true,
    });
  });

  test.each<[string, ClipOptions]>([
    ["HEVC without B-frames and AAC", { video: "hevc", audio: "aac" }],
    ["HEVC with B-frames and Opus", { video: "hevc", audio: "opus", bFrames: 3 }],
    ["AV1 and Opus", { video: "av1", audio: "opus" }],
    ["VP9 and FLAC", { video: "vp9", audio: "flac" }],
    ["H.264 with B-frames and AC-3", { video: "h264", audio: "ac3", bFrames: 2 }],
    ["H.264 and E-AC-3", { video: "h264", audio: "eac3" }],
    ["H.264 and MP3", { video: "h264", audio: "mp3" }],
  ])("FFmpeg 8: %s", async (name, clip) => {
    await accountForBroadcast(server, `live/enhanced-${slug(name)}`, {
      runs: [ffmpeg8(clip, FIRST), ffmpeg8(clip, SECOND)],
    });
  });

  test("another encoder comes back: HEVC and Opus after H.264 and AAC", async () => {
    await accountForBroadcast(server, "live/another", {
      runs: [
        ffmpeg({ video: "h264", audio: "aac", bFrames: 3 }, FIRST),
        ffmpeg8({ video: "hevc", audio: "aac", width: 320, height: 180 }, SECOND),
      ],
    });
  });

  // FFmpeg masks the highest bit of a timestamp: to it, the clock ends at 2^31.
  test.each<[string, Run]>([
    ["0xFFFFFF", ffmpeg({ video: "h264", audio: "aac", bFrames: 3 }, FIRST, 0xffffff - 1500)],
    ["2^31", ffmpeg({ video: "h264", audio: "aac", bFrames: 3 }, FIRST, 2 ** 31 - 1500)],
  ])("ffmpeg 5.1 begins just before %s ms", async (boundary, run) => {
    await accountForBroadcast(server, `live/before-${slug(boundary)}`, { runs: [run] });
  });

  test.each<[string, number]>([
    ["0xFFFFFF", 0xffffff - 1500],
    ["2^31", 2 ** 31 - 1500],
  ])("FFmpeg 8 begins just before %s ms", async (boundary, startMs) => {
    await accountForBroadcast(server, `live/enhanced-before-${slug(boundary)}`, {
      runs: [ffmpeg8({ video: "hevc", audio: "opus", bFrames: 3 }, FIRST, startMs)],
    });
  });

  test.each([0xffffff, 2 ** 31, 2 ** 32])(
    "constructed: a capture of H.264 and AAC begins just before %i ms",
    async (boundary) => {
      const source = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
      const capture = shiftTags(readFlvFile(source), boundary - 1500);
      await accountForBroadcast(server, `live/constructed-${boundary}`, {
        runs: [tags(capture, source)],
      });
    },
  );

  test.each<[string, ClipOptions]>([
    ["H.264 and AAC", { video: "h264", audio: "aac", bFrames: 3 }],
    ["H.264 and MP3", { video: "h264", audio: "mp3" }],
  ])("constructed: %s by FourCC", async (name, clip) => {
    const source = await counterClip(clip);
    await accountForBroadcast(server, `live/fourcc-${slug(name)}`, {
      runs: [tags(byFourCc(readFlvFile(source)), source)],
    });
  });

  test("constructed: HEVC under codec id 12", async () => {
    const input = await counterClip({ video: "hevc", audio: "aac", bFrames: 3 });
    const capture = join(folder, "hevc.flv");
    await finished(
      publishWithFfmpeg8({ input, url: join(folder, "unused.flv"), beside: capture, rate: 0 }),
    );
    await accountForBroadcast(server, "live/codec-id-12", {
      runs: [
        {
          ...tags(asHevcUnderCodecId12(readFlvFile(capture)), capture),
          expected: () => expectedPackets(capture, "ffmpeg8"),
        },
      ],
    });
  });

  test("constructed: Speex cannot be played, and the pictures beside it are", async () => {
    const source = await counterClip({ video: "h264", audio: "none" });
    const capture = interleave(readFlvFile(source), constructedTags("Speex", 4));
    await accountForBroadcast(server, "live/speex", { runs: [tags(capture, source)] });
  });
});

const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
