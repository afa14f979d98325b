import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Amf0Value } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { CaptureReader, RecordType } from "../../../server/protocol/capture/capture-file.ts";
import { HANDSHAKE_LENGTH } from "../../../server/protocol/capture/cleaned-stream.ts";
import { Recording, type Sender } from "../../../server/protocol/capture/recording.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { ChunkEncoder, encodeWhole } from "../../../server/protocol/rtmp/chunk-encoder.ts";
import { type Message, MessageType, setChunkSize } from "../../../server/protocol/rtmp/message.ts";
import { cut, hex } from "../../support/hex.ts";
import { chunked, command } from "../rtmp/session-support.ts";

type Options = { names?: "kept" | "removed"; blanked?: boolean; maxBytes?: number };

const newRecording = ({ names = "removed", blanked = false, ...bounds }: Options = {}) =>
  new Recording(
    { sluice: "1.2.3", openedAt: "2026-01-02T03:04:05.678Z", transport: "rtmp", names, blanked },
    bounds,
  );

type Said = { readonly sender: Sender; readonly bytes: Bytes };

/** Records what was said, piece after piece at 0, 1, 2 … ms, and reads the file. */
function recorded(said: readonly Said[], options?: Options) {
  const recording = newRecording(options);
  const files = said.map(({ sender, bytes }, at) => recording.take(sender, bytes, at));
  const file = concat(recording.start(), ...files, recording.end("over", said.length));
  const records = new CaptureReader().push(file);
  const side = (type: number) => records.filter((record) => record.type === type);
  const bytesOf = (type: number) => concat(...side(type).map(({ payload }) => payload));
  const end: unknown = JSON.parse(Buffer.from(records.at(-1)?.payload ?? []).toString());
  return {
    ...{ records, file, end, times: records.map(({ at }) => at) },
    ...{ client: bytesOf(RecordType.Client), server: bytesOf(RecordType.Server) },
  };
}

/** Both sides' handshakes, of zeros: the simple ones. */
const CLIENT_HANDSHAKE = concat(Uint8Array.of(3), new Uint8Array(HANDSHAKE_LENGTH - 1));
const SERVER_HANDSHAKE = CLIENT_HANDSHAKE;

const client = (...bytes: readonly Bytes[]): Said => ({
  sender: "client",
  bytes: concat(...bytes),
});
const server = (...bytes: readonly Bytes[]): Said => ({
  sender: "server",
  bytes: concat(...bytes),
});
const LARGE = encodeWhole(setChunkSize(65_536), 128);
const latin = (bytes: Bytes): string => Buffer.from(bytes).toString("latin1");

/** The capture of a whole connection as one client of ffmpeg 5.1 sent it. */
test.each([1, 128, 1e6])(
  "Recording keeps every byte but those of the key, in reads of %i bytes",
  (size) => {
    const vector = readFileSync(new URL("../../vectors/rtmp/ffmpeg-5.1.bin", import.meta.url));
    const said = cut(new Uint8Array(vector), size).map((bytes) => client(bytes));
    const { client: bytes } = recorded(said, { names: "kept" });
    expect(bytes.length).toBe(vector.length);
    expect(latin(bytes)).toBe(latin(vector).replaceAll("key=abc", "key=xxx"));
    expect(latin(recorded(said).client)).toBe(
      latin(vector).replaceAll("live/inst", "live/xxxx").replaceAll("show?key=abc", "xxxx?key=xxx"),
    );
  },
);

