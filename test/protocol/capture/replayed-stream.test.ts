import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat, u24, u32 } from "../../../server/protocol/bytes/bytes.ts";
import { HANDSHAKE_LENGTH } from "../../../server/protocol/capture/cleaned-stream.ts";
import {
  ReplayedStream,
  type ReplayTarget,
} from "../../../server/protocol/capture/replayed-stream.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { decodeCommand } from "../../../server/protocol/rtmp/command.ts";
import { cut, hex } from "../../support/hex.ts";
import { command } from "../rtmp/session-support.ts";

const HANDSHAKE = concat(Uint8Array.of(3), new Uint8Array(HANDSHAKE_LENGTH - 1).fill(9));
const SAME: ReplayTarget = {
  ...{ origin: "rtmp://other:1", app: undefined, streamName: undefined, key: undefined },
};

/** What is sent for a recorded client, whatever the cuts. */
function replayed(bytes: Bytes, target: ReplayTarget, size = bytes.length): Bytes {
  const stream = new ReplayedStream(target);
  const sent = concat(...cut(bytes, size).map((piece) => stream.push(piece)));
  expect(stream.firstPackets).toEqual(bytes.subarray(0, 1537));
  return sent;
}

const read = (chunks: Bytes) => new ChunkDecoder().push(chunks);

const vector = (name: string): Bytes =>
  new Uint8Array(readFileSync(new URL(`../../vectors/rtmp/${name}`, import.meta.url)));

test.each(["ffmpeg-5.1.bin", "gstreamer-1.22-rtmp2sink.bin", "gstreamer-1.22-rtmpsink.bin"])(
  "ReplayedStream puts another server, name and key into %s and leaves all else, however it is cut",
  (name) => {
    const bytes = vector(name);
    const target = { origin: "rtmp://h:1", app: "app", streamName: "other", key: "a longer key/" };
    const before = read(bytes.subarray(HANDSHAKE_LENGTH));
    const whole = replayed(bytes, target);
    const names = new Set<unknown>();
    const after = read(whole);
    expect(after).toHaveLength(before.length);
    for (const [index, message] of after.entries()) {
      const { payload, ...rest } = before[index] ?? message;
      expect(message).toMatchObject(rest);
      if (message.typeId !== 20) {
        expect(message.payload).toEqual(payload);
        continue;
      }
      const { name, commandObject, parameters } = decodeCommand(message);
      if (name === "connect") {
        expect(commandObject).toMatchObject({ app: "app", tcUrl: "rtmp://h:1/app" });
      } else if (typeof parameters[0] === "string") names.add(parameters[0]);
    }
    expect([...names]).toEqual(["other?key=a%20longer%20key%2F"]);
    for (const size of [1, 100, 1000]) expect(replayed(bytes, target, size)).toEqual(whole);
    const untouched = { ...SAME, origin: before === after ? "" : "rtmp://127.0.0.1" };
    expect(read(replayed(bytes, untouched))).toHaveLength(before.length);
  },
);

test.each([
  ["xxxx?key=xxx&a=b", { key: "K" }, "xxxx?key=K&a=b"],
  ["show?a=b", { key: "K" }, "show?a=b&key=K"],
  ["show", { key: "$&" }, "show?key=%24%26"],
  ["xxxx?key=xxx", { streamName: "show" }, "show"],
  ["xxxx?key=xxx", { streamName: "show?key=1", key: "2" }, "show?key=2"],
  ["show?key=xxx", {}, "show?key=xxx"],
])("ReplayedStream makes of the name %s with %j: %s", (name, target, expected) => {
  const bytes = concat(HANDSHAKE, command("publish", 3, [null, name, "live"]));
  const sent = replayed(bytes, { ...SAME, ...target });
  const [message] = new ChunkDecoder().push(bytes.subarray(HANDSHAKE_LENGTH));
  if (expected === name) expect(sent).toEqual(bytes.subarray(HANDSHAKE_LENGTH));
  const [changed = message] = read(sent);
  expect(changed && decodeCommand(changed).parameters).toEqual([expected, "live"]);
});

test("ReplayedStream gives a length of its own to what continues a command that was changed", () => {
  const [publish] = read(command("publish", 3, [null, "show", "live"]));
  const payload = publish?.payload ?? new Uint8Array(0);
  const like = payload.slice().fill(1);
  const begun = concat(hex`05 00000a`, u24(payload.length), hex`14 01000000`, payload);
  const holds = fc.property(
    fc.constantFrom<[string, Bytes]>(
      ["type 2", concat(hex`85 000007`, like)],
      ["type 3", concat(hex`c5`, like)],
      ["type 1", concat(hex`45 000007`, u24(like.length), hex`08`, like)],
      [
        "type 2, extended",
        concat(hex`85 ffffff`, u32(0x1000000), like, hex`c5`, u32(0x1000000), like),
      ],
    ),
    fc.integer({ min: 1, max: 100 }),
    ([, continued], size) => {
      const other = hex`06 000001 000002 09 01000000 aabb`;
      const chunks = concat(
        begun,
        other,
        continued,
        other,
        hex`c5`,
        continued.length > 100 ? u32(0x1000000) : hex``,
        like,
      );
      const bytes = concat(HANDSHAKE, chunks);
      const sent = replayed(bytes, { ...SAME, key: "a key that is longer" }, size);
      const [before, after] = [read(chunks), read(sent)];
      expect(after.slice(1)).toEqual(before.slice(1));
      expect(after[0]?.payload.length).toBeGreaterThan(before[0]?.payload.length ?? 0);
    },
  );
  fc.assert(holds, { numRuns: 40 });
});

test("ReplayedStream sends what it cannot read as it is", () => {
  const chunks = concat(command("publish", 3, [null, "show", "live"]), hex`c9 01020304`);
  const more = hex`0506`;
  const stream = new ReplayedStream({ ...SAME, key: "K" });
  const sent = concat(stream.push(concat(HANDSHAKE, chunks)), stream.push(more));
  expect(sent.subarray(-7)).toEqual(hex`c9 01020304 0506`);
});
