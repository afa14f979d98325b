import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { flacTrack, splitFlacFrames } from "../../../server/protocol/codec/flac.ts";
import { hex } from "../../support/hex.ts";
import { FLAC_FRAMES, FLAC_STREAM_INFO } from "./vectors.ts";

test.each([
  ["STREAMINFO alone (FFmpeg)", FLAC_STREAM_INFO],
  ["its block", concat(hex`80 000022`, FLAC_STREAM_INFO)],
  ["fLaC and its block", concat(hex`664c6143 80 000022`, FLAC_STREAM_INFO)],
  ["more blocks", concat(hex`664c6143 00 000022`, FLAC_STREAM_INFO, hex`84 000002 0000`)],
])("flacTrack reads %s", (_name, body) => {
  expect(flacTrack(0, body)).toEqual({
    ...{ mediaType: "audio", trackIndex: 0, codec: "flac", codecString: "flac" },
    ...{ sampleRate: 8000, channels: 1, configuration: FLAC_STREAM_INFO },
  });
});

test("flacTrack refuses other blocks, and a rate of 0", () => {
  const code = "FLAC_STREAMINFO";
  expect(() => flacTrack(0, hex`84 000002 0000`)).toThrow(expect.objectContaining({ code }));
  expect(() => flacTrack(0, new Uint8Array(34))).toThrow(expect.objectContaining({ code }));
  expect(() => flacTrack(0, hex``)).toThrow(expect.objectContaining({ code: "TRUNCATED" }));
});

test("splitFlacFrames finds the frames of a message", () => {
  const message = concat(...FLAC_FRAMES);
  const frames = splitFlacFrames(message, FLAC_STREAM_INFO);
  expect(frames).toEqual(FLAC_FRAMES.map((data) => ({ data, samples: 192 })));
  expect(frames.every(({ data }) => data.buffer === message.buffer)).toBe(true);
});

test("splitFlacFrames finds no false frames", () => {
  const [first, second] = FLAC_FRAMES;
  // The next header where its frame has not ended: the CRC of the frame tells.
  const inside = concat(first.subarray(0, 132), second);
  expect(splitFlacFrames(inside, FLAC_STREAM_INFO)).toEqual([{ data: inside, samples: 192 }]);
});

test("splitFlacFrames refuses what does not begin with a frame", () => {
  const code = "FLAC_FRAME";
  for (const bytes of [hex``, hex`fff8`, hex`fff8140800ff`, hex`664c6143`]) {
    expect(() => splitFlacFrames(bytes, FLAC_STREAM_INFO)).toThrow(
      expect.objectContaining({ code }),
    );
  }
});
