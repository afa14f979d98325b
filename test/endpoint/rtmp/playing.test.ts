import { createHash, createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { BadMessages } from "../../../server/endpoint/rtmp/bad-messages.ts";
import { Broadcasts } from "../../../server/endpoint/rtmp/broadcasts.ts";
import { RtmpConnection } from "../../../server/endpoint/rtmp/connection.ts";
import type { PlayDecision } from "../../../server/endpoint/rtmp/permission.ts";
import { Publishing } from "../../../server/endpoint/rtmp/publishing.ts";
import { Registry } from "../../../server/live/registry.ts";
import { RepeatLog } from "../../../server/log.ts";
import { decodeAmf0 } from "../../../server/protocol/amf0/decode.ts";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { type Amf0Object, EcmaArray } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, toHex, u24 } from "../../../server/protocol/bytes/bytes.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import { chunked, command, HANDSHAKE, LARGE_CHUNKS } from "../../protocol/rtmp/session-support.ts";
import { readFlvFile } from "../../support/flv-file.ts";
import { cut, hex } from "../../support/hex.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { PLAY_LIMITS } from "../../support/play-limits.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { Wire } from "../../support/wire.ts";

const wires: Wire[] = [];
afterEach(() => {
  for (const wire of wires.splice(0)) wire.destroy();
});

function stage({
  decision = { allowed: true } as PlayDecision,
  limits = PLAY_LIMITS,
  waitingLiveStreams = 3,
} = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = new Registry(clock, {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 10_000_000,
    liveStreams: 3,
    waitingLiveStreams,
    publisherYield: LIMITS.publisherYield,
    handover: { events: 1024, bytes: 1_000_000, time: 5000 },
    segmenter: {
      segment: 2000,
      longestSegment: 10_000,
      part: 200,
      window: 60_000,
      windowBytes: 1_000_000,
    },
  });
  const broadcasts = new Broadcasts(registry, clock);
  const asked: unknown[] = [];
  /** For whom something is played. */
  const watching = new Set<object>();

  /** A player's end: what it says, and what it was told, one line a message. */
  const player = (connect: Amf0Object = {}) => {
    const wire = new Wire();
    wires.push(wire);
    const peer = { address: "127.0.0.1", transport: "rtmp", openedAt: clock.now() } as const;
    const connection = new RtmpConnection(wire, peer, {
      publications: registry,
      callHandlers: new Map(),
      relays: {
        relayId: "me",
        refusal: () => undefined,
        watch: () => {
          const watcher = {};
          watching.add(watcher);
          return () => watching.delete(watcher);
        },
      },
      mayPublish: () => ({ allowed: true, identity: "key" }),
      broadcasts,
      mayPlay: (request) => {
        asked.push(request);
        return decision;
      },
      crypto: {
        hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
        random: (length) => randomBytes(length),
      },
      clock,
      limits: { ...LIMITS, play: limits },
      log,
      repeats: new RepeatLog(log, clock),
    });
    const say = (...bytes: Bytes[]) => connection.receive(concat(...bytes));
    const decoder = new ChunkDecoder();
    let read = 3073;
    const messages = (): Message[] => {
      const { taken } = wire;
      const fresh = decoder.push(Uint8Array.from(taken.subarray(read)));
      read = taken.length;
      return fresh;
    };
    const fields = { app: "live", tcUrl: "rtmp://host/live", flashVer: "test", ...connect };
    say(HANDSHAKE, LARGE_CHUNKS, command("connect", 1, [fields]));
    messages();
    return { wire, say, messages, told: () => messages().map(line), connection };
  };

  const play = (name = "show", id = 1) =>
    concat(
      command("createStream", 2, [null]),
      command("play", 3, [null, name, -2000], { messageStreamId: id }),
    );

  /** An encoder of AVC and AAC. */
  const publish = (streamPath = "live/show", { headers = true } = {}) => {
    const publication = registry.open(streamPath, {
      identity: "key",
      silence: () => 0,
      drop: () => {},
    });
    if ("refused" in publication) throw new Error(publication.description);
    const publishing = new Publishing(publication, { log, badMessages: new BadMessages(50) });
    const tag = (kind: "audio" | "video", timestamp: number, payload: Bytes) =>
      publishing.take({ type: "media", kind, messageStreamId: 1, timestamp, payload });
    const data = (timestamp: number, payload: Bytes) =>
      publishing.take({
        ...{ type: "media", kind: "data", encoding: "amf0", messageStreamId: 1 },
        ...{ timestamp, payload },
      });
    if (headers) {
      data(0, METADATA);
      tag("video", 0, AVC_HEADER);
      tag("audio", 0, AAC_HEADER);
    }
    return {
      tag,
      data,
      sync: (at: number, size = 100) => tag("video", at, picture(0x17, size)),
      picture: (at: number, size = 50) => tag("video", at, picture(0x27, size)),
      sound: (at: number, size = 20) => tag("audio", at, concat(hex`af01`, new Uint8Array(size))),
      end: (how: "clean" | "lost") => publication.end(how),
    };
  };
  return { clock, log, registry, broadcasts, player, play, publish, asked, watching };
}

