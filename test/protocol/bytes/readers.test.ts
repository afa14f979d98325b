import { expect, test } from "vitest";
import { BitReader } from "../../../server/protocol/bytes/bit-reader.ts";
import { ByteReader } from "../../../server/protocol/bytes/byte-reader.ts";
import {
  concat,
  equal,
  f64,
  toHex,
  u16,
  u24,
  u32,
  u32le,
  u64,
} from "../../../server/protocol/bytes/bytes.ts";
import { hex } from "../../support/hex.ts";

test("ByteReader reads every integer in wire order", () => {
  const reader = new ByteReader(
    hex`01 0203 040506 0708090a 0000000100000002 fffe fffffe fffffffd 3ff0000000000000 0100 01000000`,
  );
  expect(reader.u8()).toBe(1);
  expect(reader.u16()).toBe(0x0203);
  expect(reader.u24()).toBe(0x040506);
  expect(reader.u32()).toBe(0x0708090a);
  expect(reader.u64()).toBe(2 ** 32 + 2);
  expect(reader.i16()).toBe(-2);
  expect(reader.i24()).toBe(-2);
  expect(reader.i32()).toBe(-3);
  expect(reader.f64()).toBe(1);
  expect(reader.u16le()).toBe(1);
  expect(reader.u32le()).toBe(1);
  expect(reader.remaining).toBe(0);
});

test("ByteReader says where and what was missing", () => {
  const reader = new ByteReader(hex`010203`, { scope: "connection" });
  reader.skip(2);
  expect(() => reader.u32()).toThrow(
    expect.objectContaining({
      code: "TRUNCATED",
      kind: "malformed",
      scope: "connection",
      offset: 2,
      message: "Cannot read 4 bytes: 1 are left of 3",
    }),
  );
  expect(reader.u8()).toBe(3);
});

test("bytes that are written read back the same", () => {
  const bytes = concat(
    u16(0x1234),
    u24(0x123456),
    u32(0xfffffffe),
    u32(-2),
    u64(2 ** 53 - 1),
    f64(-0.5),
    u32le(7),
  );
  expect(toHex(bytes)).toBe("1234123456fffffffefffffffe001fffffffffffffbfe000000000000007000000");
  expect(equal(bytes, bytes.slice())).toBe(true);
  expect(equal(bytes, bytes.subarray(1))).toBe(false);
});

// H.264 table 9-2: code numbers and their bit strings, and table 9-3 for their signed values.
test.each([
  { bits: "1", ue: 0, se: 0 },
  { bits: "010", ue: 1, se: 1 },
  { bits: "011", ue: 2, se: -1 },
  { bits: "00100", ue: 3, se: 2 },
  { bits: "00111", ue: 6, se: -3 },
  { bits: "0001001", ue: 8, se: -4 },
])("BitReader reads Exp-Golomb $bits", ({ bits, ue, se }) => {
  const bytes = Uint8Array.of(Number.parseInt(bits.padEnd(8, "0"), 2));
  expect(new BitReader(bytes).ue()).toBe(ue);
  expect(new BitReader(bytes).se()).toBe(se);
});

test("BitReader stops at the end of its bytes", () => {
  const reader = new BitReader(hex`a5`);
  expect(reader.bits(3)).toBe(5);
  expect(reader.flag()).toBe(false);
  expect(() => reader.skip(5)).toThrow(expect.objectContaining({ code: "TRUNCATED" }));
  expect(() => new BitReader(new Uint8Array(6)).ue()).toThrow(
    expect.objectContaining({ code: "EXP_GOLOMB" }),
  );
});
