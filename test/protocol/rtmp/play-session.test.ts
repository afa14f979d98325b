import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeAmf0 } from "../../../server/protocol/amf0/decode.ts";
import type { Amf0Value } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, toHex } from "../../../server/protocol/bytes/bytes.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import type { ServerSession } from "../../../server/protocol/rtmp/server-session.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { cut, hex } from "../../support/hex.ts";
import { chunked, command, connectedSession, events, newSession, sent } from "./session-support.ts";

/** Reads what a session says from its first byte behind the handshake on. */
class Reader {
  readonly #decoder = new ChunkDecoder();

  constructor(chunkSize = 65_536) {
    const size = chunked({
      chunkStreamId: 2,
      typeId: 1,
      payload: Uint8Array.of(0, chunkSize >> 16, chunkSize >> 8, chunkSize),
    });
    this.#decoder.push(size);
  }

  /** One line for each message. */
  read(bytes: readonly Bytes[]): string[] {
    return bytes.flatMap((each) => this.#decoder.push(each)).map(line);
  }
}

function line({ typeId, messageStreamId, payload }: Message): string {
  if (typeId === 18) return `${messageStreamId} data ${String(decodeAmf0(payload)[0])}`;
  if (typeId !== 20) return `${typeId} ${toHex(payload)}`;
  const [name, , , status] = decodeAmf0(payload);
  const { level, code } = (status ?? {}) as { level?: string; code?: string };
  return `${messageStreamId} ${String(name)}${code === undefined ? "" : ` ${level ?? "-"} ${code}`}`;
}

const on = (messageStreamId: number): Partial<Message> => ({ messageStreamId });
const createStream = command("createStream", 2, [null]);
const play = (name: Amf0Value, { id = 1, more = [-2000] as Amf0Value[] } = {}): Bytes =>
  command("play", 4, [null, name, ...more], on(id));
const onStream = (name: string, value: Amf0Value, id = 1): Bytes =>
  command(name, 0, [null, value], on(id));

const SET_CHUNK_SIZE = "1 00001000";
const STARTED = [
  "4 000000000001", // StreamBegin 1
  "1 onStatus status NetStream.Play.Reset",
  "1 onStatus status NetStream.Play.Start",
  "1 data |RtmpSampleAccess",
];

function playingSession(): ServerSession {
  const session = connectedSession();
  session.receive(concat(createStream, play("show")));
  session.accept(1);
  return session;
}

test("ServerSession asks before anything is played, and starts in the order players wait for", () => {
  const session = connectedSession();
  const asked = session.receive(concat(createStream, play("show?token=abc&enhanced=1")));
  expect(events(asked)).toEqual([
    {
      ...{ type: "play", messageStreamId: 1, streamPath: "live/show" },
      query: { token: "abc", enhanced: "1" },
    },
  ]);
  // What comes meanwhile is held, and happens after the start.
  expect(session.receive(onStream("pause", true))).toEqual([]);
  const effects = session.accept(1);
  expect(new Reader().read(sent(effects))).toEqual([
    ...[SET_CHUNK_SIZE, ...STARTED, "1 onStatus status NetStream.Pause.Notify"],
  ]);
  expect(effects.map(({ type }) => type)).toEqual(["send", "pause", "send"]);
});

test.each([-2, -1, 0, 12.5, -2000, undefined])(
  "ServerSession plays what is live from start %s",
  (start) => {
    const session = connectedSession();
    const asked = session.receive(concat(createStream, play("show", { more: [start, -1, true] })));
    expect(events(asked)).toMatchObject([{ type: "play", streamPath: "live/show" }]);
  },
);

test("ServerSession resets nothing for who says so, and plays AMF3's commands too", () => {
  const session = connectedSession();
  const values = [null, "show", -2, -1, false] as const;
  session.receive(createStream);
  session.receive(command("play", 4, values, { typeId: 17, messageStreamId: 1 }));
  const lines = new Reader().read(sent(session.accept(1)));
  expect(lines).not.toContain("1 onStatus status NetStream.Play.Reset");
  expect(lines).toContain("1 onStatus status NetStream.Play.Start");
});

test.each<{ by: string; input: Bytes; told: string[]; effects: unknown[] }>([
  {
    by: "pause",
    input: onStream("pause", true),
    told: ["1 onStatus status NetStream.Pause.Notify"],
    effects: [{ type: "pause", messageStreamId: 1 }],
  },
  {
    by: "pauseRaw",
    input: onStream("pauseRaw", true),
    told: ["1 onStatus status NetStream.Pause.Notify"],
    effects: [{ type: "pause", messageStreamId: 1 }],
  },
  {
    by: "seek",
    input: onStream("seek", 5000),
    told: ["1 onStatus status NetStream.Seek.Notify", "1 onStatus status NetStream.Play.Start"],
    effects: [{ type: "resume", messageStreamId: 1 }],
  },
  {
    by: "receiveVideo(false)",
    input: onStream("receiveVideo", false),
    told: [],
    effects: [{ type: "receive", messageStreamId: 1, wanted: { audio: true, video: false } }],
  },
  {
    by: "receiveAudio(true)",
    input: onStream("receiveAudio", true),
    told: ["1 onStatus status NetStream.Seek.Notify", "1 onStatus status NetStream.Play.Start"],
    effects: [{ type: "receive", messageStreamId: 1, wanted: { audio: true, video: true } }],
  },
  {
    by: "closeStream",
    input: onStream("closeStream", undefined),
    told: [],
    effects: [{ type: "stop-playing", messageStreamId: 1, reason: "closeStream" }],
  },
  {
    by: "deleteStream",
    input: command("deleteStream", 0, [null, 1]),
    told: [],
    effects: [{ type: "stop-playing", messageStreamId: 1, reason: "deleteStream" }],
  },
  {
    by: "play(false)",
    input: play(false),
    told: [],
    effects: [{ type: "stop-playing", messageStreamId: 1, reason: "play-false" }],
  },
  {
    by: "play of another",
    input: play("other"),
    told: [],
    effects: [
      { type: "stop-playing", messageStreamId: 1, reason: "play" },
      { type: "play", messageStreamId: 1, streamPath: "live/other", query: {} },
    ],
  },
  {
    by: "publish",
    input: command("publish", 5, [null, "other", "live"], on(1)),
    told: ["1 onStatus error NetStream.Publish.BadName"],
    effects: [],
  },
  {
    by: "FCUnpublish of its name",
    input: command("FCUnpublish", 0, [null, "show"]),
    told: ["0 onFCUnpublish - NetStream.Unpublish.Success"],
    effects: [],
  },
  {
    by: "SetBufferLength",
    input: chunked({ chunkStreamId: 2, typeId: 4, payload: hex`0003 00000001 00000bb8` }),
    told: [],
    effects: [],
  },
])("ServerSession, playing: $by", ({ input, told, effects }) => {
  const output = playingSession().receive(input);
  expect(new Reader(4096).read(sent(output))).toEqual(told);
  expect(events(output)).toEqual(effects);
});

test("ServerSession changes over by play2, and says so", () => {
  const session = playingSession();
  const asked = session.receive(onStream("play2", { streamName: "other", transition: "switch" }));
  expect(events(asked)).toMatchObject([
    { type: "stop-playing" },
    { type: "play", streamPath: "live/other" },
  ]);
  expect(new Reader(4096).read(sent(session.accept(1)))).toEqual([
    "4 000000000001",
    "1 onStatus status NetStream.Play.Transition",
    "1 onStatus status NetStream.Play.Start",
    "1 data |RtmpSampleAccess",
  ]);
});

test("ServerSession answers FCSubscribe, for which librtmp waits", () => {
  const effects = connectedSession().receive(command("FCSubscribe", 4, [null, "show"]));
  expect(new Reader().read(sent(effects))).toEqual([
    "0 onFCSubscribe - NetStream.Play.Start",
    "0 _result",
  ]);
});

test("ServerSession turns a player away, and keeps a connection that also publishes", () => {
  const session = connectedSession();
  session.receive(concat(createStream, play("show")));
  const refused = session.refuse(1, "NetStream.Play.Failed", "Not for you");
  expect(new Reader().read(sent(refused))).toEqual(["1 onStatus error NetStream.Play.Failed"]);
  expect(events(refused)).toEqual([{ type: "close-after-flush" }]);

  const both = connectedSession();
  both.receive(concat(createStream, createStream));
  both.receive(command("publish", 3, [null, "mine", "live"], on(1)));
  both.accept(1);
  both.receive(play("show", { id: 2 }));
  expect(events(both.refuse(2, "NetStream.Play.Failed", "Not for you"))).toEqual([]);
  both.receive(play("show", { id: 2 }));
  both.accept(2);
  // Each goes its own way.
  const media = chunked({ chunkStreamId: 6, typeId: 9, messageStreamId: 1, payload: hex`17` });
  expect(events(both.receive(concat(onStream("pause", true, 2), media)))).toMatchObject([
    { type: "pause", messageStreamId: 2 },
    { type: "media", messageStreamId: 1 },
  ]);
  const over = both.stopPlaying(2, "NetStream.Play.StreamNotFound", "Nobody came");
  expect(events(over)).toEqual([{ type: "stop-playing", messageStreamId: 2, reason: "play" }]);
  expect(both.phase).toBe("connected");
});

test("ServerSession says when a broadcast begins and ends, in one piece for its place", () => {
  const session = playingSession();
  const reader = new Reader(4096);
  const read = (event: "published" | "unpublished") => {
    const bytes = session.broadcastNotice(1, event);
    return reader.read(bytes === undefined ? [] : [bytes]);
  };
  expect(read("unpublished")).toEqual([
    "1 onStatus status NetStream.Play.UnpublishNotify",
    "1 data onPlayStatus",
    "4 000100000001", // StreamEOF 1
  ]);
  expect(read("published")).toEqual([
    "4 000000000001",
    "1 onStatus status NetStream.Play.PublishNotify",
  ]);
  session.receive(command("deleteStream", 0, [null, 1]));
  expect(session.broadcastNotice(1, "unpublished")).toBeUndefined();
});

test("ServerSession ends what is played with the connection", () => {
  const session = playingSession();
  expect(events(session.receive(command("close", 0, [null])))).toEqual([
    { type: "stop-playing", messageStreamId: 1, reason: "close" },
    { type: "close" },
  ]);
  const closing = connectedSession();
  closing.receive(createStream);
  // The play is not given out any more: nobody could be told.
  expect(events(closing.close("NetConnection.Connect.AppShutdown", "Bye"))).toEqual([
    { type: "close-after-flush" },
  ]);
});

/** Everything the client sent while it played this session's live/inst/show to its end. */
test.each([
  { file: "ffmpeg-5.1-play.bin", client: "LNX 9,0,124,2", ends: [] },
  { file: "ffmpeg-8.1-play.bin", client: "LNX 9,0,124,2", ends: [] },
  { file: "rtmpdump-2.4-play.bin", client: "LNX 10,0,32,18", ends: ["stop-playing deleteStream"] },
  { file: "gstreamer-1.22-rtmp2src.bin", client: "LNX 10,0,32,18", ends: [] },
  { file: "gstreamer-1.22-rtmpsrc.bin", client: "", ends: ["stop-playing deleteStream"] },
])(
  "ServerSession plays to the client captured in $file, however it is cut",
  ({ file, client, ends }) => {
    const bytes = readFileSync(new URL(`../../vectors/rtmp/${file}`, import.meta.url));
    const told = (size: number): string[] => {
      const session = newSession();
      const lines: string[] = [];
      const perform = (effects: readonly SessionEffect[]): void => {
        for (const effect of effects) {
          if (effect.type === "connected") lines.push(`connected ${effect.app} ${effect.flashVer}`);
          else if (effect.type === "stop-playing") lines.push(`stop-playing ${effect.reason}`);
          else if (effect.type !== "send" && effect.type !== "play") lines.push(effect.type);
          if (effect.type !== "play") continue;
          lines.push(
            `play ${effect.streamPath} ${JSON.stringify(effect.query)} ${effect.messageStreamId}`,
          );
          perform(session.accept(effect.messageStreamId));
        }
      };
      for (const piece of cut(bytes, size)) perform(session.receive(piece));
      return lines;
    };
    expect(told(bytes.length)).toEqual([
      `connected live/inst ${client}`,
      'play live/inst/show {"token":"abc"} 1',
      ...ends,
    ]);
    expect(told(1)).toEqual(told(bytes.length));
  },
);
