import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import type { Amf0Object } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import type { ClientEffect } from "../../../server/protocol/rtmp/client-effect.ts";
import {
  ClientSession,
  type ClientSessionOptions,
} from "../../../server/protocol/rtmp/client-session.ts";
import type { ClientPurpose } from "../../../server/protocol/rtmp/client-stream.ts";
import { decodeCommand } from "../../../server/protocol/rtmp/command.ts";
import { type Message, MessageType } from "../../../server/protocol/rtmp/message.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { cut, hex } from "../../support/hex.ts";
import {
  chunked,
  command,
  HANDSHAKE,
  LARGE_CHUNKS,
  newSession,
  random,
} from "./session-support.ts";

/** A client and a server with a line between them that cuts everything into pieces of `size`. */
function line({ size = 100_000, refuse = false, chunkSize = 4096 } = {}) {
  const client = new ClientSession({
    ...{ random, app: "live", tcUrl: "rtmp://host/live", streamName: "show?key=abc", chunkSize },
  });
  const server = newSession();
  const atServer: SessionEffect[] = [];
  const atClient: string[] = [];
  const toServer: Bytes[] = [];
  const toClient: Bytes[] = [];
  const perform = (effects: readonly SessionEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "send") toClient.push(...cut(effect.bytes, size));
      else atServer.push(effect);
      if (effect.type !== "publish") continue;
      const { messageStreamId: id } = effect;
      perform(refuse ? server.refuse(id, "NetStream.Publish.BadName", "No") : server.accept(id));
    }
  };
  /** Carries bytes both ways until none is left. */
  const run = (bytes: Bytes): void => {
    toServer.push(...cut(bytes, size));
    while (toServer.length + toClient.length > 0) {
      const up = toServer.shift();
      if (up) perform(server.receive(up));
      const down = toClient.shift();
      for (const effect of down ? client.receive(down) : []) {
        if (effect.type === "send") toServer.push(...cut(effect.bytes, size));
        else if (effect.type !== "connected")
          atClient.push(
            effect.type === "refused" ? `${effect.code}: ${effect.description}` : effect.type,
          );
      }
    }
  };
  return { client, server, run, atServer, atClient, perform };
}

test("ClientSession publishes to ServerSession, however the line cuts", () => {
  const holds = fc.property(
    fc.integer({ min: 1, max: 4000 }),
    fc.constantFrom(1, 128, 4096, 0x7fffffff),
    (size, chunkSize) => {
      const { client, run, atServer, atClient } = line({ size, chunkSize });
      run(client.start());
      expect(atClient).toEqual(["publishing"]);
      run(client.media("data", 0, hex`020001 61`));
      run(
        concat(
          client.media("video", 40, new Uint8Array(500)),
          client.media("audio", 43, hex`af01`),
        ),
      );
      run(client.finish());
      expect(atServer).toMatchObject([
        { type: "connected", app: "live", tcUrl: "rtmp://host/live" },
        { type: "publish", streamPath: "live/show", query: { key: "abc" } },
        { type: "media", kind: "data", timestamp: 0 },
        { type: "media", kind: "video", timestamp: 40, payload: new Uint8Array(500) },
        { type: "media", kind: "audio", timestamp: 43 },
        { type: "unpublish", reason: "FCUnpublish" },
      ]);
    },
  );
  fc.assert(holds, { numRuns: 25 });
});

test("ClientSession hears a refusal in the server's words", () => {
  const { client, run, atClient } = line({ refuse: true });
  run(client.start());
  expect(atClient).toEqual(["NetStream.Publish.BadName: No"]);
});

test("ClientSession hears that the server stops", () => {
  const { client, server, run, atClient, perform } = line();
  run(client.start());
  perform(server.close("NetConnection.Connect.AppShutdown", "Restarting"));
  run(hex``);
  expect(atClient).toEqual(["publishing", "NetConnection.Connect.AppShutdown: Restarting"]);
});

