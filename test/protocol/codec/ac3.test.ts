import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  ac3Track,
  eac3Track,
  splitAc3Frames,
  splitEac3Frames,
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
  expect(splitEac3Frames(frame)).toEqual([{ data: frame, samples: 1536 }]);
  const two = splitEac3Frames(concat(frame, frame));
  expect(two.map(({ data }) => data)).toEqual([frame, frame]);
});

test("splitAc3Frames and splitEac3Frames cut a message into samples, views of it", () => {
  const ac3 = padded(AC3_MONO, 384);
  const one = { data: ac3, samples: 1536 };
  expect(splitAc3Frames(ac3)).toEqual([one]);
  const message = concat(ac3, ac3, hex`00`);
  const frames = splitAc3Frames(message);
  expect(frames).toEqual([one, one]);
  expect(frames[1]?.data.buffer).toBe(message.buffer);
  const eac3 = padded(EAC3_SURROUND, 1792);
  expect(splitEac3Frames(concat(eac3, eac3))).toEqual([
    { data: eac3, samples: 1536 },
    { data: eac3, samples: 1536 },
  ]);
});

// 10 bytes, 48 kHz, one block, 2/0; bsid 16.
const shortFrame = hex`0b77 0004 0480 00000000`;

test("splitEac3Frames keeps frames of few blocks together, as many as make 1536 samples", () => {
  const samples = splitEac3Frames(concat(...Array(8).fill(shortFrame)));
  expect(samples.map(({ data, samples }) => [data.length, samples])).toEqual([
    [60, 1536],
    [20, 512],
  ]);
});

test.each([
  { name: "more frames than a message may hold", data: concat(...Array(1025).fill(shortFrame)) },
  { name: "frames of 4 bytes", data: concat(...Array(1000).fill(hex`0b77 0001`)) },
  { name: "a frame of 4 bytes, its header told", data: hex`0b77 0001 0480 00000000` },
  { name: "a frame that is cut", data: padded(EAC3_SURROUND, 1791) },
])("splitEac3Frames refuses $name", ({ data }) => {
  expect(() => splitEac3Frames(data)).toThrow(expect.objectContaining({ code: "EAC3_SYNC_FRAME" }));
});

test("splitAc3Frames refuses more frames than a message may hold, and one that is cut", () => {
  const code = "AC3_SYNC_FRAME";
  const frame = padded(hex`0b77 0000 00 40`, 128); // 32 kb/s: the shortest
  const many = concat(...Array(1025).fill(frame));
  expect(splitAc3Frames(many.subarray(128))).toHaveLength(1024);
  expect(() => splitAc3Frames(many)).toThrow(expect.objectContaining({ code, kind: "limit" }));
  expect(() => splitAc3Frames(frame.subarray(1))).toThrow(expect.objectContaining({ code }));
  expect(() => splitAc3Frames(frame.subarray(0, 127))).toThrow(expect.objectContaining({ code }));
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
