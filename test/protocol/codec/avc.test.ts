import { expect, test } from "vitest";
import { concat, u8, u16 } from "../../../server/protocol/bytes/bytes.ts";
import {
  avcPictureFormat,
  avcTrack,
  isAvcSync,
  newAvcConfiguration,
  readAvcConfiguration,
  withBitstreamRestriction,
} from "../../../server/protocol/codec/avc.ts";
import { readAvcSps, withoutReorderDelay } from "../../../server/protocol/codec/avc-sps.ts";
import { BitWriter } from "../../../server/protocol/codec/bit-writer.ts";
import {
  addEmulationPrevention,
  lengthPrefixed,
} from "../../../server/protocol/codec/nal-units.ts";
import { hex } from "../../support/hex.ts";
import {
  AVC_SPS_WITHOUT_VUI,
  AVC_X264,
  AVC_X264_BASELINE,
  AVC_X264_INTERLACED,
} from "./vectors.ts";

const PPS = hex`68ce3c80`;

/** A record of these sets, with 4-byte lengths. */
const record = (sps: Uint8Array, pps: Uint8Array = PPS): Uint8Array =>
  concat(u8(1), sps.subarray(1, 4), hex`ff e1`, u16(sps.length), sps, u8(1), u16(pps.length), pps);

test.each([
  [
    "libx264 with B-frames",
    AVC_X264,
    { codecString: "avc1.64000d", width: 322, height: 182, frameRate: 30, reorderDepth: 2 },
  ],
  [
    "libx264 baseline",
    AVC_X264_BASELINE,
    { codecString: "avc1.42c00d", width: 322, height: 182, frameRate: 30, reorderDepth: 0 },
  ],
  [
    "libx264 interlaced",
    AVC_X264_INTERLACED,
    {
      ...{ codecString: "avc1.64001e", width: 720, height: 576, frameRate: 25, reorderDepth: 2 },
      isInterlaced: true,
      colour: { primaries: 5, transfer: 6, matrix: 5, fullRange: false },
    },
  ],
])("avcTrack reads %s and keeps its record", (_name, bytes, expected) => {
  const { track, nalLengthSize } = avcTrack(3, bytes);
  expect(track).toEqual({
    ...{ mediaType: "video", trackIndex: 3, codec: "avc" },
    ...expected,
    configuration: bytes,
  });
  expect(track.configuration).toBe(bytes);
  expect(nalLengthSize).toBe(4);
});

test("avcTrack writes the profile of the SPS and lengths of 4 bytes over what the record says", () => {
  const wrong = AVC_X264_BASELINE.slice();
  wrong.set(hex`4d401f fd`, 1);
  const { track, nalLengthSize } = avcTrack(0, wrong);
  expect(nalLengthSize).toBe(2);
  expect(track.codecString).toBe("avc1.42c00d");
  expect(track.configuration).toEqual(AVC_X264_BASELINE);
});

test("avcTrack makes a record of a byte stream", () => {
  const { sps, pps } = readAvcConfiguration(AVC_X264);
  const stream = concat(hex`00000001 0910 00000001`, sps[0], hex`000001`, ...pps);
  const { track, nalLengthSize } = avcTrack(0, stream);
  expect(nalLengthSize).toBe(4);
  expect(track.configuration).toEqual(AVC_X264);
});

test.each([
  ["another version", hex`02 64000d ff e0 00`, "AVC_CONFIGURATION"],
  ["no SPS", hex`01 64000d ff e0 00`, "AVC_CONFIGURATION"],
  ["an SPS that is cut", AVC_X264.subarray(0, 20), "TRUNCATED"],
  ["a PPS in place of the SPS", record(hex`68 64000d 88`), "AVC_SPS"],
  ["no bytes", hex``, "TRUNCATED"],
])("avcTrack refuses %s", (_name, bytes, code) => {
  expect(() => avcTrack(0, bytes)).toThrow(expect.objectContaining({ code, scope: "message" }));
});

test("avcPictureFormat reads pixel aspect and colour", () => {
  expect(avcPictureFormat(AVC_X264_INTERLACED)).toMatchObject({
    pixelAspect: { width: 64, height: 45 },
    colour: { primaries: 5, transfer: 6, matrix: 5, fullRange: false },
  });
});

test("withBitstreamRestriction gives a VUI to an SPS whose picture order is decoding order", () => {
  const restricted = withBitstreamRestriction(record(AVC_SPS_WITHOUT_VUI));
  // Behind 0f6: VUI present; eight absences; restriction: 1, 2, 1, 15, 15, 0, 1 frame; stop bit.
  expect(readAvcConfiguration(restricted).sps).toEqual([hex`67 42001e 95a8280f6806d0402150`]);
  expect(readAvcConfiguration(restricted).pps).toEqual([PPS]);
  expect(withBitstreamRestriction(restricted)).toBe(restricted);
});

