import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { FlvDemuxer } from "../../../server/protocol/flv/demuxer.ts";
import type { FlvTag } from "../../../server/protocol/flv/tag.ts";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import { AAC, AVC, endlessStage, picture, sound } from "../../support/endless-stage.ts";
import { tagsOf } from "../../support/endless-viewer.ts";
import { hex } from "../../support/hex.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function stage(...args: Parameters<typeof endlessStage>) {
  const staged = await endlessStage(...args);
  closers.push(staged.close);
  return staged;
}

const METADATA = hex`02 000a 6f6e4d65746144617461 08 00000002
  000c 766964656f636f6465636964 00 401c000000000000 // videocodecid 7
  000c 617564696f636f6465636964 00 4024000000000000 // audiocodecid 10
  000009`;
const metadata: MediaEvent = {
  type: "metadata",
  values: { videocodecid: 7, audiocodecid: 10 },
  body: METADATA,
};
const CUE = hex`02 000a 6f6e437565506f696e74 05`;

/** What goes in: pictures of 40 ms with sound, a sync sample each `gop`. */
function feed(input: (event: MediaEvent) => void, from: number, to: number, gop = 400): void {
  for (let dts = from; dts < to; dts += 40) {
    input({ type: "sample", sample: picture(dts, { isSync: dts % gop === 0 }) });
    input({ type: "sample", sample: sound(dts + 5) });
  }
}

const begin = (input: (event: MediaEvent) => void): void => {
  input(metadata);
  input({ type: "track", track: AVC });
  input({ type: "track", track: AAC });
};

const text = ({ typeId, timestamp, payload }: FlvTag): string =>
  `${typeId} ${timestamp} ${Buffer.from(payload.subarray(0, 6)).toString("hex")} ${payload.length}`;

/** What our own demuxer reads of it. */
function read(body: Buffer): MediaEvent[] {
  const place = (timestamp: number): number => timestamp;
  const demuxer = new FlvDemuxer({ place, peek: place });
  return tagsOf(body).flatMap(({ typeId, timestamp, payload }) => {
    if (typeId === 8) return demuxer.audio(timestamp, payload);
    return typeId === 9 ? demuxer.video(timestamp, payload) : [];
  });
}

const samplesOf = (body: Buffer) =>
  read(body).flatMap((event) => (event.type === "sample" ? [event.sample] : []));

