import fc from "fast-check";
import { expect, test } from "vitest";
import type { Amf0Value } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, equal, toHex, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { hex } from "../../support/hex.ts";
import {
  CONNECT,
  chunked,
  command,
  connectedSession,
  events,
  HANDSHAKE,
  LARGE_CHUNKS,
  Listener,
  newSession,
  publishingSession,
  said,
  sent,
} from "./session-support.ts";

const on = (messageStreamId: number): Partial<Message> => ({ messageStreamId });
const publish = (name: Amf0Value = "show", messageStreamId = 1): Bytes =>
  command("publish", 3, [null, name, "live"], on(messageStreamId));
const play = (name: Amf0Value, messageStreamId = 1): Bytes =>
  command("play", 4, [null, name, -2000], on(messageStreamId));
const createStream = command("createStream", 2, [null]);
const video = (timestamp: number, payload: Bytes = hex`17`, messageStreamId = 1): Bytes =>
  chunked({ chunkStreamId: 6, timestamp, typeId: 9, messageStreamId, payload });

const codes = (effects: readonly SessionEffect[]): unknown[] =>
  said(effects).map(({ name, parameters }) => {
    const [status] = parameters as readonly { code?: string }[];
    return status?.code === undefined ? name : `${name} ${status.code}`;
  });

test("ServerSession answers connect in the order that clients wait for", () => {
  const session = newSession();
  session.receive(HANDSHAKE);
  expect(session.phase).toBe("connecting");
  const effects = session.receive(CONNECT);
  expect(session.phase).toBe("connected");
  const listener = new Listener();
  const messages = listener.messages(effects);
  expect(messages.map(({ typeId }) => typeId)).toEqual([5, 6, 1, 4, 20]);
  expect(messages.slice(0, 4).map(({ payload }) => toHex(payload))).toEqual([
    "002625a0",
    "002625a002",
    "00010000",
    "000000000000",
  ]);
  expect(events(effects)).toEqual([
    {
      ...{ type: "connected", app: "live", tcUrl: "rtmp://host/live", flashVer: "test" },
      ...{ objectEncoding: 0, capabilities: undefined },
    },
  ]);
});

test.each<{ name: string; input: Bytes; answers: Amf0Value[][] }>([
  { name: "createStream", input: createStream, answers: [["_result", 2, null, 1]] },
  {
    name: "releaseStream",
    input: command("releaseStream", 2, [null, "show"]),
    answers: [["_result", 2, null, undefined]],
  },
  {
    name: "releaseStream without transaction (GStreamer)",
    input: command("releaseStream", 0, [null, "show"]),
    answers: [],
  },
  {
    name: "FCPublish",
    input: command("FCPublish", 3, [null, "show"]),
    answers: [
      ["onFCPublish", 3, null, { code: "NetStream.Publish.Start", description: "show" }],
      ["_result", 3, null, undefined],
    ],
  },
  {
    name: "FCUnpublish of nothing",
    input: command("FCUnpublish", 4, [null, "show"]),
    answers: [
      ["onFCUnpublish", 0, null, { code: "NetStream.Unpublish.Success", description: "show" }],
      ["_result", 4, null, undefined],
    ],
  },
  { name: "_checkbw", input: command("_checkbw", 5, [null]), answers: [["_result", 5, null]] },
  {
    name: "getStreamLength",
    input: command("getStreamLength", 5, [null, "show"]),
    answers: [["_result", 5, null, 0]],
  },
  {
    name: "a command nobody knows",
    input: command("dance", 9, [null]),
    answers: [
      [
        ...["_error", 9, null],
        {
          ...{ level: "error", code: "NetConnection.Call.Failed" },
          description: "Method not found (dance)",
        },
      ],
    ],
  },
  { name: "a command nobody knows, no answer wanted", input: command("dance", 0, []), answers: [] },
  { name: "an answer to something", input: command("_result", 7, [null]), answers: [] },
  {
    name: "AMF3 framing",
    input: command("createStream", 2, [null], { typeId: 17 }),
    answers: [["_result", 2, null, 1]],
  },
])("ServerSession answers $name", ({ input, answers }) => {
  const commands = said(connectedSession().receive(input)).map((each) => [
    ...[each.name, each.transactionId, each.commandObject],
    ...each.parameters.map((value) => (typeof value === "object" ? { ...value } : value)),
  ]);
  expect(commands).toEqual(answers);
});

