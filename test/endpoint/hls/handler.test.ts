import { once } from "node:events";
import * as http2 from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { gunzipSync } from "node:zlib";
import express from "express";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HlsEndpoint, HlsLimits } from "../../../server/endpoint/hls/handler.ts";
import type { SegmentedStream } from "../../../server/endpoint/hls/presentation.ts";
import type { LiveState } from "../../../server/live/live-observer.ts";
import type { LiveTrack } from "../../../server/live/live-track.ts";
import { Segmenter } from "../../../server/live/segmenter.ts";
import { readMediaPlaylist, readMultivariantPlaylist } from "../../support/hls-playlist.ts";
import { type Answer, type Asking, HlsStage } from "../../support/hls-stage.ts";
import { audioTrack, epoch, sampleAt, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const initSegment = Uint8Array.from({ length: 300 }, (_, index) => index % 251);
const video: LiveTrack = { ...videoTrack(), initSegment };
const audio: LiveTrack = { ...audioTrack(), initSegment };
const mp3: LiveTrack = {
  ...audioTrack(),
  track: {
    mediaType: "audio",
    trackIndex: 0,
    codec: "mp3",
    codecString: "mp3",
    configuration: new Uint8Array(0),
    sampleRate: 48_000,
    channels: 1,
  },
};

type Fake = SegmentedStream & { state: LiveState; readonly segmenter: Segmenter };

const segmented = (): Fake => ({
  id: "m0abc",
  state: "live",
  startedAt: 0,
  dateRanges: [],
  textTracks: [],
  cues: () => [],
  segmenter: new Segmenter({
    segment: 2000,
    longestSegment: 10_000,
    part: 200,
    window: 12_000,
    listed: 6_000,
    windowBytes: 1_000_000_000,
  }),
});

/** Pictures at 25 a second with a sync sample every two seconds, and sound in 20 ms frames. */
function feed(
  { segmenter }: Fake,
  { from = 0, to = 4100, tracks = [video, audio], size = 100, inEpoch = 0 } = {},
): void {
  for (let ms = from; ms < to; ms += 20) {
    for (const track of tracks) {
      const isVideo = track.track.mediaType === "video";
      if (isVideo && ms % 40 !== 0) continue;
      const isSync = !isVideo || ms % 2000 === 0;
      segmenter.push(sampleAt(track, ms, { isSync, size, epoch: epoch(inEpoch) }));
    }
  }
}

let clock: ManualClock;
let stream: Fake;
let stage: HlsStage;
let hls: HlsEndpoint;
let port: number;

async function open(
  limits: Partial<HlsLimits> = {},
  ask?: (streamPath: string) => boolean,
): Promise<void> {
  const find = (path: string) => (path === "live/demo" ? stream : undefined);
  stage?.close();
  stage = await HlsStage.open(ask === undefined ? { find } : { find, ask }, clock, limits);
  ({ hls, port } = stage);
}

beforeEach(async () => {
  clock = new ManualClock();
  stream = segmented();
  await open();
});
afterEach(() => stage.close());

const get = (resource: string, asking?: Asking): Promise<Answer> => stage.get(resource, asking);

const untilHeld = (count: number): Promise<void> => stage.untilHeld(count);

describe("HlsEndpoint lists", () => {
  test("what is on air, in playlists that a strict reader accepts", async () => {
    feed(stream);
    const index = await get("index.m3u8");
    expect(index.status).toBe(200);
    expect(index.headers).toMatchObject({
      "content-type": "application/vnd.apple.mpegurl",
      "cache-control": "public, max-age=1",
      "access-control-allow-origin": "*",
      vary: "Accept-Encoding",
    });
    const multivariant = readMultivariantPlaylist(index.text);
    expect(multivariant.violations).toEqual([]);
    expect(multivariant.variants).toMatchObject([
      { uri: "t1.m3u8", codecs: "avc1.64001f,mp4a.40.2", resolution: "640x360", frameRate: 25 },
    ]);
    expect(multivariant.audio).toMatchObject([{ uri: "t2.m3u8" }]);
    for (const uri of ["t1.m3u8", "t2.m3u8"]) {
      const playlist = readMediaPlaylist((await get(uri)).text);
      expect(playlist.violations).toEqual([]);
      expect(playlist).toMatchObject({ targetDuration: 10, mediaSequence: 1 });
      expect(playlist.segments.map(({ duration }) => duration)).toEqual([2, 2]);
    }
  });

  test("only the newest stretch, while older segments can still be downloaded", async () => {
    feed(stream, { to: 18_100 }); // nine segments; the hub keeps six, the list three
    const [first, second] = await Promise.all(
      ["t1.m3u8", "t2.m3u8"].map(async (uri) => readMediaPlaylist((await get(uri)).text)),
    );
    expect(first?.segments.map(({ mediaSequence }) => mediaSequence)).toEqual([7, 8, 9]);
    expect(second?.mediaSequence).toBe(7);
    expect((await get("t1-m0abc-5.m4s")).status).toBe(200);
    expect((await get("t1-m0abc-2.m4s")).status).toBe(404);
  });

  test("discontinuities, also those that are listed no more", async () => {
    feed(stream, { to: 4000 });
    stream.segmenter.finish();
    feed(stream, { from: 6000, to: 18_100, inEpoch: 1 });
    const playlist = readMediaPlaylist((await get("t1.m3u8")).text);
    expect(playlist.segments.every(({ discontinuity }) => !discontinuity)).toBe(true);
    expect(playlist.discontinuitySequence).toBe(1);
  });

  test("sound alone as packed audio where it is MP3", async () => {
    feed(stream, { tracks: [mp3] });
    const index = readMultivariantPlaylist((await get("index.m3u8")).text);
    expect(index.violations).toEqual([]);
    expect(index.variants).toMatchObject([{ uri: "t2.m3u8", codecs: "mp4a.40.34" }]);
    const playlist = readMediaPlaylist((await get("t2.m3u8")).text);
    expect(playlist.violations).toEqual([]);
    const [first] = playlist.segments;
    expect(first).toMatchObject({ uri: "t2-m0abc-1.mp3", map: undefined });
    const segment = await get("t2-m0abc-1.mp3");
    expect(segment.headers["content-type"]).toBe("audio/mpeg");
    expect(segment.body.toString("latin1", 0, 3)).toBe("ID3");
    expect(segment.body.length).toBe(73 + 90 * 100); // 1.8 s in frames of 20 ms
    expect((await get("t2-m0abc-1.m4s")).status).toBe(404);
    expect((await get("t2-m0abc-i1.mp4")).status).toBe(404);
  });

  test("gzipped where that is taken, rendered once until something changes", async () => {
    feed(stream);
    const plain = await get("t1.m3u8");
    const gzipped = await get("t1.m3u8", { headers: { "accept-encoding": "br;q=0.9, gzip" } });
    expect(gzipped.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(gzipped.body).toString()).toBe(plain.text);
    expect(gzipped.headers.etag).not.toBe(plain.headers.etag);
    const refused = await get("t1.m3u8", { headers: { "accept-encoding": "gzip;q=0" } });
    expect(refused.headers["content-encoding"]).toBeUndefined();
    const known = { headers: { "if-none-match": plain.headers.etag ?? "" } };
    expect(await get("t1.m3u8", known)).toMatchObject({ status: 304, text: "" });
    feed(stream, { from: 4100, to: 6100 });
    expect((await get("t1.m3u8", known)).status).toBe(200);
  });
});

describe("HlsEndpoint serves files", () => {
  beforeEach(() => feed(stream));

  test("that caches may keep", async () => {
    const init = await get("t1-m0abc-i1.mp4");
    expect(init.body).toEqual(Buffer.from(initSegment));
    expect(init.headers).toMatchObject({
      "content-type": "video/mp4",
      "content-length": "300",
      "cache-control": "public, max-age=86400, immutable",
      "accept-ranges": "bytes",
      "access-control-allow-origin": "*",
    });
    const sound = await get("t2-m0abc-1.m4s");
    expect(sound.headers["content-type"]).toBe("audio/mp4");
    const again = { headers: { "if-none-match": sound.headers.etag ?? "" } };
    expect((await get("t2-m0abc-1.m4s", again)).status).toBe(304);
  });

  test("as the concatenation of their parts", async () => {
    const { body } = await get("t1-m0abc-1.m4s");
    const [segment] = stream.segmenter.renditions[0]?.segments ?? [];
    const pieces = segment?.parts.flatMap((part) => part.pieces) ?? [];
    expect(pieces.length).toBeGreaterThan(50);
    expect(body).toEqual(Buffer.concat(pieces));
  });

  test.each([
    ["bytes=0-0", 0, 1],
    ["bytes=10-19", 10, 20],
    ["bytes=250-", 250, 300],
    ["bytes=-5", 295, 300],
    ["bytes=290-9007199254740991", 290, 300],
    ["bytes=-400", 0, 300],
  ])("in part: %s", async (range, start, end) => {
    const answer = await get("t1-m0abc-i1.mp4", { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/300`);
    expect(answer.body).toEqual(Buffer.from(initSegment.subarray(start, end)));
  });

  test("in any part, over the edges of its pieces", async () => {
    const whole = (await get("t1-m0abc-1.m4s")).body;
    for (const [start, end] of [
      [0, 700],
      [333, 334],
      [500, whole.length],
      [150, 5000],
    ] as const) {
      const range = `bytes=${start}-${end - 1}`;
      const { body } = await get("t1-m0abc-1.m4s", { headers: { range } });
      expect(body).toEqual(whole.subarray(start, end));
    }
  });

  test.each(["bytes=300-", "bytes=-0"])("not beyond their end: %s", async (range) => {
    const answer = await get("t1-m0abc-i1.mp4", { headers: { range } });
    expect(answer.status).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */300");
  });

  test.each(["bytes=5-1", "bytes=-", "bytes=0-1,5-6", "lines=1-2"])(
    "whole where the range is none to follow: %s",
    async (range) => {
      expect((await get("t1-m0abc-i1.mp4", { headers: { range } })).status).toBe(200);
    },
  );

  test("without a body to HEAD", async () => {
    const answer = await get("t1-m0abc-1.m4s", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers["content-length"])).toBeGreaterThan(5000);
    expect(answer.body.length).toBe(0);
  });
});

describe("HlsEndpoint refuses", () => {
  test.each([
    "t9.m3u8",
    "t1-m0abc-99.m4s",
    "t1-older-1.m4s",
    "t1-m0abc-1.mp3",
    "t1-m0abc-i2.mp4",
    "x.txt",
    "..%2f..%2fetc",
    "%E0%A4%A",
  ])("%s", async (resource) => {
    feed(stream);
    expect((await get(resource)).status).toBe(404);
  });

  test("a stream that is not there, or waits for a publisher", async () => {
    expect(await get("index.m3u8", { streamPath: "live/other" })).toMatchObject({
      status: 404,
      text: "live/other is not on air\n",
    });
    stream.state = "waiting";
    expect((await get("index.m3u8")).status).toBe(404);
  });

  test("other methods, but answers a preflight", async () => {
    const answer = await get("index.m3u8", { method: "POST" });
    expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const preflight = await get("index.m3u8", { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers["access-control-allow-headers"]).toContain("Range");
  });
});

describe("HlsEndpoint holds the first viewer's request", () => {
  test("until every track has a part, and its player until there is a segment", async () => {
    const index = get("index.m3u8");
    const sound = get("t2.m3u8");
    await untilHeld(2);
    feed(stream, { to: 1000 });
    expect(readMultivariantPlaylist((await index).text).audio).toHaveLength(1);
    expect(hls.held).toBe(1);
    feed(stream, { from: 1000, to: 2100 });
    expect(hls.held).toBe(0);
    expect(readMediaPlaylist((await sound).text)).toMatchObject({
      partTarget: 0.2,
      violations: [],
    });
    expect(clock.pending).toBe(0);
  });

  test("while what is asked for is brought here on demand", async () => {
    stream.state = "waiting";
    const asked: string[] = [];
    await open({}, (path) => asked.push(path) > 0);
    const index = get("index.m3u8");
    await untilHeld(1);
    stream.state = "live";
    feed(stream, { to: 4100 });
    expect((await index).status).toBe(200);
    await get("t1.m3u8");
    await get("t1-m0abc-i1.mp4");
    expect(asked).toEqual(["live/demo", "live/demo", "live/demo"]);
  });

  test("not for ever", async () => {
    const answer = get("index.m3u8");
    await untilHeld(1);
    clock.pass(15_000);
    expect(await answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  });

  test("and then makes do with what is there", async () => {
    const answer = get("index.m3u8");
    await untilHeld(1);
    stream.segmenter.push(sampleAt(audio, 0)); // says nothing more
    feed(stream, { tracks: [video] });
    expect(hls.held).toBe(1);
    clock.pass(15_000);
    expect(readMultivariantPlaylist((await answer).text).audio).toEqual([]);
  });

  test("a bounded number of them, and forgets who left", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /streams/live/demo/index.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n");
    await untilHeld(1);
    socket.destroy();
    await untilHeld(0);
    expect(clock.pending).toBe(0);
    const held = [1, 2, 3].map(() => get("index.m3u8"));
    await untilHeld(3);
    expect((await get("index.m3u8")).status).toBe(503);
    hls.close();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([503, 503, 503]);
    expect((await get("index.m3u8")).status).toBe(503); // and nobody any more
  });
});

test("HlsEndpoint counts who asked lately", async () => {
  feed(stream);
  await get("index.m3u8", { headers: { "user-agent": "one" } });
  await get("t1.m3u8", { headers: { "user-agent": "one" } });
  clock.pass(15_000);
  await get("t1.m3u8", { headers: { "user-agent": "two" } });
  await get("t9.m3u8", { headers: { "user-agent": "three" } });
  await get("t1.m3u8?preview=1", { headers: { "user-agent": "four" } });
  expect(hls.viewers("live/demo")).toBe(2);
  expect(hls.previews("live/demo")).toBe(1);
  clock.pass(10_000);
  expect(hls.viewers("live/demo")).toBe(1);
  clock.pass(20_000);
  expect(hls.viewers("live/demo")).toBe(0);
  expect(hls.viewers("live/other")).toBe(0);
});

test("HlsEndpoint closes a response that nobody reads, and hurts nobody else", async () => {
  await open({ silence: 100 });
  feed(stream, { size: 1_000_000, tracks: [video] }); // 50 MB a segment, far more than sockets hold
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /streams/live/demo/t1-m0abc-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "readable"); // and read no more
  const connections = () =>
    new Promise<number>((resolve) =>
      stage.server.getConnections((_error, count) => resolve(count)),
    );
  while ((await connections()) > 0 || clock.pending > 0)
    await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  expect((await get("t1-m0abc-1.m4s")).body.length).toBeGreaterThan(50_000_000);
});

test("HlsEndpoint gives a response only so much time altogether", async () => {
  feed(stream, { size: 1_000_000, tracks: [video] });
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /streams/live/demo/t1-m0abc-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "readable");
  clock.pass(120_000);
  socket.resume();
  await once(socket, "close");
  expect(socket.bytesRead).toBeLessThan(50_000_000);
});

test("HlsEndpoint runs under HTTP/2", async () => {
  feed(stream);
  const h2 = http2.createServer((request, response) => hls.handle(request, response));
  h2.listen(0, "127.0.0.1");
  await once(h2, "listening");
  const session = http2.connect(`http://127.0.0.1:${(h2.address() as AddressInfo).port}`);
  const ask = async (resource: string, headers = {}) => {
    const call = session.request({ ":path": `/streams/live/demo/${resource}`, ...headers });
    const [head] = await once(call, "response");
    const pieces: Buffer[] = [];
    for await (const piece of call) pieces.push(piece);
    return { status: head[":status"], body: Buffer.concat(pieces) };
  };
  const whole = await get("t1-m0abc-1.m4s");
  expect(await ask("t1-m0abc-1.m4s")).toEqual({ status: 200, body: whole.body });
  expect(await ask("t1-m0abc-1.m4s", { range: "bytes=5-9" })).toEqual({
    status: 206,
    body: whole.body.subarray(5, 10),
  });
  expect((await ask("index.m3u8")).body.toString()).toBe((await get("index.m3u8")).text);
  expect((await ask("t9.m3u8", { ":method": "HEAD" })).status).toBe(404);
  session.close();
  h2.close();
});

test("HlsEndpoint runs as Express middleware, and passes on what is not HLS", async () => {
  feed(stream);
  const app = express();
  app.use(hls.handle);
  app.use((_request, response) => void response.status(418).end());
  const other = app.listen(0, "127.0.0.1");
  await once(other, "listening");
  const base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const status = async (path: string) => (await fetch(base + path)).status;
  expect(await status("/streams/live/demo/index.m3u8")).toBe(200);
  expect(await status("/streams/live/demo/live.flv")).toBe(418);
  expect(await status("/")).toBe(418);
  other.closeAllConnections();
  other.close();
});
