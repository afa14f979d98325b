import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { expectStrictHls } from "../support/hls-broadcast.ts";
import { http2Origin } from "../support/hls-checker/node-origin.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// Running streams, read as low-latency players would, every rule verified against the bytes. The
// matrix has more of them, for a minute each.

let certificate: TestCertificate;
let server: RunningSluice;
const ends: (() => unknown)[] = [];

/** ms: other tests run beside this one, and the matrix looks at the clock. */
const SLACK = 1000;

const CLIP: ClipOptions = { video: "h264", audio: "aac", bFrames: 2, seconds: 30 };
const LOW: ClipOptions = {
  ...CLIP,
  width: 320,
  height: 180,
  bitrate: 200,
  bFrames: 0,
  channels: 1,
};

beforeAll(async () => {
  certificate = makeCertificate();
  const { cert, key } = certificate;
  const tls = ["--https-port", "0", "--tls-cert", cert, "--tls-key", key];
  server = await startSluice(["--hls-target-duration", "2", ...tls]);
  const [input, low] = [await counterClip(CLIP), await counterClip(LOW)];
  // Both from the beginning: delta updates are due after six target durations.
  const publishers = [
    publishWithFfmpeg({ input, url: server.rtmpUrl("live/plain") }),
    publishWithFfmpeg8({ input, moreInputs: [low], url: server.rtmpUrl("live/ladder") }),
  ];
  ends.push(...publishers.map((publisher) => () => publisher.stop()));
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await server.stop();
  certificate.remove();
});

test("H.264 with B-frames and AAC keep every rule of low-latency HLS, over HTTP/2", async () => {
  const authority = `https://127.0.0.1:${server.httpsPort}`;
  const origin = http2Origin(authority);
  ends.push(() => origin.close());
  const streamPath = "live/plain";
  const url = `${authority}/streams/${streamPath}/index.m3u8`;
  const options = { seconds: 6, slack: SLACK, playlists: 2, origin, url, needsHttp2: true };
  const { seen } = await expectStrictHls(server, { streamPath, ...options });
  expect(seen.parts).toBeGreaterThan(50);
  expect(seen.hints).toBeGreaterThan(40);
  expect(seen.probes).toBeGreaterThan(20);
});

test("a ladder of two sizes with two languages does so, with delta updates", async () => {
  const options = { seconds: 10, slack: SLACK, playlists: 4 };
  const { seen } = await expectStrictHls(server, { streamPath: "live/ladder", ...options });
  expect(seen.inits).toBe(4);
  expect(seen.reports).toBeGreaterThan(300);
  expect(seen.deltas).toBeGreaterThan(0);
});
