import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RecordingsEndpoint } from "../../../server/endpoint/recordings/handler.ts";
import { codedFrame, readInit, readSamples } from "../../support/fmp4.ts";
import { inspectBoxes } from "../../support/inspect.ts";
import { audio, mp3, recorderWorld, video } from "../../support/recorder-world.ts";
import { eventually } from "../../support/server-process.ts";

let folder: string;
let world: ReturnType<typeof recorderWorld>;
let server: Server;
const finished = { id: "", file: "" };
const growing = { id: "", file: "" };
let isReading = false;
/** Calls when something of a recording is asked for, and waits for its answer. */
let onAsked: (() => Promise<void>) | undefined;
let mayWatch = true;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-recordings-"));
  world = recorderWorld(folder);
  const { publish, send, over, recordings } = world;
  const first = publish("live/one");
  for (const event of [video, mp3]) first.input(event);
  send(first, 0, 9000);
  first.end("clean");
  const [ended] = await over(1);
  await eventually("its end", () => recordings.active === 0);
  Object.assign(finished, { id: ended?.id, file: ended?.file });
  const second = publish("live/two");
  for (const event of [video, audio]) second.input(event);
  send(second, 0, 9000);
  await eventually("its bytes", () => (recordings.list()[0]?.bytes ?? 0) > 50_000);
  const [running] = recordings.list();
  Object.assign(growing, { id: running?.id, file: join(folder, `${running?.id}.mp4`) });
  const endpoint = new RecordingsEndpoint({
    recordings: {
      find: (id) => recordings.find(id),
      source: async (id) => {
        await onAsked?.();
        return recordings.source(id);
      },
    },
    mayWatch: () => mayWatch,
    segments: { segment: 4, longest: 10 },
    limits: {
      get readers() {
        return isReading ? 0 : 2;
      },
      ...{ read: 700, silence: 10_000 },
    },
  });
  server = createServer((request, response) => endpoint.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/recordings/${path}`, { method, headers });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}
const text = async (path: string) => Buffer.from((await get(path)).bytes).toString();

describe("recording.mp4", () => {
  test("is the file, whole and in part", async () => {
    const file = new Uint8Array(readFileSync(finished.file));
    const whole = await get(`${finished.id}/recording.mp4`);
    expect(whole.bytes).toEqual(file);
    const header = (name: string) => whole.headers.get(name);
    expect(header("content-type")).toBe("video/mp4");
    expect(header("accept-ranges")).toBe("bytes");
    expect(header("content-disposition")).toBe(`inline; filename="${finished.id}.mp4"`);
    const etag = header("etag") ?? "";
    for (const [range, start, end] of [
      ["bytes=0-99", 0, 100],
      ["bytes=33000-35000", 33_000, 35_001],
      ["bytes=-50", file.length - 50, file.length],
    ] as const) {
      const part = await get(`${finished.id}/recording.mp4`, { range, "if-range": etag });
      expect(part.status).toBe(206);
      expect(part.bytes).toEqual(file.subarray(start, end));
      expect(part.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${file.length}`);
    }
    const other = { range: "bytes=0-9", "if-range": '"other"' };
    expect((await get(`${finished.id}/recording.mp4`, other)).status).toBe(200);
    const known = await get(`${finished.id}/recording.mp4`, { "if-none-match": etag });
    expect(known).toMatchObject({ status: 304, bytes: new Uint8Array() });
    const beyond = await get(`${finished.id}/recording.mp4`, { range: `bytes=${file.length}-` });
    expect(beyond.status).toBe(416);
    const head = await get(`${finished.id}/recording.mp4?download`, {}, "HEAD");
    expect(head.headers.get("content-length")).toBe(String(file.length));
    expect(head.headers.get("content-disposition")).toMatch(/^attachment; filename="[\w-]+\.mp4"$/);
  });

  test("of one that grows is what is there, with a head that knows it", async () => {
    const { bytes, headers } = await get(`${growing.id}/recording.mp4`);
    const file = new Uint8Array(readFileSync(growing.file));
    const boxes = inspectBoxes(bytes);
    expect(boxes.slice(0, 5).map(({ type }) => type)).toEqual([
      "ftyp",
      "moov",
      "sidx",
      "free",
      "moof",
    ]);
    const mvhd = boxes[1]?.boxes?.find(({ type }) => type === "mvhd");
    expect(mvhd?.["duration"]).toBeGreaterThan(7000);
    const head = boxes.slice(0, 4).reduce((sum, { size }) => sum + size, 0);
    expect(bytes.subarray(head)).toEqual(file.subarray(head, bytes.length));
    expect(headers.get("cache-control")).toBe("no-cache");
  });
});

