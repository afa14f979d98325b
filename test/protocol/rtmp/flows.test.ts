import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import { type Amf0Value, EcmaArray } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, toHex, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { ChunkEncoder } from "../../../server/protocol/rtmp/chunk-encoder.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { cut, hex } from "../../support/hex.ts";
import { HANDSHAKE, newSession } from "./session-support.ts";

/** What a whole connection came to, one line each. */
function told(bytes: Bytes, size = bytes.length): string[] {
  const session = newSession();
  const lines: string[] = [];
  const perform = (effects: readonly SessionEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "send") continue;
      lines.push(line(effect));
      if (effect.type === "publish") perform(session.accept(effect.messageStreamId));
    }
  };
  for (const piece of cut(bytes, size)) perform(session.receive(piece));
  return lines;
}

function line(effect: SessionEffect): string {
  switch (effect.type) {
    case "connected":
      return `connected ${effect.app}, ${effect.tcUrl}, ${effect.flashVer}`;
    case "publish":
      return `publish ${effect.streamPath} ${JSON.stringify(effect.query)} ${effect.messageStreamId}`;
    case "media":
      return `${effect.kind} ${effect.timestamp} ${toHex(effect.payload.subarray(0, 2))} ${effect.payload.length}`;
    case "unpublish":
      return `unpublish ${effect.reason}`;
    default:
      return effect.type;
  }
}

/**
 * 0.4 s of H.264 (64x48, 10 a second, no B-frames) and AAC, published to this session by the client
 * that the file is named by; everything the client sent is in the file. Sequence headers included.
 */
const published = {
  video: [0, 23, 123, 223, 323],
  audio: [
    0, 0, 23, 46, 69, 93, 116, 139, 162, 186, 209, 232, 255, 278, 302, 325, 348, 371, 395, 418,
  ],
};

test.each([
  {
    file: "ffmpeg-5.1.bin",
    begins: [
      "connected live/inst, rtmp://127.0.0.1:19351/live/inst, FMLE/3.0 (compatible; Lavf59.27.100)",
      'publish live/inst/show {"key":"abc"} 1',
      "data 0 0200 309",
      "video 0 1700 48",
      "audio 0 af00 7",
    ],
    ends: ["video 323 1702 5", "unpublish FCUnpublish"],
  },
  {
    file: "gstreamer-1.22-rtmp2sink.bin",
    begins: [
      "connected live, rtmp://127.0.0.1:19371/live, LNX 10,0,32,18",
      'publish live/show {"key":"abc"} 1',
      "data 0 0200 355",
      "video 0 1700 44",
      "audio 0 af00 7",
    ],
    ends: ["video 418 1702 5", "unpublish FCUnpublish"],
  },
  {
    file: "gstreamer-1.22-rtmpsink.bin",
    begins: [
      "connected live, rtmp://127.0.0.1:19372/live, ",
      'publish live/show {"key":"abc"} 1',
      "data 0 0200 355",
      "video 0 1700 44",
      "audio 0 af00 7",
    ],
    ends: ["video 418 1702 5", "unpublish FCUnpublish"],
  },
])("ServerSession takes a broadcast captured from $file, however it is cut", (capture) => {
  const bytes = readFileSync(new URL(`../../vectors/rtmp/${capture.file}`, import.meta.url));
  const lines = told(bytes);
  expect(lines.slice(0, 5)).toEqual(capture.begins);
  expect(lines.slice(-2)).toEqual(capture.ends);
  const times = (kind: string): number[] =>
    lines
      .slice(0, -2)
      .filter((each) => each.startsWith(`${kind} `))
      .map((each) => Number(each.split(" ")[1]));
  expect(times("video")).toEqual(published.video);
  expect(times("audio")).toEqual(published.audio);
  expect(told(bytes, 1)).toEqual(lines);
  expect(told(bytes, 1000)).toEqual(lines);
});

/** A client's messages with a chunk size of its own. */
class Client {
  readonly #encoder = new ChunkEncoder();
  readonly #pieces: Bytes[] = [HANDSHAKE];

  chunkSize(size: number): this {
    this.message({ chunkStreamId: 2, typeId: 1, payload: u32(size) });
    this.#encoder.chunkSize = size;
    return this;
  }