/** What was written in one turn has been taken in the next. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const hash = (bytes: Bytes) => createHash("md5").update(bytes).digest("hex");
const ascii = (bytes: Bytes) => Buffer.from(bytes).toString("latin1");

const METADATA = encodeAmf0("onMetaData", new EcmaArray({ width: 640, encoder: "test" }));
const AVC_HEADER = hex`17 00 000000 0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8`;
const AAC_HEADER = hex`af00 1190`;
function picture(first: number, size: number): Bytes {
  const unit = new Uint8Array(size);
  unit[0] = first === 0x17 ? 0x65 : 0x41;
  return concat(Uint8Array.of(first, 1, 0, 0, 0, 0), u24(size), unit);
}

/** Message times begin at 10,000 ms, where a live stream's timeline does. */
function line({ typeId, timestamp, payload, messageStreamId }: Message): string {
  const [first = 0, second = 0] = payload;
  switch (typeId) {
    case 4:
      return `control ${toHex(payload.subarray(0, 2))}`;
    case 8:
      return `${second === 0 ? "AAC" : "a"} ${timestamp}`;
    case 9:
      return `${second === 0 ? "AVC" : first === 0x17 ? "V" : "v"} ${timestamp}`;
    case 18:
      return `${String(decodeAmf0(payload)[0])} ${timestamp}`;
    case 20: {
      const [name, , , status] = decodeAmf0(payload);
      const { code = "" } = (status ?? {}) as { code?: string };
      return `${String(name)} ${code} ${messageStreamId}`.replace(/ {2}/, " ");
    }
    default:
      return `type ${typeId}`;
  }
}

const mediaMessage = (typeId: number, payload: Bytes): Bytes =>
  chunked({ chunkStreamId: 6, typeId, messageStreamId: 1, payload });

const STARTED = [
  "_result 0",
  "type 1",
  "control 0000",
  "onStatus NetStream.Play.Reset 1",
  "onStatus NetStream.Play.Start 1",
  "|RtmpSampleAccess 0",
];

test("a player who comes late gets metadata, configurations, the GOP that is on, then what is live", () => {
  const { player, play, publish, asked, broadcasts, log } = stage();
  const encoder = publish();
  encoder.sync(1000);
  encoder.sound(1010);
  encoder.sync(2000);
  encoder.sound(2010);
  encoder.picture(2040);
  const one = player();
  one.say(play("show?token=abc"));
  expect(asked).toMatchObject([
    { streamPath: "live/show", query: { token: "abc" }, peer: { transport: "rtmp" } },
  ]);
  const gop = ["onMetaData 0", "AVC 11000", "AAC 11000", "V 11000", "a 11010", "v 11040"];
  expect(one.told()).toEqual([...STARTED, ...gop]);
  encoder.picture(2080);
  encoder.data(2100, encodeAmf0("onTextData", { text: "hello" }));
  encoder.sound(2120);
  expect(one.told()).toEqual(["v 11080", "onTextData 11100", "a 11120"]);
  expect(broadcasts.players("live/show")).toBe(1);
  one.say(command("deleteStream", 0, [null, 1]));
  encoder.sound(2140);
  expect(one.told()).toEqual([]);
  expect(broadcasts.players("live/show")).toBe(0);
  expect(log.lines.map(({ message }) => message)).toContain("playing ended");
  expect(JSON.stringify(log.lines)).not.toContain("abc");
});