test("Recording lets no 4 bytes of a key pass, however chunks and reads are cut, and nothing else changes", () => {
  const key = fc.stringMatching(/^[A-Z0-9]{8,40}$/).filter((text) => !text.includes("xxxx"));
  const holds = fc.property(
    key,
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 300 }),
    fc.boolean(),
    fc.boolean(),
    (secret, chunkSize, size, isAmf3, names) => {
      const typeId = isAmf3 ? MessageType.CommandAmf3 : MessageType.CommandAmf0;
      const name = `show?key=${secret}&a=b`;
      const bodies: Message[] = [
        { ...message("connect", 1, [{ app: `live?t=${secret}`, tcUrl: "rtmp://h/live" }]) },
        message("releaseStream", 2, [null, name]),
        { ...message("publish", 3, [null, name, "live"]), typeId },
        ...[message("onMetaData", 0, [{ title: name }])].map((one) => ({ ...one, typeId: 18 })),
        { ...message("FCUnpublish", 4, [null, name]), chunkStreamId: 5 },
      ].map((one) => (one.typeId === 17 ? { ...one, payload: concat(hex`00`, one.payload) } : one));
      const stream = interleaved(bodies, chunkSize);
      const status = { code: "NetStream.Publish.Start", description: `live/${name} is on` };
      const said = [
        ...cut(concat(CLIENT_HANDSHAKE, stream), size).map((bytes) => client(bytes)),
        server(SERVER_HANDSHAKE, LARGE, command("onStatus", 0, [null, status])),
      ];
      const { client: bytes, server: answers } = recorded(said, {
        names: names ? "kept" : "removed",
      });
      expect(bytes.length).toBe(HANDSHAKE_LENGTH + stream.length);
      const all = latin(concat(bytes, answers));
      for (let at = 0; at + 4 <= secret.length; at += 1) {
        expect(all).not.toContain(secret.slice(at, at + 4));
      }
      const filler = (text: string) =>
        text
          .replaceAll(secret, "x".repeat(secret.length))
          .replaceAll(/&a=b/g, "&a=x")
          .replaceAll(/show\?/g, names ? "show?" : "xxxx?");
      const read = new ChunkDecoder().push(bytes.subarray(HANDSHAKE_LENGTH));
      const before = new ChunkDecoder().push(stream);
      expect(read.map(({ payload, ...rest }) => ({ ...rest, text: latin(payload) }))).toEqual(
        before.map(({ payload, ...rest }) => ({ ...rest, text: filler(latin(payload)) })),
      );
    },
  );
  fc.assert(holds, { numRuns: 40 });
});

test("Recording takes every text out of what it does not know, and the short names of others", () => {
  const stream = concat(
    LARGE,
    command("connect", 1, [
      { app: "live", tcUrl: "rtmp://me:pw@h/live", token: "SECRETTOKEN", flashVer: "FMLE/3.0" },
      "MORETOKEN",
    ]),
    command("login", 2, [null, { user: ["SOMEBODY"] }]),
    command("publish", 3, [null, "ab1", "live"]),
  );
  const said = [client(CLIENT_HANDSHAKE, stream), server(SERVER_HANDSHAKE, LARGE)];
  const text = latin(recorded(said).client);
  for (const secret of ["me:pw", "TOKEN", "SOMEBODY", "ab1"]) expect(text).not.toContain(secret);
  for (const kept of ["FMLE/3.0", "rtmp://xxxxx@h/live", "login", "token", "live"]) {
    expect(text).toContain(kept);
  }
});

test("Recording takes a short name out of what a server says, where it stands by itself", () => {
  const said = [
    client(CLIENT_HANDSHAKE, LARGE, command("publish", 3, [null, "demo", "live"])),
    server(SERVER_HANDSHAKE, LARGE, command("onStatus", 0, [null, "live/demo on, demography"])),
  ];
  expect(latin(recorded(said).server)).toContain("live/xxxx on, demography");
});

test("Recording leaves no word in a command that cannot be read", () => {
  const payload = concat(hex`02 0007`, Buffer.from("publish"), hex`ff`, Buffer.from("SECRET99"));
  const said = [client(CLIENT_HANDSHAKE, LARGE, chunked({ typeId: 20, payload }))];
  const { client: bytes } = recorded(said);
  expect(latin(bytes)).not.toContain("SECRET");
  expect(bytes.length).toBe(said[0]?.bytes.length);
});

test("Recording overwrites a command that is given up or never ends", () => {
  const chunk = (csid: number) =>
    concat(
      Uint8Array.of(csid),
      hex`000000 0000c8 14 00000000`,
      Buffer.from("KEYKEY0123".repeat(12)),
      Buffer.from("01234567"),
    );
  const abort = encodeWhole(
    { chunkStreamId: 2, timestamp: 0, typeId: 2, messageStreamId: 0, payload: u32(4) },
    128,
  );
  const stream = concat(chunk(4), abort, chunk(4), abort, chunk(4));
  const { client: bytes } = recorded([client(CLIENT_HANDSHAKE), client(stream)]);
  expect(bytes.length).toBe(HANDSHAKE_LENGTH + stream.length);
  expect(latin(bytes)).not.toContain("KEY");
  expect(new ChunkDecoder().push(bytes.subarray(HANDSHAKE_LENGTH))).toHaveLength(2);
});