/** The segments of a playlist, its init segment first. */
function segmentsOf(playlist: string) {
  const map = /#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"/.exec(playlist);
  const segments = [
    ...playlist.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)/g),
  ];
  return {
    map: map && { uri: map[1] ?? "", length: Number(map[2]), offset: Number(map[3]) },
    segments: segments.map(([, duration, length, offset, uri = ""]) => ({
      ...{ uri, duration: Number(duration), length: Number(length), offset: Number(offset) },
    })),
  };
}

async function bytesOf(id: string, place: { uri: string; length: number; offset: number }) {
  const range = `bytes=${place.offset}-${place.offset + place.length - 1}`;
  const { status, bytes } = await get(`${id}/${place.uri}`, { range });
  expect(status).toBe(206);
  expect(bytes).toHaveLength(place.length);
  return bytes;
}

describe("index.m3u8", () => {
  test("of a finished recording is VOD: every frame of a track, each once, in segments from sync samples", async () => {
    const variants = await text(`${finished.id}/index.m3u8`);
    expect(variants).toMatch(/CODECS="avc1.64000d,mp4a.40.34"/);
    expect(variants).toMatch(/^t1.m3u8$/m);
    const playlist = await text(`${finished.id}/t1.m3u8`);
    expect(playlist).toMatch(/^#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:10\n/);
    expect(playlist).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
    expect(playlist).toContain("#EXT-X-INDEPENDENT-SEGMENTS");
    expect(playlist.endsWith("#EXT-X-ENDLIST\n")).toBe(true);
    const { map, segments } = segmentsOf(playlist);
    expect(segments.map(({ duration }) => duration)).toEqual([4, 4, 1]);
    const init = readInit(await bytesOf(finished.id, map ?? { uri: "", length: 0, offset: 0 }));
    expect(init.trackId).toBe(1);
    const frames = [];
    for (const segment of segments) {
      const samples = readSamples(await bytesOf(finished.id, segment), init);
      expect(samples[0]?.isSync).toBe(true);
      frames.push(...samples.map((sample) => codedFrame(sample, init.timescale)));
    }
    expect(frames.map(({ dts }) => Math.round(dts))).toEqual(
      Array.from({ length: 225 }, (_, at) => at * 40),
    );
    expect(new Set(frames.map(({ hash }) => hash)).size).toBe(225);
    expect(map?.offset).toBe(0);
    expect(segments[0]?.offset).toBe(map?.length);
    const all = await get(`${finished.id}/t1.mp4`);
    const last = segments.at(-1);
    expect(all.bytes).toHaveLength((last?.offset ?? 0) + (last?.length ?? 0));
  });

  test("has MP3 as packed audio, with its time before each segment, once", async () => {
    const playlist = await text(`${finished.id}/t2.m3u8`);
    const { map, segments } = segmentsOf(playlist);
    expect(map).toBeNull();
    expect(segments.map(({ uri }) => uri)).toEqual(["t2.mp3", "t2.mp3", "t2.mp3"]);
    let length = 0;
    for (const segment of segments) {
      const bytes = Buffer.from(await bytesOf(finished.id, segment));
      expect(bytes.toString("latin1", 0, 3)).toBe("ID3");
      const tags = bytes.toString("latin1").split("com.apple.streaming.transportStreamTimestamp");
      expect(tags).toHaveLength(2);
      length += segment.length - 73;
    }
    expect(length).toBe(225 * 41);
  });

  test("of one that grows is an EVENT, whose segments stay as they are", async () => {
    const before = await text(`${growing.id}/t1.m3u8`);
    expect(before).toContain("#EXT-X-PLAYLIST-TYPE:EVENT");
    expect(before).not.toMatch(/ENDLIST|INDEPENDENT/);
    const { segments } = segmentsOf(before);
    expect(segments.map(({ duration }) => duration)).toEqual([4, 4]);
    const first = segments[0] ?? { uri: "", length: 0, offset: 0 };
    const bytes = await bytesOf(growing.id, first);
    const publication = world.registry.find("live/two");
    expect(publication?.state).toBe("live");
    const known = await get(`${growing.id}/t1.m3u8`);
    const etag = known.headers.get("etag") ?? "";
    expect((await get(`${growing.id}/t1.m3u8`, { "if-none-match": etag })).status).toBe(304);
    await world.recorder.stop(growing.id);
    const after = await text(`${growing.id}/t1.m3u8`);
    expect(after).toContain("#EXT-X-ENDLIST");
    expect(segmentsOf(after).segments[0]).toEqual(segments[0]);
    expect(segmentsOf(after).map).toEqual(segmentsOf(before).map);
    expect(await bytesOf(growing.id, first)).toEqual(bytes);
  });
});

test("poster.mp4 is the first picture alone", async () => {
  const { bytes, status } = await get(`${finished.id}/poster.mp4`);
  expect(status).toBe(200);
  const init = readInit(bytes);
  const moof = inspectBoxes(bytes)
    .slice(0, 2)
    .reduce((sum, { size }) => sum + size, 0);
  const samples = readSamples(bytes.subarray(moof), init);
  expect(samples).toMatchObject([{ isSync: true, dts: 0 }]);
});

test("What is not there is refused, and what is not for somebody", async () => {
  for (const path of [
    ...["nothing/index.m3u8", `${finished.id}/t9.m3u8`, `${finished.id}/t1.mp3`],
    ...[`${finished.id}/t2.mp4`, `${finished.id}/other`, `${finished.id}/..%2f..%2fpublish.key`],
  ]) {
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  }
  expect((await get(`${finished.id}/recording.mp4`, {}, "POST")).status).toBe(405);
  expect((await get(`${finished.id}/recording.mp4`, {}, "OPTIONS")).status).toBe(204);
  mayWatch = false;
  for (const name of ["index.m3u8", "recording.mp4", "t1.mp4", "poster.mp4"]) {
    expect((await get(`${finished.id}/${name}`)).status).toBe(403);
  }
  mayWatch = true;
  isReading = true;
  expect((await get(`${finished.id}/recording.mp4`)).status).toBe(503);
  expect((await get(`${finished.id}/recording.mp4`, {}, "HEAD")).status).toBe(200);
  isReading = false;
});

test("A recording whose file is damaged is an error that is told", async () => {
  const bytes = readFileSync(finished.file);
  writeFileSync(finished.file, bytes.subarray(0, 500));
  expect((await get(`${finished.id}/poster.mp4`)).status).toBe(500);
  await expect(get(`${finished.id}/recording.mp4`)).rejects.toThrow();
  writeFileSync(finished.file, bytes);
});

test("Who leaves before the answer begins holds no place among those who read", async () => {
  const { port } = server.address() as AddressInfo;
  for (let count = 0; count < 3; count += 1) {
    const isClosed = new Promise<void>((resolve) => {
      server.once("request", (_request, response) => response.once("close", resolve));
    });
    const isOver = new Promise<void>((resolve) => {
      const client = connect(port, "127.0.0.1");
      client.on("error", () => {});
      onAsked = async () => {
        onAsked = undefined;
        client.resetAndDestroy();
        await isClosed;
        setImmediate(resolve);
      };
      client.write(`GET /recordings/${finished.id}/recording.mp4 HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    await isOver;
  }
  expect((await get(`${finished.id}/recording.mp4`)).status).toBe(200);
});