test("tag bodies arrive as the encoder sent them", async () => {
  const { player, play, publish } = stage();
  const one = player();
  one.say(play());
  one.messages();
  const encoder = publish("live/show", { headers: false });
  const tags: [kind: "audio" | "video", at: number, body: Bytes][] = [
    ["video", 0, AVC_HEADER],
    ["audio", 0, AAC_HEADER],
    ["video", 0, picture(0x17, 70_000)],
    ["audio", 3, concat(hex`af01`, new Uint8Array(300).fill(7))],
    ["video", 40, concat(hex`27 01 000050 00000003 410203`)],
    ["video", 80, concat(hex`37 01 ffffd8 00000003 010203`)], // disposable, shown 40 ms earlier
  ];
  for (const [kind, at, body] of tags) encoder.tag(kind, at, body);
  await turn();
  const media = one.messages().filter(({ typeId }) => typeId === 8 || typeId === 9);
  const bodies = (list: readonly Bytes[]) => list.map(hash).sort();
  expect(bodies(media.map(({ payload }) => payload))).toEqual(
    bodies(tags.map(([, , body]) => body)),
  );
  expect(media.map(({ timestamp }) => timestamp - 10_000)).toEqual([-100, -100, 0, 3, 40, 80]);
});

test.each([
  { name: "G.711, which browsers get as FLAC", first: 0x72, kind: "audio" as const },
  { name: "PCM, likewise", first: 0x3e, kind: "audio" as const },
  { name: "Speex", first: 0xb2, kind: "audio" as const },
  { name: "Sorenson H.263", first: 0x12, kind: "video" as const },
])(
  "what classic FLV has and browsers have not is passed on as it came: $name",
  ({ first, kind }) => {
    const { player, play, publish } = stage();
    const one = player();
    one.say(play());
    one.messages();
    const encoder = publish("live/show", { headers: false });
    const bodies = [1, 2, 3].map((value) => new Uint8Array(161).fill(value).with(0, first));
    for (const [index, body] of bodies.entries()) encoder.tag(kind, index * 20, body);
    const media = one.messages().filter(({ typeId }) => typeId === 8 || typeId === 9);
    expect(media.map(({ payload }) => toHex(payload))).toEqual(bodies.map(toHex));
    expect(media.map(({ timestamp }) => timestamp)).toEqual([10_000, 10_020, 10_040]);
  },
);

test("a player waits for a publisher, holds on when its line is lost, and is told the end", () => {
  const { player, play, publish, clock, registry } = stage();
  const one = player();
  one.say(play());
  expect(one.told()).toEqual(STARTED);
  const encoder = publish();
  const began = ["control 0000", "onStatus NetStream.Play.PublishNotify 1"];
  const headers = ["onMetaData 0", "AVC 9900", "AAC 9900"];
  expect(one.told()).toEqual([...began, ...headers]);
  encoder.sync(0);
  encoder.sound(0);
  expect(one.told()).toEqual(["V 10000", "a 10000"]);
  encoder.end("lost");
  expect(one.told()).toEqual([]);
  // Another encoder goes on: its headers come again, for who records or passes it on.
  const again = publish();
  again.sync(500);
  again.sound(510);
  const [, ...resumed] = one.told();
  expect(resumed.map((each) => each.split(" ")[0])).toEqual(["AVC", "V", "AAC", "a"]);
  again.end("clean");
  const ended = ["onStatus NetStream.Play.UnpublishNotify 1", "onPlayStatus 0", "control 0001"];
  expect(one.told()).toEqual(ended);
  const third = publish();
  third.sync(0);
  const lines = one.told();
  expect(lines.slice(0, 3)).toEqual([...began, "onMetaData 0"]);
  expect(lines.slice(3).map((each) => each.split(" ")[0])).toEqual(["AVC", "V"]);
  third.end("lost");
  clock.pass(31_000);
  expect(one.told().filter((each) => !each.startsWith("control 0006"))).toEqual(ended);
  expect(registry.size).toBe(1);
});

