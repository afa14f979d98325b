import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { closed, listen } from "../../../server/endpoint/entry/listen.ts";
import { Pushing, PushRefused } from "../../../server/endpoint/relay/pushing.ts";
import { Broadcasts } from "../../../server/endpoint/rtmp/broadcasts.ts";
import { RtmpConnections } from "../../../server/endpoint/rtmp/connections.ts";
import type { Transport } from "../../../server/endpoint/rtmp/peer.ts";
import type { PublishDecision } from "../../../server/endpoint/rtmp/permission.ts";
import type { Publication } from "../../../server/live/live-stream.ts";
import { Registry } from "../../../server/live/registry.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { PLAY_LIMITS } from "../../support/play-limits.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { TagPublisher } from "../../support/rtmp-constructed.ts";

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function stage({
  decision = { allowed: true, identity: undefined } as PublishDecision,
  publisherOutput = LIMITS.publisherOutput as number,
  transport = "rtmp" as Transport,
} = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = new Registry(clock, {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 1_000_000,
    liveStreams: 3,
    waitingLiveStreams: 3,
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
  const asked: unknown[] = [];
  const broadcasts = new Broadcasts(registry, clock);
  const connections = new RtmpConnections({
    publications: registry,
    callHandlers: new Map(),
    broadcasts,
    mayPlay: () => ({ allowed: true }),
    relays: { relayId: "me", refusal: () => undefined, watch: () => () => {} },
    mayPublish: (request) => {
      asked.push(request);
      return decision;
    },
    crypto: {
      hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
      random: (length) => randomBytes(length),
    },
    clock,
    limits: { ...LIMITS, publisherOutput, play: PLAY_LIMITS },
    log,
  });
  const server = createServer({ noDelay: true }, (socket) => {
    const openedAt = clock.now();
    connections.adopt(socket, { address: "127.0.0.1", transport, openedAt });
  });
  const port = await listen(server, 0, "127.0.0.1");
  closers.push(async () => {
    const everybodyLeft = closed(server);
    connections.close();
    clock.pass(LIMITS.reconnectDrain);
    clock.pass(LIMITS.refusalLinger);
    await everybodyLeft;
  });
  const dial = async (): Promise<Socket> => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    closers.push(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  const push = (streamName = "show?key=secret") =>
    Pushing.open({ host: "127.0.0.1", port, app: "live", streamName }, randomBytes, () => {});
  const url = `rtmp://127.0.0.1:${port}/live/show`;
  return { clock, log, registry, port, dial, push, asked, connections, url };
}

/** Resolves when something the log says has come true. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("Cannot wait any longer");
}

const avcHeader = hex`17 00 000000 0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8`;
const avcPicture = hex`17 01 000000 00000002 6588`;

test("a publisher's messages reach the live stream, and its goodbye ends it", async () => {
  const { registry, push, asked, log } = await stage();
  const pushing = await push();
  expect(asked).toEqual([
    {
      streamPath: "live/show",
      key: "secret",
      peer: expect.objectContaining({ address: "127.0.0.1", transport: "rtmp" }),
    },
  ]);
  pushing.send({ typeId: 9, timestamp: 0, payload: avcHeader }, 0);
  pushing.send({ typeId: 9, timestamp: 0, payload: avcPicture }, 0);
  const liveStream = registry.find("live/show");
  await until(() => liveStream?.history().length === 1);
  pushing.finish();
  await until(() => liveStream?.state === "ended");
  expect(log.lines.map(({ message }) => message)).toContain("publishing ended");
  expect(JSON.stringify(log.lines)).not.toContain("secret");
});

test("a publisher that vanishes in the middle of a message is waited for", async () => {
  const { registry, dial, push } = await stage();
  await dial(); // somebody else, who stays
  const pushing = await push();
  const liveStream = registry.find("live/show");
  expect(liveStream?.state).toBe("live");
  pushing.abort();
  await until(() => liveStream?.state === "reconnecting");
});

test("a publisher that closes its session in the tunnel has said goodbye", async () => {
  const { registry, push } = await stage({ transport: "rtmpt" });
  const pushing = await push();
  const liveStream = registry.find("live/show");
  pushing.abort();
  await until(() => liveStream?.state === "ended");
});

test("a refusal is told in words the encoder shows", async () => {
  const { push, log } = await stage({
    decision: { allowed: false, description: "A publish key is needed" },
  });
  await expect(push()).rejects.toThrow(PushRefused);
  await expect(push()).rejects.toThrow(/A publish key is needed/);
  expect(log.lines.some(({ fields }) => fields["code"] === "PUBLISH_DENIED")).toBe(true);
});

test("a second publisher is told that the stream is in use", async () => {
  const { push } = await stage();
  await push();
  await expect(push()).rejects.toThrow(/live\/show is being published already/);
});

test("half a handshake ends when its time is over, and nobody else notices", async () => {
  const { dial, clock, push, registry, log } = await stage();
  await push();
  const socket = await dial();
  socket.write(hex`03 00000000`);
  const closed = once(socket, "close");
  socket.resume();
  await push("other"); // what was written before it has been read
  clock.pass(LIMITS.handshakeTime - 1000);
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_HANDSHAKE_TIME")).toBe(false);
  clock.pass(4000);
  await closed;
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_HANDSHAKE_TIME")).toBe(true);
  expect(registry.find("live/show")?.state).toBe("live");
});

test("a publisher that sends nothing for 20 s is dropped", async () => {
  const { push, clock, registry, log } = await stage();
  await push();
  clock.pass(LIMITS.publisherSilence + 2000);
  expect(registry.find("live/show")?.state).toBe("reconnecting");
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_SILENCE")).toBe(true);
});

test("a chunk stream that lies costs its own connection, with a code in the log", async () => {
  const { dial, log, push, registry, clock } = await stage();
  await push();
  const socket = await dial();
  socket.resume();
  const closed = once(socket, "close");
  socket.write(Buffer.concat([hex`03`, new Uint8Array(1536), new Uint8Array(1536)]));
  socket.write(hex`ff ffffffffffffffffffffff`); // fmt 3 on a chunk stream that never began
  await until(() => log.lines.some(({ message }) => message.startsWith("connection ended")));
  clock.pass(2000);
  await closed;
  expect(registry.find("live/show")?.state).toBe("live");
});

test("a client that reads nothing and asks without end costs itself", async () => {
  const { dial, log, push, registry, clock } = await stage();
  await push();
  const socket = await dial();
  const closed = once(socket, "close");
  socket.pause();
  const { encodeWhole } = await import("../../../server/protocol/rtmp/chunk-encoder.ts");
  const { commandMessage } = await import("../../../server/protocol/rtmp/command.ts");
  const say = (name: string, commandObject: { app: string } | null, about: string): void => {
    const command = { name, transactionId: 1, commandObject, parameters: [about] };
    const on = { chunkStreamId: 3, messageStreamId: 0 };
    socket.write(encodeWhole(commandMessage(command, on), 128));
  };
  socket.write(Buffer.concat([hex`03`, new Uint8Array(1536), new Uint8Array(1536)]));
  say("connect", { app: "live" }, "");
  const isOver = () => log.lines.some(({ message }) => message.startsWith("connection ended"));
  while (!isOver()) {
    say("FCPublish", null, "a".repeat(60_000)); // the answer repeats it
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.pass(2000);
  socket.resume();
  await closed;
  expect(registry.find("live/show")?.state).toBe("live");
});

test("a client that does not take the answers is cut off, and not for a fault of ours", async () => {
  const { dial, log, push, registry } = await stage({ publisherOutput: -1 });
  const socket = await dial();
  socket.resume();
  const closed = once(socket, "close");
  socket.write(Buffer.concat([hex`03`, new Uint8Array(1536)])); // the answer is too much already
  await closed;
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(log.lines.some(({ fields }) => fields["code"] === "RTMP_OUTPUT")).toBe(true);
  await expect(push()).rejects.toThrow();
  expect(registry.size).toBe(0);
});

test("who takes over from itself on one connection does not stay for ever", async () => {
  const { dial, registry, log } = await stage({ decision: { allowed: true, identity: "key" } });
  const socket = await dial();
  socket.resume();
  const { ChunkEncoder } = await import("../../../server/protocol/rtmp/chunk-encoder.ts");
  const { commandMessage } = await import("../../../server/protocol/rtmp/command.ts");
  const encoder = new ChunkEncoder();
  const say = (messageStreamId: number, name: string, ...parameters: (string | object)[]) => {
    const [first, ...rest] = parameters;
    const commandObject = name === "connect" ? (first as never) : null;
    const others = name === "connect" ? rest : parameters;
    const command = { name, transactionId: 1, commandObject, parameters: others as never[] };
    socket.write(
      encoder.encodeChunks(commandMessage(command, { chunkStreamId: 3, messageStreamId })),
    );
  };
  socket.write(Buffer.concat([hex`03`, new Uint8Array(1536), new Uint8Array(1536)]));
  say(0, "connect", { app: "live", tcUrl: "rtmp://127.0.0.1/live" });
  say(0, "createStream");
  say(0, "createStream");
  say(1, "publish", "show", "live");
  await until(() => log.lines.some(({ message }) => message === "publishing"));
  say(2, "publish", "show", "live");
  await until(() => registry.find("live/show")?.state === "reconnecting");
});

test("bad messages in a row end the publication with a limit, single ones do not", async () => {
  const { push, registry, log } = await stage();
  const pushing = await push();
  pushing.send({ typeId: 9, timestamp: 0, payload: avcHeader }, 0);
  const bad = { typeId: 9, timestamp: 0, payload: hex`17` };
  for (let n = 0; n < 40; n += 1) pushing.send(bad, n);
  pushing.send({ typeId: 9, timestamp: 0, payload: avcPicture }, 50);
  const liveStream = registry.find("live/show");
  await until(() => liveStream?.history().length === 1);
  for (let n = 0; n < LIMITS.badMessagesInARow; n += 1) pushing.send(bad, 60 + n);
  await until(() => liveStream?.state === "reconnecting");
  const codes = log.lines.map(({ fields }) => fields["code"]);
  expect(codes.filter((code) => code === "TRUNCATED")).toHaveLength(1); // repeats are counted
  expect(codes).toContain("BAD_MESSAGES");
});

test("a fault of ours costs one connection and is logged as an error", async () => {
  const { push, registry, log } = await stage();
  const open = registry.open.bind(registry);
  registry.open = (...parameters) => {
    const publication = open(...parameters);
    if ("refused" in publication) return publication;
    const broken: Publication = {
      ...publication,
      input: () => {
        throw new TypeError("a fault");
      },
    };
    return broken;
  };
  const pushing = await push();
  pushing.send({ typeId: 9, timestamp: 0, payload: avcHeader }, 0);
  await until(() => log.lines.some(({ level }) => level === "error"));
});

test("bad messages before a publish are logged once, and end the connection by a limit", async () => {
  const { dial, log, clock } = await stage();
  const socket = await dial();
  socket.resume();
  const closed = once(socket, "close");
  socket.write(Buffer.concat([hex`03`, new Uint8Array(1536), new Uint8Array(1536)]));
  const bad = hex`03 000000 000001 14 00000000 00`; // a command that ends after its first marker
  socket.write(Buffer.concat(Array(LIMITS.badMessagesInARow).fill(bad)));
  const codesOf = () => log.lines.map(({ fields }) => fields["code"]);
  await until(() => codesOf().includes("BAD_MESSAGES"));
  clock.pass(2000);
  await closed;
  expect(codesOf().filter((code) => code === "TRUNCATED")).toHaveLength(1);
});

test("strangers who come to be thrown out are counted together, a publisher has its own line", async () => {
  const { dial, push, log, clock } = await stage();
  const ended = () =>
    log.lines.filter(({ message }) => message.startsWith("connection ended")).map((l) => l.fields);
  for (let count = 0; count < 4; count += 1) {
    const socket = await dial();
    socket.resume();
    const closed = once(socket, "close");
    socket.write(Buffer.concat([hex`03`, new Uint8Array(1536), new Uint8Array(1536)]));
    socket.write(hex`ff`); // fmt 3 on a chunk stream that never began
    const over = () => log.lines.filter(({ message }) => message === "RTMP connection over");
    await until(() => over().length > count);
    clock.pass(LIMITS.refusalLinger);
    await closed;
  }
  const [first, ...others] = ended();
  expect(first).toMatchObject({ code: expect.any(String), address: "127.0.0.1" });
  expect(others).toEqual([]);
  clock.pass(10_000);
  expect(ended()).toMatchObject([first, { code: first?.["code"], repeated: 3 }]);
  for (const name of ["show", "other"]) await push(name);
  clock.pass(LIMITS.publisherSilence + 2000);
  const silent = ended().slice(2);
  expect(silent.map(({ code }) => code)).toEqual(["RTMP_SILENCE", "RTMP_SILENCE"]);
});

describe("a publisher that is asked to reconnect", () => {
  const tag = (timestamp: number, payload: Uint8Array) =>
    ({ kind: "video", timestamp, payload }) as const;
  const inter = hex`27 01 000000 00000002 4188`;

  test("goes on over its new connection, and its viewers notice nothing", async () => {
    const { connections, registry, url, log, clock } = await stage();
    const first = await TagPublisher.open(url, { reconnects: true });
    const seen: string[] = [];
    registry.find("live/show")?.observe({
      sample: ({ at, isDiscontinuity }) => seen.push(`${at}${isDiscontinuity ? " broken" : ""}`),
      state: (state) => seen.push(state),
    });
    await first.send(tag(0, avcHeader));
    await first.send(tag(40, avcPicture));
    await until(() => seen.length === 1);
    expect(connections.requestReconnect("live/show", "rtmp://other/live")).toEqual([
      { address: "127.0.0.1", transport: "rtmp", name: expect.any(String), asked: true },
    ]);
    expect(await first.askedToReconnect).toBe("rtmp://other/live");
    const second = await TagPublisher.open(url);
    await first.send(tag(80, inter));
    await until(() => seen.length === 2);
    await second.send(tag(0, avcHeader));
    await second.send(tag(120, avcPicture));
    await until(() => seen.length === 3);
    await first.send(tag(160, inter)); // nobody waits for it any more
    await second.send(tag(160, inter));
    await until(() => seen.length === 4);
    expect(seen).toEqual(["10000 broken", "10040", "10080", "10120"]);
    clock.pass(1000);
    await until(() => log.lines.some(({ message }) => message === "RTMP connection over"));
    expect(log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    await second.finish();
    await until(() => seen.at(-1) === "ended");
  });

  test("may not come unasked, nor too late", async () => {
    const { connections, registry, url, clock } = await stage();
    const first = await TagPublisher.open(url, { reconnects: true });
    await expect(TagPublisher.open(url)).rejects.toThrow(/being published already/);
    connections.requestReconnect("live/show");
    let samples = 0;
    registry.find("live/show")?.observe({
      sample: () => {
        samples += 1;
      },
    });
    await first.send(tag(0, avcHeader));
    for (let count = 1; count <= 4; count += 1) {
      clock.pass(LIMITS.reconnectTime / 3);
      await first.send(tag(count * 40, avcPicture)); // it is not silent
      await until(() => samples === count);
    }
    await expect(TagPublisher.open(url)).rejects.toThrow(/being published already/);
  });

  test("is told apart from one that cannot, and from those elsewhere", async () => {
    const { connections, url } = await stage();
    await TagPublisher.open(url);
    await TagPublisher.open(url.replace("show", "other"), { reconnects: true });
    expect(connections.requestReconnect("live/show")).toMatchObject([{ asked: false }]);
    expect(connections.requestReconnect("live/nothing")).toEqual([]);
  });

  test("is given time to do so when the server stops; others are not", async () => {
    const { connections, url, clock, registry } = await stage();
    const moving = await TagPublisher.open(url, { reconnects: true });
    await TagPublisher.open(url.replace("show", "other"));
    connections.close();
    await moving.askedToReconnect;
    expect(registry.find("live/other")?.state).toBe("reconnecting");
    expect(registry.find("live/show")?.state).toBe("live");
    await moving.send(tag(0, avcHeader));
    await moving.send(tag(40, avcPicture));
    await until(() => registry.find("live/show")?.history().length === 1);
    clock.pass(LIMITS.reconnectDrain);
    expect(registry.find("live/show")?.state).toBe("reconnecting");
  });
});