test("ClientSession answers pings", () => {
  const { client, server, run, atServer, perform } = line();
  run(client.start());
  perform(server.ping(77));
  run(hex``);
  expect(atServer.at(-1)).toEqual({ type: "pong", timestamp: 77 });
});

test("ClientSession carries timestamps around the boundaries", () => {
  const times = [0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0, 33];
  const { client, run, atServer } = line();
  run(client.start());
  for (const time of times) run(client.media("video", time, new Uint8Array(300)));
  const read = atServer.flatMap((effect) => (effect.type === "media" ? [effect.timestamp] : []));
  expect(read).toEqual(times);
});

test("ClientSession joins its answers to a burst of pings", () => {
  const { client, server, run } = line();
  run(client.start());
  const [ping] = server.ping(77);
  if (ping?.type !== "send") throw new Error("No ping");
  const [answer, ...others] = client.receive(concat(...Array(10_000).fill(ping.bytes)));
  expect(answer).toHaveProperty("bytes.length", 70_007);
  expect(others).toEqual([]);
});

/** The messages a client sends, read as a server of default chunk size reads them. */
function heard(options: Partial<ClientSessionOptions> = {}) {
  const client = new ClientSession({
    ...{ random, app: "live", tcUrl: "rtmp://host:1936/live?a=b", streamName: "show?key=abc" },
    ...options,
  });
  const decoder = new ChunkDecoder();
  const said: Message[] = [];
  const effects: Exclude<ClientEffect, { type: "send" }>[] = [];
  const receive = (...pieces: readonly Bytes[]): void => {
    for (const effect of client.receive(concat(...pieces))) {
      if (effect.type === "send") said.push(...decoder.push(effect.bytes));
      else effects.push(effect);
    }
  };
  const commands = () =>
    said
      .filter(({ typeId }) => typeId === MessageType.CommandAmf0)
      .map((message) => ({ ...decodeCommand(message), on: message.messageStreamId }));
  const start = (): void => {
    decoder.push(client.start().subarray(0, 0));
    const c2 = client.receive(HANDSHAKE).flatMap((effect) => {
      return effect.type === "send" ? [effect.bytes] : [];
    });
    said.push(...decoder.push(concat(...c2).subarray(1536)));
    receive(LARGE_CHUNKS);
  };
  return { client, receive, start, said, commands, effects };
}

const SUCCESS = command("_result", 1, [{}, { code: "NetConnection.Connect.Success" }]);
const CREATED = command("_result", 4, [null, 7]);
const status = (information: Amf0Object, messageStreamId = 7) =>
  command("onStatus", 0, [null, information], { messageStreamId });

test("ClientSession says what it can do, and hears what the server can", () => {
  const { start, commands, receive, effects } = heard({ relayTrail: "a1,b2" });
  start();
  const [connect] = commands();
  expect(connect?.commandObject).toEqual({
    app: "live",
    fourCcList: ["*"],
    videoFourCcInfoMap: { "*": 4 },
    audioFourCcInfoMap: { "*": 4 },
    capsEx: 15,
    type: "nonprivate",
    flashVer: "FMLE/3.0 (compatible; Sluice)",
    tcUrl: "rtmp://host:1936/live?a=b",
    sluiceRelay: "a1,b2",
  });
  receive(command("_result", 1, [{ capsEx: 2, fourCcList: ["hvc1"], sluiceRelay: "me" }, {}]));
  expect(effects).toEqual([
    { type: "connected", capabilities: { capsEx: 2, fourCcList: ["hvc1"] }, relayId: "me" },
  ]);
});

test("ClientSession takes a server that says nothing of itself for a classic one", () => {
  const { start, receive, effects } = heard();
  start();
  receive(SUCCESS);
  expect(effects).toEqual([{ type: "connected", capabilities: undefined, relayId: undefined }]);
});