test("who comes after a clean end waits, and gets nothing of what is over", () => {
  const { player, play, publish } = stage();
  const encoder = publish();
  encoder.sync(0);
  encoder.end("clean");
  const one = player();
  one.say(play());
  expect(one.told()).toEqual(STARTED);
});

test("a player is sent away after waiting for an hour; one who publishes too is not", () => {
  const { player, play, clock, log, registry } = stage();
  const one = player();
  one.say(play());
  one.messages();
  clock.pass(LIMITS.playerWait - 2000);
  expect(one.told().filter((each) => each !== "control 0006")).toEqual([]);
  clock.pass(4000);
  expect(one.told()).toContain("onStatus NetStream.Play.StreamNotFound 1");
  clock.pass(LIMITS.refusalLinger);
  expect(one.wire.destroyed).toBe(true);
  expect(log.lines.some(({ fields }) => fields["code"] === "PLAY_WAIT")).toBe(true);
  expect(registry.size).toBe(0);
});

test("pause, seek and receiveVideo act where they stand", () => {
  const { player, play, publish } = stage();
  const one = player();
  const on = (name: string, value: boolean | number) =>
    one.say(command(name, 0, [null, value], { messageStreamId: 1 }));
  const encoder = publish();
  encoder.sync(0);
  one.say(play());
  one.messages();
  on("pause", true);
  encoder.sync(1000);
  encoder.sound(1000);
  expect(one.told()).toEqual(["onStatus NetStream.Pause.Notify 1"]);
  on("pause", false);
  encoder.picture(1040);
  const anew = ["onMetaData 0", "AVC 11000", "AAC 11000", "V 11000", "a 11000"];
  expect(one.told()).toEqual(["onStatus NetStream.Unpause.Notify 1", ...anew, "v 11040"]);
  on("seek", 0);
  const sought = ["onStatus NetStream.Seek.Notify 1", "onStatus NetStream.Play.Start 1"];
  expect(one.told()).toEqual([...sought, ...anew, "v 11040"]);
  on("receiveVideo", false);
  encoder.picture(1080);
  encoder.sound(1080);
  on("receiveVideo", true);
  encoder.picture(1120); // of no use without what it refers to
  encoder.sync(2000);
  expect(one.told()).toEqual(["a 11080", ...sought, "V 12000"]);
});

test("what arrives with play is done once it has started: it may end it again", () => {
  const { player, play, publish, broadcasts } = stage();
  const encoder = publish();
  encoder.sync(0);
  const [one, two] = [player(), player()];
  one.say(play(), command("deleteStream", 0, [null, 1]));
  expect(one.told()).toEqual(STARTED);
  expect(broadcasts.players("live/show")).toBe(0);
  two.say(play(), command("pause", 0, [null, true], { messageStreamId: 1 }));
  encoder.sync(40);
  expect(two.told()).toEqual([...STARTED, "onStatus NetStream.Pause.Notify 1"]);
});

const vector = (name: string) =>
  readFlvFile(join(import.meta.dirname, "../../vectors/flv", `${name}.flv`));

