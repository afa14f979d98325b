import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import { accountForBroadcast, type BroadcastOptions, type Run } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { Obs } from "../support/obs.ts";
import {
  type FilePublication,
  ffmpegOf2018,
  publishWithCurl,
  publishWithGStreamer,
  publishWithVlc,
} from "../support/other-publishers.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import {
  CURL,
  FFMPEG,
  FFMPEG_8,
  ffmpeg,
  ffmpeg8,
  fileOf,
  GSTREAMER,
  inWords,
  OBS,
  VLC,
} from "./broadcasts.ts";
import { SECONDS, SHORT } from "./seconds.ts";

// Every publisher at hand that speaks plain RTMP, for a minute, and once more after it left.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-matrix-"));
  server = await startSluice();
  await counterClip(CLIP); // once, not by everybody at once
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };
const WHAT = "H.264 with B-frames, AAC";

/** A client that plays a file to its end, and what it wrote beside. */
const file = (publish: (publication: FilePublication) => Promise<void>): Run[] =>
  [SECONDS, SHORT].map((seconds) => ({
    publish: async (url, beside) => {
      const input = await fileOf(CLIP, seconds, folder);
      await publish({ input, url, beside, seconds });
    },
  }));

const curl: Run[] = [SECONDS, SHORT].map((seconds) => {
  let input = "";
  return {
    publish: async (url, beside) => {
      input = await fileOf(CLIP, seconds, folder);
      await publishWithCurl({ input, url, beside, seconds });
    },
    expected: () => expectedPackets(input),
    mayDropEnd: 500,
  };
});

const OLD_FFMPEG = ffmpegOf2018();

type Entry = { readonly client: string; readonly runs: readonly Run[]; readonly notes: string };

const ENTRIES: readonly Entry[] = [
  {
    client: FFMPEG,
    runs: [ffmpeg(CLIP, SECONDS), ffmpeg(CLIP, SHORT)],
    notes: "tee muxer: the same packets to the server and to a file",
  },
  {
    client: FFMPEG_8,
    runs: [ffmpeg8(CLIP, SECONDS), ffmpeg8(CLIP, SHORT)],
    notes: "tee muxer",
  },
  {
    client: `${GSTREAMER}, rtmp2sink`,
    runs: file((publication) => publishWithGStreamer("rtmp2sink", publication)),
    notes: "one flvmux, tee to the server and to a file",
  },
  {
    client: `${GSTREAMER}, rtmpsink (librtmp)`,
    runs: file((publication) => publishWithGStreamer("rtmpsink", publication)),
    notes: "one flvmux, tee to the server and to a file",
  },
  {
    client: CURL,
    runs: curl,
    notes:
      "sends the file itself, in bursts of its rate limit; on a busy machine it closes before it has sent its last frames (a relay before the server sees the same): up to 0.5 s may be missing at the end",
  },
  {
    client: VLC,
    runs: file(publishWithVlc),
    notes: "two FLV muxers of one stream output, one into a file",
  },
];

async function account(
  { task }: TestContext,
  { client, runs, notes }: Entry,
  options: Pick<BroadcastOptions, "rounding" | "longFrames"> = {},
): Promise<void> {
  const row = { table: "publishers", client, published: WHAT, notes } as const;
  task.meta.row = row;
  const slug = client.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const result = await accountForBroadcast(server, `live/${slug}`, { runs, ...options });
  task.meta.row = { ...row, account: inWords(result) };
}

describe.concurrent("publishers", () => {
  test.for(ENTRIES.map((entry) => [entry.client, entry] as const))("%s", ([, entry], context) =>
    account(context, entry),
  );

  test.skipIf(OLD_FFMPEG === undefined || !existsSync(OLD_FFMPEG ?? ""))(
    "FFmpeg of 2018",
    async (context) => {
      const build = OLD_FFMPEG ?? "";
      const entry: Entry = {
        client: "FFmpeg of 2018 (libavformat 58.24)",
        runs: [ffmpeg(CLIP, SECONDS, { build }), ffmpeg(CLIP, SHORT, { build })],
        notes:
          "tee muxer; at the seam of a file in a loop it leaves a second of time out, which is a long part of HLS",
      };
      await account(context, entry, { longFrames: true });
    },
  );
});

// By itself: it encodes.
test("OBS Studio", async (context) => {
  const client = OBS;
  const url = server.rtmpUrl(`live/${client.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`);
  const obs = await Obs.start({ clip: await counterClip(CLIP), url });
  try {
    const runs = [SECONDS, SHORT].map((seconds) => ({
      publish: (_: string, beside: string) => obs.publish(seconds, beside),
      besideIsLonger: true,
    }));
    const notes =
      "x264 with B-frames. It records by the stream's own encoders, a little before and after: compared from the first frame received to the last; its two muxers round times apart by up to 2 ms";
    await account(context, { client, runs, notes }, { rounding: 2 });
  } finally {
    await obs.close();
  }
});
