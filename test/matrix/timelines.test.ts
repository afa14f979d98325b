import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import {
  accountForBroadcast,
  type BroadcastAccount,
  type BroadcastOptions,
} from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile, shiftTags, type Tag } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import {
  constructed,
  FFMPEG,
  FFMPEG_8,
  ffmpeg,
  ffmpeg8,
  fileOf,
  finished,
  inWords,
  TEST_CLIENT,
} from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SECONDS, SHORT } from "./seconds.ts";

// What becomes of time, and what changes on the way.

let server: RunningSluice;
let folder: string;
/** A minute of H.264 with B-frames and AAC. */
let minute: readonly Tag[];

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-matrix-"));
  server = await startSluice();
  minute = readFlvFile(await fileOf(CLIP, SECONDS, folder));
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function account(
  { task }: TestContext,
  row: Omit<Row, "table" | "account">,
  options: BroadcastOptions,
): Promise<BroadcastAccount> {
  task.meta.row = { table: "timelines", ...row };
  const { client, published } = row;
  const slug = `${client} ${published}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const result = await accountForBroadcast(server, `live/${slug}`, options);
  task.meta.row = { table: "timelines", ...row, account: inWords(result) };
  return result;
}

describe.concurrent("timelines of real encoders", () => {
  test.for<[string, ClipOptions]>([
    [
      "H.264 with open GOPs and B-frames, MP3",
      // In one piece: the sound of a clip in a loop overlaps itself, which packed audio cannot say.
      { video: "h264", audio: "mp3", bFrames: 2, openGop: true, seconds: SECONDS },
    ],
    ["H.264 alone, 24 pictures a second", { video: "h264", audio: "none", frameRate: 24 }],
    [
      "H.264 alone, 59.94 pictures a second",
      { video: "h264", audio: "none", frameRate: 60_000 / 1001 },
    ],
    ["AAC alone", { video: "none", audio: "aac" }],
  ])("ffmpeg: %s", async ([published, clip], context) => {
    const runs = [ffmpeg(clip, SECONDS), ffmpeg(clip, SHORT)];
    const lateDecodes = clip.openGop !== true;
    await account(context, { client: FFMPEG, published }, { runs, lateDecodes });
  });

  test("ffmpeg: a variable frame rate", async (context) => {
    const input = join(folder, "variable.flv");
    makeVariable(input, await fileOf({ ...CLIP, bFrames: 0 }, SECONDS, folder));
    const published = "H.264 at a variable frame rate (3 to 30 pictures a second), AAC";
    const runs = [
      {
        publish: (url: string, beside: string) =>
          finished(publishWithFfmpeg({ input, url, beside })),
      },
    ];
    const notes = "HLS: where pictures last longer than a part, parts are over PART-TARGET";
    await account(context, { client: FFMPEG, published, notes }, { runs, longFrames: true });
  });

  // FFmpeg masks the highest bit of a timestamp: to it, the clock ends at 2^31.
  const BOUNDARIES = [
    ["0xFFFFFF", 0xffffff - SECONDS * 500],
    ["2^31", 2 ** 31 - SECONDS * 500],
  ] as const;
  test.for(BOUNDARIES)("ffmpeg crosses %s ms", async ([boundary, startMs], context) => {
    const published = `H.264 with B-frames, AAC, across ${boundary} ms`;
    const runs = [ffmpeg(CLIP, SECONDS, { startMs }), ffmpeg(CLIP, SHORT)];
    await account(context, { client: FFMPEG, published }, { runs });
  });

  test.for(BOUNDARIES)("FFmpeg 8 crosses %s ms", async ([boundary, startMs], context) => {
    const clip: ClipOptions = { video: "hevc", audio: "opus", bFrames: 3 };
    const published = `HEVC with B-frames, Opus, across ${boundary} ms`;
    const runs = [ffmpeg8(clip, SECONDS, startMs), ffmpeg8(clip, SHORT)];
    await account(context, { client: FFMPEG_8, published }, { runs });
  });

  test("another encoder comes back", async (context) => {
    await account(
      context,
      {
        client: `${FFMPEG}, then ${FFMPEG_8}`,
        published: "H.264 with B-frames and AAC, then HEVC of another size and AAC",
      },
      {
        runs: [
          ffmpeg(CLIP, SHORT),
          ffmpeg8({ video: "hevc", audio: "aac", width: 320, height: 180 }, SHORT),
          ffmpeg(CLIP, SHORT),
        ],
      },
    );
  });
});

describe.concurrent("constructed timelines", () => {
  const row = (published: string, notes?: string) => ({
    client: TEST_CLIENT,
    constructed: true,
    published,
    ...(notes === undefined ? {} : { notes }),
  });

  test.for([0xffffff, 2 ** 31, 2 ** 32])("across %i ms", async (boundary, context) => {
    const tags = shiftTags(minute, boundary - SECONDS * 500);
    const name = boundary === 0xffffff ? "0xFFFFFF" : `2^${Math.log2(boundary)}`;
    await account(context, row(`across ${name} ms`), { runs: [constructed(tags, folder)] });
  });

  test.for<[string, number]>([
    ["at a sync sample", 0],
    ["in the middle of a GOP", 11],
  ])("the clock jumps %s", async ([where, after], context) => {
    const first = pictureAfter(minute, SECONDS / 3) + after;
    const second = pictureAfter(minute, (SECONDS * 2) / 3) + after;
    const hour = 3_600_000;
    const tags = [
      ...shiftTags(minute.slice(0, first), 3 * hour),
      ...shiftTags(minute.slice(first, second), 4 * hour),
      ...shiftTags(minute.slice(second), hour),
    ];
    await account(context, row(`the clock jumps an hour on, then three back, ${where}`), {
      runs: [constructed(tags, folder)],
    });
  });

  test("sound and pictures change places", async (context) => {
    const tags = [...minute];
    for (let at = 20; at + 1 < tags.length; at += 3) {
      const [one, other] = [tags[at], tags[at + 1]];
      if (one === undefined || other === undefined || one.kind === other.kind) continue;
      [tags[at], tags[at + 1]] = [other, one];
    }
    await account(context, row("neighbouring tags of sound and picture change places"), {
      runs: [constructed(tags, folder)],
    });
  });

  test("frames of sound change places", async (context) => {
    const tags = [...minute];
    const sound = tags.flatMap(({ kind, payload }, at) =>
      kind === "audio" && payload[1] === 1 ? [at] : [],
    );
    for (let index = 20; index + 1 < sound.length; index += 10) {
      const [one = 0, other = 0] = sound.slice(index, index + 2);
      const [first, second] = [tags[one], tags[other]];
      if (first !== undefined && second !== undefined) [tags[one], tags[other]] = [second, first];
    }
    await account(context, row("every tenth frame of sound behind the one after it"), {
      runs: [constructed(tags, folder)],
    });
  });

  test("pictures repeat their time", async (context) => {
    let last: Tag | undefined;
    const tags = minute.map((tag, index) => {
      const isFrame = tag.kind === "video" && tag.payload[1] === 1;
      const repeats = isFrame && last !== undefined && index % 40 < 2;
      const changed = repeats ? { ...tag, timestamp: last?.timestamp ?? 0 } : tag;
      if (isFrame) last = changed;
      return changed;
    });
    await account(context, row("decode times that repeat now and then"), {
      runs: [constructed(tags, folder)],
    });
  });

  test("sound comes late", async (context) => {
    const order = (tag: Tag) => tag.timestamp + (tag.kind === "audio" ? 700 : 0);
    const tags = [...minute].sort((a, b) => order(a) - order(b));
    await account(context, row("sound arrives 700 ms behind its pictures"), {
      runs: [constructed(tags, folder)],
    });
  });

  test("clocks start apart", async (context) => {
    const tags = minute.map((tag) =>
      tag.kind === "audio" ? { ...tag, timestamp: tag.timestamp + 3000 } : tag,
    );
    await account(context, row("the clock of sound is 3 s ahead of that of pictures"), {
      runs: [constructed(tags, folder)],
    });
  });

  test("sound begins later", async (context) => {
    const from = (SECONDS * 1000) / 4;
    const tags = minute.filter(({ kind, timestamp }) => kind !== "audio" || timestamp >= from);
    await account(context, row("sound begins after a quarter of the time", "HLS: pictures only"), {
      runs: [constructed(withFirstSound(minute, tags, from), folder)],
      hls: ["video"],
    });
  });

  test("sound stops", async (context) => {
    const until = (SECONDS * 1000) / 3;
    const tags = minute.filter(({ kind, timestamp }) => kind !== "audio" || timestamp < until);
    const { waiting } = await account(
      context,
      row("sound stops after a third of the time", "the track is withdrawn, pictures go on"),
      { runs: [constructed(tags, folder)] },
    );
    expect(waiting.tracks.map(({ mediaType }) => mediaType)).toEqual(["video"]);
  });

  test("another size", async (context) => {
    const small = readFlvFile(
      await fileOf({ ...CLIP, width: 320, height: 180 }, SECONDS / 2, folder),
    );
    const large = readFlvFile(await fileOf(CLIP, SECONDS / 2, folder));
    const gap = (large.at(-1)?.timestamp ?? 0) + 33;
    const next = shiftTags(small, gap).filter(({ kind }) => kind !== "data");
    const { waiting } = await account(
      context,
      row("new sequence headers in the middle: from 640x360 to 320x180"),
      { runs: [constructed([...large, ...next], folder)] },
    );
    expect(waiting.track("video")).toMatchObject({ width: 320, height: 180 });
  });

  test("another codec", async (context) => {
    const capture = join(folder, "hevc.flv");
    const input = await counterClip({ video: "hevc", audio: "aac", width: 320, height: 180 });
    await finished(
      publishWithFfmpeg8({ input, url: join(folder, "unused.flv"), beside: capture, rate: 0 }),
    );
    const first = readFlvFile(await fileOf(CLIP, SHORT, folder));
    const gap = (first.at(-1)?.timestamp ?? 0) + 33;
    const next = shiftTags(readFlvFile(capture), gap).filter(({ kind }) => kind !== "data");
    const before = constructed(first, folder);
    const run = {
      publish: constructed([...first, ...next], folder).publish,
      expectedParts: () => [before.expected?.("") ?? [], expectedPackets(capture, "ffmpeg8")],
    };
    const { waiting } = await account(
      context,
      row("H.264 becomes HEVC of another size in the middle"),
      { runs: [run] },
    );
    expect(waiting.track("video")?.codec).toMatch(/^hvc1/);
  });

  test("as it is in the field", async (context) => {
    const headers = minute.filter(({ kind, payload }) => kind === "video" && payload[1] === 0);
    const emptyAac: Tag = { kind: "audio", timestamp: 0, payload: Uint8Array.of(0xaf, 0) };
    const tags = minute.flatMap((tag): Tag[] => {
      if (tag.kind === "data") return [emptyAac];
      const isKey = tag.kind === "video" && tag.payload[0] === 0x17 && tag.payload[1] === 1;
      const repeated = headers.map((header) => ({ ...header, timestamp: tag.timestamp }));
      return isKey ? [...repeated, tag] : [tag];
    });
    const published =
      "no onMetaData, an empty AAC configuration before the right one, sequence headers with every key frame";
    await account(context, row(published), { runs: [constructed(tags, folder)] });
  });
});

/** Index of the first sync picture after so many seconds. */
function pictureAfter(tags: readonly Tag[], seconds: number): number {
  return tags.findIndex(
    ({ kind, timestamp, payload }) =>
      kind === "video" && timestamp >= seconds * 1000 && payload[0] === 0x17,
  );
}

/** The sequence header of sound, where only later sound is left, comes with it. */
function withFirstSound(all: readonly Tag[], left: readonly Tag[], from: number): Tag[] {
  const header = all.find(({ kind, payload }) => kind === "audio" && payload[1] === 0);
  const at = left.findIndex(({ kind }) => kind === "audio");
  return header === undefined ? [...left] : left.toSpliced(at, 0, { ...header, timestamp: from });
}

/** A few pictures of many, in turn: 30, 10 and 3 a second; encoded anew. */
function makeVariable(path: string, from: string): void {
  const select = "select='if(lt(mod(t,9),3),1,if(lt(mod(t,9),6),not(mod(n,3)),not(mod(n,10))))'";
  const video = ["-vf", select, "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast"];
  const args = ["-v", "error", "-i", from, ...video, "-g", "20", "-c:a", "copy", path];
  const { status, stderr } = spawnSync("ffmpeg", args);
  if (status !== 0) throw new Error(`Cannot make ${path}: ${stderr}`);
}