test.each<{ name: string; connect?: Amf0Object; play?: string; gets: string[] }>([
  { name: "who says nothing", gets: [] },
  { name: "fourCcList", connect: { fourCcList: ["av01", "hvc1"] }, gets: ["hvc1"] },
  { name: "any codec", connect: { fourCcList: ["*"] }, gets: ["hvc1", "Opus"] },
  { name: "other codecs", connect: { fourCcList: ["av01"] }, gets: [] },
  { name: "maps", connect: { videoFourCcInfoMap: { hvc1: 1 } }, gets: ["hvc1"] },
  { name: "?enhanced=1", play: "show?enhanced=1", gets: ["hvc1", "Opus"] },
  { name: "?enhanced=0", connect: { fourCcList: ["*"] }, play: "show?enhanced=0", gets: [] },
])("Enhanced headers go to who can read them: $name", ({ connect = {}, play: name, gets }) => {
  const { player, play, publish, log } = stage();
  const encoder = publish("live/show", { headers: false });
  const tags = vector("ffmpeg-8.1-hevc-opus");
  for (const { kind, timestamp, payload } of tags.slice(0, 8)) {
    if (kind !== "data") encoder.tag(kind, timestamp, payload);
  }
  const one = player(connect);
  one.say(play(name));
  for (const { kind, timestamp, payload } of tags.slice(8)) {
    if (kind !== "data") encoder.tag(kind, timestamp, payload);
  }
  const media = one.messages().filter(({ typeId }) => typeId === 8 || typeId === 9);
  const fourCcs = new Set(media.map(({ payload }) => ascii(payload.subarray(1, 5))));
  expect([...fourCcs].sort()).toEqual([...gets].sort());
  const configurations = media.filter(({ payload }) => (payload[0] ?? 0) % 16 === 0);
  expect(configurations).toHaveLength(gets.length);
  const told = log.lines.filter(({ fields }) => fields["code"] === "PLAY_LEFT_OUT");
  expect(told).toHaveLength(2 - gets.length); // once for each track
  if (!gets.includes("hvc1")) expect(told[0]?.message).toMatch(/hvc1.*\?enhanced=1/);
});

test.each<{ name: string; connect?: Amf0Object; play?: string; tracks: number }>([
  { name: "who says nothing", tracks: 2 },
  { name: "who reads any codec, of one track", connect: { fourCcList: ["*"] }, tracks: 2 },
  { name: "who reads several", connect: { fourCcList: ["*"], capsEx: 2 }, tracks: 4 },
  { name: "?enhanced=1", play: "show?enhanced=1", tracks: 4 },
])(
  "more tracks than the first go to who can read them: $name",
  ({ connect = {}, play: name, tracks }) => {
    const { player, play, publish } = stage();
    const one = player(connect);
    one.say(play(name));
    const encoder = publish("live/show", { headers: false });
    for (const { kind, timestamp, payload } of vector("ffmpeg-8.1-multitrack-h264-aac")) {
      if (kind !== "data") encoder.tag(kind, timestamp, payload);
    }
    const media = one.messages().filter(({ typeId }) => typeId === 8 || typeId === 9);
    // A chunk stream for each.
    expect(new Set(media.map(({ chunkStreamId }) => chunkStreamId)).size).toBe(tracks);
    const classic = media.filter(({ payload }) => [0x17, 0x27, 0xaf].includes(payload[0] ?? 0));
    expect(classic.length).toBeGreaterThan(10);
    expect(classic.length < media.length).toBe(tracks > 2);
  },
);

test("bytes are made once for all who play on the same message stream", () => {
  const { player, play, publish } = stage();
  const encoder = publish();
  const [one, two] = [player(), player()];
  one.say(play());
  two.say(play());
  encoder.sync(0, 30_000);
  const large = (wire: Wire) => wire.pieces.filter(({ length }) => length > 4000);
  expect(large(one.wire).length).toBeGreaterThan(0);
  for (const [index, piece] of large(one.wire).entries()) {
    expect(large(two.wire)[index]?.buffer).toBe(piece.buffer);
  }
});

test("who plays on two message streams gets both, each under its number", () => {
  const { player, play, publish } = stage();
  const [a, b] = [publish("live/a"), publish("live/b")];
  const one = player();
  one.say(play("a"), play("b", 2));
  one.messages();
  a.sync(0);
  b.sync(0);
  const media = one.messages().map((message) => `${message.messageStreamId} ${line(message)}`);
  expect(media).toEqual(["1 V 10000", "2 V 10000"]);
});

