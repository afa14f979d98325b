import { expect, test } from "vitest";
import { isVp8Sync, vp8Track } from "../../../server/protocol/codec/vp8.ts";
import { hex } from "../../support/hex.ts";
import { VP8_LIBVPX_KEY_FRAME } from "./vectors.ts";

test("vp8Track reads the size of a key frame, and makes a record where there is none", () => {
  expect(vp8Track(2, hex``, VP8_LIBVPX_KEY_FRAME)).toEqual({
    ...{ mediaType: "video", trackIndex: 2, codec: "vp8", codecString: "vp08.00.11.08" },
    ...{ width: 322, height: 182, reorderDepth: 0 },
    configuration: hex`01000000 00 0b 82 02 02 02 0000`,
  });
});

test("vp8Track keeps a record, with version and flags or without, and the colour it names", () => {
  const record = hex`00 0a 82 01 01 01 0000`;
  expect(vp8Track(0, record, VP8_LIBVPX_KEY_FRAME)).toMatchObject({
    codecString: "vp08.00.10.08",
    configuration: hex`01000000 ${record}`,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
  });
});

test.each([
  ["an inter frame", hex``, hex`f16700 9d012a 4201 b600`, "VP8_FRAME"],
  ["another start code", hex``, hex`f06700 9d012b 4201 b600`, "VP8_FRAME"],
  ["a picture of no height", hex``, hex`f06700 9d012a 4201 00c0`, "VP8_FRAME"],
  ["a frame that is cut", hex``, VP8_LIBVPX_KEY_FRAME.subarray(0, 8), "TRUNCATED"],
  ["a record that is cut", hex`00 0a 82`, VP8_LIBVPX_KEY_FRAME, "VP8_CONFIGURATION"],
])("vp8Track refuses %s", (_name, record, frame, code) => {
  expect(() => vp8Track(0, record, frame)).toThrow(expect.objectContaining({ code }));
});

test("isVp8Sync tells key frames", () => {
  expect([VP8_LIBVPX_KEY_FRAME, hex`f1`, hex``].map(isVp8Sync)).toEqual([true, false, false]);
});
