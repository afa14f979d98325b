import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { accountForBroadcast, type Run } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { Obs } from "../support/obs.ts";
import {
  publishWithCurl,
  publishWithGStreamer,
  publishWithVlc,
} from "../support/other-publishers.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import type { Scheme } from "../support/rtmp-transport.ts";
import { type Port, startVariantServer, type VariantServer } from "../support/variant-server.ts";
import {
  CURL,
  FFMPEG,
  FFMPEG_8,
  fileOf,
  finished,
  GSTREAMER,
  inWords,
  OBS,
  TEST_CLIENT,
  VLC,
} from "./broadcasts.ts";
import { SECONDS, SHORT } from "./seconds.ts";

// Every variant of RTMP by every client that knows it, for a minute, and once more after it left.

let server: VariantServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-matrix-"));
  server = await startVariantServer();
  await counterClip(CLIP); // once, not by everybody at once
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };
const WHAT = "H.264 with B-frames, AAC";

type Entry = {
  readonly client: string;
  readonly scheme: Scheme;
  readonly port: Port;
  /** A run of so many seconds. */
  readonly run: (url: string, seconds: number) => Run;
  readonly notes?: string;
  readonly constructed?: boolean;
  readonly rounding?: number;
};

const ffmpeg = (url: string, seconds: number): Run => ({
  publish: async (_, beside) => {
    const input = await counterClip(CLIP);
    await finished(publishWithFfmpeg({ input, url, beside, seconds, loops: 0 }));
  },
});

/** Over the tunnel FFmpeg leaves with what it has not sent yet: half a kilobyte. */
const ffmpegTunnel = (url: string, seconds: number): Run => ({
  ...ffmpeg(url, seconds),
  mayDropEnd: 250,
});

const ffmpeg8 = (url: string, seconds: number): Run => ({
  publish: async (_, beside) => {
    const input = await counterClip(CLIP);
    await finished(publishWithFfmpeg8({ input, url, beside, seconds, loops: 0 }));
  },
  expected: (beside) => expectedPackets(beside, "ffmpeg8"),
});

const ffmpeg8Tunnel = (url: string, seconds: number): Run => ({
  ...ffmpeg8(url, seconds),
  mayDropEnd: 250,
});

const curl = (url: string, seconds: number): Run => {
  let input = "";
  return {
    publish: async (_, beside) => {
      input = await fileOf(CLIP, seconds, folder);
      await publishWithCurl({ input, url, beside, seconds });
    },
    expected: () => expectedPackets(input),
    mayDropEnd: 500,
  };
};

const gstreamer =
  (sink: "rtmp2sink" | "rtmpsink") =>
  (url: string, seconds: number): Run => ({
    publish: async (_, beside) => {
      const input = await fileOf(CLIP, seconds, folder);
      await publishWithGStreamer(sink, { input, url, beside, seconds });
    },
  });

const vlc = (url: string, seconds: number): Run => ({
  publish: async (_, beside) => {
    const input = await fileOf(CLIP, seconds, folder);
    await publishWithVlc({ input, url, beside, seconds });
  },
});

const own = (url: string, seconds: number): Run => {
  let input = "";
  return {
    publish: async () => {
      input = await fileOf(CLIP, seconds, folder);
      const publisher = await TagPublisher.open(url);
      await publisher.play(readFlvFile(input));
      await publisher.finish();
    },
    expected: () => expectedPackets(input),
  };
};

const TUNNEL_END =
  "over the tunnel it leaves with about half a kilobyte that it has not sent: its last frames may be missing";
const CURL_END = "closes before it has sent its last frames: up to 0.5 s may be missing at the end";