test("Recording ends a side where its chunks cannot be read, and says so; the other goes on", () => {
  const publish = command("publish", 3, [null, "SECRETNAME", "live"]);
  // Chunks longer than was announced: the next header is in the middle of a text.
  const stream = concat(publish, hex`c9`, Buffer.from("SECRETNAME".repeat(20)));
  const {
    client: bytes,
    server: said,
    end,
  } = recorded([
    client(CLIENT_HANDSHAKE, stream),
    client(Buffer.from("SECRETNAME")),
    server(SERVER_HANDSHAKE, LARGE),
  ]);
  expect(bytes.length).toBe(HANDSHAKE_LENGTH + publish.length + 18);
  expect(bytes[HANDSHAKE_LENGTH + publish.length]).toBe(0xc9);
  expect(latin(bytes)).not.toMatch(/SECR|CRET|ETNA|NAME/);
  expect(said.length).toBe(HANDSHAKE_LENGTH + LARGE.length);
  expect(end).toMatchObject({
    reason: "over",
    lost: { client: expect.stringContaining("RTMP_CHUNK_STREAM_UNKNOWN") },
  });
});

test("Recording keeps the order and the times in which bytes came, also of what had to wait", () => {
  const publish = command("publish", 3, [null, "SECRETNAME", "live"]);
  const said = [
    client(CLIENT_HANDSHAKE),
    server(SERVER_HANDSHAKE),
    client(publish.subarray(0, 5)),
    server(LARGE),
    client(publish.subarray(5)),
  ];
  const { records, times } = recorded(said);
  expect(records.map(({ type }) => type)).toEqual([0, 1, 2, 1, 2, 1, 3]);
  expect(times).toEqual([0, 0, 1, 2, 3, 4, 5]);
});

test("Recording holds what is incomplete up to a limit, and a file up to its own", () => {
  const publish = command("publish", 3, [null, "SECRETNAME", "live"]);
  const recording = newRecording();
  recording.take("client", concat(CLIENT_HANDSHAKE, publish.subarray(0, 30)), 0);
  const large = chunked({ chunkStreamId: 6, typeId: 9, payload: new Uint8Array(2 ** 23) });
  const announced = encodeWhole(setChunkSize(2 ** 24), 128);
  let end: Bytes = new Uint8Array(0);
  for (let round = 0; round < 10 && !recording.isOver; round += 1) {
    end = recording.take("server", round === 0 ? concat(SERVER_HANDSHAKE, announced) : large, 1);
  }
  expect(recording.isOver).toBe(true);
  expect(latin(end)).toContain("CAPTURE_HELD");
  expect(latin(end)).not.toContain("SECR");

  const small = recorded([client(CLIENT_HANDSHAKE), client(LARGE), client(LARGE)], {
    maxBytes: 3000,
  });
  expect(small.end).toMatchObject({ reason: expect.stringContaining("CAPTURE_FILE") });
  expect(small.client.length).toBe(HANDSHAKE_LENGTH);
});

function message(name: string, transactionId: number, values: readonly Amf0Value[]): Message {
  const [one] = new ChunkDecoder()
    .push(concat(LARGE, command(name, transactionId, values)))
    .slice(1);
  if (one === undefined) throw new Error("No message");
  return one;
}

/** Chunks of a message each, with those of a picture between them. */
function interleaved(messages: readonly Message[], chunkSize: number): Bytes {
  const encoder = new ChunkEncoder();
  const picture = (index: number): Message => ({
    ...{ chunkStreamId: 6, timestamp: index, typeId: 9, messageStreamId: 1 },
    payload: new Uint8Array(300).fill(0xe7),
  });
  const pieces: Bytes[] = [encoder.encodeChunks(setChunkSize(chunkSize))];
  encoder.chunkSize = chunkSize;
  for (const [index, one] of messages.entries()) {
    const own = chunksOf(encoder.encodeChunks(one), chunkSize, one);
    const others = chunksOf(encoder.encodeChunks(picture(index)), chunkSize, picture(index));
    for (let at = 0; at < Math.max(own.length, others.length); at += 1) {
      pieces.push(own[at] ?? new Uint8Array(0), others[at] ?? new Uint8Array(0));
    }
  }
  return concat(...pieces);
}

/** Cuts a message's bytes where its chunks end: all of it is payload but their headers. */
function chunksOf(bytes: Bytes, chunkSize: number, { payload }: Message): Bytes[] {
  const count = Math.max(1, Math.ceil(payload.length / chunkSize));
  const firstHeader = bytes.length - payload.length - (count - 1);
  const pieces = [bytes.subarray(0, firstHeader + chunkSize)];
  for (let at = firstHeader + chunkSize; at < bytes.length; at += chunkSize + 1) {
    pieces.push(bytes.subarray(at, at + chunkSize + 1));
  }
  return pieces;
}