test("a relay to oneself gets its own frames once, and stands", () => {
  const { player, registry } = stage();
  const one = player();
  one.say(
    command("createStream", 2, [null]),
    command("publish", 3, [null, "show?key=a", "live"], { messageStreamId: 1 }),
    command("createStream", 4, [null]),
    command("play", 5, [null, "show", -2000], { messageStreamId: 2 }),
  );
  one.messages();
  expect(registry.find("live/show")?.state).toBe("live");
  const media = (typeId: number, payload: Bytes) => one.say(mediaMessage(typeId, payload));
  media(9, AVC_HEADER);
  media(9, picture(0x17, 50));
  // What it gets it sends back, and so on: it is not multiplied.
  const got = one.messages();
  expect(got.map((message) => `${message.messageStreamId} ${line(message)}`)).toEqual([
    "2 AVC 9900",
    "2 V 10000",
  ]);
  for (const { typeId, payload } of got) media(typeId, payload);
  expect(one.told()).toHaveLength(1);
  one.say(command("deleteStream", 0, [null, 1]));
  expect(one.told().slice(0, 1)).toEqual(["onStatus NetStream.Play.UnpublishNotify 2"]);
});

test("a refusal is told; the connection of somebody who publishes stays", () => {
  const { player, play, log, clock } = stage({
    decision: { allowed: false, description: "Not for you" },
  });
  const one = player();
  one.say(play());
  expect(one.told()).toEqual(["_result 0", "onStatus NetStream.Play.Failed 1"]);
  clock.pass(LIMITS.refusalLinger);
  expect(one.wire.destroyed).toBe(true);
  expect(log.lines.some(({ fields }) => fields["code"] === "PLAY_DENIED")).toBe(true);
});

test("more who wait for nobody than there may be are turned away", () => {
  const { player, play, log, registry } = stage({ waitingLiveStreams: 1 });
  const [one, two] = [player(), player()];
  one.say(play("a"));
  two.say(play("b"));
  expect(one.told()).toEqual(STARTED);
  expect(two.told()).toContain("onStatus NetStream.Play.Failed 1");
  expect(log.lines.some(({ fields }) => fields["code"] === "PLAY_REFUSED")).toBe(true);
  expect(registry.size).toBe(1);
});

test("who is turned away is nobody for whom something is played", () => {
  const { player, play, watching } = stage({ waitingLiveStreams: 1 });
  const one = player();
  one.say(play("a"));
  for (let n = 0; n < 3; n += 1) one.say(play(`b${n}`, 2));
  expect(one.told().filter((each) => each.includes("Play.Failed"))).toHaveLength(3);
  expect(watching.size).toBe(1);
  one.say(play("a", 2), command("deleteStream", 0, [null, 2]));
  expect(watching.size).toBe(1);
  one.say(command("deleteStream", 0, [null, 1]));
  expect(watching.size).toBe(0);
});

test("what comes behind the message that ended a connection is not done", async () => {
  const { player, play, broadcasts, registry, log, watching } = stage({
    limits: { ...PLAY_LIMITS, notices: 500 },
  });
  const one = player();
  const publish = command("publish", 3, [null, "show", "live"], { messageStreamId: 1 });
  one.say(publish, play("show", 2));
  await turn();
  one.wire.hold();
  const configurations = Array.from({ length: 100 }, (_, n) => [
    mediaMessage(9, AVC_HEADER.with(14, n % 2)),
    mediaMessage(9, picture(0x17, 4000)),
  ]);
  const [other, second] = [play("other", 3), play("second", 4)];
  one.say(...configurations.flat(), other, second);
  expect(one.wire.destroyed).toBe(true);
  expect(log.lines.filter(({ fields }) => fields["code"] === "RTMP_PLAY_NOTICES")).toHaveLength(1);
  expect([broadcasts.players("live/other"), registry.size, watching.size]).toEqual([0, 1, 0]);
});

/** What a line that takes one piece at a time is given, in order, until nothing waits. */
async function drain(wire: Wire): Promise<void> {
  for (let length = -1; wire.writableLength > 0 || wire.taken.length > length; ) {
    length = wire.taken.length;
    wire.takeOne();
    await turn();
  }
}

