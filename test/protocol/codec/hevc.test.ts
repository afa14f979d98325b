import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  hevcPictureFormat,
  hevcTrack,
  isHevcIrap,
  newHevcConfiguration,
  readHevcConfiguration,
} from "../../../server/protocol/codec/hevc.ts";
import { lengthPrefixed } from "../../../server/protocol/codec/nal-units.ts";
import { hex } from "../../support/hex.ts";
import { HEVC_X265, HEVC_X265_MAIN10 } from "./vectors.ts";

const setsOf = (record: Uint8Array): Uint8Array[] =>
  readHevcConfiguration(record).arrays.flatMap(({ units }) => [...units]);

test("hevcTrack reads a record of libx265 and drops its SEI", () => {
  const { track, nalLengthSize } = hevcTrack(1, HEVC_X265);
  const withoutSei = HEVC_X265.slice(0, -11);
  withoutSei[22] = 3;
  expect(track).toEqual({
    ...{ mediaType: "video", trackIndex: 1, codec: "hevc", codecString: "hvc1.1.6.L60.90" },
    ...{ width: 322, height: 182, frameRate: 30, reorderDepth: 2 },
    configuration: withoutSei,
  });
  expect(nalLengthSize).toBe(4);
});

test("hevcTrack reads 10 bits", () => {
  const { track } = hevcTrack(0, HEVC_X265_MAIN10);
  expect(track).toMatchObject({ codecString: "hvc1.2.4.L60.90", width: 322, height: 182 });
  expect(track.configuration).toEqual(HEVC_X265_MAIN10);
  expect(hevcPictureFormat(HEVC_X265_MAIN10)).toMatchObject({
    colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
  });
});

test("hevcTrack completes arrays, writes lengths of 4 bytes and the profile of the SPS", () => {
  const changed = HEVC_X265_MAIN10.slice();
  changed[1] = 1; // Main
  changed[21] = 0x0d; // lengths of 2 bytes
  changed[23] = 0x20; // VPS array not complete
  const { track, nalLengthSize } = hevcTrack(0, changed);
  expect(nalLengthSize).toBe(2);
  expect(track.configuration).toEqual(HEVC_X265_MAIN10);
});

test("hevcTrack makes a record of a byte stream", () => {
  const stream = concat(...setsOf(HEVC_X265_MAIN10).flatMap((unit) => [hex`00000001`, unit]));
  expect(hevcTrack(0, stream).track.configuration).toEqual(HEVC_X265_MAIN10);
});

test.each([
  ["another version", concat(hex`02`, HEVC_X265.subarray(1)), "HEVC_CONFIGURATION"],
  ["no SPS", concat(HEVC_X265.subarray(0, 22), hex`00`), "HEVC_CONFIGURATION"],
  ["a record that is cut", HEVC_X265.subarray(0, 60), "TRUNCATED"],
])("hevcTrack refuses %s", (_name, bytes, code) => {
  expect(() => hevcTrack(0, bytes)).toThrow(expect.objectContaining({ code, scope: "message" }));
});

test("isHevcIrap finds slices of IDR, BLA and CRA pictures", () => {
  expect(isHevcIrap(hex`00000002 4601 00000003 2801af`)).toBe(true);
  expect(isHevcIrap(hex`00000003 2a01af`)).toBe(true);
  expect(isHevcIrap(hex`00000003 0201d0`)).toBe(false);
});

test("newHevcConfiguration takes parameter sets from a key frame when they differ", () => {
  const { configuration } = hevcTrack(0, HEVC_X265).track;
  const idr = hex`2801af08`;
  const same = lengthPrefixed([...setsOf(configuration), idr]);
  expect(newHevcConfiguration(configuration, same)).toBeUndefined();
  expect(newHevcConfiguration(configuration, lengthPrefixed([idr]))).toBeUndefined();
  const other = lengthPrefixed([...setsOf(HEVC_X265_MAIN10), idr]);
  expect(newHevcConfiguration(configuration, other)).toEqual(HEVC_X265_MAIN10);
  const broken = lengthPrefixed([hex`4201 ff`, idr]);
  expect(newHevcConfiguration(configuration, broken)).toBeUndefined();
});

// Parameter sets of FFmpeg 5.1's libx265; sizes, levels and reordering are what its ffprobe says.
test.each([
  {
    name: "two temporal layers, scaling lists, HRD, high tier",
    sets: hex`
      00000001 40010c02ffff21600000030090000003000003007800009594aca048 00000001 420102216
      0000003009000000300000300780000a00a480b9c95965652b2c9272bc05a0200000300020000030032c
      2492cbc0002625a0001312df0000989680004c4b640 00000001 4401c172b46240`,
    told: { width: 322, height: 182, reorderDepth: 2, frameRate: 25 },
    codecString: /^hvc1\.1\.6\.H120\./,
  },
  {
    name: "4:2:2 of 10 bits, scaling lists",
    sets: hex`
      00000001 40010c01ffff0408000003009d0800000300003c959809 00000001 4201010408000003009
      d0800000300003cb00a480b9c96d96566924e5780b4040000030004000003006420 00000001
      4401c172b46240`,
    told: { width: 322, height: 182, reorderDepth: 2, frameRate: 25 },
    codecString: /^hvc1\.4\.[0-9A-F]+\.L60\./,
  },
])("hevcTrack reads parameter sets of $name", ({ sets, told, codecString }) => {
  const { track } = hevcTrack(0, sets);
  expect(track).toMatchObject(told);
  expect(track.codecString).toMatch(codecString);
});