test("ServerSession takes no commands before connect", () => {
  const session = newSession();
  session.receive(HANDSHAKE);
  const listener = new Listener();
  const [answer] = listener.messages(session.receive(command("createStream", 2, [null])));
  expect(Buffer.from(answer?.payload ?? []).toString("latin1")).toMatch(
    /_error.*NetConnection\.Call\.Failed.*Connect first/s,
  );
});

test("ServerSession hands out message streams from 1 up to its limit, and again when deleted", () => {
  const session = connectedSession();
  const ids = Array.from({ length: LIMITS.messageStreams + 1 }, () => {
    const [answer] = said(session.receive(createStream));
    return answer?.name === "_result" ? answer.parameters[0] : answer?.name;
  });
  expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, "_error"]);
  session.receive(command("deleteStream", 0, [null, 3]));
  expect(said(session.receive(createStream))[0]?.parameters).toEqual([3]);
});

test("ServerSession asks before anything is published, and holds what follows", () => {
  const session = connectedSession();
  const asked = session.receive(
    concat(createStream, publish("show?key=abc"), video(40), video(80)),
  );
  expect(events(asked)).toEqual([
    {
      ...{ type: "publish", messageStreamId: 1, streamPath: "live/show" },
      ...{ query: { key: "abc" }, publishType: "live" },
    },
  ]);
  expect(events(session.receive(video(120)))).toEqual([]);
  const accepted = session.accept(1);
  expect(codes(accepted)).toEqual(["onStatus NetStream.Publish.Start"]);
  expect(toHex(sent(accepted)[0] ?? hex``)).toMatch(/^020000000000060400000000000000000001/);
  expect(events(accepted)).toMatchObject([
    { type: "media", kind: "video", messageStreamId: 1, timestamp: 40 },
    { timestamp: 80 },
    { timestamp: 120 },
  ]);
  expect(session.accept(1)).toEqual([]);
});

test("ServerSession bounds what it holds while publishing is decided", () => {
  const session = connectedSession();
  session.receive(concat(createStream, publish()));
  const part = new Uint8Array(1_000_000);
  const code = "RTMP_HELD";
  expect(() => {
    for (let index = 0; index < 10; index += 1) session.receive(video(index, part));
  }).toThrow(expect.objectContaining({ code, kind: "limit", scope: "connection" }));
});

test("ServerSession refuses in words, closes, and takes no more", () => {
  const session = connectedSession();
  session.receive(concat(createStream, publish()));
  const effects = session.refuse(1, "NetStream.Publish.BadName", "Give the key as NAME?key=KEY");
  expect(said(effects)[0]).toMatchObject({
    name: "onStatus",
    parameters: [{ level: "error", description: "Give the key as NAME?key=KEY" }],
  });
  expect(events(effects)).toEqual([{ type: "close-after-flush" }]);
  expect(session.phase).toBe("closed");
  expect(session.receive(video(0))).toEqual([]);
});

test("ServerSession publishes on stream 1 for those who do not create one first", () => {
  const session = connectedSession();
  expect(events(session.receive(publish()))).toMatchObject([{ type: "publish" }]);
  session.accept(1);
  expect(said(session.receive(createStream))[0]?.parameters).toEqual([1]);
});

test.each([
  { name: "a name that cannot be", input: publish("übung"), code: "NetStream.Publish.BadName" },
  { name: "no name", input: publish(null), code: "NetStream.Publish.BadName" },
  { name: "message stream 0", input: publish("a", 0), code: "NetStream.Publish.Rejected" },
  { name: "message stream 9", input: publish("a", 9), code: "NetStream.Publish.Rejected" },
  {
    name: "playing a name that cannot be",
    input: play("übung"),
    code: "NetStream.Play.StreamNotFound",
  },
  { name: "playing on message stream 0", input: play("a", 0), code: "NetStream.Play.Failed" },
])("ServerSession refuses $name", ({ input, code }) => {
  const effects = connectedSession().receive(input);
  expect(codes(effects)).toEqual([`onStatus ${code}`]);
  expect(effects.at(-1)).toEqual({ type: "close-after-flush" });
});

test("ServerSession refuses a second publish on the same stream, and goes on with the first", () => {
  const session = publishingSession();
  const effects = session.receive(concat(publish("other"), publish("übung"), video(5)));
  const refused = "onStatus NetStream.Publish.BadName";
  expect(codes(effects)).toEqual([refused, refused]);
  expect(events(effects)).toMatchObject([{ type: "media", timestamp: 5 }]);
});