describe("live.flv", () => {
  test("waits for a publisher, and begins when all tracks are there that metadata names", async () => {
    const { take, publish, flv } = await stage();
    const viewer = take("live.flv");
    while (flv.viewers() === 0) await eventLoop();
    const { input, end } = publish();
    input(metadata);
    input({ type: "track", track: AVC });
    input({ type: "sample", sample: picture(0, { isSync: true, compositionOffset: 80 }) });
    expect(viewer.status).toBeUndefined();
    input({ type: "track", track: AAC });
    input({ type: "sample", sample: sound(5) });
    input({ type: "sample", sample: picture(40, { isDisposable: true, compositionOffset: -40 }) });
    end("clean");
    await viewer.until("the end", ({ ended }) => ended !== undefined);
    expect(viewer.ended).toBe("end");
    expect(viewer.status).toBe(200);
    expect(viewer.headers).toMatchObject({
      "content-type": "video/x-flv",
      "cache-control": "no-store",
      "access-control-allow-origin": "*",
      "accept-ranges": "none",
    });
    expect(viewer.headers["content-length"]).toBeUndefined();
    expect(viewer.body.subarray(0, 13)).toEqual(Buffer.from("464c5601050000000900000000", "hex"));
    expect(tagsOf(viewer.body).map(text)).toEqual([
      `18 0 02000a6f6e4d ${METADATA.length}`,
      `9 10000 170000000001 ${5 + AVC.configuration.length}`,
      "9 10000 170100005000 105",
      "8 10005 af001190 4",
      "8 10005 af010000001a 32",
      "9 10040 3701ffffd800 105",
    ]);
  });

  test("gives a late viewer metadata unchanged, configurations, and all since the last sync sample", async () => {
    const { take, publish, flv } = await stage();
    const { input, end } = publish();
    begin(input);
    feed(input, 0, 1000);
    const viewer = take("live.flv");
    await viewer.until("the history", ({ body }) => tagsOf(body).length > 3);
    expect(flv.viewers("live/show")).toBe(1);
    expect(flv.viewers("live/other")).toBe(0);
    feed(input, 1000, 1200);
    end("clean");
    await viewer.until("the end", ({ ended }) => ended === "end");
    const tags = tagsOf(viewer.body);
    expect(tags[0]).toMatchObject({ typeId: 18, payload: Buffer.from(METADATA) });
    expect(tags.slice(1, 3).map(({ payload }) => payload[1])).toEqual([0, 0]);
    const samples = samplesOf(viewer.body);
    expect(samples.filter(({ mediaType }) => mediaType === "video").map(({ dts }) => dts)).toEqual(
      [800, 840, 880, 920, 960, 1000, 1040, 1080, 1120, 1160].map((dts) => dts + 10_000),
    );
    expect(samples[0]).toMatchObject({ isSync: true, data: Buffer.from(picture(800).data) });
    expect(samples.filter(({ mediaType }) => mediaType === "audio")).toHaveLength(10);
    await viewer.until("the last one is gone", () => flv.viewers() === 0);
  });

  test("tells no configuration again where a track has only got another name", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    feed(input, 0, 200);
    const viewer = take("live.flv");
    await viewer.until("the history", ({ body }) => tagsOf(body).length > 3);
    input({ type: "track", track: { ...AVC, frameRate: 25 } });
    feed(input, 200, 400);
    end("clean");
    await viewer.until("the end", ({ ended }) => ended === "end");
    expect(tagsOf(viewer.body).filter(({ payload }) => payload[1] === 0)).toHaveLength(2);
  });

  test("over WebSocket is the same, one message for each sample, and closes at the end", async () => {
    const { take, takeBySocket, publish } = await stage();
    const { input, end } = publish();
    begin(input);
    feed(input, 0, 200);
    const [http, socket] = [take("live.flv"), takeBySocket("live.flv")];
    await http.until("the history", ({ body }) => body.length > 0);
    await socket.until("the history", ({ messages }) => messages.length >= 11);
    feed(input, 200, 400);
    end("clean");
    await socket.until("the end", ({ closed }) => closed !== undefined);
    await http.until("the end", ({ ended }) => ended === "end");
    expect(socket.closed?.code).toBe(1000);
    expect(socket.body.equals(http.body)).toBe(true);
    expect(socket.messages).toHaveLength(1 + 20);
    // The opening and the configurations, so that no reader has to put pieces together.
    expect(tagsOf(socket.messages[0] ?? Buffer.alloc(0))).toHaveLength(3);
  });

  test("goes on with new configurations when another encoder returns, and ends after the grace", async () => {
    const { take, publish, clock } = await stage();
    const first = publish();
    begin(first.input);
    feed(first.input, 0, 200);
    const viewer = take("live.flv");
    await viewer.until("the history", ({ body }) => body.length > 0);
    first.end("lost");
    clock.pass(20_000);
    const second = publish();
    const configuration = hex`0142c01fffe100196742c01fda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8`;
    second.input({ type: "track", track: { ...AVC, configuration } });
    second.input({ type: "track", track: AAC });
    feed(second.input, 0, 200);
    second.end("lost");
    await viewer.until("the second encoder", ({ body }) => samplesOf(body).length === 20);
    clock.pass(29_000);
    expect(viewer.ended).toBeUndefined();
    clock.pass(1500);
    await viewer.until("the end", ({ ended }) => ended !== undefined);
    expect(viewer.ended).toBe("end");
    const headers = tagsOf(viewer.body).filter(
      ({ typeId, payload }) => typeId === 9 && payload[1] === 0,
    );
    expect(headers.map(({ payload }) => Buffer.from(payload.subarray(5)))).toEqual([
      Buffer.from(AVC.configuration),
      Buffer.from(configuration),
    ]);
    const times = samplesOf(viewer.body).map(({ dts }) => dts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test("has one track of each kind that every player reads, unless all are asked for", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    begin(input);
    input({ type: "track", track: { ...AVC, trackIndex: 1, width: 320 } });
    input({ type: "track", track: { ...AAC, trackIndex: 2 } });
    const [first, all] = [take("live.flv"), take("live.flv?tracks=all")];
    for (const viewer of [first, all])
      await viewer.until("it begins", ({ body }) => body.length > 0);
    input({ type: "sample", sample: picture(0, { isSync: true }) });
    input({ type: "sample", sample: picture(0, { isSync: true, trackIndex: 1 }) });
    input({ type: "sample", sample: sound(5) });
    input({ type: "sample", sample: sound(5, { trackIndex: 2 }) });
    end("clean");
    for (const viewer of [first, all])
      await viewer.until("the end", ({ ended }) => ended === "end");
    const heads = (body: Buffer) =>
      tagsOf(body).map(({ payload }) => text({ typeId: 0, timestamp: 0, payload }));
    expect(
      heads(first.body)
        .slice(1)
        .map((head) => head.split(" ")[2]?.slice(0, 4)),
    ).toEqual(["1700", "1701", "af00", "af01"]);
    expect(samplesOf(all.body).map(({ mediaType, trackIndex }) => [mediaType, trackIndex])).toEqual(
      [
        ["video", 0],
        ["video", 1],
        ["audio", 0],
        ["audio", 2],
      ],
    );
    // OneTrack messages of the second video track: SequenceStart and CodedFramesX.
    expect(heads(all.body).filter((head) => head.includes("61766331"))).toEqual([
      expect.stringContaining("960061766331"),
      expect.stringContaining("960361766331"),
    ]);
  });

  test("leaves out what classic FLV has no form for, where that is asked for", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input(metadata);
    input({
      type: "track",
      track: { ...AVC, codec: "hevc", codecString: "hvc1", trackIndex: 0 } as never,
    });
    input({ type: "track", track: AAC });
    const [classic, both] = [take("live.flv?enhanced=0"), take("live.flv")];
    for (const viewer of [classic, both])
      await viewer.until("it begins", ({ body }) => body.length > 0);
    input({ type: "sample", sample: picture(0, { isSync: true }) });
    input({ type: "sample", sample: sound(5) });
    end("clean");
    for (const viewer of [classic, both])
      await viewer.until("the end", ({ ended }) => ended === "end");
    expect(classic.body[4]).toBe(4);
    expect(both.body[4]).toBe(5);
    expect(tagsOf(classic.body).map(({ typeId }) => typeId)).toEqual([18, 8, 8]);
    expect(tagsOf(both.body).map(({ typeId }) => typeId)).toEqual([18, 9, 9, 8, 8]);
  });

  test("tells colours of high dynamic range ahead of the pictures, where that is asked for", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
    const track = { ...AVC, codec: "hevc", codecString: "hvc1", colour } as never;
    input({ type: "track", track });
    input({ type: "track", track: AAC });
    const [told, plain] = [take("live.flv?hdr=1"), take("live.flv")];
    for (const viewer of [told, plain]) {
      await viewer.until("it begins", ({ body }) => body.length > 0);
    }
    input({ type: "sample", sample: picture(0, { isSync: true }) });
    end("clean");
    for (const viewer of [told, plain]) {
      await viewer.until("the end", ({ ended }) => ended === "end");
    }
    expect(tagsOf(told.body).map(({ payload }) => payload[0])).toEqual([0x84, 0x90, 0x93]);
    expect(tagsOf(plain.body).map(({ payload }) => payload[0])).toEqual([0x90, 0x93]);
  });

  test("passes on unchanged what is not opened: data, originals, and codecs nobody plays", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({
      type: "track",
      track: { ...AAC, codec: "flac", codecString: "flac", configuration: new Uint8Array(34) },
    });
    input({
      type: "unplayable",
      track: { mediaType: "video", trackIndex: 0, codecName: "Sorenson H.263" },
    });
    const viewer = take("live.flv");
    await viewer.until("it begins", ({ body }) => body.length > 0);
    const frame = { mediaType: "video", trackIndex: 0 } as const;
    input({ type: "sample", sample: sound(0, { original: hex`72 d5d5` }) });
    input({ type: "sample", sample: sound(21, { original: new Uint8Array(0) }) });
    input({ type: "opaque", frame: { ...frame, dts: 30, isSync: false, tag: hex`22 01` } });
    input({ type: "opaque", frame: { ...frame, dts: 40, isSync: true, tag: hex`12 02` } });
    input({ type: "opaque", frame: { ...frame, dts: 80, isSync: false, tag: hex`22 03` } });
    input({ type: "data", dts: 90, name: "onCuePoint", values: [null], body: CUE });
    input({ type: "metadata", values: {}, body: METADATA });
    end("clean");
    await viewer.until("the end", ({ ended }) => ended === "end");
    expect(tagsOf(viewer.body).map(text)).toEqual([
      "8 10000 72d5d5 3",
      "9 10040 1202 2",
      "9 10080 2203 2",
      `18 10090 02000a6f6e43 ${CUE.length}`,
      `18 0 02000a6f6e4d ${METADATA.length}`,
    ]);
  });

  test("says when a picture is shown, also where its encoder's decode times step back", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    const viewer = take("live.flv");
    await viewer.until("it begins", ({ body }) => body.length > 0);
    for (const dts of [0, 40, 20, 20]) {
      const fields = { isSync: dts === 0, compositionOffset: 80 };
      input({ type: "sample", sample: picture(dts, fields) });
    }
    end("clean");
    await viewer.until("the end", ({ ended }) => ended === "end");
    const shown = samplesOf(viewer.body).map(({ dts, compositionOffset }) => [
      dts,
      compositionOffset,
    ]);
    expect(shown).toEqual([0, 40, 20, 20].map((dts) => [dts + 10_000, 80]));
  });

  test("begins without a track that metadata names but that does not come, after a second", async () => {
    const { take, publish, clock, flv } = await stage();
    const { input } = publish();
    input(metadata);
    input({ type: "track", track: AVC });
    input({ type: "sample", sample: picture(0, { isSync: true }) });
    const viewer = take("live.flv");
    while (flv.viewers() === 0) await eventLoop();
    clock.pass(999);
    await eventLoop();
    expect(viewer.status).toBeUndefined();
    clock.pass(1);
    await viewer.until("it begins", ({ body }) => body.length > 0);
    expect(viewer.body[4]).toBe(1);
  });
});

