import fc from "fast-check";
import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import {
  decodeFrames,
  encodeFrame,
  type Frame,
  FrameFlag,
  FrameType,
} from "../../../server/protocol/wire/frame.ts";
import { hex } from "../../support/hex.ts";

test("a frame's header is laid out as documented", () => {
  const frame: Frame = {
    type: FrameType.Fragment,
    flags: FrameFlag.Sync,
    trackId: 1,
    sequenceNumber: 7,
    dts: 900_000,
    compositionOffset: -90,
    duration: 9000,
    serverTime: 1_700_000_000_000.5,
    dataOffset: 2,
    payload: hex`0102 aabb`,
  };
  const bytes = hex`
    02 01 0001 00000004 00000002 00000007 // type, flags, track, payload length, data offset, number
    00000000000dbba0 ffffffa6 00002328    // dts, composition offset, duration
    4278bcfe56800800                      // server time
    0102 aabb`;
  expect(encodeFrame(frame)).toEqual(bytes);
  expect(decodeFrames(bytes)).toEqual([frame]);
});

const anyFrame = fc.record({
  type: fc.constantFrom(FrameType.InitSegment, FrameType.Fragment),
  flags: fc.integer({ min: 0, max: 255 }),
  trackId: fc.integer({ min: 0, max: 65_535 }),
  sequenceNumber: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  dts: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  compositionOffset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  duration: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  serverTime: fc.double({ noNaN: true }),
  dataOffset: fc.constant(0),
  payload: fc.uint8Array({ maxLength: 60 }),
});

test("frames come out of a message as they went in", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 6 }), (frames) => {
      expect(decodeFrames(concat(...frames.map(encodeFrame)))).toEqual(frames);
    }),
  );
});

test("frames of a type that is not known are left out", () => {
  const known = encodeFrame({
    type: FrameType.Fragment,
    flags: 0,
    trackId: 1,
    sequenceNumber: 1,
    dts: 0,
    compositionOffset: 0,
    duration: 0,
    serverTime: 0,
    dataOffset: 0,
    payload: hex`01`,
  });
  const unknown = Uint8Array.from(known);
  unknown[0] = 99;
  expect(decodeFrames(concat(unknown, known))).toHaveLength(1);
});

test("any bytes are frames or a ProtocolError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeFrames(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});