test.each<{ by: string; input: Bytes; reason: string }>([
  { by: "FCUnpublish", input: command("FCUnpublish", 6, [null, "show"]), reason: "FCUnpublish" },
  {
    by: "FCUnpublish of another name",
    input: command("FCUnpublish", 6, [null, "x"]),
    reason: "FCUnpublish",
  },
  { by: "closeStream", input: command("closeStream", 0, [null], on(1)), reason: "closeStream" },
  {
    by: "closeStream on stream 0",
    input: command("closeStream", 0, [null]),
    reason: "closeStream",
  },
  { by: "deleteStream", input: command("deleteStream", 0, [null, 1]), reason: "deleteStream" },
  {
    by: "deleteStream with the name (GStreamer)",
    input: command("deleteStream", 0, [null, "show"]),
    reason: "deleteStream",
  },
  {
    by: "deleteStream of nothing",
    input: command("deleteStream", 0, [null]),
    reason: "deleteStream",
  },
  { by: "publish(false)", input: publish(false), reason: "publish-false" },
])("ServerSession ends a broadcast once: $by", ({ input, reason }) => {
  const session = publishingSession();
  const effects = session.receive(concat(input, input, command("deleteStream", 0, [null, 1])));
  expect(events(effects)).toEqual([{ type: "unpublish", messageStreamId: 1, reason }]);
  const again = session.receive(concat(createStream, publish("again")));
  expect(events(again)).toMatchObject([{ type: "publish", streamPath: "live/again" }]);
});

test("ServerSession closes when the client says so", () => {
  const session = publishingSession();
  expect(events(session.receive(command("close", 0, [null])))).toEqual([
    { type: "unpublish", messageStreamId: 1, reason: "close" },
    { type: "close" },
  ]);
});

test("ServerSession gives out audio, video and data as they came", () => {
  const data = (typeId: number, payload: Bytes): Bytes =>
    chunked({ chunkStreamId: 4, typeId, messageStreamId: 1, timestamp: 7, payload });
  const effects = publishingSession().receive(
    concat(
      video(0xffffffff, hex`1701`),
      chunked({ chunkStreamId: 5, timestamp: 3, typeId: 8, messageStreamId: 1 }),
      data(18, hex`020001 61`),
      data(15, hex`00 020001 61`),
    ),
  );
  const media = { type: "media", messageStreamId: 1 };
  const a = hex`020001 61`;
  expect(effects).toEqual([
    { ...media, kind: "video", timestamp: 0xffffffff, payload: hex`1701` },
    { ...media, kind: "audio", timestamp: 3, payload: hex`` },
    { ...media, kind: "data", encoding: "amf0", timestamp: 7, payload: a },
    { ...media, kind: "data", encoding: "amf3", timestamp: 7, payload: a },
  ]);
});

test("ServerSession takes aggregates apart", () => {
  const payload = hex`08 000001 000064 00 000000 aa 0000000c  09 000001 00006e 00 000000 bb 0000000c`;
  const aggregate = chunked({
    chunkStreamId: 6,
    timestamp: 1000,
    typeId: 22,
    messageStreamId: 1,
    payload,
  });
  expect(publishingSession().receive(aggregate)).toMatchObject([
    { kind: "audio", timestamp: 1000, payload: hex`aa` },
    { kind: "video", timestamp: 1010, payload: hex`bb` },
  ]);
});

test("ServerSession drops media while nothing is published, and says so once", () => {
  const effects = connectedSession().receive(concat(video(0), video(1), video(2)));
  expect(effects).toMatchObject([{ type: "log", code: "RTMP_NOT_PUBLISHING" }]);
});

test("ServerSession takes media on a wrong stream for the only broadcast", () => {
  const effects = publishingSession().receive(concat(video(1, hex`17`, 0), video(2, hex`17`, 0)));
  expect(effects).toMatchObject([
    { type: "log", code: "RTMP_MEDIA_STREAM" },
    { type: "media", messageStreamId: 1, timestamp: 1 },
    { type: "media", messageStreamId: 1, timestamp: 2 },
  ]);
});

test("ServerSession drops what it cannot read, and goes on", () => {
  const bad = chunked({ typeId: 20, payload: hex`00` });
  const effects = publishingSession().receive(concat(bad, video(1)));
  expect(effects).toMatchObject([
    { type: "bad-message", typeId: 20, error: { code: "TRUNCATED" } },
    { type: "media", timestamp: 1 },
  ]);
});

