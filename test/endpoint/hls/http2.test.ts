import { once } from "node:events";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HlsEndpoint } from "../../../server/endpoint/hls/handler.ts";
import { readMediaPlaylist } from "../../support/hls-playlist.ts";
import { HLS_LIMITS } from "../../support/hls-stage.ts";
import { audioTrack, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { HandStream } from "../../support/segmented-stream.ts";

let clock: ManualClock;
let live: HandStream;
let hls: HlsEndpoint;
let server: http2.Http2Server;
let sessions: http2.ClientHttp2Session[];

beforeEach(async () => {
  clock = new ManualClock();
  live = new HandStream([videoTrack(), audioTrack()]);
  live.segments(1);
  live.part();
  const limits = { ...HLS_LIMITS, heldRequests: 50, heldPerConnection: 20 };
  hls = new HlsEndpoint({ hub: { find: () => live }, clock, limits });
  server = http2.createServer((request, response) => hls.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  sessions = [];
});
afterEach(() => {
  for (const session of sessions) session.destroy();
  server.close();
});

function connect(): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => {});
  sessions.push(session);
  return session;
}

const request = (session: http2.ClientHttp2Session, resource: string): http2.ClientHttp2Stream =>
  session.request({ ":path": `/streams/live/demo/${resource}` });

async function answer(stream: http2.ClientHttp2Stream): Promise<{ status: number; body: Buffer }> {
  const [head] = await once(stream, "response");
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return { status: head[":status"], body: Buffer.concat(pieces) };
}

async function untilHeld(count: number): Promise<void> {
  while (hls.held !== count) await new Promise((resolve) => setImmediate(resolve));
}

test("HlsEndpoint holds many requests of one HTTP/2 connection, and answers each when it is due", async () => {
  const session = connect();
  const playlist = answer(request(session, "t1.m3u8?_HLS_msn=2&_HLS_part=1"));
  const sound = answer(request(session, "t2.m3u8?_HLS_msn=2&_HLS_part=1"));
  const hinted = answer(request(session, "t1-m0abc-p12.m4s"));
  const later = answer(request(session, "t1.m3u8?_HLS_msn=2"));
  await untilHeld(4);
  expect((await answer(request(session, "index.m3u8"))).status).toBe(200); // nobody stands in its way
  live.part({ only: 1, bytes: Uint8Array.of(1, 2, 3) });
  expect(readMediaPlaylist((await playlist).body.toString()).parts).toHaveLength(12);
  expect([...(await hinted).body]).toEqual([1, 2, 3]);
  expect(hls.held).toBe(2);
  live.part({ only: 2 });
  expect((await sound).status).toBe(200);
  live.cut();
  expect((await later).status).toBe(200);
  expect(clock.pending).toBe(0);
});

test("HlsEndpoint bounds what one HTTP/2 connection may have held, whatever others have", async () => {
  const session = connect();
  for (let count = 0; count < 20; count += 1) request(session, "t1.m3u8?_HLS_msn=2");
  await untilHeld(20);
  expect((await answer(request(session, "t1.m3u8?_HLS_msn=2"))).status).toBe(503);
  request(connect(), "t1.m3u8?_HLS_msn=2");
  await untilHeld(21);
});

test("HlsEndpoint forgets a request whose HTTP/2 stream or connection is gone", async () => {
  const session = connect();
  const [one] = [1, 2, 3].map(() => request(session, "t1.m3u8?_HLS_msn=2"));
  await untilHeld(3);
  one?.close(http2.constants.NGHTTP2_CANCEL);
  await untilHeld(2);
  session.destroy();
  await untilHeld(0);
  expect(clock.pending).toBe(0);
  live.cut(); // and nobody is written to
});

test("HlsEndpoint streams what an archive has over HTTP/2", async () => {
  const [rendition] = live.renditions;
  const [first, ...others] = rendition?.segments ?? [];
  if (rendition === undefined || first === undefined) throw new Error("There is a segment");
  const piece = new Uint8Array(100_000);
  const stored = {
    byteLength: 3_000_000,
    async *read(start: number, end: number) {
      for (let at = start; at < end; at += piece.length) yield piece.subarray(0, end - at);
    },
    delete: () => {},
  };
  rendition.segments = [{ ...first, parts: [], stored }, ...others];
  live.tell();
  const { status, body } = await answer(request(connect(), "t1-m0abc-1.m4s"));
  expect([status, body.length]).toEqual([200, 3_000_000]);
});