  message(message: Partial<Message>): this {
    const whole = { chunkStreamId: 3, timestamp: 0, typeId: 20, messageStreamId: 0 };
    this.#pieces.push(this.#encoder.encodeChunks({ ...whole, payload: hex``, ...message }));
    return this;
  }

  command(values: readonly Amf0Value[], message: Partial<Message> = {}): this {
    return this.message({ payload: encodeAmf0(...values), ...message });
  }

  get bytes(): Bytes {
    return concat(...this.#pieces);
  }
}

const KEY_FRAME = concat(hex`17 01 000000`, new Uint8Array(9000));

test("ServerSession takes OBS's flow (constructed from its source, 30)", () => {
  const stream = { chunkStreamId: 4, messageStreamId: 1 };
  const url = "rtmp://host/live";
  const connect = {
    ...{ app: "live", type: "nonprivate", flashVer: "FMLE/3.0 (compatible; FMSc/1.0)" },
    ...{ swfUrl: url, tcUrl: url },
  };
  const client = new Client()
    .chunkSize(4096)
    .command(["connect", 1, connect])
    .command(["releaseStream", 2, null, "show?key=abc"])
    .command(["FCPublish", 3, null, "show?key=abc"])
    .command(["createStream", 4, null])
    .command(["publish", 5, null, "show?key=abc", "live"], stream)
    .command(["@setDataFrame", "onMetaData", new EcmaArray({ width: 1280 })], {
      ...stream,
      typeId: 18,
    })
    .message({ ...stream, typeId: 8, payload: hex`af00 1190` })
    .message({ ...stream, typeId: 9, payload: hex`1700 000000 01` })
    .message({ ...stream, typeId: 9, payload: KEY_FRAME })
    .message({ ...stream, typeId: 8, timestamp: 0xfffffff6, payload: hex`af01 21` })
    .message({ ...stream, typeId: 8, timestamp: 11, payload: hex`af01 22` })
    .message({ ...stream, typeId: 9, timestamp: 33, payload: hex`9163 68766331` }) // Enhanced RTMP
    .command(["FCUnpublish", 6, null, "show?key=abc"])
    .command(["deleteStream", 7, null, 1]);
  expect(told(client.bytes, 1460)).toEqual([
    "connected live, rtmp://host/live, FMLE/3.0 (compatible; FMSc/1.0)",
    'publish live/show {"key":"abc"} 1',
    "data 0 0200 53",
    "audio 0 af00 4",
    "video 0 1700 6",
    "video 0 1701 9005",
    "audio 4294967286 af01 3",
    "audio 11 af01 3",
    "video 33 9163 6",
    "unpublish FCUnpublish",
  ]);
});

test("ServerSession takes Flash Player's flow: AMF3 framing, publish(false) (constructed)", () => {
  const amf3 = (values: readonly Amf0Value[], message: Partial<Message> = {}) => ({
    ...{ typeId: 17, payload: concat(hex`00`, encodeAmf0(...values)) },
    ...message,
  });
  const client = new Client()
    .command(["connect", 1, { app: "live", flashVer: "WIN 32,0,0,1", objectEncoding: 3 }])
    .message(amf3(["createStream", 2, null]))
    .message(amf3(["publish", 0, null, "show", "record"], { chunkStreamId: 8, messageStreamId: 1 }))
    .message({ typeId: 15, messageStreamId: 1, payload: hex`00 020001 61` })
    .message({ typeId: 8, messageStreamId: 1, payload: hex`b2 00` })
    .message(amf3(["publish", 0, null, false], { chunkStreamId: 8, messageStreamId: 1 }));
  expect(told(client.bytes)).toEqual([
    "connected live, , WIN 32,0,0,1",
    "publish live/show {} 1",
    "data 0 0200 4",
    "audio 0 b200 2",
    "unpublish publish-false",
  ]);
});

test("ServerSession takes an impatient encoder that waits for no answer (constructed)", () => {
  const client = new Client()
    .command(["connect", 1, { app: "live" }])
    .command(["_checkbw", 2, null])
    .command(["createStream", 3, null])
    .command(["publish", 4, null, "show"], { messageStreamId: 1 })
    .message({ typeId: 9, messageStreamId: 1, chunkStreamId: 6, payload: KEY_FRAME });
  expect(told(client.bytes)).toEqual([
    "connected live, , ",
    "publish live/show {} 1",
    "video 0 1701 9005",
  ]);
});
