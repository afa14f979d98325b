import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  mp3Track,
  readMpegAudioHeader,
  splitMpegAudioFrames,
} from "../../../server/protocol/codec/mp3.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";
import { MP3_22050, MP3_48000 } from "./vectors.ts";

const padded = (start: Uint8Array, length: number): Uint8Array => {
  const frame = new Uint8Array(length);
  frame.set(start);
  return frame;
};
const FRAME = padded(MP3_48000, 192);

test.each([
  [
    "MPEG-1, 64 kb/s, 48 kHz, mono",
    MP3_48000,
    { version: 1, bitrate: 64_000, sampleRate: 48_000, channels: 1, samplesPerFrame: 1152 },
    192,
  ],
  [
    "MPEG-2, 32 kb/s, 22.05 kHz, mono",
    MP3_22050,
    { version: 2, bitrate: 32_000, sampleRate: 22_050, channels: 1, samplesPerFrame: 576 },
    104,
  ],
  [
    "MPEG-2.5, 8 kb/s, 8 kHz, stereo",
    hex`ffe31804`,
    { version: 2.5, bitrate: 8000, sampleRate: 8000, channels: 2, samplesPerFrame: 576 },
    72,
  ],
  [
    "MPEG-1, 128 kb/s, 44.1 kHz, with padding",
    hex`fffb9264`,
    { version: 1, bitrate: 128_000, sampleRate: 44_100, channels: 2, samplesPerFrame: 1152 },
    418,
  ],
])("readMpegAudioHeader reads %s", (_name, bytes, header, frameLength) => {
  expect(readMpegAudioHeader(bytes)).toEqual({ ...header, frameLength });
});

test("splitMpegAudioFrames cuts a message into views of its frames", () => {
  const message = concat(FRAME, FRAME, FRAME.subarray(0, 100));
  const frames = splitMpegAudioFrames(message);
  expect(frames.map(({ data }) => data)).toEqual([FRAME, FRAME, FRAME.subarray(0, 100)]);
  expect(frames.every(({ data }) => data.buffer === message.buffer)).toBe(true);
});

test("splitMpegAudioFrames takes the free format as one frame, and leaves out a tag", () => {
  const free = hex`fffb0464 00000000`;
  expect(splitMpegAudioFrames(free).map(({ data }) => data)).toEqual([free]);
  expect(splitMpegAudioFrames(concat(FRAME, hex`544147`))).toHaveLength(1);
});

test("splitMpegAudioFrames refuses what begins otherwise, other layers, and too many", () => {
  const error = (bytes: Uint8Array): unknown => {
    try {
      return splitMpegAudioFrames(bytes);
    } catch (thrown) {
      const { kind, code } = thrown as { kind: string; code: string };
      return [kind, code];
    }
  };
  expect(error(hex`494433`)).toEqual(["malformed", "MP3_HEADER"]);
  expect(error(hex`fffd9264 00`)).toEqual(["unsupported", "MP3_HEADER"]);
  const many = Array.from({ length: LIMITS.audioFramesInMessage + 1 }, () => FRAME);
  expect(error(concat(...many))).toEqual(["limit", "MP3_FRAMES"]);
});

test("mp3Track describes frames", () => {
  const [first] = splitMpegAudioFrames(FRAME);
  expect(first && mp3Track(0, first.header)).toEqual({
    ...{ mediaType: "audio", trackIndex: 0, codec: "mp3", codecString: "mp3" },
    ...{ sampleRate: 48_000, channels: 1, configuration: hex`` },
  });
});