test("sound does not wait for a picture that the line does not take", async () => {
  const { player, play, publish } = stage();
  const encoder = publish();
  encoder.sync(0);
  const one = player();
  one.say(play());
  await turn();
  one.messages();
  const before = one.wire.taken.length;
  one.wire.hold();
  encoder.sync(40, 1_000_000);
  await turn();
  encoder.sound(50);
  encoder.picture(80, 200_000);
  encoder.sound(90);
  for (let pieces = 0; pieces < 60; pieces += 1) {
    one.wire.takeOne();
    await turn();
  }
  const order: string[] = [];
  const decoder = new ChunkDecoder();
  decoder.push(SMALL_CHUNKS);
  const given = one.wire.taken.subarray(before);
  for (const [index, piece] of cut(Uint8Array.from(given), 1024).entries()) {
    for (const message of decoder.push(piece)) order.push(`${line(message)} by ${index + 1} KiB`);
  }
  // Behind what the socket had already: 64 KiB of the picture, and 32 KiB ahead.
  expect(order.slice(0, 2)).toEqual([
    expect.stringMatching(/^a 10050 by (6\d|[78]\d|9\d|100) KiB$/),
    expect.stringMatching(/^a 10090 by (6\d|[78]\d|9\d|100) KiB$/),
  ]);
  await drain(one.wire);
  expect(one.told().slice(-2)).toEqual(["V 10040", "v 10080"]);
});

test.each([
  { name: "changes over on the same message stream", id: 1 },
  { name: "plays on another one beside it", id: 2 },
])("a picture that is under way stays whole for who $name", async ({ id }) => {
  const { player, play, publish } = stage();
  const [a, b] = [publish("live/a"), publish("live/b")];
  a.sync(0);
  b.sync(0);
  const one = player();
  one.say(play("a"));
  await turn();
  one.messages();
  one.wire.hold();
  a.sync(40, 300_000);
  await turn();
  one.say(command("play", 3, [null, "b", -2000], { messageStreamId: id }));
  await turn();
  b.picture(80);
  await drain(one.wire);
  const media = one.messages().filter(({ typeId }) => typeId === 8 || typeId === 9);
  const lines = media.map(
    (message) => `${message.messageStreamId} ${line(message)} ${message.payload.length}`,
  );
  expect(lines[0]).toBe("1 V 10040 300009");
  expect(lines.slice(1).map((each) => each.replace(/ \d+$/, ""))).toEqual(
    [`AVC 10000`, "AAC 10000", "V 10000", "v 10080"].map((each) => `${id} ${each}`),
  );
});

test("who plays two streams gets both where the line is slow", async () => {
  const { player, play, publish } = stage();
  const [a, b] = [publish("live/a"), publish("live/b")];
  a.sync(0);
  b.sync(0);
  const one = player();
  one.say(play("a"), play("b", 2));
  await turn();
  one.messages();
  one.wire.hold();
  const got = new Map<number, number>();
  for (let n = 1; n <= 50; n += 1) {
    a.picture(n * 40, 40_000);
    b.picture(n * 40, 40_000);
    one.wire.takeOne();
    await turn();
  }
  for (const { messageStreamId: id } of one.messages()) got.set(id, (got.get(id) ?? 0) + 1);
  const [ofA = 0, ofB = 0] = [got.get(1), got.get(2)];
  expect(Math.abs(ofA - ofB)).toBeLessThan(4);
});

