import { afterAll, beforeAll, describe, test } from "vitest";
import { accountForBroadcast } from "../support/broadcast.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { expectedPackets } from "../support/ffprobe.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { accountForPlayback } from "../support/playback.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import type { RtmpPlayerName } from "../support/rtmp-players.ts";
import { SCHEMES, type Scheme } from "../support/rtmp-transport.ts";
import { type Port, startVariantServer, type VariantServer } from "../support/variant-server.ts";

// What other tests do not have of every way out, and every way in by one client that knows them all.

let server: VariantServer;
let clip: string;

beforeAll(async () => {
  server = await startVariantServer(["--grace-period", "2"]);
  clip = await counterClip(CLIP);
});

afterAll(() => server.stop());

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 3 };

const slug = (...words: readonly string[]): string =>
  words.join("-").replace(/[^A-Za-z0-9]+/g, "-");

describe.concurrent("playing", { timeout: 60_000 }, () => {
  test.for<[RtmpPlayerName, Scheme, Port]>([
    ["ffmpeg 5.1", "rtmps", "RTMPS"],
    ["ffmpeg 5.1", "rtmpt", "RTMP"],
    ["ffmpeg 5.1", "rtmpts", "HTTPS"],
    ["FFmpeg 8", "rtmpt", "RTMP"],
    ["rtmpdump", "rtmps", "RTMP"],
    ["rtmpdump", "rtmpt", "HTTP"],
  ])("%s: %s on the %s port", async ([player, scheme, port]) => {
    const streamPath = `live/${slug(player, scheme)}`;
    const url = server.playUrl(scheme, port, streamPath);
    const seconds = 3;
    await accountForPlayback(server.sluice, { player, url, streamPath, input: clip, seconds });
  });
});

describe.concurrent("publishing", () => {
  let server: VariantServer;
  beforeAll(async () => {
    server = await startVariantServer();
  });
  afterAll(() => server.stop());

  test.each(SCHEMES)("%s on the RTMP port, by the test's own client", async (scheme) => {
    const streamPath = `live/own-${scheme}`;
    const url = server.publishUrl(scheme, "RTMP", streamPath);
    const run = {
      publish: async () => {
        const publisher = await TagPublisher.open(url);
        await publisher.play(readFlvFile(clip));
        await publisher.finish();
      },
      expected: () => expectedPackets(clip),
    };
    await accountForBroadcast(server.sluice, streamPath, { runs: [run] });
  });
});