test("ClientSession plays as FFmpeg does", () => {
  const { start, commands, receive, said, effects, client } = heard({ purpose: "play" });
  start();
  receive(SUCCESS);
  receive(CREATED);
  expect(commands().map(({ name, parameters, on }) => [name, on, ...parameters])).toEqual([
    ["connect", 0],
    ["createStream", 0],
    ["play", 7, "show?key=abc", -2000],
  ]);
  expect(said.at(-1)).toMatchObject({
    typeId: MessageType.UserControl,
    payload: hex`0003 00000007 00000bb8`,
  });
  const media = { messageStreamId: 7, chunkStreamId: 6 };
  receive(
    status({ level: "status", code: "NetStream.Play.Reset" }),
    status({ level: "status", code: "NetStream.Play.Start" }),
    chunked({ ...media, typeId: 18, payload: encodeAmf0("|RtmpSampleAccess", true, true) }),
    chunked({ ...media, typeId: 18, payload: encodeAmf0("onMetaData", {}) }),
    chunked({ ...media, typeId: 15, payload: concat(hex`00`, encodeAmf0("onCuePoint", 1)) }),
    chunked({ ...media, typeId: 9, timestamp: 40, payload: hex`2701 000000` }),
    chunked({ ...media, typeId: 8, timestamp: 41, payload: hex`af01` }),
    // An aggregate, as Flash Media Server sends: its first part has the aggregate's own time.
    chunked({
      ...{ ...media, typeId: 22, timestamp: 50 },
      payload: hex`08 000002 000003 00 000000 af02 0000000d  09 000001 000009 00 000000 27 0000000c`,
    }),
  );
  const { messageStreamId } = media;
  expect(effects.slice(1)).toEqual([
    { type: "playing" },
    {
      ...{ type: "media", kind: "data", encoding: "amf0", messageStreamId, timestamp: 0 },
      payload: encodeAmf0("onMetaData", {}),
    },
    {
      ...{ type: "media", kind: "data", encoding: "amf3", messageStreamId, timestamp: 0 },
      payload: encodeAmf0("onCuePoint", 1),
    },
    {
      ...{ type: "media", kind: "video", messageStreamId, timestamp: 40 },
      payload: hex`2701 000000`,
    },
    { type: "media", kind: "audio", messageStreamId, timestamp: 41, payload: hex`af01` },
    { type: "media", kind: "audio", messageStreamId, timestamp: 50, payload: hex`af02` },
    { type: "media", kind: "video", messageStreamId, timestamp: 56, payload: hex`27` },
  ]);
  const decoder = new ChunkDecoder();
  const goodbyes = decoder.push(client.finish());
  expect(goodbyes.map(decodeCommand)).toMatchObject([{ name: "deleteStream", parameters: [7] }]);
});

test("ClientSession takes no media while it publishes", () => {
  const { start, receive, effects } = heard();
  start();
  receive(SUCCESS, CREATED, chunked({ typeId: 9, messageStreamId: 7, payload: hex`27` }));
  expect(effects.map(({ type }) => type)).toEqual(["connected"]);
});

const rejected = { level: "error", code: "NetConnection.Connect.Rejected", description: "Go" };

