import { expect, test } from "vitest";
import { isVp9Sync, vp9Track } from "../../../server/protocol/codec/vp9.ts";
import { hex } from "../../support/hex.ts";
import { VP9_LIBVPX, VP9_LIBVPX_KEY_FRAME } from "./vectors.ts";

test("vp9Track reads a record of libvpx with and without version and flags, or makes it", () => {
  for (const record of [VP9_LIBVPX, VP9_LIBVPX.subarray(4), hex``]) {
    expect(vp9Track(0, record, VP9_LIBVPX_KEY_FRAME)).toEqual({
      ...{ mediaType: "video", trackIndex: 0, codec: "vp9", codecString: "vp09.00.11.08" },
      ...{ width: 322, height: 182, reorderDepth: 0 },
      configuration: VP9_LIBVPX,
    });
  }
});

test("vp9Track names a level where the record tells none", () => {
  const record = hex`01000000 00 00 82 02 02 02 0000`;
  const track = vp9Track(0, record, VP9_LIBVPX_KEY_FRAME);
  expect(track.codecString).toBe("vp09.00.11.08");
  expect(track.configuration).toBe(record);
});

test("vp9Track reads a key frame of profile 2 with 10 bits", () => {
  // Marker 10, profile 01 (low bit first), shown key frame 0010; sync code; 10 bits 0, BT.709 010,
  // limited 0, and 16 bits each of 1919 and 1079, three bits further.
  const frame = hex`92 498342 20 3bf8 21b8`;
  expect(vp9Track(0, hex``, frame)).toMatchObject({
    codecString: "vp09.02.40.10",
    width: 1920,
    height: 1080,
  });
});

test.each([
  ["an inter frame", VP9_LIBVPX, hex`86 00 40 92`, "VP9_FRAME"],
  ["another sync code", VP9_LIBVPX, hex`82 498343 00141 0`, "VP9_FRAME"],
  ["a record that is cut", hex`00 0b 82`, VP9_LIBVPX_KEY_FRAME, "VP9_CONFIGURATION"],
  ["a frame that is cut", VP9_LIBVPX, VP9_LIBVPX_KEY_FRAME.subarray(0, 6), "TRUNCATED"],
])("vp9Track refuses %s", (_name, record, frame, code) => {
  expect(() => vp9Track(0, record, frame)).toThrow(expect.objectContaining({ code }));
});

test("isVp9Sync tells key frames", () => {
  expect(isVp9Sync(VP9_LIBVPX_KEY_FRAME)).toBe(true);
  expect(isVp9Sync(hex`86004092`)).toBe(false); // inter frame
  expect(isVp9Sync(hex`8a`)).toBe(false); // shows an existing frame
  expect(isVp9Sync(hex`b0 498342`)).toBe(true); // profile 3
  expect(isVp9Sync(hex``)).toBe(false);
});
