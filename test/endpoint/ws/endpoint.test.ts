import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WebSocketEndpoint } from "../../../server/endpoint/ws/endpoint.ts";
import { Registry } from "../../../server/live/registry.ts";
import type { DataValue, MediaEvent, Sample } from "../../../server/protocol/media/sample.ts";
import type { AudioTrack, VideoTrack } from "../../../server/protocol/media/track.ts";
import type { ServerMessage } from "../../../server/protocol/wire/control.ts";
import {
  decodeFrames,
  type Frame,
  FrameFlag,
  FrameType,
} from "../../../server/protocol/wire/frame.ts";
import { hex } from "../../support/hex.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const video: VideoTrack = {
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  configuration: hex`0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8`,
  width: 640,
  height: 360,
};
const mp3: AudioTrack = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "mp3",
  codecString: "mp3",
  configuration: new Uint8Array(0),
  sampleRate: 44_100,
  channels: 2,
};
const picture = (dts: number, isSync: boolean, size = 100): Sample => ({
  mediaType: "video",
  trackIndex: 0,
  dts,
  compositionOffset: 0,
  isSync,
  isDisposable: false,
  audioSamples: 0,
  data: new Uint8Array(size).fill(dts % 251),
});

async function stage({ viewers = 100 } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = new Registry(clock, {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 10_000_000,
    liveStreams: 3,
    waitingLiveStreams: 3,
    publisherYield: 5000,
    handover: { events: 1024, bytes: 1_000_000, time: 5000 },
    segmenter: {
      segment: 2000,
      longestSegment: 10_000,
      part: 200,
      window: 60_000,
      windowBytes: 10_000_000,
    },
  });
  const endpoint = new WebSocketEndpoint({
    hub: registry,
    clock,
    log,
    batching: { receivers: 50, time: 50 },
    limits: {
      backlog: {
        bytes: 500_000,
        time: 2000,
        soundBytes: 700_000,
        messages: 10_000,
        historyTime: 10_000,
      },
      queueTime: 600,
      silence: 10_000,
      messagesPerSecond: 5,
      notices: 100_000,
      dataBacklog: 20_000,
      data: { size: 5000, perSecond: 3, bytesPerSecond: 8000 },
      viewers,
      viewersPerAddress: viewers,
      message: 200,
    },
  });
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    endpoint.upgrade(request, socket, head, "live/show");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const watch = async (query = "") => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${query}`);
    closers.push(() => socket.terminate());
    const texts: ServerMessage[] = [];
    const frames: Frame[] = [];
    let closed: number | undefined;
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) frames.push(...decodeFrames(data));
      else texts.push(JSON.parse(data.toString()) as ServerMessage);
    });
    socket.on("close", (code) => {
      closed = code;
    });
    socket.on("error", () => {});
    await once(socket, "open");
    return { socket, texts, frames, closed: () => closed };
  };
  const publish = () => {
    const publication = registry.open("live/show", {
      identity: undefined,
      silence: () => 0,
      drop: () => {},
    });
    if ("refused" in publication) throw new Error("refused");
    return publication;
  };
  return { clock, log, registry, endpoint, watch, publish };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5000; turn += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("Cannot wait any longer");
}

test("a viewer who waits is told of everything in order, and gets each sample as it comes", async () => {
  const { watch, publish, clock } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  clock.pass(33);
  publication.input({ type: "sample", sample: picture(33, false) });
  publication.end("clean");
  await until(() => viewer.texts.length === 4);
  expect(viewer.texts.map(({ type }) => type)).toEqual(["hello", "state", "tracks", "state"]);
  expect(viewer.texts[0]).toMatchObject({ state: "waiting", streamPath: "live/show", version: 1 });
  expect(viewer.texts[3]).toMatchObject({ state: "ended" });
  const [init, first, second] = viewer.frames;
  expect(init?.type).toBe(FrameType.InitSegment);
  expect(first).toMatchObject({
    trackId: 1,
    sequenceNumber: 1,
    dts: 900_000,
    flags: FrameFlag.Sync | FrameFlag.Discontinuity,
  });
  expect(second).toMatchObject({ sequenceNumber: 2, dts: 900_000 + 33 * 90, flags: 0 });
  expect([...(second?.payload.subarray(second.dataOffset) ?? [])]).toEqual([
    ...picture(33, false).data,
  ]);
  expect((second?.serverTime ?? 0) - (first?.serverTime ?? 0)).toBe(33);
});

test("a newcomer is told how much of what comes is history", async () => {
  const { watch, publish } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true, 70_000) });
  publication.input({ type: "sample", sample: picture(33, false) });
  const viewer = await watch();
  publication.input({ type: "sample", sample: picture(67, false) });
  await until(() => viewer.frames.length === 4);
  expect(viewer.texts.map(({ type }) => type)).toEqual(["hello", "tracks", "history"]);
  expect(viewer.texts[2]).toEqual({ type: "history", fragments: 2, bytes: 70_100 });
  expect(viewer.frames.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 1, 2, 3]);
});

test("a new configuration comes in its place: after the last sample of the old, before the new", async () => {
  const { watch, publish } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  publication.input({ type: "track", track: { ...video, width: 320 } });
  publication.input({ type: "sample", sample: picture(33, true) });
  await until(() => viewer.frames.length === 4);
  expect(viewer.frames.map(({ type }) => type)).toEqual([1, 2, 1, 2]);
});

test("MP3 is announced with every way a browser may play it, the rest of the tracks with one", async () => {
  const { watch, publish } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: mp3 });
  publication.input({
    type: "unplayable",
    track: { mediaType: "audio", trackIndex: 1, codecName: "Speex" },
  });
  const viewer = await watch();
  await until(() => viewer.texts.length === 2);
  expect(viewer.texts[1]).toMatchObject({
    tracks: [
      { id: 1, mimeTypes: ['video/mp4; codecs="avc1.42c01e"'], width: 640, timescale: 90_000 },
      { id: 2, mimeTypes: [expect.any(String), expect.any(String), "audio/mpeg"] },
    ],
    unplayable: [{ mediaType: "audio", codecName: "Speex" }],
  });
});

test("the server's clock is told to who asks, nonsense is answered with an error", async () => {
  const { watch, clock } = await stage();
  const viewer = await watch();
  viewer.socket.send(JSON.stringify({ type: "clock", sent: 12.5 }));
  viewer.socket.send("nonsense");
  await until(() => viewer.texts.length === 3);
  expect(viewer.texts[1]).toEqual({ type: "clock", sent: 12.5, serverTime: clock.now() });
  expect(viewer.texts[2]).toMatchObject({ type: "error", code: "WIRE_MESSAGE" });
});

test.each([
  { name: "too many messages", code: 1008, send: Array.from({ length: 9 }, () => "x") },
  { name: "too long a message", code: 1009, send: ["x".repeat(300)] },
])("$name end the connection with $code", async ({ code, send }) => {
  const { watch } = await stage();
  const viewer = await watch();
  for (const text of send) viewer.socket.send(text);
  await until(() => viewer.closed() !== undefined);
  expect(viewer.closed()).toBe(code);
});

/** Two sizes of the picture, and sound: ids 1, 2 and 3. */
function publishLadder(publication: { input(event: MediaEvent): void }) {
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: { ...video, trackIndex: 1, width: 320 } });
  publication.input({ type: "track", track: mp3 });
  return (dts: number, isSync = false, size = 100): void => {
    for (const trackIndex of [0, 1]) {
      const sample = { ...picture(dts, isSync, size), trackIndex };
      publication.input({ type: "sample", sample });
    }
    const sound = { ...picture(dts, true), mediaType: "audio", audioSamples: 1152 } as const;
    publication.input({ type: "sample", sample: sound });
  };
}
const tracksOf = (frames: readonly Frame[]) =>
  frames.filter(({ type }) => type === FrameType.Fragment).map(({ trackId }) => trackId);

test("of several tracks a viewer is sent the first of each kind, and told so", async () => {
  const { watch, publish } = await stage();
  const send = publishLadder(publish());
  send(0, true);
  const viewer = await watch();
  await until(() => viewer.frames.length === 5);
  send(40);
  await until(() => viewer.frames.length === 7);
  expect(viewer.texts.slice(1)).toMatchObject([
    { type: "tracks", tracks: [{ id: 1 }, { id: 2 }, { id: 3 }] },
    { type: "selected", tracks: [1, 3] },
    { type: "history", fragments: 2, bytes: 200 },
  ]);
  const inits = viewer.frames.filter(({ type }) => type === FrameType.InitSegment);
  expect(inits.map(({ trackId }) => trackId)).toEqual([1, 2, 3]);
  expect(tracksOf(viewer.frames)).toEqual([1, 3, 1, 3]);
});

test("a viewer's choice holds from the next sync sample, and the picture before goes on until then", async () => {
  const { watch, publish } = await stage();
  const send = publishLadder(publish());
  const viewer = await watch();
  send(0, true);
  await until(() => tracksOf(viewer.frames).length === 2);
  viewer.socket.send(JSON.stringify({ type: "select", tracks: [2, 3] }));
  viewer.socket.send(JSON.stringify({ type: "clock", sent: 1 }));
  await until(() => viewer.texts.at(-1)?.type === "clock");
  send(40);
  send(80, true);
  send(120);
  await until(() => tracksOf(viewer.frames).length === 9);
  expect(tracksOf(viewer.frames)).toEqual([...[1, 3], ...[1, 3], ...[1, 2, 3], ...[2, 3]]);
  expect(viewer.texts.at(-1)).toEqual({ type: "selected", tracks: [2, 3] });
  const ofSecond = viewer.frames.filter(({ trackId, type }) => trackId === 2 && type === 2);
  expect(ofSecond.map(({ flags }) => flags & FrameFlag.Sync)).toEqual([1, 0]);
});

test("who says with the request what it wants is given the history of that", async () => {
  const { watch, publish } = await stage();
  const send = publishLadder(publish());
  send(0, true);
  send(40);
  const viewer = await watch("?tracks=2");
  await until(() => tracksOf(viewer.frames).length === 2);
  expect(tracksOf(viewer.frames)).toEqual([2, 2]);
  expect(viewer.texts.slice(2)).toMatchObject([
    { type: "selected", tracks: [2] },
    { type: "history", fragments: 2, bytes: 200 },
  ]);
});

test.each([
  "x",
  "[1]",
  '{"a":1}',
  "[1.5]",
  JSON.stringify(Array.from({ length: 30 }, (_, n) => n)),
])("a choice of %s is answered with an error", async (tracks) => {
  const { watch } = await stage();
  const viewer = await watch(`?tracks=${tracks}`);
  const text =
    tracks === "[1]" ? '{"type":"select","tracks":["1"]}' : `{"type":"select","tracks":${tracks}}`;
  viewer.socket.send(text);
  await until(() => viewer.texts.length === 2);
  expect(viewer.texts[1]).toMatchObject({ type: "error", code: "WIRE_MESSAGE" });
});

test("a viewer of one track is told of no loss in the others", async () => {
  const { watch, publish, clock } = await stage();
  const send = publishLadder(publish());
  const slow = await watch();
  await until(() => slow.texts.length === 3);
  slow.socket.pause();
  for (let n = 0; n < 60; n += 1) {
    send(n * 40, n % 20 === 0, 400_000);
    clock.pass(40);
    await new Promise((resolve) => setImmediate(resolve));
  }
  slow.socket.resume();
  const lost = () => slow.texts.filter(({ type }) => type === "dropped");
  await until(() => {
    send(4000, true);
    return lost().length > 0;
  });
  expect(new Set(lost().map((message) => "trackId" in message && message.trackId))).toEqual(
    new Set([1]),
  );
});

test("a viewer with a queue on its way gets no pictures until that has drained, and is told what it lost", async () => {
  const { watch, publish, clock } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  const [viewer, other] = [await watch(), await watch()];
  const tell = async (time: unknown) => {
    clock.pass(1_000); // it may not say so much at once
    const answers = viewer.texts.length + 1;
    viewer.socket.send(JSON.stringify({ type: "queued", time }));
    viewer.socket.send('{"type":"clock","sent":1}');
    await until(() => viewer.texts.length >= answers);
  };
  await until(() => viewer.frames.length === 2);
  await tell(601);
  publication.input({ type: "sample", sample: picture(33, false) });
  await tell(400); // not yet
  publication.input({ type: "sample", sample: picture(67, true) });
  await tell(200);
  publication.input({ type: "sample", sample: picture(100, false) });
  publication.input({ type: "sample", sample: picture(133, true) });
  await until(() => viewer.frames.length === 3 && other.frames.length === 6);
  expect(viewer.frames.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 1, 5]);
  const lost = viewer.texts.filter(({ type }) => type === "dropped");
  expect(lost).toMatchObject([{ trackId: 1, samples: 3 }]);
  expect(other.texts.map(({ type }) => type)).not.toContain("dropped");
  await tell("long");
  expect(viewer.texts.at(-2)).toMatchObject({ type: "error", code: "WIRE_MESSAGE" });
});

const cue = (dts: number, values: readonly DataValue[], name = "onCuePoint"): MediaEvent => ({
  type: "data",
  dts,
  name,
  values,
  body: new Uint8Array(1),
});

test("data comes in its place among the fragments, with its time on their timeline", async () => {
  const { watch, publish } = await stage();
  const viewer = await watch();
  const order: string[] = [];
  viewer.socket.on("message", (data: Buffer, isBinary) => {
    const told = isBinary ? undefined : (JSON.parse(data.toString()) as ServerMessage);
    order.push(told === undefined ? "frame" : told.type);
  });
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(500, true) });
  publication.input(cue(533, ["goal", { at: new Date(0), raw: Uint8Array.of(1, 2) }]));
  publication.input({ type: "sample", sample: picture(533, false) });
  await until(() => viewer.frames.length === 3);
  expect(order.slice(-4)).toEqual(["frame", "frame", "data", "frame"]);
  expect(viewer.texts.at(-1)).toEqual({
    type: "data",
    id: expect.stringMatching(/^[0-9a-z]+-1$/),
    name: "onCuePoint",
    time: 10_033,
    values: ["goal", { at: "1970-01-01T00:00:00.000Z", raw: { base64: "AQI=" } }],
  });
  expect(viewer.frames.at(-1)?.dts).toBe(10_033 * 90);
});

test("viewers are told how old an encoder's pictures are by its own clock, newcomers too", async () => {
  const { watch, publish, clock } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  const composed = clock.now() - 210;
  const report = { times: { composed, sent: composed + 150 } };
  const stamp = { type: "encoder-report", trackIndex: 0, dts: 0, compositionOffset: 0 } as const;
  publication.input({ ...stamp, report });
  await until(() => viewer.texts.at(-1)?.type === "encoder");
  expect(viewer.texts.at(-1)).toEqual({ type: "encoder", inside: 150, whole: 210 });
  const late = await watch();
  await until(() => late.texts.length === 4);
  expect(late.texts.find(({ type }) => type === "encoder")).toMatchObject({ whole: 210 });
});

test("onFI tells the encoder's clock, too", async () => {
  const { watch, publish, clock } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  const [date = "", time = ""] = new Date(clock.now() - 120).toISOString().split("T");
  const sd = date.split("-").reverse().join("-");
  const values = [{ sd, st: time.slice(0, -1), tc: "00:00:00:00" }];
  publication.input({ type: "data", name: "onFI", dts: 0, values, body: new Uint8Array(1) });
  await until(() => viewer.texts.some(({ type }) => type === "encoder"));
  const told = viewer.texts.find(({ type }) => type === "encoder");
  expect(told).toEqual({ type: "encoder", inside: null, whole: 120 });
});

test("a newcomer is given the latest onMetaData, unless it was taken back", async () => {
  const { watch, publish } = await stage();
  const publication = publish();
  const body = new Uint8Array(1);
  publication.input({ type: "metadata", values: { width: 1 }, body });
  publication.input({ type: "metadata", values: { width: 2 }, body });
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  const viewer = await watch();
  await until(() => viewer.frames.length === 2);
  expect(viewer.texts.map(({ type }) => type)).toEqual(["hello", "tracks", "data", "history"]);
  expect(viewer.texts[2]).toMatchObject({ name: "onMetaData", values: [{ width: 2 }] });
  publication.input({ type: "metadata", values: {}, body: new Uint8Array(0) });
  await until(() => viewer.texts.length === 5);
  expect(viewer.texts[4]).toMatchObject({ name: "onMetaData", values: [{}] });
  const late = await watch();
  await until(() => late.texts.length === 3);
  expect(late.texts.map(({ type }) => type)).toEqual(["hello", "tracks", "history"]);
});

test("who was away for a moment is told again what was said in the last 15 s, under the same id", async () => {
  const { watch, publish, clock } = await stage();
  const first = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  publication.input(cue(0, ["old"]));
  clock.pass(14_000);
  publication.input({ type: "sample", sample: picture(14_000, true) });
  publication.input(cue(14_000, ["new"]));
  for (let n = 0; n < 4; n += 1) publication.input(cue(14_000, ["flood", n]));
  publication.input({ type: "sample", sample: picture(15_040, true) });
  const dataOf = (viewer: typeof first) => viewer.texts.filter(({ type }) => type === "data");
  await until(() => first.frames.length === 4);
  const again = await watch();
  await until(() => again.frames.length === 2);
  // What was left out for those who were there is left out for who comes, too.
  const told = dataOf(first);
  expect(told.map((message) => "values" in message && message.values[0])).toEqual([
    ...["old", "new", "flood", "flood"],
  ]);
  expect(dataOf(again)).toEqual(told.slice(1));
});

test("data that is too large or too much is left out and logged once, and nothing else is", async () => {
  const { watch, publish, clock, log } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input(cue(0, ["x".repeat(6000)]));
  for (let n = 0; n < 10; n += 1) publication.input(cue(n, [n]));
  publication.input({ type: "sample", sample: picture(10, true) });
  clock.pass(1000);
  publication.input(cue(1000, ["again"]));
  publication.input(cue(1000, ["y".repeat(4500)]));
  publication.input(cue(1000, ["z".repeat(4500)]));
  publication.input({ type: "sample", sample: picture(1000, false) });
  await until(() => viewer.frames.length === 3);
  const told = viewer.texts.filter(({ type }) => type === "data");
  expect(told.map((message) => "values" in message && String(message.values).slice(0, 5))).toEqual([
    ...["0", "1", "2"],
    ...["again", "yyyyy"],
  ]);
  const lines = log.lines.filter(({ fields }) => fields["code"] === "WIRE_DATA");
  expect(lines).toHaveLength(1);
});

test("a viewer who does not read is not cut off for data: it goes without", async () => {
  const { watch, publish, clock, endpoint } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  const slow = await watch();
  await until(() => slow.texts.length === 2);
  slow.socket.pause();
  for (let n = 0; n < 40; n += 1) {
    publication.input({ type: "sample", sample: picture(n * 33, n === 0, 400_000) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let n = 0; n < 30; n += 1) {
    for (const which of ["a", "b"]) publication.input(cue(n, [which.repeat(3900)]));
    clock.pass(300);
  }
  expect(endpoint.viewers()).toBe(1);
  slow.socket.resume();
  const heard = () => slow.texts.filter(({ type }) => type === "data").length;
  await until(() => heard() > 0);
  expect(heard()).toBeLessThan(10);
});

test("who comes when all places are taken is told to try again later", async () => {
  const { watch, endpoint } = await stage({ viewers: 1 });
  const first = await watch();
  const second = await watch();
  await until(() => second.closed() !== undefined);
  expect(second.closed()).toBe(1013);
  expect(endpoint.viewers()).toBe(1);
  first.socket.close();
  await until(() => endpoint.viewers() === 0);
});

test("who only shows what there is takes a place, and is not counted as a viewer", async () => {
  const { watch, publish, endpoint } = await stage({ viewers: 2 });
  publish().input({ type: "track", track: video });
  const preview = await watch("?tracks=1&preview=1");
  await watch("?preview=0");
  expect([endpoint.viewers("live/show"), endpoint.previews("live/show")]).toEqual([1, 1]);
  await until(() => preview.texts.length >= 2);
  const third = await watch();
  await until(() => third.closed() === 1013);
  preview.socket.close();
  await until(() => endpoint.viewers() === 1);
  expect([endpoint.viewers("live/show"), endpoint.previews("live/show")]).toEqual([1, 0]);
});

test("a live stream that nobody publishes is let go with its last viewer", async () => {
  const { watch, registry, clock } = await stage();
  const viewer = await watch();
  expect(registry.size).toBe(1);
  viewer.socket.close();
  await until(() => registry.size === 0);
  expect(clock.pending).toBe(0);
});

test("everybody is told when the server goes away", async () => {
  const { watch, endpoint } = await stage();
  const viewer = await watch();
  endpoint.close();
  await until(() => viewer.closed() !== undefined);
  expect(viewer.closed()).toBe(1001);
});

test("a viewer who lets announcements pile up is cut off", async () => {
  const { watch, publish, endpoint } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  const dead = await watch();
  await until(() => dead.texts.length === 2);
  dead.socket.pause();
  // The socket is made full first: what goes out at once piles up nowhere.
  for (let n = 0; n < 40; n += 1) {
    publication.input({ type: "sample", sample: picture(n * 33, n === 0, 400_000) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let n = 0; endpoint.viewers() > 0; n += 1) {
    publication.input({ type: "track", track: { ...video, width: 2 + (n % 1000) } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(n).toBeLessThan(400);
  }
});

test("who does not answer the goodbye is cut off after a moment", async () => {
  const { watch, endpoint, clock } = await stage();
  const viewer = await watch();
  await until(() => viewer.texts.length === 1);
  viewer.socket.pause();
  endpoint.close();
  clock.pass(1000);
  await until(() => endpoint.viewers() === 0);
});

test("a viewer who takes nothing while bytes wait is closed, one who merely gets nothing is not", async () => {
  const { watch, publish, clock, endpoint } = await stage();
  const publication = publish();
  publication.input({ type: "track", track: video });
  const dead = await watch();
  const healthy = await watch();
  await until(() => dead.texts.length === 2 && healthy.texts.length === 2);
  dead.socket.pause();
  // More than the kernel's buffers on loopback take for one who does not read.
  for (let n = 0; n < 40; n += 1) {
    publication.input({ type: "sample", sample: picture(n * 33, n === 0, 400_000) });
    await until(() => healthy.frames.length >= n + 2);
    clock.pass(33);
  }
  clock.pass(12_000);
  await until(() => endpoint.viewers() === 1);
  clock.pass(20_000);
  expect(healthy.closed()).toBeUndefined();
  expect(healthy.frames).toHaveLength(41);
});

const say = (dts: number, text: string, language = "en"): MediaEvent =>
  cue(dts, [{ type: "Text", text, language }], "onTextData");

/** What a viewer was told of texts, in short. */
const textsOf = (told: readonly ServerMessage[]): string[] =>
  told.flatMap((message) => {
    if (message.type === "text-tracks") return [message.tracks.map(({ id }) => id).join()];
    if (message.type !== "cue") return [];
    return [`${message.track}.${message.id} ${message.start}-${message.end} ${message.text}`];
  });

test("texts are told of when they open and when they end, and newcomers of what is shown", async () => {
  const { watch, publish } = await stage();
  const viewer = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  publication.input(say(0, "one & two"));
  publication.input(say(40, "drei", "de"));
  publication.input(say(80, "three"));
  await until(() => textsOf(viewer.texts).length === 6);
  expect(textsOf(viewer.texts)).toEqual([
    ...["text-en", "text-en.1 10000-null one &amp; two"],
    ...["text-de,text-en", "text-de.1 10040-null drei"],
    ...["text-en.1 10000-10080 one &amp; two", "text-en.2 10080-null three"],
  ]);
  expect(viewer.texts.find(({ type }) => type === "text-tracks")).toEqual({
    type: "text-tracks",
    tracks: [{ id: "text-en", kind: "subtitles", language: "en", name: "English" }],
  });
  const late = await watch();
  await until(() => late.frames.length === 2);
  expect(late.texts.map(({ type }) => type)).toEqual([
    ...["hello", "tracks", "data", "data", "data", "text-tracks", "cue", "cue", "history"],
  ]);
  expect(textsOf(late.texts)).toEqual([
    ...["text-de,text-en", "text-de.1 10040-null drei", "text-en.2 10080-null three"],
  ]);
});

test("who does not read texts goes on without, and is told how things stand when there is room", async () => {
  const { watch, publish, clock } = await stage();
  const slow = await watch();
  const publication = publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  publication.input(say(0, "before"));
  await until(() => textsOf(slow.texts).length === 2);
  slow.socket.pause();
  // What its line takes is taken by pictures; more than the limit of texts waits behind them.
  for (let n = 1; n < 60; n += 1) {
    publication.input({ type: "sample", sample: picture(n * 40, n % 20 === 0, 400_000) });
    publication.input(say(n * 40, `${n} ${"x".repeat(2000)}`));
    clock.pass(40);
    await new Promise((resolve) => setImmediate(resolve));
  }
  publication.input(say(2400, "after"));
  slow.socket.resume();
  await until(() => {
    clock.pass(1000); // it is looked after each second
    return textsOf(slow.texts).some((text) => text.endsWith("-null after"));
  });
  const told = slow.texts.filter((message) => message.type === "cue");
  expect(told.length).toBeLessThan(60);
  const open = new Map(told.map(({ id, end }) => [id, end]));
  expect([...open].filter(([, end]) => end === null)).toEqual([[61, null]]);
});