const eventLoop = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe("who takes live.flv", () => {
  test("and does not read loses whole pictures up to a sync sample, and goes after ten seconds", async () => {
    const { take, publish, clock, flv } = await stage();
    const { input } = publish();
    begin(input);
    input({ type: "sample", sample: picture(0, { isSync: true }) });
    const [slow, dead, healthy] = [take("live.flv"), take("live.flv"), take("live.flv")];
    for (const viewer of [slow, dead, healthy]) {
      await viewer.until("it begins", ({ body }) => body.length > 0);
    }
    slow.pause();
    dead.pause();
    // More than the system takes on loopback for who does not read.
    const size = 400_000;
    for (let at = 40; at <= 2400; at += 40) {
      input({ type: "sample", sample: picture(at, { isSync: at % 400 === 0, size }) });
      input({ type: "sample", sample: sound(at + 5) });
      clock.pass(40);
      await eventLoop();
    }
    slow.resume();
    const mark = (name: string): void =>
      input({ type: "data", dts: 2410, name, values: [], body: Buffer.from(name) });
    mark("caught-up");
    await slow.until("what was in the way", ({ tail }) => tail.includes("caught-up"));
    for (let at = 2440; at <= 3600; at += 40) {
      input({ type: "sample", sample: picture(at, { isSync: at % 400 === 0 }) });
      input({ type: "sample", sample: sound(at + 5) });
    }
    mark("the-end");
    for (const viewer of [slow, healthy]) {
      await viewer.until("the newest", ({ tail }) => tail.includes("the-end"));
    }
    const pictures = (body: Buffer) =>
      samplesOf(body).filter(({ mediaType }) => mediaType === "video");
    const due = pictures(healthy.body).map(({ dts }) => dts);
    expect(due).toHaveLength(91);
    const got = pictures(slow.body);
    expect(got.length).toBeLessThan(due.length);
    for (const [index, { dts, isSync }] of got.entries()) {
      const before = got[index - 1];
      const follows = before === undefined || dts - before.dts === 40;
      expect(follows || isSync, `the picture at ${dts}`).toBe(true);
    }
    expect(samplesOf(slow.body).filter(({ mediaType }) => mediaType === "audio")).toHaveLength(90);

    expect(flv.viewers()).toBe(3);
    clock.pass(11_000);
    await eventLoop();
    dead.resume();
    await dead.until("the cut", ({ ended }) => ended !== undefined);
    expect(dead.ended).toBe("cut");
    expect([slow.ended, healthy.ended]).toEqual([undefined, undefined]);
  });

  test("is sent away after a while when nobody publishes, and counted as long as it waits", async () => {
    const { take, takeBySocket, clock, flv, registry } = await stage();
    const [http, socket] = [take("live.flv"), takeBySocket("live.flv")];
    while (flv.viewers() < 2) await eventLoop();
    expect(flv.viewers("live/show")).toBe(2);
    expect(registry.list()).toHaveLength(1);
    clock.pass(45_000);
    await http.until("an answer", ({ ended }) => ended === "end");
    await socket.until("closed", ({ closed }) => closed !== undefined);
    expect(http.status).toBe(404);
    expect(socket.closed?.code).toBe(1013);
    expect(flv.viewers()).toBe(0);
    expect(registry.list()).toHaveLength(0);
  });

  test("waits, after a clean end, for a new broadcast", async () => {
    const { take, publish, flv } = await stage();
    const first = publish();
    begin(first.input);
    feed(first.input, 0, 200);
    first.end("clean");
    const viewer = take("live.flv");
    while (flv.viewers() === 0) await eventLoop();
    expect(viewer.status).toBeUndefined();
    const second = publish();
    feed(second.input, 0, 40);
    await viewer.until("it begins", ({ body }) => body.length > 0);
  });

  test("and leaves is forgotten, whether it waits or watches", async () => {
    const { take, publish, flv, registry } = await stage();
    const waiting = take("live.flv");
    while (flv.viewers() === 0) await eventLoop();
    waiting.leave();
    while (flv.viewers() > 0) await eventLoop();
    expect(registry.list()).toHaveLength(0);
    const { input, liveStream } = publish();
    begin(input);
    const watching = take("live.flv");
    await watching.until("it begins", ({ body }) => body.length > 0);
    expect(liveStream.observers).toBe(1);
    watching.leave();
    while (flv.viewers() > 0) await eventLoop();
    expect(liveStream.observers).toBe(0);
  });

  test.each([
    { name: "altogether", limits: { viewers: 2 } },
    { name: "of one address", limits: { viewersPerAddress: 2 } },
    { name: "of one live stream", limits: { viewersPerStream: 2 } },
  ])("is refused where there are too many $name", async ({ limits }) => {
    const { take, takeBySocket, publish, flv, log } = await stage(limits);
    begin(publish().input);
    const [first, second] = [take("live.flv"), take("live.flv")];
    for (const viewer of [first, second])
      await viewer.until("it begins", ({ body }) => body.length > 0);
    const third = take("live.flv");
    await third.until("an answer", ({ ended }) => ended === "end");
    expect([third.status, third.headers["retry-after"]]).toEqual([503, "2"]);
    const fourth = takeBySocket("live.flv");
    await fourth.until("closed", ({ closed }) => closed !== undefined);
    expect(fourth.closed?.code).toBe(1013);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    first.leave();
    while (flv.viewers() > 1) await eventLoop();
    const fifth = take("live.flv");
    await fifth.until("it begins", ({ body }) => body.length > 0);
  });

  test("is told when the server goes", async () => {
    const { take, takeBySocket, publish, flv } = await stage();
    const waiting = take("live.flv");
    while (flv.viewers() === 0) await eventLoop();
    flv.close();
    await waiting.until("an answer", ({ ended }) => ended === "end");
    expect(waiting.status).toBe(503);
    begin(publish().input);
    const [http, socket] = [take("live.flv"), takeBySocket("live.flv")];
    for (const viewer of [http, socket])
      await viewer.until("it begins", ({ body }) => body.length > 0);
    flv.close();
    await http.until("the end", ({ ended }) => ended === "end");
    await socket.until("closed", ({ closed }) => closed !== undefined);
  });

  test("over WebSocket and talks without end is closed", async () => {
    const { takeBySocket, publish } = await stage();
    begin(publish().input);
    const viewer = takeBySocket("live.flv");
    await viewer.until("it begins", ({ messages }) => messages.length > 0);
    for (let count = 0; count < 10; count += 1) viewer.socket.send("hello");
    await viewer.until("closed", ({ closed }) => closed !== undefined);
    expect(viewer.closed?.code).toBe(1008);
  });
});

