import fc from "fast-check";
import { expect, test } from "vitest";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import {
  addEmulationPrevention,
  annexBNalUnits,
  isAnnexB,
  lengthPrefixed,
  nalUnits,
  removeEmulationPrevention,
  toLengthPrefixed,
} from "../../../server/protocol/codec/nal-units.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

test("toLengthPrefixed gives a sample of 4-byte lengths back as the same object", () => {
  const data = hex`00000002 0910 00000003 658884`;
  expect(toLengthPrefixed(data, 4)).toBe(data);
  // A start code and one byte is a length of 1 as well, and means the same.
  const one = hex`00000001 09`;
  expect(toLengthPrefixed(one, 4)).toBe(one);
});

test.each([
  { name: "lengths of 1 byte", size: 1, data: hex`02 0910 03 658884` },
  { name: "lengths of 2 bytes", size: 2, data: hex`0002 0910 0003 658884` },
  { name: "lengths of 3 bytes", size: 3, data: hex`000002 0910 000003 658884` },
  { name: "an empty unit", size: 4, data: hex`00000002 0910 00000000 00000003 658884` },
  { name: "start codes of 4 and 3 bytes", size: 4, data: hex`00000001 0910 000001 658884` },
  { name: "start codes with lengths of 2", size: 2, data: hex`00000001 0910 000001 658884` },
  { name: "zeros behind a unit", size: 4, data: hex`000001 0910 0000 00000001 658884 0000` },
  {
    name: "an empty unit between start codes",
    size: 4,
    data: hex`000001 0910 000001 000001 658884`,
  },
])("toLengthPrefixed rewrites $name", ({ size, data }) => {
  expect(toLengthPrefixed(data, size)).toEqual(hex`00000002 0910 00000003 658884`);
});

test("toLengthPrefixed leaves nothing of a sample of empty units", () => {
  expect(toLengthPrefixed(hex`00000000 00000000`, 4)).toHaveLength(0);
  expect(toLengthPrefixed(hex``, 4)).toHaveLength(0);
});

test("toLengthPrefixed refuses lengths that lead past the end", () => {
  const code = (data: Uint8Array): unknown => {
    try {
      return toLengthPrefixed(data, 4);
    } catch (error) {
      return error instanceof ProtocolError ? [error.code, error.scope] : error;
    }
  };
  expect(code(hex`00000009 0910`)).toEqual(["NAL_LENGTH", "message"]);
  expect(code(hex`00000002 0910 00000009 65`)).toEqual(["NAL_LENGTH", "message"]);
  expect(code(hex`000065`)).toEqual(["NAL_LENGTH", "message"]);
});

test.each([
  { name: "one byte", size: 4, data: hex`00000002 0910 00000003 658884 00` },
  { name: "three bytes", size: 4, data: hex`00000002 0910 00000003 658884 000001` },
  { name: "one byte, lengths of 2 bytes", size: 2, data: hex`0002 0910 0003 658884 ff` },
])("toLengthPrefixed drops $name behind the last unit", ({ size, data }) => {
  expect(toLengthPrefixed(data, size)).toEqual(hex`00000002 0910 00000003 658884`);
});

test("annexBNalUnits refuses more units than a picture may have", () => {
  const units = Array.from({ length: LIMITS.unitsInPicture + 1 }, () => hex`000001 09`);
  expect(() => annexBNalUnits(concat(...units))).toThrow(
    expect.objectContaining({ kind: "limit", code: "NAL_UNITS" }),
  );
});

// No start code inside, no zero at the end: what a NAL unit is.
const anyUnit = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((rbsp) => addEmulationPrevention(concat(hex`65`, rbsp, hex`80`)));

test("annexBNalUnits and nalUnits find what was joined, and toLengthPrefixed turns one into the other", () => {
  const startCode = fc.constantFrom(hex`000001`, hex`00000001`);
  const holds = fc.property(fc.array(fc.tuple(startCode, anyUnit), { minLength: 2 }), (pieces) => {
    const units = pieces.map(([, unit]) => unit);
    const stream = concat(...pieces.flat());
    expect(isAnnexB(stream)).toBe(true);
    expect(annexBNalUnits(stream)).toEqual(units);
    expect(toLengthPrefixed(stream, 4)).toEqual(lengthPrefixed(units));
    expect(nalUnits(lengthPrefixed(units))).toEqual(units);
  });
  fc.assert(holds, { numRuns: 50 });
});

test("removeEmulationPrevention undoes addEmulationPrevention, and leaves its input alone", () => {
  const byte = fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 255);
  const holds = fc.property(fc.array(byte), (bytes) => {
    const rbsp = Uint8Array.from(bytes);
    const unit = addEmulationPrevention(rbsp);
    expect(annexBNalUnits(concat(hex`000001 65`, unit, hex`80`))).toHaveLength(1);
    const buffer = Buffer.from(unit); // whose slice() is a view
    expect(new Uint8Array(removeEmulationPrevention(buffer))).toEqual(rbsp);
    expect(new Uint8Array(buffer)).toEqual(unit);
  });
  fc.assert(holds);
});
