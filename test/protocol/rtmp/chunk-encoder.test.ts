import { expect, test } from "vitest";
import { concat, toHex } from "../../../server/protocol/bytes/bytes.ts";
import {
  ChunkEncoder,
  chunkedMessage,
  encodeWhole,
} from "../../../server/protocol/rtmp/chunk-encoder.ts";
import { answer, onStatus } from "../../../server/protocol/rtmp/command.ts";
import {
  setChunkSize,
  setPeerBandwidth,
  UserControlEvent,
  userControl,
  windowAcknowledgementSize,
} from "../../../server/protocol/rtmp/message.ts";
import { hex } from "../../support/hex.ts";

const video = new Uint8Array(300).fill(0xab);
const audio = { chunkStreamId: 3, typeId: 8, messageStreamId: 12345, payload: new Uint8Array(32) };

test("ChunkEncoder writes the standard's example of four audio messages (§5.3.2.1)", () => {
  const encoder = new ChunkEncoder();
  const written = [1000, 1020, 1040, 1060].map((timestamp) =>
    encoder.encodeChunks({ ...audio, timestamp }),
  );
  expect(written.map(({ length }) => length)).toEqual([44, 36, 33, 33]);
  expect(written.map(([first]) => first)).toEqual([0x03, 0x83, 0xc3, 0xc3]);
});

test("ChunkEncoder writes the standard's example of a long message (§5.3.2.2)", () => {
  const payload = new Uint8Array(307);
  const message = { chunkStreamId: 4, timestamp: 1000, typeId: 9, messageStreamId: 12346, payload };
  const bytes = new ChunkEncoder().encodeChunks(message);
  expect(bytes.length).toBe(140 + 129 + 52);
  expect([bytes[0], bytes[140], bytes[140 + 129]]).toEqual([0x04, 0xc4, 0xc4]);
});

test("ChunkEncoder repeats an extended timestamp in type 3 chunks", () => {
  const message = { chunkStreamId: 6, timestamp: 20_000_000, typeId: 9, messageStreamId: 1 };
  const bytes = new ChunkEncoder().encodeChunks({ ...message, payload: video });
  const part = (from: number, to: number) => video.subarray(from, to);
  expect(bytes).toEqual(
    hex`06 ffffff 00012c 09 01000000 01312d00 ${part(0, 128)}
        c6 01312d00 ${part(128, 256)} c6 01312d00 ${part(256, 300)}`,
  );
});

test.each([
  {
    name: "right after type 0, even where the delta is its timestamp",
    times: [40, 80],
    fmts: [0, 2],
  },
  {
    name: "with delta 0 after another delta (librtmp's mistake)",
    times: [0, 20, 20],
    fmts: [0, 2, 2],
  },
  { name: "where time steps back", times: [100, 90], fmts: [0, 0] },
  { name: "where time leaps by 0xFFFFFF", times: [0, 0xffffff], fmts: [0, 0] },
])("ChunkEncoder writes no type 3 $name", ({ times, fmts }) => {
  const encoder = new ChunkEncoder();
  const written = times.map((timestamp) => encoder.encodeChunks({ ...audio, timestamp }));
  expect(written.map(([first = 0]) => first >> 6)).toEqual(fmts);
});

test.each([
  [
    "Window Ack Size",
    windowAcknowledgementSize(2_500_000),
    "02 000000 000004 05 00000000 002625a0",
  ],
  [
    "Set Peer Bandwidth",
    setPeerBandwidth(2_500_000, 2),
    "02 000000 000005 06 00000000 002625a0 02",
  ],
  ["Set Chunk Size", setChunkSize(4096), "02 000000 000004 01 00000000 00001000"],
  [
    "StreamBegin",
    userControl(UserControlEvent.StreamBegin, 1),
    "02 000000 000006 04 00000000 0000 00000001",
  ],
  [
    "Ping request",
    userControl(UserControlEvent.PingRequest, 100),
    "02 000000 000006 04 00000000 0006 00000064",
  ],
  [
    "createStream result",
    answer("_result", 4, null, 1),
    "03 000000 00001d 14 00000000 0200075f726573756c74 004010000000000000 05 003ff0000000000000",
  ],
  [
    "onStatus Publish.Start",
    onStatus(1, "status", "NetStream.Publish.Start", "ok"),
    `05 000000 00005b 14 01000000 0200086f6e537461747573 000000000000000000 05
     03 00056c6576656c 020006737461747573 0004636f6465
     0200174e657453747265616d2e5075626c6973682e5374617274
     000b6465736372697074696f6e 0200026f6b 000009`,
  ],
])("encodeWhole writes %s byte for byte", (_, message, expected) => {
  expect(toHex(encodeWhole(message, 128))).toBe(expected.replaceAll(/\s/g, ""));
});

test.each([
  { chunkStreamId: 8, timestamp: 40, size: 1000, first: 12 + 128, later: 1 + 128 },
  { chunkStreamId: 8, timestamp: 0xffffff, size: 1000, first: 16 + 128, later: 5 + 128 },
  { chunkStreamId: 400, timestamp: 2 ** 32 - 1, size: 123, first: 18 + 128, later: 7 + 128 },
  { chunkStreamId: 64, timestamp: 0, size: 0, first: 13 + 128, later: 2 + 128 },
])("chunkedMessage is encodeWhole with its cuts: $chunkStreamId at $timestamp", (each) => {
  const { chunkStreamId, timestamp, size, first, later } = each;
  const message = { chunkStreamId, timestamp, typeId: 9, messageStreamId: 1 };
  const [head, data] = [hex`17 01 000050`, video.subarray(0, size)];
  const chunked = chunkedMessage({ ...message, payload: data }, head, 128);
  const whole = encodeWhole({ ...message, payload: concat(head, data) }, 128);
  expect(toHex(chunked.bytes)).toBe(toHex(whole));
  expect(chunked).toMatchObject({ chunkStreamId, firstChunk: first, laterChunk: later });
  // Behind each cut stands a type 3 header.
  for (let at = first; at < whole.length; at += later) expect((whole[at] ?? 0) >> 6).toBe(3);
});