test("a player that falls behind keeps sound, and loses pictures up to the next sync sample", async () => {
  const { player, play, publish, clock, log } = stage();
  const encoder = publish();
  encoder.sync(0);
  const one = player();
  one.say(play());
  await turn();
  one.messages();
  one.wire.hold();
  for (let n = 1; n <= 100; n += 1) {
    clock.pass(40);
    if (n % 25 === 0) encoder.sync(n * 40, 60_000);
    else encoder.picture(n * 40, 20_000);
    encoder.sound(n * 40);
    await turn();
  }
  await drain(one.wire);
  one.wire.release();
  clock.pass(40);
  encoder.sync(4040);
  encoder.picture(4080);
  await turn();
  const lines = one.told().filter((each) => !each.startsWith("control"));
  const sound = lines.filter((each) => each.startsWith("a "));
  expect(sound).toEqual(Array.from({ length: 100 }, (_, n) => `a ${10_040 + n * 40}`));
  const pictures = lines.filter((each) => /^[vV] /.test(each));
  expect(pictures.slice(-2)).toEqual(["V 14040", "v 14080"]);
  // Without a gap, but before sync samples.
  const times = pictures.map((each) => Number(each.slice(2)));
  const gaps = times.flatMap((time, index) =>
    index > 0 && time - (times[index - 1] ?? 0) > 40 ? [pictures[index]] : [],
  );
  expect(gaps.length).toBeGreaterThan(0);
  for (const after of gaps) expect(after).toMatch(/^V /);
  one.say(command("deleteStream", 0, [null, 1]));
  const ended = log.lines.find(({ message }) => message === "playing ended");
  expect(ended?.fields["samplesDropped"]).toBe(101 + 1 - pictures.length);
});

test("the end is told behind the last frame, however slow the line", async () => {
  const { player, play, publish } = stage();
  const encoder = publish();
  const one = player();
  one.say(play());
  await turn();
  one.messages();
  one.wire.hold();
  encoder.sync(0, 300_000);
  await turn();
  encoder.sound(10);
  encoder.end("clean");
  await drain(one.wire);
  expect(one.told()).toEqual([
    ...["a 10010", "V 10000"],
    ...["onStatus NetStream.Play.UnpublishNotify 1", "onPlayStatus 0", "control 0001"],
  ]);
});

test("a player that takes nothing for ten seconds is cut off; one for whom nothing waits is not", async () => {
  const { player, play, publish, clock, log } = stage();
  const encoder = publish();
  const [one, two] = [player(), player()];
  one.say(play());
  two.say(play("nobody"));
  await turn();
  one.wire.hold();
  for (let n = 0; n < 12; n += 1) {
    encoder.sync(n * 1000);
    clock.pass(1000);
    await turn();
  }
  expect(one.wire.destroyed).toBe(true);
  expect(two.wire.destroyed).toBe(false);
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_PLAYER_SILENCE")).toBe(true);
});

test("a player that leaves too many configurations unread is cut off", async () => {
  const limits = { ...PLAY_LIMITS, notices: 500 };
  const { player, play, publish, log } = stage({ limits });
  const encoder = publish();
  encoder.sync(0);
  const one = player();
  one.say(play());
  await turn();
  one.wire.hold();
  for (let n = 1; n < 200 && !one.wire.destroyed; n += 1) {
    // Each says something new.
    encoder.tag("video", n * 40, AVC_HEADER.with(14, n % 2));
    encoder.sync(n * 40, 4000);
    await turn();
  }
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_PLAY_NOTICES")).toBe(true);
  expect(one.wire.destroyed).toBe(true);
});

test("bad messages are counted in one row, whatever is bad in them", () => {
  const { player, log } = stage();
  const one = player();
  const bad = LIMITS.badMessagesInARow / 2;
  one.say(
    command("createStream", 2, [null]),
    command("publish", 3, [null, "show?key=a", "live"], { messageStreamId: 1 }),
  );
  const badCommands = Array.from({ length: bad }, () => chunked({ typeId: 20, payload: hex`00` }));
  const badTags = Array.from({ length: bad - 1 }, () => mediaMessage(9, hex`17 00 000000 00`));
  one.say(...badCommands, ...badTags);
  one.say(mediaMessage(9, AVC_HEADER)); // a good one
  one.say(...badCommands, ...badTags);
  expect(one.wire.destroyed).toBe(false);
  expect(log.lines.some(({ fields }) => fields["code"] === "BAD_MESSAGES")).toBe(false);
  one.say(...badTags.slice(0, 1));
  expect(log.lines.some(({ fields }) => fields["code"] === "BAD_MESSAGES")).toBe(true);
});

/** The server's announcement of PLAY_CHUNK_SIZE, to read on from there. */
const SMALL_CHUNKS = chunked({ chunkStreamId: 2, typeId: 1, payload: hex`00001000` });