describe("requests for live.flv", () => {
  test.each([
    { name: "HEAD of what is on air", resource: "live.flv", method: "HEAD", status: 200 },
    {
      name: "HEAD of what is not",
      resource: "live.flv",
      method: "HEAD",
      onAir: false,
      status: 404,
    },
    { name: "OPTIONS", resource: "live.flv", method: "OPTIONS", status: 204 },
    { name: "POST", resource: "live.flv", method: "POST", status: 405 },
    { name: "unknown tracks", resource: "live.flv?tracks=2", method: "GET", status: 400 },
    { name: "unknown dialects", resource: "live.flv?enhanced=yes", method: "GET", status: 400 },
    { name: "what is not ours", resource: "live.ogg", method: "GET", status: 404 },
  ])("$name: $status", async ({ resource, method, status, onAir = true }) => {
    const { take, publish, registry } = await stage();
    if (onAir) begin(publish().input);
    const taker = take(resource, { method });
    await taker.until("an answer", ({ ended }) => ended !== undefined);
    expect(taker.status).toBe(status);
    expect(taker.ended).toBe("end");
    if (!onAir) expect(registry.list()).toHaveLength(0);
  });

  test("with a range get all of it", async () => {
    const { take, publish } = await stage();
    begin(publish().input);
    const viewer = take("live.flv", { headers: { range: "bytes=100-" } });
    await viewer.until("it begins", ({ body }) => body.length > 0);
    expect(viewer.status).toBe(200);
    expect(viewer.body.toString("latin1", 0, 3)).toBe("FLV");
  });

  test("behind another one on the same connection take no place", async () => {
    const { publish, port, flv } = await stage();
    begin(publish().input);
    const socket = connect(port, "127.0.0.1");
    closers.push(() => socket.destroy());
    const one = "GET /streams/live/show/live.flv HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.write(one.repeat(5));
    await new Promise((resolve) => socket.once("data", resolve));
    await eventLoop();
    expect(flv.viewers()).toBe(1);
  });
});