test.each<{
  name: string;
  purpose?: ClientPurpose;
  says: Bytes;
  effect: Exclude<ClientEffect, { type: "send" }> | undefined;
}>([
  {
    name: "a stream that is not there",
    says: status({ level: "error", code: "NetStream.Play.StreamNotFound", description: "None" }),
    effect: { type: "refused", code: "NetStream.Play.StreamNotFound", description: "None" },
  },
  {
    name: "a publisher who left",
    says: status({ level: "status", code: "NetStream.Play.UnpublishNotify", description: "x" }),
    effect: { type: "ended", code: "NetStream.Play.UnpublishNotify", description: "x" },
  },
  {
    name: "a stop that is called an error",
    says: status({ level: "error", code: "NetStream.Play.Stop" }),
    effect: { type: "ended", code: "NetStream.Play.Stop", description: "" },
  },
  {
    name: "the end of the stream",
    says: chunked({ chunkStreamId: 2, typeId: 4, payload: hex`0001 00000007` }),
    effect: { type: "ended", code: "StreamEOF", description: "" },
  },
  {
    name: "the completion of the stream",
    says: chunked({
      ...{ typeId: 18, messageStreamId: 7 },
      payload: encodeAmf0("onPlayStatus", { level: "status", code: "NetStream.Play.Complete" }),
    }),
    effect: { type: "ended", code: "NetStream.Play.Complete", description: "" },
  },
  {
    name: "a name that is in use",
    purpose: "publish",
    says: status({ level: "error", code: "NetStream.Publish.BadName", description: "In use" }),
    effect: { type: "refused", code: "NetStream.Publish.BadName", description: "In use" },
  },
  {
    name: "a failed play, in an answer",
    says: command("_error", 5, [null, { level: "error", code: "NetStream.Play.Failed" }]),
    effect: { type: "refused", code: "NetStream.Play.Failed", description: "" },
  },
  {
    name: "a failure of what is of no consequence",
    purpose: "publish",
    says: command("_error", 3, [null, { level: "error", code: "NetConnection.Call.Failed" }]),
    effect: undefined,
  },
  {
    name: "the redirect of Flash Media Server and nginx-rtmp",
    says: command("_error", 1, [
      null,
      { ...rejected, ex: { code: 302, redirect: "rtmp://other/app" } },
    ]),
    effect: {
      ...{ type: "redirected", code: rejected.code, tcUrl: "rtmp://other/app" },
      streamUrl: undefined,
    },
  },
  {
    name: "the redirect of SRS, in a status",
    purpose: "publish",
    says: status({
      ...rejected,
      ex: {
        ...{ code: 302, redirect: "rtmp://other/app" },
        redirect2: "rtmp://other/app/show?key=abc",
      },
    }),
    effect: {
      ...{ type: "redirected", code: rejected.code, tcUrl: "rtmp://other/app" },
      streamUrl: "rtmp://other/app/show?key=abc",
    },
  },
  {
    name: "a rejection without another server",
    says: command("_error", 1, [null, { ...rejected, ex: { code: 403, redirect: "rtmp://x/y" } }]),
    effect: { type: "refused", code: rejected.code, description: "Go" },
  },
  {
    name: "a request to reconnect elsewhere",
    says: status({
      ...{ level: "status", code: "NetConnection.Connect.ReconnectRequest" },
      ...{ tcUrl: "//other:1937/live", description: "Drains" },
    }),
    effect: {
      ...{ type: "reconnect-requested", tcUrl: "rtmp://other:1937/live" },
      description: "Drains",
    },
  },
  {
    name: "a request to reconnect",
    purpose: "publish",
    says: status({ level: "status", code: "NetConnection.Connect.ReconnectRequest" }, 0),
    effect: { type: "reconnect-requested", tcUrl: "rtmp://host:1936/live?a=b", description: "" },
  },
  {
    name: "close",
    says: command("close", 0, [null]),
    effect: { type: "closed" },
  },
])("ClientSession hears $name", ({ purpose = "play", says, effect }) => {
  const { start, receive, effects } = heard({ purpose });
  start();
  receive(SUCCESS, CREATED, says);
  expect(effects.slice(1)).toEqual(effect === undefined ? [] : [effect]);
});

test("ClientSession counts what it cannot read, and gives up at a limit", () => {
  const { start, receive, effects } = heard({ purpose: "play" });
  start();
  receive(SUCCESS);
  const bad = chunked({ typeId: MessageType.CommandAmf0, payload: hex`00` });
  receive(bad);
  expect(effects.at(-1)).toMatchObject({ type: "bad-message", error: { code: "TRUNCATED" } });
  for (let n = 2; n < LIMITS.badMessagesInARow; n += 1) receive(bad);
  expect(() => receive(bad)).toThrow(expect.objectContaining({ code: "BAD_MESSAGES" }));
});

test("ClientSession has nothing to say goodbye to before it has shaken hands", () => {
  expect(heard().client.finish()).toHaveLength(0);
});

test("ClientSession lives through any bytes behind the handshake", () => {
  const holds = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const { start, receive } = heard({ purpose: "play" });
    start();
    receive(SUCCESS, CREATED);
    try {
      receive(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  });
  fc.assert(holds, { numRuns: 200 });
});
