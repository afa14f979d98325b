import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { accountForPlayback } from "../support/playback.ts";
import type { RtmpPlayerName } from "../support/rtmp-players.ts";
import type { Scheme } from "../support/rtmp-transport.ts";
import { type Port, startVariantServer, type VariantServer } from "../support/variant-server.ts";
import { FFMPEG, FFMPEG_8, GSTREAMER, RTMPDUMP, VLC } from "./broadcasts.ts";
import type { Row } from "./row.ts";
import { SECONDS } from "./seconds.ts";

// Every way out by every client that knows it: one who waited, and one who came in the middle.

let server: VariantServer;

beforeAll(async () => {
  // Players leave when the broadcast is over for good.
  server = await startVariantServer(["--grace-period", "2", "--log-level", "debug"]);
  await counterClip(CLIP);
});

afterAll(() => server.stop());

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };
const WHAT = "H.264 with B-frames, AAC";

type Entry = {
  readonly client: string;
  readonly player: RtmpPlayerName;
  readonly notes?: string;
  /** Others are stopped by the test when the broadcast is over. */
  readonly endsByItself?: boolean;
};

const FFMPEG_5: Entry = { client: FFMPEG, player: "ffmpeg 5.1" };
const FFMPEG_8_1: Entry = { client: FFMPEG_8, player: "FFmpeg 8" };
const RTMPDUMP_2: Entry = { client: RTMPDUMP, player: "rtmpdump" };
const RTMP2SRC: Entry = { client: `${GSTREAMER}, rtmp2src`, player: "rtmp2src" };
const RTMPSRC: Entry = {
  ...{ client: `${GSTREAMER}, rtmpsrc (librtmp)`, player: "rtmpsrc", endsByItself: false },
  notes: "connects again when a broadcast ends, and waits for the next: stopped by the test",
};
const VLC_3: Entry = {
  ...{ client: VLC, player: "VLC, as it came" },
  notes: "what its access module hands to its demuxer, as it writes it down",
};

const PLAYERS: readonly (readonly [Scheme, Port, Entry])[] = [
  ["rtmp", "RTMP", FFMPEG_5],
  ["rtmps", "RTMPS", FFMPEG_5],
  ["rtmpt", "HTTP", FFMPEG_5],
  ["rtmpts", "HTTPS", FFMPEG_5],
  ...(["rtmp", "rtmps", "rtmpt", "rtmpe", "rtmpte"] as const).map(
    (scheme) => [scheme, "RTMP", FFMPEG_8_1] as const,
  ),
  ...(["rtmp", "rtmps", "rtmpt", "rtmpe", "rtmpte"] as const).map(
    (scheme) => [scheme, "RTMP", RTMPDUMP_2] as const,
  ),
  ["rtmp", "RTMP", RTMP2SRC],
  ["rtmps", "RTMP", RTMP2SRC],
  ...(["rtmp", "rtmps", "rtmpt", "rtmpe", "rtmpte"] as const).map(
    (scheme) => [scheme, "RTMP", RTMPSRC] as const,
  ),
  ["rtmp", "RTMP", VLC_3],
];

const OUTPUTS: readonly (readonly ["live.flv" | "live.mp4", "http" | "https", Entry])[] = [
  ["live.flv", "http", FFMPEG_5],
  ["live.flv", "https", FFMPEG_5],
  ["live.flv", "http", FFMPEG_8_1],
  ["live.flv", "http", VLC_3],
  ["live.mp4", "http", FFMPEG_5],
  ["live.mp4", "https", FFMPEG_5],
  ["live.mp4", "http", FFMPEG_8_1],
  ["live.mp4", "http", VLC_3],
];

const slug = (...words: readonly string[]): string =>
  words
    .join(" ")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");

async function account(
  { task }: TestContext,
  row: Row,
  { player, notes, endsByItself = true }: Entry,
  { streamPath, url }: { streamPath: string; url: string },
): Promise<void> {
  const told = { ...row, ...(notes === undefined ? {} : { notes }) };
  task.meta.row = told;
  const input = await counterClip(CLIP);
  const counts = await accountForPlayback(server.sluice, {
    ...{ player, url, streamPath, input, seconds: SECONDS, endsByItself },
  });
  const words = { video: "pictures", audio: "sound frames" };
  const inWords = counts.map(
    ({ mediaType, waited, late }) => `${waited} ${words[mediaType]} (late: ${late})`,
  );
  task.meta.row = { ...told, account: inWords.join(", ") };
}

describe.concurrent("play", () => {
  test.for(PLAYERS.map(([scheme, port, entry]) => [entry.client, scheme, port, entry] as const))(
    "%s: %s on the %s port",
    async ([client, scheme, port, entry], context) => {
      const streamPath = `live/play-${slug(client, scheme, port)}`;
      const url = server.playUrl(scheme, port, streamPath);
      const place = { client, variant: scheme, port, direction: "play" } as const;
      const row: Row = { table: "variants", ...place, published: WHAT };
      await account(context, row, entry, { streamPath, url });
    },
  );
});

describe.concurrent("endless outputs", () => {
  test.for(
    OUTPUTS.map(([resource, scheme, entry]) => [entry.client, resource, scheme, entry] as const),
  )("%s: %s over %s", async ([client, resource, scheme, entry], context) => {
    const streamPath = `live/${slug(client, resource, scheme)}`;
    const { httpPort, httpsPort } = server.sluice;
    const port = scheme === "http" ? httpPort : httpsPort;
    const url = `${scheme}://127.0.0.1:${port}/streams/${streamPath}/${resource}`;
    const variant = scheme === "http" ? resource : `${resource} over HTTPS`;
    const row: Row = { table: "outputs", client, variant, direction: "play", published: WHAT };
    await account(context, row, entry, { streamPath, url });
  });
});