test("ServerSession tells unknown commands and messages once each, and not without end", () => {
  const names = Array.from({ length: 49 }, (_, index) => command(`c${index}`, 0, []));
  const unknown = chunked({ typeId: 32 });
  const effects = connectedSession().receive(concat(unknown, unknown, ...names, ...names));
  expect(effects).toHaveLength(LIMITS.notedOddities);
});

test("ServerSession gives out calls that the host answers, and answers them when it has", () => {
  const session = connectedSession({ answersCall: (name) => name === "ask" });
  const effects = session.receive(
    concat(command("ask", 7, [null, "why", { deep: [1] }]), command("tell", 8, [null])),
  );
  expect(effects[0]).toEqual({
    ...{ type: "call", name: "ask", transactionId: 7 },
    parameters: ["why", { deep: [1] }],
  });
  expect(said(effects)).toMatchObject([{ name: "_error", transactionId: 8 }]);
  const at = new Date(1234);
  expect(said(session.answerCall(7, { result: { at, list: [true, null] } }))).toEqual([
    {
      ...{ name: "_result", transactionId: 7, commandObject: null },
      parameters: [{ at, list: [true, null] }],
    },
  ]);
  const failed = { code: "NetConnection.Call.Failed", description: "No", level: "error" };
  expect(said(session.answerCall(9, { failure: "No" }))).toEqual([
    { name: "_error", transactionId: 9, commandObject: null, parameters: [failed] },
  ]);
  expect(session.answerCall(0, { result: 1 })).toEqual([]);
  session.close("NetConnection.Connect.Closed", "over");
  expect(session.answerCall(7, { result: 1 })).toEqual([]);
});

test("ServerSession sends nothing of an answer that cannot be written", () => {
  const session = connectedSession({ answersCall: () => true });
  const result = { ["x".repeat(70_000)]: 1 };
  expect(() => session.answerCall(7, { result })).toThrow(RangeError);
  expect(said(session.answerCall(7, { result: 1 }))).toHaveLength(1);
});

const control = (typeId: number, payload: Bytes): Bytes =>
  chunked({ chunkStreamId: 2, typeId, payload });

test("ServerSession answers a ping with event 7, pings, and notes the answer", () => {
  const session = connectedSession();
  const listener = new Listener();
  const [pong] = listener.messages(session.receive(control(4, hex`0006 00000064`)));
  expect(toHex(pong?.payload ?? hex``)).toBe("000700000064");
  const [ping] = listener.messages(session.ping(100));
  expect(toHex(ping?.payload ?? hex``)).toBe("000600000064");
  expect(session.receive(control(4, hex`0007 00000064`))).toEqual([
    { type: "pong", timestamp: 100 },
  ]);
});

test("ServerSession answers Set Peer Bandwidth with another window", () => {
  const [bytes] = sent(connectedSession().receive(control(6, hex`00100000 02`)));
  expect(toHex(bytes ?? hex``)).toBe("02000000000004050000000000100000");
});

test("ServerSession acknowledges a small window at half, before the client would stop", () => {
  const session = publishingSession();
  const before = session.counters.bytes;
  session.receive(control(5, u32(1000)));
  const acknowledgements: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    for (const bytes of sent(session.receive(video(index, new Uint8Array(88))))) {
      expect(toHex(bytes.subarray(0, 12))).toBe("020000000000040300000000");
      acknowledgements.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(12));
    }
  }
  expect(acknowledgements.length).toBeGreaterThanOrEqual(3);
  expect(acknowledgements.length).toBeLessThanOrEqual(5);
  const last = acknowledgements.at(-1) ?? 0;
  expect(last).toBeGreaterThan(before);
  expect(last).toBeLessThanOrEqual(session.counters.bytes);
});

test.each([
  {
    name: "a little before the window that the client asked for is full",
    window: 2_500_000,
    at: 2_434_464,
  },
  { name: "now and then where it asked for nothing", window: undefined, at: 24_934_464 },
])("ServerSession acknowledges $name", ({ window, at }) => {
  const session = publishingSession();
  if (window !== undefined) session.receive(control(5, u32(window)));
  const piece = video(0, new Uint8Array(60_000));
  let acknowledged: number | undefined;
  for (let n = 0; acknowledged === undefined && n < 500; n += 1) {
    if (sent(session.receive(piece)).length > 0) acknowledged = session.counters.bytes;
  }
  expect(acknowledged).toBeGreaterThanOrEqual(at);
  expect(acknowledged).toBeLessThan(at + 2 * piece.length);
});

