import { expect, test } from "vitest";
import { concat, u8 } from "../../../server/protocol/bytes/bytes.ts";
import { opusPacketSamples, opusTrack } from "../../../server/protocol/codec/opus.ts";
import { hex } from "../../support/hex.ts";
import { OPUS_HEAD } from "./vectors.ts";

test("opusTrack turns OpusHead into dOps", () => {
  expect(opusTrack(0, OPUS_HEAD)).toEqual({
    ...{ mediaType: "audio", trackIndex: 0, codec: "opus", codecString: "opus" },
    ...{ sampleRate: 48_000, channels: 1 },
    configuration: hex`00 01 0138 0000bb80 0000 00`,
  });
});

test("opusTrack keeps the mapping of 5.1", () => {
  const head = hex`4f70757348656164 01 06 3801 80bb0000 0001 01 0402 000401020305`;
  expect(opusTrack(0, head)).toMatchObject({
    channels: 6,
    configuration: hex`00 06 0138 0000bb80 0100 01 0402 000401020305`,
  });
});

test("opusTrack does without a header", () => {
  expect(opusTrack(0, hex``).configuration).toEqual(hex`00 02 0000 0000bb80 0000 00`);
  expect(opusTrack(0, hex``, { packet: hex`f8b4` }).channels).toBe(1);
  expect(opusTrack(0, hex``, { packet: hex`fcb4` }).channels).toBe(2);
});

test.each([
  ["another magic", hex`4f70757354616773 01 01 3801 80bb0000 0000 00`, "OPUS_HEAD"],
  ["another version", hex`4f70757348656164 10 01 3801 80bb0000 0000 00`, "OPUS_HEAD"],
  ["no channels", hex`4f70757348656164 01 00 3801 80bb0000 0000 00`, "OPUS_HEAD"],
  [
    "three channels without a mapping",
    hex`4f70757348656164 01 03 3801 80bb0000 0000 00`,
    "OPUS_HEAD",
  ],
  ["a header that is cut", OPUS_HEAD.subarray(0, 15), "TRUNCATED"],
])("opusTrack refuses %s", (_name, head, code) => {
  expect(() => opusTrack(0, head)).toThrow(expect.objectContaining({ code }));
});

// RFC 6716 table 2 and §3.2: configuration, code, and the frame count of code 3.
test.each([
  ["SILK 10 ms", 0, 0, 480],
  ["SILK 60 ms", 3, 0, 2880],
  ["SILK 20 ms, two frames", 9, 1, 1920],
  ["hybrid 10 ms", 12, 0, 480],
  ["hybrid 20 ms, two frames of their own length", 15, 2, 1920],
  ["CELT 2.5 ms", 16, 0, 120],
  ["CELT 20 ms (libopus)", 31, 0, 960],
  ["CELT 5 ms, 24 frames: 120 ms", 29, 3, 5760],
])("opusPacketSamples reads %s", (_name, configuration, code, samples) => {
  const packet = concat(u8((configuration << 3) | code), u8(0x80 | 24));
  expect(opusPacketSamples(packet)).toBe(samples);
});

test.each([
  ["no bytes", hex``],
  ["no frames", hex`fb00`],
  ["no frame count", hex`fb`],
  ["more than 120 ms", hex`fb07`],
])("opusPacketSamples refuses %s", (_name, packet) => {
  expect(() => opusPacketSamples(packet)).toThrow(expect.objectContaining({ code: "OPUS_PACKET" }));
});
