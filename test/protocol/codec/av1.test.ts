import { expect, test } from "vitest";
import { type Bytes, concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  av1Track,
  isAv1Sync,
  newAv1Configuration,
  withoutTemporalDelimiters,
} from "../../../server/protocol/codec/av1.ts";
import { ObuType, someObu } from "../../../server/protocol/codec/av1-obu.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";
import { AV1_LIBAOM, AV1_LIBAOM_PQ, AV1_SVT, AV1_SVT_KEY_FRAME } from "./vectors.ts";

const described = { width: 322, height: 182, codecString: "av01.0.00M.08", reorderDepth: 0 };

test("av1Track reads a record of libaom and keeps it", () => {
  const track = av1Track(2, AV1_LIBAOM);
  expect(track).toMatchObject({ mediaType: "video", trackIndex: 2, codec: "av1", ...described });
  expect(track.configuration).toBe(AV1_LIBAOM);
});

test("av1Track reads the reference's record of another size", () => {
  const track = av1Track(0, hex`81 00 0c 00 0a0b 00000004 3cffbcdaf90040`);
  expect(track).toMatchObject({ width: 320, height: 240, codecString: "av01.0.00M.08" });
});

test("av1Track takes the sequence header from the first key frame where the record has none", () => {
  const expected = concat(hex`81000c00`, AV1_SVT_KEY_FRAME.subarray(0, 13));
  for (const record of [hex`81000c00`, hex``]) {
    const track = av1Track(0, record, concat(hex`1200`, AV1_SVT_KEY_FRAME));
    expect(track).toMatchObject(described);
    expect(track.configuration).toEqual(expected);
  }
});

test.each([
  ["no sequence header anywhere", hex`81000c00`],
  ["another version", hex`82000c00`],
  ["a record that is cut", hex`8100`],
])("av1Track refuses %s", (_name, record) => {
  expect(() => av1Track(0, record, hex`3203 1a1400`)).toThrow(
    expect.objectContaining({ code: "AV1_CONFIGURATION" }),
  );
});

test("newAv1Configuration tells another size, and not another set of tools", () => {
  expect(newAv1Configuration(AV1_SVT, AV1_SVT_KEY_FRAME)).toBeUndefined();
  expect(newAv1Configuration(AV1_LIBAOM, hex`3203 301400`)).toBeUndefined();
  const other = hex`0a0b 00000004 3cffbcdaf90040`;
  expect(newAv1Configuration(AV1_LIBAOM, concat(other, hex`3203 101400`))).toEqual(
    concat(hex`81000c00`, other),
  );
});

test("withoutTemporalDelimiters gives a unit without them back as the same object", () => {
  expect(withoutTemporalDelimiters(AV1_SVT_KEY_FRAME)).toBe(AV1_SVT_KEY_FRAME);
});

test("withoutTemporalDelimiters makes a view behind a delimiter in front, else a copy", () => {
  const fronted = concat(hex`1200`, AV1_SVT_KEY_FRAME);
  const stripped = withoutTemporalDelimiters(fronted);
  expect(stripped).toEqual(AV1_SVT_KEY_FRAME);
  expect(stripped.buffer).toBe(fronted.buffer);
  const between = concat(hex`3203 301400`, hex`1200`, hex`30 1400`); // the last one without a size
  expect(withoutTemporalDelimiters(between)).toEqual(hex`3203 301400 30 1400`);
  expect(withoutTemporalDelimiters(hex`1200`)).toHaveLength(0);
});

test("withoutTemporalDelimiters refuses sizes that lead past the end", () => {
  for (const unit of [hex`3209 3014`, hex`32 ffffffffffffffffff01`, hex`36`, hex`b200`]) {
    expect(() => withoutTemporalDelimiters(unit)).toThrow(
      expect.objectContaining({ code: "AV1_OBU" }),
    );
  }
});

test("isAv1Sync wants a sequence header and a shown key frame", () => {
  expect(isAv1Sync(AV1_SVT_KEY_FRAME)).toBe(true);
  expect(isAv1Sync(hex`3203 1a1400`)).toBe(false); // no sequence header
  expect(isAv1Sync(concat(AV1_LIBAOM.subarray(4), hex`3203 301400`))).toBe(false); // inter frame
  expect(isAv1Sync(hex`3209`)).toBe(false);
});

test("AV1 is read without a view for each OBU, and no more of them than a picture may have", () => {
  const padding = hex`7a00`; // OBU_PADDING, empty
  const unit = (count: number): Bytes => concat(...Array<Bytes>(count).fill(padding));
  const most = unit(LIMITS.obusInPicture);
  expect(withoutTemporalDelimiters(most)).toBe(most);
  expect(() => withoutTemporalDelimiters(unit(LIMITS.obusInPicture + 1))).toThrow(
    expect.objectContaining({ kind: "limit", code: "AV1_OBUS" }),
  );
  expect(someObu(concat(hex`1200`, most), (type) => type === ObuType.TemporalDelimiter)).toBe(true);
});

test("isAv1Sync wants the sequence header ahead of the key frame", () => {
  const sequenceHeader = hex`0a0100`;
  const keyFrame = hex`320110`;
  expect(isAv1Sync(concat(sequenceHeader, keyFrame))).toBe(true);
  expect(isAv1Sync(concat(sequenceHeader, hex`320130`, keyFrame))).toBe(false);
  expect(isAv1Sync(keyFrame)).toBe(false);
});

test("av1Track tells the colour that the sequence header names", () => {
  const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
  expect(av1Track(0, AV1_LIBAOM_PQ)).toMatchObject({ codecString: "av01.0.00M.10", colour });
  expect(av1Track(0, AV1_LIBAOM)).not.toHaveProperty("colour");
});
