import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountFor } from "../support/accounting.ts";
import { asHevcUnderCodecId12, byFourCc } from "../support/constructed-tags.ts";
import { readCounter } from "../support/counter.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { decodeWarnings } from "../support/decode-check.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, shiftTags, type Tag, writeFlvFile } from "../support/flv-file.ts";
import { codedFrame, readInit, readSamples } from "../support/fmp4.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";

// The bench itself: what it measures with must agree with FFmpeg before it judges anything else.

const CLIPS: readonly ClipOptions[] = [
  { video: "h264", audio: "aac", bFrames: 3 },
  { video: "hevc", audio: "opus", bFrames: 2 },
  { video: "av1", audio: "flac", width: 426, height: 240 },
  { video: "vp9", audio: "eac3" },
];

let folder: string;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-support-"));
  for (const clip of CLIPS) await counterClip(clip);
});

test.each(CLIPS)("every picture of a $video clip shows its number", async (options) => {
  const path = await counterClip(options);
  const [width, height] = [320, 180];
  const format = ["-vf", `scale=${width}:${height}`, "-f", "rawvideo", "-pix_fmt", "gray", "-"];
  const args = ["-v", "error", "-i", path, "-vsync", "passthrough", ...format];
  const { stdout } = spawnSync("ffmpeg", args, { maxBuffer: 2 ** 28 });
  const size = width * height;
  const counters = Array.from({ length: stdout.length / size }, (_, index) =>
    readCounter(stdout.subarray(index * size, (index + 1) * size), width, height),
  );
  expect(counters).toEqual(Array.from({ length: 120 }, (_, index) => index));
});

test.each(["video", "audio"] as const)(
  "readSamples agrees with ffprobe on %s",
  async (mediaType) => {
    const path = await counterClip({ video: "h264", audio: "aac", bFrames: 3 });
    const flags = "+empty_moov+default_base_moof+frag_every_frame+negative_cts_offsets";
    const stream = mediaType === "video" ? "0:v" : "0:a";
    const args = ["-v", "error", "-i", path, "-map", stream, "-c", "copy", "-movflags", flags];
    const { stdout } = spawnSync("ffmpeg", [...args, "-f", "mp4", "-"], { maxBuffer: 2 ** 28 });
    const moof = stdout.indexOf("moof", 0, "latin1") - 4;
    const end = stdout.indexOf("mfra", 0, "latin1") - 4;
    const init = readInit(stdout.subarray(0, moof));
    const got = readSamples(stdout.subarray(moof, end), init).map((sample) =>
      codedFrame(sample, init.timescale),
    );
    const due = expectedPackets(path).find((candidate) => candidate.mediaType === mediaType);
    // This muxer moves a track by its first composition offset: the hashes and times are the point.
    const offset = (got[0]?.compositionOffset ?? 0) - (due?.frames[0]?.compositionOffset ?? 0);
    const moved = got.map((frame) => ({
      ...frame,
      compositionOffset: Math.round(frame.compositionOffset - offset),
      dts: Math.round(frame.dts),
    }));
    expect(accountFor([due?.frames ?? []], moved, { mediaType })).toBeUndefined();
  },
);

test.each<[string, ClipOptions, (tags: readonly Tag[]) => Tag[]]>([
  ["byFourCc (H.264, AAC)", { video: "h264", audio: "aac", bFrames: 3 }, byFourCc],
  ["byFourCc (H.264, MP3)", { video: "h264", audio: "mp3" }, byFourCc],
  ["shiftTags", { video: "h264", audio: "aac" }, (tags) => shiftTags(tags, 2 ** 32 - 1500)],
])("FFmpeg 8 reads the same packets from a capture rewritten by %s", async (_, clip, rewrite) => {
  const source = await counterClip(clip);
  const rewritten = join(folder, "rewritten.flv");
  writeFlvFile(rewritten, rewrite(readFlvFile(source)));
  const got = expectedPackets(rewritten, "ffmpeg8");
  for (const { mediaType, frames } of expectedPackets(source)) {
    const same = got.find((stream) => stream.mediaType === mediaType)?.frames ?? [];
    expect(accountFor([frames], same, { mediaType })).toBeUndefined();
  }
});

test("FFmpeg 8 reads the same packets from HEVC under codec id 12", async () => {
  const beside = join(folder, "hevc.flv");
  const url = join(folder, "unused.flv");
  const input = await counterClip({ video: "hevc", audio: "opus", bFrames: 2 });
  const { child } = publishWithFfmpeg8({ input, url, beside, rate: 0 });
  expect(await child.exited).toMatchObject({ code: 0 });
  const rewritten = join(folder, "codec-id-12.flv");
  writeFlvFile(rewritten, asHevcUnderCodecId12(readFlvFile(beside)));
  const [due] = expectedPackets(beside, "ffmpeg8");
  const [got] = expectedPackets(rewritten, "ffmpeg8");
  expect(got).toMatchObject({ mediaType: "video", codec: "hevc" });
  const video = { mediaType: "video" } as const;
  expect(accountFor([due?.frames ?? []], got?.frames ?? [], video)).toBeUndefined();
});

test("decodeWarnings is silent about a good file and tells of a broken one", async () => {
  const file = readFileSync(await counterClip({ video: "h264", audio: "aac", bFrames: 3 }));
  expect(await decodeWarnings(file)).toBe("");
  const broken = Uint8Array.from(file);
  broken.fill(0, 20_000, 21_000);
  expect(await decodeWarnings(broken)).not.toBe("");
});
