import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  ac3FrameSamples,
  ac3Track,
  eac3FrameSamples,
  eac3Track,
} from "../../../server/protocol/codec/ac3.ts";
import { hex } from "../../support/hex.ts";
import { AC3_MONO, AC3_SURROUND, EAC3_SURROUND } from "./vectors.ts";

const padded = (start: Uint8Array, length: number): Uint8Array => {
  const frame = new Uint8Array(length);
  frame.set(start);
  return frame;
};

test.each([
  ["mono, 96 kb/s", AC3_MONO, hex`1008c0`, 1],
  ["5.1, 448 kb/s", AC3_SURROUND, hex`103de0`, 6],
])("ac3Track makes the dac3 that FFmpeg makes: %s", (_name, frame, configuration, channels) => {
  expect(ac3Track(0, frame)).toEqual({
    ...{ mediaType: "audio", trackIndex: 0, codec: "ac-3", codecString: "ac-3" },
    ...{ sampleRate: 48_000, channels, configuration },
  });
});

test("eac3Track makes the dec3 that FFmpeg makes", () => {
  expect(eac3Track(0, padded(EAC3_SURROUND, 1792))).toEqual({
    ...{ mediaType: "audio", trackIndex: 0, codec: "ec-3", codecString: "ec-3" },
    ...{ sampleRate: 48_000, channels: 6, configuration: hex`0e00200f00` },
  });
});

test("eac3Track counts a dependent substream", () => {
  // Type 1, 16 bytes; 48 kHz, 6 blocks, 2/0; bsid 16, no compression; a map of Lrs/Rrs.
  const dependent = padded(hex`0b77 4007 3480 1020 00`, 16);
  const frame = concat(padded(EAC3_SURROUND, 1792), dependent);
  const track = eac3Track(0, frame);
  expect(track.configuration).toEqual(hex`0e00 200f 0202`); // one dependent substream, at bit 1
  expect(track.channels).toBe(8);
  expect(eac3FrameSamples(frame)).toBe(1536);
});

test("ac3FrameSamples and eac3FrameSamples count the frames of a message", () => {
  expect(ac3FrameSamples(padded(AC3_MONO, 384))).toBe(1536);
  expect(ac3FrameSamples(concat(padded(AC3_MONO, 384), padded(AC3_MONO, 384)))).toBe(3072);
  const frame = padded(EAC3_SURROUND, 1792);
  expect(eac3FrameSamples(frame)).toBe(1536);
  expect(eac3FrameSamples(concat(frame, frame))).toBe(3072);
});

test.each([
  ["no sync word", hex`0b78 480d 0c40 2f84`],
  ["a reserved rate", hex`0b77 480d cc40 2f84`],
  ["a reserved size", hex`0b77 480d 3f40 2f84`],
  ["E-AC-3", EAC3_SURROUND],
])("ac3Track refuses %s", (_name, frame) => {
  expect(() => ac3Track(0, frame)).toThrow(expect.objectContaining({ code: "AC3_SYNC_FRAME" }));
});

test.each([
  ["no sync word", hex`0b78 037f3f87c000`],
  ["AC-3", AC3_MONO],
  ["a dependent substream first", hex`0b77 437f3f87c0000000`],
])("eac3Track refuses %s", (_name, frame) => {
  expect(() => eac3Track(0, frame)).toThrow(expect.objectContaining({ code: "EAC3_SYNC_FRAME" }));
});
