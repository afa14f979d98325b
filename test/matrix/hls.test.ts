import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectStrictHls, type HlsBroadcast } from "../support/hls-broadcast.ts";
import type { Report } from "../support/hls-checker/report.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { FFMPEG, FFMPEG_8 } from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SECONDS } from "./seconds.ts";

// A running stream, read as low-latency players would, every rule verified against its bytes.

/** As it comes, and with segments that leave the playlist within a minute. */
const servers: RunningSluice[] = [];

beforeAll(async () => {
  servers.push(await startSluice(["--grace-period", "3"]));
  servers.push(await startSluice(["--grace-period", "3", "--hls-target-duration", "2"]));
});

afterAll(async () => {
  for (const server of servers) await server.stop();
});

/** A publisher is there before the check, and stays until after it. */
const LENGTH = SECONDS + 20;

type Broadcast = {
  readonly published: string;
  readonly clips: readonly ClipOptions[];
  /** Target duration of 2 s instead of 10 s. */
  readonly isShort?: boolean;
  readonly options?: Partial<HlsBroadcast>;
};

const AV: ClipOptions = { video: "h264", audio: "aac", bFrames: 2, seconds: LENGTH };
const LOW: ClipOptions = {
  ...{ ...AV, width: 320, height: 180, bitrate: 200, bFrames: 0, channels: 1 },
};
const LOWEST: ClipOptions = { ...LOW, width: 160, height: 90, bitrate: 100, sampleRate: 44_100 };

const BROADCASTS: readonly Broadcast[] = [
  { published: "H.264 with B-frames, AAC", clips: [AV] },
  { published: "H.264 with B-frames, AAC; target duration of 2 s", clips: [AV], isShort: true },
  { published: "H.264 in three sizes, AAC three times", clips: [AV, LOW, LOWEST] },
  {
    published: "H.264 in two sizes, AAC twice; target duration of 2 s",
    clips: [AV, LOW],
    isShort: true,
  },
  { published: "AAC alone", clips: [{ ...AV, video: "none" }] },
  { published: "MP3 alone", clips: [{ ...AV, video: "none", audio: "mp3" }] },
  { published: "H.264 alone", clips: [{ ...AV, audio: "none" }] },
  { published: "H.264 at 29.97 a second, AAC", clips: [{ ...AV, frameRate: 30_000 / 1001 }] },
  { published: "H.264 at 25 a second, AAC", clips: [{ ...AV, frameRate: 25, gop: 50 }] },
  {
    published: "H.264 at 60 a second, AAC at 44.1 kHz",
    clips: [{ ...AV, frameRate: 60, gop: 120, sampleRate: 44_100 }],
  },
  { published: "HEVC, Opus", clips: [{ ...AV, video: "hevc", audio: "opus" }] },
  { published: "AV1, FLAC", clips: [{ ...AV, video: "av1", audio: "flac" }] },
  { published: "VP9, AC-3", clips: [{ ...AV, video: "vp9", audio: "ac3" }] },
];

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const inWords = ({ seen }: Report): string =>
  [
    `${seen.playlists} playlists`,
    `${seen.deltas} delta updates`,
    `${seen.parts} parts`,
    `${seen.segments} segments`,
    `${seen.samples} samples`,
    `${seen.removed} after they were removed`,
  ].join(", ");

async function check(
  { task }: TestContext,
  { published, clips, isShort = false, options = {} }: Broadcast,
): Promise<void> {
  const isClassic = clips.length === 1 && /\.flv$/.test(await counterClip(clips[0] ?? AV));
  const row: Row = { table: "hls", client: isClassic ? FFMPEG : FFMPEG_8, published };
  task.meta.row = row;
  const server = servers[isShort ? 1 : 0];
  if (server === undefined) throw new Error("There is no server");
  const streamPath = `live/${slug(published)}`;
  const url = server.rtmpUrl(streamPath);
  const [input = "", ...moreInputs] = await Promise.all(clips.map(counterClip));
  const publisher: Publisher = isClassic
    ? publishWithFfmpeg({ input, url })
    : publishWithFfmpeg8({ input, moreInputs, url });
  try {
    const count = clips.flatMap(({ video, audio }) => [video, audio]);
    const playlists = Math.max(1, count.filter((codec) => codec !== "none").length);
    const common = { streamPath, seconds: SECONDS, playlists };
    const report = await expectStrictHls(server, { ...common, ...options });
    task.meta.row = { ...row, account: inWords(report) };
  } finally {
    await publisher.stop();
  }
}

describe("the strict checker", () => {
  test.for(BROADCASTS.map((broadcast) => [broadcast.published, broadcast] as const))(
    "%s",
    async ([, broadcast], context) => check(context, broadcast),
  );
});
