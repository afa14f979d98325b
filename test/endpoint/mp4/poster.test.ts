import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
} from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PosterEndpoint, type PosterStream } from "../../../server/endpoint/mp4/poster.ts";
import type { LiveSample } from "../../../server/live/live-sample.ts";
import type { LiveTrack } from "../../../server/live/live-track.ts";
import { avcTrack } from "../../../server/protocol/codec/avc.ts";
import { AVC_X264 } from "../../protocol/codec/vectors.ts";
import { inspectBoxes } from "../../support/inspect.ts";
import { audioTrack, sampleAt, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const { track } = avcTrack(0, AVC_X264);
const second: LiveTrack = { ...videoTrack(1), track: { ...track, trackIndex: 1 } };
const first: LiveTrack = { ...videoTrack(3), track };

/** A picture whose bytes tell its number. */
const picture = (live: LiveTrack, sequenceNumber: number, size = 500): LiveSample =>
  sampleAt(live, 40 * sequenceNumber, {
    sequenceNumber,
    isSync: true,
    data: new Uint8Array(size).fill(sequenceNumber),
  });

let tracks: LiveTrack[];
let newest: Map<number, LiveSample>;
let poster: PosterEndpoint;
let server: Server;
let port: number;

beforeEach(async () => {
  tracks = [audioTrack(2), second, first];
  newest = new Map([
    [1, picture(second, 7)],
    [3, picture(first, 11)],
  ]);
  const stream: PosterStream = {
    id: "m0abc",
    get tracks() {
      return tracks;
    },
    newestSync: (trackId) => newest.get(trackId),
  };
  poster = new PosterEndpoint({
    hub: { find: (path) => (path === "live/demo" ? stream : undefined) },
    clock: new ManualClock(),
    limits: { silence: 10_000, responseTime: 120_000 },
  });
  server = createServer((request, response) => poster.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

async function get(
  resource = "poster.mp4",
  { method = "GET", headers = {}, streamPath = "live/demo" } = {},
): Promise<Answer> {
  const path = `/streams/${streamPath}/${resource}`;
  const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
  request.end();
  const [response] = await once(request, "response");
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) };
}

describe("poster.mp4", () => {
  test("is the newest sync sample of the encoder's first video track, as a file", async () => {
    const { status, headers, body } = await get();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "video/mp4",
      "cache-control": "public, max-age=1",
      "access-control-allow-origin": "*",
      "accept-ranges": "bytes",
      etag: '"m0abc-3-1-11"',
      "content-length": String(body.length),
    });
    expect(inspectBoxes(body).map(({ type }) => type)).toEqual(["ftyp", "moov", "mdat"]);
    expect([...body.subarray(-500)]).toEqual(new Array(500).fill(11));
    newest.set(3, picture(first, 12));
    const next = await get();
    expect(next.headers.etag).toBe('"m0abc-3-1-12"');
    expect(next.body.at(-1)).toBe(12);
  });

  test("comes by parts to Safari, and not at all to who has it", async () => {
    const whole = await get();
    const part = await get("poster.mp4", { headers: { Range: "bytes=0-1" } });
    expect(part).toMatchObject({ status: 206, body: whole.body.subarray(0, 2) });
    expect(part.headers["content-range"]).toBe(`bytes 0-1/${whole.body.length}`);
    const end = await get("poster.mp4", { headers: { Range: "bytes=-600" } });
    expect(end.body.equals(whole.body.subarray(-600))).toBe(true);
    const changed = { Range: "bytes=0-1", "If-Range": '"m0abc-3-1-10"' };
    expect(await get("poster.mp4", { headers: changed })).toMatchObject({ status: 200 });
    const beyond = await get("poster.mp4", { headers: { Range: "bytes=99999-" } });
    expect(beyond).toMatchObject({ status: 416 });
    expect(beyond.headers["content-range"]).toBe(`bytes */${whole.body.length}`);
    const headers = { "If-None-Match": `"other", W/${whole.headers.etag}` };
    expect(await get("poster.mp4", { headers })).toMatchObject({ status: 304 });
    const head = await get("poster.mp4", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(head.headers["content-length"]).toBe(String(whole.body.length));
  });

  test("is not there without a picture, a stream or the right name", async () => {
    expect(await get("poster.mp4", { streamPath: "live/other" })).toMatchObject({ status: 404 });
    expect(await get("poster.jpg")).toMatchObject({ status: 404 });
    newest.clear();
    const early = await get();
    expect(early.status).toBe(404);
    expect(early.headers["cache-control"]).toBe("public, max-age=1");
    tracks = [audioTrack(2)];
    expect(await get()).toMatchObject({ status: 404 });
    const posted = await get("poster.mp4", { method: "POST" });
    expect(posted).toMatchObject({ status: 405 });
    const asked = await get("poster.mp4", { method: "OPTIONS" });
    expect(asked.headers["access-control-allow-headers"]).toBe("Range, If-None-Match");
  });

  test("is served over HTTP/2, too", async () => {
    const secondServer = http2.createServer((request, response) =>
      poster.handle(request, response),
    );
    secondServer.listen(0, "127.0.0.1");
    await once(secondServer, "listening");
    const address = secondServer.address() as AddressInfo;
    const session = http2.connect(`http://127.0.0.1:${address.port}`);
    const stream = session.request({ ":path": "/streams/live/demo/poster.mp4" });
    const [headers] = await once(stream, "response");
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    session.close();
    secondServer.close();
    expect(headers[":status"]).toBe(200);
    expect(Buffer.concat(pieces).equals((await get()).body)).toBe(true);
  });
});