test.each([
  ["has the field", AVC_X264],
  ["has the field with 0", AVC_X264_BASELINE],
  ["cannot be read", record(hex`67 42001e ff`)],
  ["is no record", hex`0102`],
])("withBitstreamRestriction leaves a record alone that %s", (_name, bytes) => {
  expect(withBitstreamRestriction(bytes)).toBe(bytes);
});

/** A 640x480 SPS of Baseline: picture order type, and what `vui` writes behind its flag. */
function sps(pictureOrderType: 0 | 2, vui?: (writer: BitWriter) => BitWriter): Uint8Array {
  const writer = new BitWriter().bits(32, 0x6742_001e).ue(0).ue(0).ue(pictureOrderType);
  if (pictureOrderType === 0) writer.ue(2);
  writer.ue(1).bits(1, 0).ue(39).ue(29).bits(1, 1).bits(1, 1).bits(1, 0);
  writer.bits(1, vui === undefined ? 0 : 1);
  return addEmulationPrevention((vui?.(writer) ?? writer).bits(1, 1).finish());
}

// Timing of 25 pictures a second: its zeros need emulation prevention.
const timing = (writer: BitWriter): BitWriter =>
  writer.bits(4, 0).bits(1, 1).bits(32, 1).bits(32, 50).bits(1, 1).bits(3, 0);

test("withoutReorderDelay keeps all of a VUI and puts the field behind it", () => {
  const unit = sps(2, (writer) => timing(writer).bits(1, 0));
  const rewritten = withoutReorderDelay(unit);
  const expected = sps(2, (writer) =>
    timing(writer).bits(1, 1).bits(1, 1).ue(2).ue(1).ue(15).ue(15).ue(0).ue(1),
  );
  expect(rewritten).toEqual(expected);
  expect(readAvcSps(rewritten)).toEqual({ ...readAvcSps(unit), reorderDepth: 0 });
  expect(readAvcSps(unit)).toMatchObject({ width: 640, height: 480, frameRate: 25 });
});

test("withoutReorderDelay leaves an SPS alone that allows reordering", () => {
  for (const unit of [sps(0), sps(0, (writer) => timing(writer).bits(1, 0))]) {
    expect(withoutReorderDelay(unit)).toBe(unit);
    expect(readAvcSps(unit).reorderDepth).toBeUndefined();
  }
});

test("isAvcSync finds a slice of an IDR picture", () => {
  expect(isAvcSync(hex`00000002 0910 00000003 658884`)).toBe(true);
  expect(isAvcSync(hex`00000002 0910 00000003 419884`)).toBe(false);
  expect(isAvcSync(hex`00000009 65`)).toBe(false);
});

test("newAvcConfiguration takes parameter sets from a key frame when they differ", () => {
  const idr = hex`65888400`;
  const current = avcTrack(0, record(sps(0))).track.configuration;
  const same = lengthPrefixed([hex`0910`, sps(0), PPS, idr]);
  expect(newAvcConfiguration(current, same)).toBeUndefined();
  expect(newAvcConfiguration(current, lengthPrefixed([idr]))).toBeUndefined();

  const changed = newAvcConfiguration(current, lengthPrefixed([sps(2), PPS, idr]));
  expect(changed).toEqual(record(sps(2)));
  // A set with another id joins those that were there.
  const other = hex`68 5b3c80`;
  const added = newAvcConfiguration(current, lengthPrefixed([other, idr]));
  expect(readAvcConfiguration(added ?? hex``)).toMatchObject({ sps: [sps(0)], pps: [other, PPS] });
  // What cannot be read is left to the decoder.
  expect(newAvcConfiguration(current, lengthPrefixed([hex`67 42`, idr]))).toBeUndefined();
});

// Parameter sets of FFmpeg 5.1's encoders; sizes, levels and reordering are what its ffprobe says.
test.each([
  {
    name: "libx264: 4:2:2, interlaced, scaling matrices (cqm=jvt), HRD",
    sets: hex`
      00000001 677a0015bcd941533c44d808800000030080000019301000f420003d09498601f1429960
      00000001 68fba3cb3002c0`,
    told: { width: 322, height: 182, reorderDepth: 2, level: 21, profile: 122 },
  },
  {
    name: "libx264: 4:4:4, scaling matrices (cqm=jvt)",
    sets: hex`
      00000001 67f4000d919b282a33c7c5e022000003000200000300641e28532c 00000001
      68ebe3c44c000440`,
    told: { width: 322, height: 182, reorderDepth: 2, level: 13, profile: 244 },
  },
  {
    name: "libx264: grey",
    sets: hex`
      00000001 6764000df365054678f8bc05b2000003000200000300641e28532c 00000001
      68ebe3cb22c0`,
    told: { width: 322, height: 182, reorderDepth: 2, level: 13, profile: 100 },
  },
])("avcTrack reads parameter sets of $name", ({ sets, told: { level, profile, ...told } }) => {
  const { track } = avcTrack(0, sets);
  expect(track).toMatchObject({ ...told, frameRate: 25 });
  expect(Number.parseInt(track.codecString.slice(5, 7), 16)).toBe(profile);
  expect(Number.parseInt(track.codecString.slice(9), 16)).toBe(level);
});
