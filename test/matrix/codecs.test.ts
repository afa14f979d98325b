import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { accountForBroadcast, type BroadcastOptions, type Run } from "../support/broadcast.ts";
import {
  asHevcUnderCodecId12,
  byFourCc,
  type ConstructedCodec,
  constructedTags,
  interleave,
  vp8Tags,
} from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { encodeWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import {
  constructed,
  FFMPEG,
  FFMPEG_8,
  ffmpeg,
  ffmpeg8,
  finished,
  inWords,
  TEST_CLIENT,
} from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SHORT } from "./seconds.ts";

// Every codec, end to end: by a real encoder where there is one.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-matrix-"));
  server = await startSluice();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function account(
  { task }: TestContext,
  row: Omit<Row, "table" | "account">,
  options: BroadcastOptions & { unplayable?: string },
): Promise<void> {
  task.meta.row = { table: "codecs", ...row };
  const { client, published } = row;
  const slug = `${client} ${published}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const result = await accountForBroadcast(server, `live/${slug}`, options);
  if (options.unplayable !== undefined) {
    const announced = result.waiting.received("tracks").flatMap(({ unplayable }) => unplayable);
    expect(announced.map(({ codecName }) => codecName)).toContain(options.unplayable);
    expect(server.logs()).toContain(options.unplayable);
  }
  task.meta.row = { table: "codecs", ...row, account: inWords(result) };
}

describe.concurrent("codecs", () => {
  test.for<[string, ClipOptions]>([
    ["H.264, AAC", { video: "h264", audio: "aac" }],
    ["H.264 with B-frames, AAC", { video: "h264", audio: "aac", bFrames: 3 }],
    ["H.264, MP3", { video: "h264", audio: "mp3" }],
    ["AAC alone, 44.1 kHz mono", { video: "none", audio: "aac", sampleRate: 44_100, channels: 1 }],
    ["MP3 alone", { video: "none", audio: "mp3" }],
    ["MP3 alone, 22.05 kHz", { video: "none", audio: "mp3", sampleRate: 22_050 }],
  ])("ffmpeg: %s", async ([published, clip], context) => {
    const runs = [ffmpeg(clip, SHORT), ffmpeg(clip, SHORT)];
    await account(context, { client: FFMPEG, published }, { runs });
  });

  test.for<[string, ClipOptions]>([
    ["HEVC, AAC", { video: "hevc", audio: "aac" }],
    ["HEVC with B-frames, Opus", { video: "hevc", audio: "opus", bFrames: 3 }],
    ["AV1, Opus", { video: "av1", audio: "opus" }],
    ["VP9, FLAC", { video: "vp9", audio: "flac" }],
    ["H.264 with B-frames, AC-3", { video: "h264", audio: "ac3", bFrames: 2 }],
    ["H.264, E-AC-3", { video: "h264", audio: "eac3" }],
    ["H.264, MP3", { video: "h264", audio: "mp3" }],
    ["AV1, AAC", { video: "av1", audio: "aac" }],
  ])("FFmpeg 8: %s", async ([published, clip], context) => {
    const runs = [ffmpeg8(clip, SHORT), ffmpeg8(clip, SHORT)];
    await account(context, { client: FFMPEG_8, published }, { runs });
  });

  test.for<[string, ClipOptions]>([
    ["H.264 and AAC by FourCC", { video: "h264", audio: "aac", bFrames: 3 }],
    ["H.264 and MP3 by FourCC", { video: "h264", audio: "mp3" }],
  ])("constructed: %s", async ([published, clip], context) => {
    const tags = readFlvFile(await counterClip(clip));
    const plain = constructed(tags, folder);
    // Debian's ffprobe knows no FourCC: it reads the same tags under their classic headers.
    const run: Run = { ...constructed(byFourCc(tags), folder), ...only("expected", plain) };
    await account(
      context,
      { client: TEST_CLIENT, published, constructed: true },
      { runs: [run, run] },
    );
  });

  test("constructed: HEVC under codec id 12", async (context) => {
    const input = await counterClip({ video: "hevc", audio: "aac", bFrames: 3 });
    const capture = join(folder, "hevc.flv");
    await finished(
      publishWithFfmpeg8({ input, url: join(folder, "unused.flv"), beside: capture, rate: 0 }),
    );
    const run: Run = {
      ...constructed(asHevcUnderCodecId12(readFlvFile(capture)), folder),
      expected: () => expectedPackets(capture, "ffmpeg8"),
    };
    const published = "HEVC under codec id 12, AAC";
    await account(
      context,
      { client: TEST_CLIENT, published, constructed: true },
      { runs: [run, run] },
    );
  });
});

test("constructed: VP8", async (context) => {
  const pictures = join(folder, "vp8.ivf");
  const source = await counterClip({ video: "h264", audio: "none" });
  const vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "30"];
  const args = ["-v", "error", "-y", "-i", source, "-an", ...vp8, "-b:v", "500k", pictures];
  expect(spawnSync("ffmpeg", args).status).toBe(0);
  const sound = await counterClip({ video: "none", audio: "aac" });
  const only = (path: string, kind: Tag["kind"]) =>
    readFlvFile(path).filter((tag) => tag.kind === kind);
  const frames = vp8Tags(readFileSync(pictures), 30);
  const tags = interleave(only(source, "data"), only(sound, "audio"), frames); // the right frame rate
  const run: Run = {
    ...constructed(tags, folder),
    expected: () => [...expectedPackets(pictures), ...expectedPackets(sound)],
  };
  await account(
    context,
    { client: TEST_CLIENT, published: "VP8, AAC", constructed: true },
    { runs: [run, run], rounding: 1 }, // IVF counts pictures, RTMP milliseconds
  );
});

const X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p"];
const MONO = ["-ac", "1"];
const AAC = ["-c:a", "aac", ...MONO];

/** A test picture and a tone, encoded by ffmpeg as these arguments say. */
function encoded(codecs: readonly string[]): Run {
  const source = [
    ...["-re", "-f", "lavfi", "-i", "testsrc2=size=320x192:rate=15"],
    ...["-re", "-f", "lavfi", "-i", "sine=frequency=330"],
    ...["-map", "0:v", "-map", "1:a", "-t", String(SHORT), ...codecs],
  ];
  return { publish: (url, beside) => finished(encodeWithFfmpeg({ source, url, beside })) };
}

const only = <Key extends keyof Run>(key: Key, run: Run): Pick<Run, Key> =>
  ({ [key]: run[key] }) as Pick<Run, Key>;

describe.concurrent("linear PCM and G.711 become FLAC, and the sound stays what it was", () => {
  test.for<[string, string, number, number]>([
    ["G.711 A-law, 8 kHz mono", "pcm_alaw", 8_000, 1],
    ["G.711 A-law, 16 kHz stereo", "pcm_alaw", 16_000, 2],
    ["G.711 µ-law, 8 kHz mono", "pcm_mulaw", 8_000, 1],
    ["linear PCM of 16 bit, 44.1 kHz stereo", "pcm_s16le", 44_100, 2],
    ["linear PCM of 16 bit, 8 kHz mono", "pcm_s16le", 8_000, 1],
    ["linear PCM of 8 bit, 11 kHz stereo", "pcm_u8", 11_025, 2],
    ["linear PCM of 8 bit, 5.5 kHz mono", "pcm_u8", 5_512, 1],
  ])("ffmpeg: %s", async ([published, codec, rate, channels], context) => {
    const sound = ["-c:a", codec, "-ar", String(rate), "-ac", String(channels)];
    const run = encoded([...X264, ...sound]);
    const notes = "as FLAC; compared value by value, as ffmpeg decodes both";
    await account(
      context,
      { client: FFMPEG, published: `H.264, ${published}`, notes },
      { runs: [run], pcmChannels: channels },
    );
  });
});

describe.concurrent("codecs that no browser plays are announced by name, and the other track plays", () => {
  test.for<[string, string, readonly string[]]>([
    ["Speex", "Speex", [...X264, "-c:a", "libspeex", "-ar", "16000", ...MONO]],
    ["Nellymoser", "Nellymoser", [...X264, "-c:a", "nellymoser", "-ar", "44100", ...MONO]],
    [
      "Nellymoser 16 kHz",
      "Nellymoser (16 kHz)",
      [...X264, "-c:a", "nellymoser", "-ar", "16000", ...MONO],
    ],
    [
      "Nellymoser 8 kHz",
      "Nellymoser (8 kHz)",
      [...X264, "-c:a", "nellymoser", "-ar", "8000", ...MONO],
    ],
    ["ADPCM", "ADPCM", [...X264, "-c:a", "adpcm_swf", "-ar", "44100", ...MONO]],
    ["Sorenson H.263", "Sorenson H.263", ["-c:v", "flv", ...AAC]],
    ["Screen video", "Screen video", ["-c:v", "flashsv", ...AAC]],
    ["Screen video 2", "Screen video 2", ["-c:v", "flashsv2", ...AAC]],
  ])("ffmpeg: %s", async ([published, unplayable, codecs], context) => {
    const isSound = codecs.includes("libx264");
    const run = encoded(codecs);
    await account(
      context,
      {
        client: FFMPEG,
        published: `${published}, ${isSound ? "H.264" : "AAC"}`,
        notes: `announced as not playable: ${unplayable}`,
      },
      { runs: [run], mediaTypes: [isSound ? "video" : "audio"], unplayable },
    );
  });

  test.for<[ConstructedCodec, string]>([
    ["VP6", "On2 VP6"],
    ["VP6 with alpha", "On2 VP6 with alpha"],
  ])("constructed: %s", async ([codec, unplayable], context) => {
    const sound = readFlvFile(await counterClip({ video: "none", audio: "aac" }));
    const tags: Tag[] = interleave(sound, constructedTags(codec, 4));
    const expected = constructed(sound, folder);
    const run: Run = { ...constructed(tags, folder), ...only("expected", expected) };
    await account(
      context,
      {
        client: TEST_CLIENT,
        published: `${codec}, AAC`,
        constructed: true,
        notes: `announced as not playable: ${unplayable}`,
      },
      { runs: [run], mediaTypes: ["audio"], unplayable },
    );
  });
});
