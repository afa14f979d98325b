import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventFeed, type EventResponse } from "../../../server/endpoint/api/events.ts";
import { healthSchema, streamHealthSchema } from "../../../server/endpoint/api/health.ts";
import { reconnectAnswerSchema } from "../../../server/endpoint/api/reconnect.ts";
import {
  type ListedRelay,
  type RelayRequest,
  relayListSchema,
} from "../../../server/endpoint/api/relay-list.ts";
import type { RelayRefusal } from "../../../server/endpoint/api/relays.ts";
import { type Api, createApi } from "../../../server/endpoint/api/router.ts";
import {
  type ListedLiveStream,
  listStreams,
  streamListSchema,
} from "../../../server/endpoint/api/stream-list.ts";
import { audioTrack, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { vitals } from "../../support/vitals.ts";

const start = Date.UTC(2026, 4, 1, 10);
const liveStream = (fields: Partial<ListedLiveStream> = {}): ListedLiveStream => ({
  streamPath: "live/demo",
  state: "live",
  startedAt: start + 0.25,
  status: () => [
    { track: videoTrack(), bitrate: 2_000_000.4 },
    { track: audioTrack(), bitrate: 128_000 },
  ],
  unplayable: [{ mediaType: "audio", trackIndex: 1, codecName: "Speex" }],
  encoder: undefined,
  warnings: [{ code: "LONG_GOP", message: "Key frames" }],
  health: {
    vitals: vitals({
      encoder: { kind: "other", name: "Some encoder" },
      avOffset: -0.2,
      speed: Number.NaN,
      drops: {
        recent: { dropped: 0, skipped: 0, lagged: 0 },
        total: { dropped: 3, skipped: 2, lagged: 1 },
      },
    }),
    findings: [{ code: "B_FRAMES", severity: "info", message: "B-frames" }],
  },
  ...fields,
});
const viewers = {
  webSocket: () => 3,
  hls: () => 2,
  flv: () => 4,
  mp4: () => 1,
  rtmp: () => 5,
  previews: () => 6,
};

test("listStreams tells of each stream that is or was published, by path", () => {
  const list = listStreams(
    [
      liveStream(),
      liveStream({ streamPath: "a/b", state: "ended", status: () => [] }),
      liveStream({ streamPath: "somebody/waits", state: "waiting", startedAt: undefined }),
    ],
    viewers,
    start + 61_900,
  );
  expect(list.streams.map(({ path }) => path)).toEqual(["a/b", "live/demo"]);
  expect(list.streams[1]).toEqual({
    path: "live/demo",
    state: "live",
    startedAt: "2026-05-01T10:00:00.000Z",
    uptimeSeconds: 61,
    bitrate: 2_128_000,
    viewers: { websocket: 3, hls: 2, flv: 4, mp4: 1, rtmp: 5, total: 15, previews: 6 },
    tracks: [
      {
        id: 1,
        mediaType: "video",
        index: 0,
        name: "Video",
        language: "und",
        codec: "avc1.64001f",
        width: 640,
        height: 360,
        bitrate: 2_000_000,
      },
      {
        id: 2,
        mediaType: "audio",
        index: 0,
        name: "Audio",
        language: "und",
        codec: "mp4a.40.2",
        sampleRate: 48_000,
        channels: 2,
        bitrate: 128_000,
      },
    ],
    unplayable: [{ mediaType: "audio", codecName: "Speex" }],
    health: {
      at: 1_700_000_030_000,
      bitrate: { now: 2_100_000, mean: 2_100_000, peak: 2_500_000 },
      frameRate: 30,
      declaredFrameRate: 30,
      keyframes: { last: 2000, pictures: 60, longest: 2000, shortest: 2000, bytes: 60_000 },
      avOffset: 0,
      jitter: 6,
      pause: { current: 12, longest: 40 },
      drops: { encoder: 6, missing: 0, badMessages: 0 },
      second: { bitrate: 2_100_000, pictures: 30, drops: 0 },
      findings: [{ code: "B_FRAMES", severity: "info", message: "B-frames" }],
    },
    warnings: [{ code: "LONG_GOP", message: "Key frames" }],
  });
  expect(streamListSchema.parse(list)).toEqual(list);
});

test("listStreams tells of no health where nobody publishes", () => {
  const list = listStreams([liveStream({ state: "ended", health: undefined })], viewers, start);
  expect(list.streams[0]).not.toHaveProperty("health");
  expect(streamListSchema.parse(list)).toEqual(list);
});

test("listStreams leaves out what is not known yet", () => {
  const young = vitals({ tracks: [], avOffset: undefined });
  const [stream] = listStreams(
    [liveStream({ health: { vitals: young, findings: [] } })],
    viewers,
    start,
  ).streams;
  const told = ["at", "bitrate", "pause", "drops", "findings", "second"];
  expect(Object.keys(healthSchema.parse(stream?.health))).toEqual(told);
});

test("listStreams tells what the encoder tells of itself", () => {
  const encoder = {
    clock: { composed: start + 0.4, position: 12_000, offset: 210 },
    delays: { render: 12, encode: 3, total: 50 },
    session: { rendered: 120, lagged: 1, dropped: 2, output: 240 },
    renditions: [{ trackIndex: 0, input: 120, skipped: 0, output: 120 }],
  };
  const list = listStreams([liveStream({ encoder })], viewers, start);
  const { session: frames, clock, ...rest } = encoder;
  const { composed: _, ...others } = clock;
  const composedAt = "2026-05-01T10:00:00.000Z";
  expect(list.streams[0]?.encoder).toEqual({ ...rest, frames, clock: { composedAt, ...others } });
  expect(streamListSchema.parse(list)).toEqual(list);
});

const listedRelay = (fields: Partial<ListedRelay>): ListedRelay => ({
  ...{ id: "r1", kind: "push", streamPath: "live/x", url: "rtmp://there/app/***" },
  ...{ when: "published", state: "waiting", since: start, attempts: 3, retryAt: start + 4000 },
  lastFailure: { code: "RELAY_REFUSED", message: "no", at: start + 1000 },
  ...{ bytes: 12, samplesDropped: 1, leftOut: ["audio 0 opus"] },
  ...fields,
});

describe("createApi", () => {
  const clock = new ManualClock(start + 60_000);
  let api: Api;
  let server: Server;
  let publish: { key: string; rtmpPort: number } | undefined;
  let trustsLocal: boolean;
  let isRecorded = false;
  let asked: unknown[];
  const relays = new Map<string, ListedRelay>();
  const create = (request: RelayRequest): ListedRelay | RelayRefusal => {
    if (request.streamPath === "live/full") return { refused: "too-many", description: "Full" };
    if (request.streamPath === "none") return { refused: "invalid", description: "url: no" };
    const relay = listedRelay({ id: "r9", kind: request.kind, streamPath: request.streamPath });
    relays.set(relay.id, relay);
    return relay;
  };

  beforeEach(async () => {
    publish = { key: "the-secret-key", rtmpPort: 1935 };
    trustsLocal = true;
    asked = [];
    relays.clear();
    relays.set("r1", listedRelay({}));
    api = createApi({
      get trustsLocal() {
        return trustsLocal;
      },
      requestReconnect: (streamPath, tcUrl) => {
        asked.push([streamPath, tcUrl]);
        if (streamPath === "live/nobody") return [];
        return [{ address: "192.0.2.7", transport: "rtmp", name: "FMLE/3.0", asked: true }];
      },
      liveStreams: () => [
        {
          ...liveStream(),
          healthHistory: {
            at: start,
            bitrate: [1, 2.4],
            pictures: [Number.NaN, 30],
            jitter: [Number.NaN, 3.2],
            avOffset: [Number.NaN, -4.4],
            pause: [10, 11],
            drops: [0, 1],
          },
        },
      ],
      viewers,
      clock,
      limits: { clients: 2, silence: 10_000 },
      version: "1.2.3",
      rtmp: () => ({ port: 1936 }),
      publish: () => publish,
      relays: {
        list: () => [...relays.values()],
        create: (request) => create(request),
        delete: (id) => relays.delete(id),
      },
      recordings: {
        list: () => [],
        find: () => undefined,
        start: () => ({ refused: "not-live", description: "Nobody is there" }),
        stop: async () => undefined,
        delete: async () => "unknown",
      },
      recordingOf: (streamPath) => (isRecorded ? `of ${streamPath}` : undefined),
      mayWatch: () => true,
    });
    server = createServer(express().use("/api/v1", api.router)).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });

  const port = () => (server.address() as AddressInfo).port;
  async function get(
    path: string,
    headers: Record<string, string> = {},
    method = "GET",
    body?: string,
  ) {
    const host = `localhost:${port()}`;
    const request = httpRequest({
      host: "127.0.0.1",
      port: port(),
      path: `/api/v1${path}`,
      method,
      agent: false,
      headers: { host, ...headers },
    });
    request.end(body);
    const [response] = await once(request, "response");
    let text = "";
    for await (const piece of response) text += piece;
    return { status: response.statusCode, headers: response.headers, text };
  }

  test("shows the publish key to a browser at this machine, on our own page", async () => {
    const answer = await get("/streams");
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    const list = streamListSchema.parse(JSON.parse(answer.text));
    expect(list.publish).toEqual({
      server: "rtmp://localhost:1935/live",
      streamKey: "demo?key=the-secret-key",
    });
  });

  test.each([
    ["through a proxy", { "x-forwarded-for": "203.0.113.9" }],
    ["under another name", { host: "evil.example" }],
    ["by a page from elsewhere", { origin: "https://evil.example" }],
    ["by a page from elsewhere without Origin", { "sec-fetch-site": "cross-site" }],
  ])("shows it to nobody %s", async (_name, headers) => {
    const answer = await get("/streams", headers);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain("the-secret-key");
    expect(answer.text).not.toContain("publish");
    expect(JSON.parse(answer.text).rtmp).toEqual({ port: 1936 });
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
  });

  const post = (path: string, body?: string, headers: Record<string, string> = {}) =>
    get(path, { "content-type": "application/json", ...headers }, "POST", body);

  test("tells anybody how well a stream comes", async () => {
    const answer = await get("/streams/live/demo/health", { "x-forwarded-for": "203.0.113.9" });
    expect(answer).toMatchObject({
      status: 200,
      headers: { "access-control-allow-origin": "*", "cache-control": "no-store" },
    });
    const { health } = streamHealthSchema.parse(JSON.parse(answer.text));
    expect(health).toMatchObject({
      encoder: "Some encoder",
      viewers: 15,
      drift: { ppm: 20, over: 200_000 },
      encoderDrops: { dropped: 3, skipped: 2, lagged: 1 },
      findings: [{ code: "B_FRAMES" }],
      history: { interval: 1000, pictures: [null, 30], avOffset: [null, -4], bitrate: [1, 2] },
    });
    expect(health).not.toHaveProperty("speed");
    expect(health.tracks).toMatchObject([
      { id: 1, codecName: "H.264", profile: "High", level: "3.1", width: 640, reorderDepth: 0 },
      { id: 2, codecName: "AAC", profile: "LC", sampleRate: 48_000, channels: 2 },
    ]);
    expect(await get("/streams/live/nobody/health")).toMatchObject({ status: 404 });
    expect(await post("/streams/live/demo/health")).toMatchObject({ status: 405 });
  });

  test("asks a publisher to reconnect, here or elsewhere", async () => {
    const here = await post("/streams/live/show/reconnect");
    expect(here).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } });
    expect(here.headers["access-control-allow-origin"]).toBeUndefined();
    const answer = JSON.parse(here.text) as unknown;
    expect(reconnectAnswerSchema.parse(answer)).toEqual({
      publishers: [{ address: "192.0.2.7", transport: "rtmp", name: "FMLE/3.0", asked: true }],
    });
    for (const tcUrl of ["rtmps://b.example:443/live", "//b.example/live", "/live"]) {
      await post("/streams/a/b/show/reconnect", JSON.stringify({ tcUrl }));
    }
    expect(asked).toEqual([
      ["live/show", undefined],
      ["a/b/show", "rtmps://b.example:443/live"],
      ["a/b/show", "//b.example/live"],
      ["a/b/show", "/live"],
    ]);
    expect(await post("/streams/live/nobody/reconnect")).toMatchObject({ status: 404 });
    const other = await get("/streams/live/show/reconnect");
    expect(other).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  test.each([
    ["not JSON", "{"],
    ["another scheme", '{ "tcUrl": "https://b.example/live" }'],
    ["no address", '{ "tcUrl": "live" }'],
    ["two lines", '{ "tcUrl": "/live\\nx" }'],
    ["something else", '{ "url": "/live" }'],
    ["too long", JSON.stringify({ tcUrl: `/${"a".repeat(5000)}` })],
    ["far too long", JSON.stringify({ tcUrl: `/${"a".repeat(50_000)}` })],
  ])("asks nobody to reconnect by %s", async (_name, body) => {
    const answer = await post("/streams/live/show/reconnect", body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect(asked).toEqual([]);
  });

  test.each<[string, Record<string, string>, boolean]>([
    ["through a proxy", { "x-forwarded-for": "203.0.113.9" }, true],
    ["under another name", { host: "evil.example" }, true],
    ["from a page from elsewhere", { origin: "https://evil.example" }, true],
    ["where a proxy is in front", {}, false],
  ])("asks nobody to reconnect for who comes %s", async (_name, headers, trusts) => {
    trustsLocal = trusts;
    expect(await post("/streams/live/show/reconnect", "{}", headers)).toMatchObject({
      status: 403,
    });
    expect(asked).toEqual([]);
  });

  test("tells which streams are being recorded", async () => {
    const recording = async () => JSON.parse((await get("/streams")).text).streams[0].recording;
    expect(await recording()).toBeUndefined();
    isRecorded = true;
    expect(await recording()).toBe("of live/demo");
    isRecorded = false;
  });

  test("shows it to nobody where that is switched off", async () => {
    publish = undefined;
    expect((await get("/streams")).text).not.toContain("publish");
  });

  test("describes itself as it is", async () => {
    const description = JSON.parse((await get("/openapi.json")).text);
    expect(description).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
    for (const [path, methods] of Object.entries<object>(description.paths)) {
      const known = path
        .replace("/api/v1", "")
        .replace("{path}", "live/demo")
        .replace("{id}", "r1");
      if (/^.(relays|recordings)/.test(known)) continue; // they have tests of their own
      for (const method of ["GET", "POST"]) {
        if (known === "/events" && method === "GET") continue;
        const status = method.toLowerCase() in methods ? 200 : 405;
        const asked = known === "/oembed" ? `${known}?url=http://localhost/watch/live/demo` : known;
        expect([known, method, (await get(asked, {}, method)).status]).toEqual([
          ...[known, method, status],
        ]);
      }
    }
    const { properties } = description.components.schemas.StreamList.properties.streams.items;
    const { encoder: _, recording: _recording, ...told } = properties;
    expect(Object.keys(told)).toEqual(
      Object.keys(listStreams([liveStream()], viewers, 0).streams[0] ?? {}),
    );
  });

  test("answers oEmbed with the picture's shape, for who it is for", async () => {
    const url = encodeURIComponent(`http://localhost:${port()}/watch/live/demo`);
    const answer = await get(`/oembed?url=${url}&maxwidth=320`);
    const { width, height, html } = JSON.parse(answer.text);
    expect([width, height]).toEqual([320, 180]);
    expect(html).toContain(`src="http://localhost:${port()}/embed/live/demo"`);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    expect((await get("/oembed?url=x")).status).toBe(400);
    expect((await get(`/oembed?url=${url}&format=xml`)).status).toBe(501);
  });

  test("answers what it does not know with JSON", async () => {
    const answer = await get("/nothing");
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  test("pushes the list at once, to a bounded number of listeners", async () => {
    const listen = async () => {
      const url = `http://127.0.0.1:${port()}/api/v1/events`;
      const abort = new AbortController();
      const response = await fetch(url, { signal: abort.signal });
      return { response, abort };
    };
    const [first, second] = [await listen(), await listen()];
    expect(first.response.headers.get("content-type")).toContain("text/event-stream");
    const reader = first.response.body?.getReader();
    const chunk = new TextDecoder().decode((await reader?.read())?.value);
    const [event, data = ""] = chunk.split("\n");
    expect(event).toBe("event: streams");
    const list = streamListSchema.parse(JSON.parse(data.replace("data: ", "")));
    expect(list.streams).toHaveLength(1);
    const third = await listen();
    expect(third.response.status).toBe(503);
    api.close();
    expect((await reader?.read())?.done).toBe(true);
    second.abort.abort();
  });

  describe("relays", () => {
    const asked = { kind: "pull", streamPath: "live/y", url: "rtmp://there/app/y?key=topsecret" };
    const json = { "content-type": "application/json" };
    const post = (body: unknown, headers: Record<string, string> = json) =>
      get("/relays", headers, "POST", typeof body === "string" ? body : JSON.stringify(body));

    test("are listed as they are described, without what is secret", async () => {
      const answer = await get("/relays");
      expect(answer.status).toBe(200);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      const list = relayListSchema.parse(JSON.parse(answer.text));
      expect(list.relays).toEqual([
        {
          ...{ id: "r1", kind: "push", streamPath: "live/x", url: "rtmp://there/app/***" },
          ...{ when: "published", state: "waiting", since: "2026-05-01T10:00:00.000Z" },
          ...{ attempts: 3, retryAt: "2026-05-01T10:00:04.000Z" },
          lastError: { code: "RELAY_REFUSED", message: "no", at: "2026-05-01T10:00:01.000Z" },
          ...{ bytes: 12, samplesDropped: 1, leftOut: ["audio 0 opus"] },
        },
      ]);
    });

    test("are made and ended", async () => {
      const made = await post(asked);
      expect(made.status).toBe(201);
      expect(JSON.parse(made.text)).toMatchObject({ id: "r9", streamPath: "live/y" });
      expect(made.text).not.toContain("topsecret");
      expect((await get("/relays/r9", {}, "DELETE")).status).toBe(204);
      expect((await get("/relays/r9", {}, "DELETE")).status).toBe(404);
    });

    test.each([
      ["another origin", { ...json, origin: "http://elsewhere.example" }],
      ["a page elsewhere", { ...json, "sec-fetch-site": "cross-site" }],
      ["a proxy", { ...json, "x-forwarded-for": "10.0.0.1" }],
      ["another name of this machine", { ...json, host: "rebound.example" }],
    ])("are nothing for %s", async (_name, headers) => {
      const answers = [
        await get("/relays", headers),
        await post(asked, headers),
        await get("/relays/r1", headers, "DELETE"),
        await get("/relays", headers, "OPTIONS"),
      ];
      for (const { status, text, headers: sent } of answers) {
        expect(status).toBe(403);
        expect(text).not.toContain("r1");
        expect(sent["access-control-allow-origin"]).toBeUndefined();
      }
      expect([...relays.keys()]).toEqual(["r1"]);
    });

    test("are nothing for anybody where a proxy is in front", async () => {
      trustsLocal = false;
      expect((await get("/relays")).status).toBe(403);
    });

    test.each([
      ["a form", asked, { "content-type": "text/plain" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
      ["no JSON", "{", json, 400, "BAD_REQUEST"],
      ["nothing", "", json, 400, "RELAY_INVALID"],
      ["another member", { ...asked, topsecret: 1 }, json, 400, "RELAY_INVALID"],
      ["another kind", { ...asked, kind: "topsecret" }, json, 400, "RELAY_INVALID"],
      ["what cannot be", { ...asked, streamPath: "none" }, json, 400, "RELAY_INVALID"],
      ["one too many", { ...asked, streamPath: "live/full" }, json, 503, "TOO_MANY_RELAYS"],
      ["too much", { ...asked, url: "x".repeat(20_000) }, json, 413, "TOO_LARGE"],
    ])("are not made of %s", async (_name, body, headers, status, code) => {
      const answer = await post(body, headers);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
      expect(answer.text).not.toContain("topsecret");
      expect([...relays.keys()]).toEqual(["r1"]);
    });

    test("answer no other methods", async () => {
      const answer = await get("/relays", {}, "PUT");
      expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD, POST"]);
      expect((await get("/relays/r1")).headers.allow).toBe("DELETE");
    });
  });
});

describe("EventFeed", () => {
  class FakeResponse implements EventResponse {
    written: string[] = [];
    takes = true;
    isDestroyed = false;
    readonly listeners = new Map<string, () => void>();
    writeHead(): void {}
    write(text: string): boolean {
      this.written.push(text);
      return this.takes;
    }
    end(): void {
      this.listeners.get("close")?.();
    }
    destroy(): void {
      this.isDestroyed = true;
      this.end();
    }
    on(event: string, listener: () => void): void {
      this.listeners.set(event, listener);
    }
  }

  function feed() {
    const clock = new ManualClock();
    const state = { value: 1, rendered: 0 };
    const render = () => {
      state.rendered += 1;
      return String(state.value);
    };
    const limits = { clients: 3, silence: 10_000 };
    return { clock, state, feed: new EventFeed("n", render, { clock, limits }) };
  }

  test("tells what changed, at most each second, rendered once for all", () => {
    const { clock, state, feed: events } = feed();
    const [one, two] = [new FakeResponse(), new FakeResponse()];
    events.add(one, "public");
    events.add(two, "public");
    clock.pass(3000);
    expect(one.written).toEqual(["event: n\ndata: 1\n\n"]);
    expect(state.rendered).toBe(5);
    state.value = 2;
    state.value = 3;
    clock.pass(1000);
    for (const { written } of [one, two]) expect(written.at(-1)).toBe("event: n\ndata: 3\n\n");
    expect(one.written).toHaveLength(2);
  });

  test("keeps a quiet line open", () => {
    const { clock, feed: events } = feed();
    const client = new FakeResponse();
    events.add(client, "public");
    clock.pass(31_000);
    expect(client.written.slice(1)).toEqual([":\n\n", ":\n\n"]);
  });

  test("spares who is slow, and closes who takes nothing", () => {
    const { clock, state, feed: events } = feed();
    const [slow, dead] = [new FakeResponse(), new FakeResponse()];
    events.add(slow, "public");
    events.add(dead, "public");
    slow.takes = false;
    dead.takes = false;
    for (state.value = 2; state.value < 7; state.value += 1) clock.pass(1000);
    expect(slow.written).toHaveLength(2);
    slow.takes = true;
    slow.listeners.get("drain")?.();
    clock.pass(1000);
    expect(slow.written.at(-1)).toBe("event: n\ndata: 7\n\n");
    clock.pass(6000);
    expect([slow.isDestroyed, dead.isDestroyed]).toEqual([false, true]);
    expect(dead.written).toHaveLength(2);
    slow.end();
    expect(events.clients).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