const PUBLISHERS: readonly Entry[] = [
  ...(
    [
      ["rtmp", "RTMP"],
      ["rtmps", "RTMPS"],
      ["rtmps", "RTMP"],
    ] as const
  ).map(([scheme, port]): Entry => ({ client: FFMPEG, scheme, port, run: ffmpeg })),
  ...(
    [
      ["rtmpt", "HTTP"],
      ["rtmpt", "RTMP"],
      ["rtmpts", "HTTPS"],
    ] as const
  ).map(
    ([scheme, port]): Entry => ({
      ...{ client: FFMPEG, scheme, port, run: ffmpegTunnel, notes: TUNNEL_END },
    }),
  ),
  ...(["rtmp", "rtmps", "rtmpe"] as const).map(
    (scheme): Entry => ({ client: FFMPEG_8, scheme, port: "RTMP", run: ffmpeg8 }),
  ),
  ...(
    [
      ["rtmpt", "RTMP"],
      ["rtmpte", "HTTP"],
    ] as const
  ).map(
    ([scheme, port]): Entry => ({
      ...{ client: FFMPEG_8, scheme, port, run: ffmpeg8Tunnel, notes: TUNNEL_END },
    }),
  ),
  ...(["rtmp", "rtmps", "rtmpt", "rtmpe", "rtmpte"] as const).map(
    (scheme): Entry => ({ client: CURL, scheme, port: "RTMP", run: curl, notes: CURL_END }),
  ),
  ...(["rtmp", "rtmps"] as const).map(
    (scheme): Entry => ({
      client: `${GSTREAMER}, rtmp2sink`,
      ...{ scheme, port: "RTMP", run: gstreamer("rtmp2sink") },
    }),
  ),
  ...(["rtmp", "rtmps", "rtmpt", "rtmpe", "rtmpte"] as const).map(
    (scheme): Entry => ({
      client: `${GSTREAMER}, rtmpsink (librtmp)`,
      ...{ scheme, port: "RTMP", run: gstreamer("rtmpsink") },
    }),
  ),
  { client: VLC, scheme: "rtmp", port: "RTMP", run: vlc },
  ...(["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte"] as const).map(
    (scheme): Entry => ({
      ...{ client: TEST_CLIENT, scheme, port: "RTMP", run: own, constructed: true },
    }),
  ),
];

const slug = (...words: readonly string[]): string =>
  words
    .join(" ")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");

async function accountForPublisher(
  { task }: TestContext,
  { client, scheme, port, run, rounding = 0, ...told }: Entry,
): Promise<void> {
  const direction = "publish" as const;
  const what = { client, variant: scheme, port, direction, published: WHAT, ...told };
  const row = { table: "variants", ...what } as const;
  task.meta.row = row;
  const streamPath = `live/${slug(client, scheme, port)}`;
  const url = server.publishUrl(scheme, port, streamPath);
  const runs = [run(url, SECONDS), run(url, SHORT)];
  const result = await accountForBroadcast(server.sluice, streamPath, { runs, rounding });
  const most = (SECONDS + SHORT) * 30;
  expect(result.frames.video, "pictures of both runs").toBeGreaterThan(0.9 * most - 30);
  task.meta.row = { ...row, account: inWords(result) };
}

describe.concurrent("publish", () => {
  test.for(PUBLISHERS.map((entry) => [entry.client, entry.scheme, entry.port, entry] as const))(
    "%s: %s on the %s port",
    ([, , , entry], context) => accountForPublisher(context, entry),
  );
});

// By itself: it encodes.
describe("publish", () => {
  test.for([
    ["rtmp", "RTMP"],
    ["rtmps", "RTMPS"],
  ] as const)("OBS Studio: %s on the %s port", async ([scheme, port], context) => {
    const streamPath = `live/${slug(OBS, scheme, port)}`;
    // Its TLS library compares names, not addresses.
    const url = server.publishUrl(scheme, port, streamPath).replace("127.0.0.1", "localhost");
    const trusted = scheme === "rtmps" ? server.certificate.cert : undefined;
    const obs = await Obs.start({ clip: await counterClip(CLIP), url, trusted });
    const run = (_: string, seconds: number): Run => ({
      publish: (__, beside) => obs.publish(seconds, beside),
      besideIsLonger: true,
    });
    const notes =
      "compared from the first frame received to the last with its own recording" +
      (trusted === undefined ? "" : "; it is given the test's certificate as one to trust");
    try {
      await accountForPublisher(context, {
        ...{ client: OBS, scheme, port, run, notes, rounding: 2 },
      });
    } finally {
      await obs.close();
    }
  });
});
