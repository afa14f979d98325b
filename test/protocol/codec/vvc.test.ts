import { describe, expect, test } from "vitest";
import { concat, u16 } from "../../../server/protocol/bytes/bytes.ts";
import { BitWriter } from "../../../server/protocol/codec/bit-writer.ts";
import {
  addEmulationPrevention,
  lengthPrefixed,
} from "../../../server/protocol/codec/nal-units.ts";
import { isVvcIrap, newVvcConfiguration, vvcTrack } from "../../../server/protocol/codec/vvc.ts";
import { readVvcSps } from "../../../server/protocol/codec/vvc-sps.ts";
import { hex } from "../../support/hex.ts";
import { VVC_RECORD } from "./vectors.ts";

const SPS = VVC_RECORD.subarray(21, 63);
const PPS = VVC_RECORD.subarray(68);

test("vvcTrack reads a record and keeps it", () => {
  const { track, nalLengthSize } = vvcTrack(1, VVC_RECORD);
  expect(track).toEqual({
    ...{ mediaType: "video", trackIndex: 1, codec: "vvc", codecString: "vvc1.1.L105.CAA" },
    ...{ width: 720, height: 1280, reorderDepth: expect.any(Number) },
    // Complete arrays, as vvc1 wants them.
    configuration: VVC_RECORD,
  });
  expect(nalLengthSize).toBe(4);
});

test("vvcTrack makes the same record of a byte stream, and of one in a full box", () => {
  const stream = concat(hex`00000001`, SPS, hex`000001`, PPS);
  expect(vvcTrack(1, stream).track).toEqual(vvcTrack(1, VVC_RECORD).track);
  expect(vvcTrack(1, concat(hex`00000000`, VVC_RECORD)).track.configuration).toEqual(VVC_RECORD);
});

test("vvcTrack takes profile and level from the SPS where the record tells none", () => {
  const record = concat(hex`fe`, VVC_RECORD.subarray(15));
  expect(vvcTrack(1, record).track).toEqual(vvcTrack(1, VVC_RECORD).track);
});

test("vvcTrack writes lengths of 4 bytes, marks arrays complete, and leaves SEI out", () => {
  const head = VVC_RECORD.subarray(1, 15);
  const sps = [hex`0f 0001`, u16(SPS.length), SPS];
  const record = concat(hex`fb`, head, hex`02`, ...sps, hex`17 0001 0003 00b904`);
  const { track, nalLengthSize } = vvcTrack(0, record);
  expect(nalLengthSize).toBe(2);
  expect(track.configuration).toEqual(concat(hex`ff`, head, hex`01 8f 0001`, u16(SPS.length), SPS));
});

/** What a record says of profile 17, high tier, level 83 with these constraints, and 2 sub-layers. */
const layered = (constraints: Uint8Array) =>
  concat(
    hex`ff 0021 5f`,
    Uint8Array.of(constraints.length, (17 << 1) | 1, 83),
    constraints,
    hex`80 33 00 02d0 0500 0000 01 8f 0001`,
    u16(SPS.length),
    SPS,
  );

test.each([
  // DVB and DASH write "CQA" for a stream of frames alone: the first constraint flag.
  { constraints: hex`80`, codecString: "vvc1.17.H83.CQA" },
  { constraints: hex`c0 00 00`, codecString: "vvc1.17.H83.CYA" },
  { constraints: hex`80 00 40`, codecString: "vvc1.17.H83.CQAAEA" },
  { constraints: hex``, codecString: "vvc1.17.H83" },
])("vvcTrack names $codecString", ({ constraints, codecString }) => {
  expect(vvcTrack(0, layered(constraints)).track.codecString).toBe(codecString);
});

test.each([
  ["without an SPS", hex`fe 00`, "VVC_CONFIGURATION"],
  ["that begins with something else", hex`01 00`, "VVC_CONFIGURATION"],
  ["that is cut", VVC_RECORD.subarray(0, 40), "TRUNCATED"],
  ["that is empty", hex``, "TRUNCATED"],
])("vvcTrack refuses a record %s", (_name, record, code) => {
  expect(() => vvcTrack(0, record)).toThrow(expect.objectContaining({ code }));
});

/** An SPS of this SPS's syntax (ITU-T H.266 §7.3.2.4), with general constraints and a window. */
function constructedSps(): Uint8Array {
  const bits = new BitWriter();
  bits.bits(16, 0x0079).bits(8, 0); // header, ids
  bits.bits(3, 1).bits(2, 1).bits(2, 1).bits(1, 1); // 2 sub-layers, 4:2:0, CTU, PTL follows
  bits.bits(7, 1).bits(1, 0).bits(8, 67); // Main 10, main tier, level 4.1
  bits.bits(2, 2).bits(1, 1); // frames only; constraints follow
  for (let flag = 0; flag < 71; flag += 1) bits.bits(1, 0);
  bits.bits(8, 2).bits(2, 3); // two more
  while (bits.length % 8 !== 0) bits.bits(1, 0);
  bits.bits(1, 1).bits(7, 0).bits(8, 51); // the lower sub-layer's level
  bits.bits(8, 1).bits(32, 7); // one sub-profile
  bits.bits(1, 0).bits(1, 1).bits(1, 0); // gradual refresh, reference picture resampling
  bits.ue(1920).ue(1088).bits(1, 1).ue(0).ue(0).ue(0).ue(4);
  bits.bits(1, 0).ue(2).bits(2, 0).bits(4, 4); // no subpictures, 10 bits
  bits.bits(1, 1).ue(3).bits(2, 1).bits(8, 0).bits(2, 0);
  bits.bits(1, 1).ue(3).ue(0).ue(0).ue(5).ue(2).ue(0).bits(8, 0x80); // each sub-layer's buffer
  return addEmulationPrevention(bits.finish());
}

test("readVvcSps passes over constraints, levels and sub-profiles, and crops", () => {
  const sps = readVvcSps(constructedSps());
  expect(sps).toMatchObject({
    ...{ subLayers: 2, chromaFormat: 1, width: 1920, height: 1080, bitDepth: 10, reorderDepth: 2 },
    ptl: { profile: 1, tier: 0, level: 67 },
  });
  expect(sps.ptl?.constraints[0]).toBe(0xa0);
});

describe("newVvcConfiguration", () => {
  const slice = hex`0041 aa`;

  test("says nothing where the key frame repeats what is known, or carries no sets", () => {
    expect(newVvcConfiguration(VVC_RECORD, lengthPrefixed([SPS, PPS, slice]))).toBeUndefined();
    expect(newVvcConfiguration(VVC_RECORD, lengthPrefixed([slice]))).toBeUndefined();
  });

  test("takes another SPS of the same id, and keeps the PPS", () => {
    const changed = newVvcConfiguration(VVC_RECORD, lengthPrefixed([constructedSps(), slice]));
    expect(vvcTrack(0, changed ?? hex``).track).toMatchObject({
      ...{ width: 1920, height: 1080, codecString: "vvc1.1.L67.CUAAAAAAAAAAAAAAAWA" },
    });
    expect(changed?.subarray(-PPS.length)).toEqual(PPS);
  });
});

test("isVvcIrap tells IDR and CRA pictures", () => {
  const types = [0, 6, 7, 8, 9, 10];
  const found = types.map((type) => isVvcIrap(lengthPrefixed([Uint8Array.of(0, (type << 3) | 1)])));
  expect(found).toEqual([false, false, true, true, true, false]);
});