test("ServerSession closes from our side with a reason on the published stream", () => {
  const session = publishingSession();
  const effects = session.close("NetConnection.Connect.AppShutdown", "The server is restarting");
  expect(codes(effects)).toEqual(["onStatus NetConnection.Connect.AppShutdown"]);
  expect(events(effects)).toEqual([{ type: "close-after-flush" }]);
  expect(session.close("again", "")).toEqual([]);
});

test("ServerSession gives out what came before an error when it is closed", () => {
  const session = publishingSession();
  const bytes = concat(video(1), hex`df`);
  expect(() => session.receive(bytes)).toThrow(
    expect.objectContaining({ code: "RTMP_CHUNK_STREAM_UNKNOWN" }),
  );
  const effects = session.close("NetConnection.Connect.Closed", "Framing was lost");
  expect(effects).toMatchObject([
    { type: "media", timestamp: 1 },
    { type: "send" },
    { type: "close-after-flush" },
  ]);
});

test("ServerSession counts messages, small messages and commands", () => {
  const session = publishingSession();
  const before = session.counters;
  session.receive(
    concat(
      ...[video(1, new Uint8Array(8)), video(2, hex``), video(3, new Uint8Array(7))],
      ...[command("x", 0, []), control(4, hex`0006 00000001`), control(6, hex`0000000901`)],
      ...[chunked({ typeId: 32, payload: new Uint8Array(8) })],
    ),
  );
  const { messages, smallMessages, commands } = session.counters;
  expect(messages - before.messages).toBe(7);
  expect(smallMessages - before.smallMessages).toBe(4);
  expect(commands - before.commands).toBe(4);
});

const times = (count: number, bytes: Bytes): Bytes => concat(...Array(count).fill(bytes));
const emptyRecord = hex`09 000000 000000 00 000000 0000000b`;
const aggregate = chunked({
  ...{ chunkStreamId: 6, typeId: 22, messageStreamId: 1, payload: times(1000, emptyRecord) },
});

test.each([
  { name: "commands", most: LIMITS.commandsPerSecond, one: command("x", 0, []) },
  { name: "pings", most: LIMITS.commandsPerSecond, one: control(4, hex`0006 00000001`) },
  { name: "bandwidths", most: LIMITS.commandsPerSecond, one: control(6, hex`0000000902`) },
  { name: "unknown messages", most: LIMITS.commandsPerSecond, one: chunked({ typeId: 32 }) },
  { name: "bodies of a byte", most: LIMITS.smallMessagesPerSecond, one: video(1) },
  { name: "aggregates of nothing", most: 2, one: aggregate },
])("ServerSession takes no more $name at once than in a second", ({ most, one }) => {
  const session = publishingSession();
  session.receive(times(most, one));
  session.receive(times(most, one));
  expect(() => session.receive(times(most + 1, one))).toThrow(
    expect.objectContaining({ kind: "limit", code: "RTMP_RATE", scope: "connection" }),
  );
});

test("ServerSession joins what it sends at once, in time that grows with its length", () => {
  const session = publishingSession();
  const count = LIMITS.commandsPerSecond;
  const effects = session.receive(times(count, control(4, hex`0006 00000001`)));
  expect(effects).toHaveLength(1);
  expect(sent(effects)[0]).toHaveLength(count * 18);
});

test("ServerSession asks nothing any more once framing is lost", () => {
  const session = connectedSession();
  const code = "RTMP_CHUNK_STREAM_UNKNOWN";
  expect(() => session.receive(concat(createStream, publish(), hex`df`))).toThrow(
    expect.objectContaining({ code }),
  );
  const effects = session.close("NetConnection.Connect.Closed", "Framing was lost");
  expect(events(effects)).toEqual([{ type: "close-after-flush" }]);
});

test("ServerSession keeps apart the streams that it gave out", () => {
  const session = publishingSession();
  session.receive(createStream); // 2
  expect(events(session.receive(video(1, hex`17`, 2)))).toMatchObject([
    { type: "log", code: "RTMP_NOT_PUBLISHING" },
  ]);
  for (const name of ["closeStream", "publish"]) {
    expect(events(session.receive(command(name, 0, [null, false], on(2))))).toEqual([]);
  }
  expect(events(session.receive(video(1)))).toMatchObject([{ type: "media", messageStreamId: 1 }]);
  // Ids that nobody gave out are still taken for the only broadcast.
  expect(events(session.receive(command("closeStream", 0, [null], on(7))))).toMatchObject([
    { type: "unpublish", messageStreamId: 1 },
  ]);
});

const inputs = [
  ...[createStream, publish(), publish(false), publish("b", 2), video(1), video(2, hex``, 3)],
  ...["FCUnpublish", "deleteStream", "closeStream", "releaseStream", "play"].flatMap((name) => [
    command(name, 4, [null, "show"]),
    command(name, 0, [null, 1], on(1)),
  ]),
  ...[CONNECT, control(4, hex`0006 00000001`), control(5, u32(9)), control(6, hex`0000000901`)],
  control(2, u32(6)),
];

test("ServerSession keeps its promises whatever the order of commands", () => {
  const holds = fc.property(fc.array(fc.constantFrom(...inputs), { maxLength: 30 }), (order) => {
    const session = connectedSession();
    const live = new Set<number>();
    const perform = (effects: readonly SessionEffect[]): void => {
      for (const [index, effect] of effects.entries()) {
        if (effect.type === "publish") {
          expect(index).toBe(effects.length - 1);
          expect(live.has(effect.messageStreamId)).toBe(false);
          live.add(effect.messageStreamId);
          perform(session.accept(effect.messageStreamId));
        } else if (effect.type === "unpublish") {
          expect(live.delete(effect.messageStreamId)).toBe(true);
        } else if (effect.type === "media") {
          expect(live.has(effect.messageStreamId)).toBe(true);
        } else if (effect.type === "close-after-flush") {
          expect(session.phase).toBe("closed");
        }
      }
    };
    perform(session.receive(concat(...order)));
  });
  fc.assert(holds, { numRuns: 200 });
});

test("ServerSession throws nothing but ProtocolError, whatever comes after connect", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(...inputs),
    fc
      .record({
        typeId: fc.integer({ min: 0, max: 25 }),
        payload: fc.uint8Array({ maxLength: 40 }),
      })
      .map(chunked),
  );
  const holds = fc.property(fc.array(bytes, { maxLength: 12 }), (pieces) => {
    const session = connectedSession();
    try {
      for (const piece of pieces) {
        for (const effect of session.receive(piece)) {
          if (effect.type === "publish") session.accept(effect.messageStreamId);
        }
      }
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toHaveProperty("scope", "connection");
    }
  });
  fc.assert(holds, { numRuns: 400 });
});

test("ServerSession answers the same however the socket cuts the bytes", () => {
  const bytes = concat(
    HANDSHAKE,
    CONNECT,
    createStream,
    publish(),
    video(1),
    video(2),
    createStream,
  );
  const run = (size: number) => {
    const session = newSession();
    const effects: SessionEffect[] = [];
    const perform = (batch: readonly SessionEffect[]): void => {
      for (const effect of batch) {
        effects.push(effect);
        if (effect.type === "publish") perform(session.accept(effect.messageStreamId));
      }
    };
    for (let at = 0; at < bytes.length; at += size)
      perform(session.receive(bytes.subarray(at, at + size)));
    return { bytes: concat(...sent(effects)), events: events(effects) };
  };
  const whole = run(bytes.length);
  const holds = fc.property(fc.integer({ min: 1, max: 700 }), (size) => {
    const pieces = run(size);
    expect(equal(pieces.bytes, whole.bytes)).toBe(true);
    expect(pieces.events).toEqual(whole.events);
  });
  fc.assert(holds, { numRuns: 40 });
});

test("ServerSession asks to reconnect who says that it does, and nobody else", () => {
  expect(connectedSession().requestReconnect("leave")).toEqual([]);
  const session = newSession();
  session.receive(HANDSHAKE);
  expect(session.requestReconnect("leave")).toEqual([]);
  session.receive(
    concat(
      LARGE_CHUNKS,
      command("connect", 1, [{ app: "live", tcUrl: "rtmp://host/live", capsEx: 1 }]),
    ),
  );
  const information = {
    ...{ level: "status", code: "NetConnection.Connect.ReconnectRequest", description: "leave" },
  };
  expect(session.canReconnect).toBe(true);
  expect(said(session.requestReconnect("leave"))).toMatchObject([
    { name: "onStatus", transactionId: 0, commandObject: null, parameters: [information] },
  ]);
  const [{ parameters } = { parameters: [] }] = said(session.requestReconnect("leave", "/other"));
  expect(parameters).toEqual([{ ...information, tcUrl: "/other" }]);
  session.close("NetConnection.Connect.AppShutdown", "");
  expect(session.requestReconnect("leave")).toEqual([]);
});
