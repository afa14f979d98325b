import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAmf0 } from "../../../server/protocol/amf0/decode.ts";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import {
  type Amf0Value,
  EcmaArray,
  isAmf0Object,
  membersOf,
  TypedObject,
  Unsupported,
  XmlDocument,
} from "../../../server/protocol/amf0/value.ts";
import { ascii, concat, u16, utf8 } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

const string = (value: string) => concat(u16(value.length), ascii(value));

describe("decodeAmf0", () => {
  test.each<{ name: string; bytes: Uint8Array; values: Amf0Value[] }>([
    { name: "a number", bytes: hex`00 3ff0000000000000`, values: [1] },
    { name: "a boolean", bytes: hex`01 01 01 00`, values: [true, false] },
    { name: "a string", bytes: hex`02 0002 c3a9`, values: ["é"] },
    { name: "null and undefined", bytes: hex`05 06`, values: [null, undefined] },
    {
      name: "an object",
      bytes: hex`03 0003 617070 02 0004 6c697665 000009`,
      values: [{ app: "live" }],
    },
    {
      name: "an ECMA array whose count is wrong (librtmp)",
      bytes: hex`08 00000063 0001 61 01 01 000009 05`,
      values: [new EcmaArray({ a: true }), null],
    },
    {
      name: "a strict array",
      bytes: hex`0a 00000002 02 0001 61 05`,
      values: [["a", null]],
    },
    {
      name: "a date",
      bytes: hex`0b 4271f71fb0a02000 0000`,
      values: [new Date(1234567891458)],
    },
    { name: "a long string", bytes: hex`0c 00000002 6869`, values: ["hi"] },
    { name: "unsupported", bytes: hex`0d`, values: [new Unsupported()] },
    { name: "XML", bytes: hex`0f 00000004 3c612f3e`, values: [new XmlDocument("<a/>")] },
    {
      name: "a typed object",
      bytes: hex`10 0001 43 0001 61 05 000009`,
      values: [new TypedObject("C", { a: null })],
    },
    { name: "a value in AMF3", bytes: hex`11 04 7f 05`, values: [127, null] },
    {
      name: "a member with an empty name",
      bytes: hex`03 0000 05 000009`,
      values: [{ "": null }],
    },
  ])("reads $name", ({ bytes, values }) => {
    const decoded = decodeAmf0(bytes);
    expect(decoded).toEqual(values);
  });

  test("follows references, to itself too", () => {
    // [{ self: reference 1 }, reference 1]: the array is value 0, the object value 1
    const [value] = decodeAmf0(hex`0a 00000002 03 ${string("self")} 07 0001 000009 07 0001`);
    const array = value as readonly { self: unknown }[];
    expect(array[0]?.self).toBe(array[0]);
    expect(array[1]).toBe(array[0]);
    expect(() => decodeAmf0(hex`07 0000`)).toThrow(
      expect.objectContaining({ code: "AMF0_REFERENCE" }),
    );
  });

  test.each([
    { name: "nothing", end: hex`` },
    { name: "one byte", end: hex`00` },
    { name: "two bytes", end: hex`0000` },
    { name: "all", end: hex`000009` },
  ])("forgives the end of a message that has $name of an object's end marker", ({ end }) => {
    expect(decodeAmf0(hex`08 00000001 0001 61 03 0001 62 05 ${end}`)).toEqual([
      new EcmaArray({ a: { b: null } }),
    ]);
  });

  test("keeps the names of prototypes harmless", () => {
    const [value] = decodeAmf0(
      hex`03 ${string("__proto__")} 03 ${string("admin")} 01 01 000009 ${string("constructor")} 05 000009`,
    );
    const members = membersOf(value);
    expect(Object.keys(members ?? {})).toEqual(["__proto__", "constructor"]);
    expect(members?.admin).toBeUndefined();
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  const nested = (levels: number) =>
    concat(...Array.from({ length: levels }, () => hex`0a 00000001`));
  test.each([
    { name: "a marker that does not exist", bytes: hex`04`, code: "AMF0_MARKER" },
    { name: "an end marker at the top", bytes: hex`09`, code: "AMF0_MARKER" },
    { name: "a number cut short", bytes: hex`00 3ff0`, code: "TRUNCATED" },
    { name: "a string cut short", bytes: hex`02 0005 6869`, code: "TRUNCATED" },
    { name: "a name cut short", bytes: hex`03 0005 6869`, code: "TRUNCATED" },
    { name: "a long string that lies", bytes: hex`0c ffffffff 6869`, code: "AMF_STRING" },
    { name: "an array that lies", bytes: hex`0a ffffffff 05`, code: "AMF_MEMBERS" },
    {
      name: "values too deep",
      bytes: concat(nested(LIMITS.amfDepth + 1), hex`05`),
      code: "AMF_DEPTH",
    },
    {
      name: "too many members",
      bytes: concat(
        hex`03`,
        ...Array.from({ length: LIMITS.amfMembers + 1 }, () => hex`0001 61 05`),
      ),
      code: "AMF_MEMBERS",
    },
    {
      name: "too many values",
      bytes: new Uint8Array(LIMITS.amfValues + 1).fill(5),
      code: "AMF_MEMBERS",
    },
  ])("refuses $name", ({ bytes, code }) => {
    expect(() => decodeAmf0(bytes)).toThrow(expect.objectContaining({ code, scope: "message" }));
  });

  test("takes values as deep as the limit", () => {
    expect(decodeAmf0(concat(nested(LIMITS.amfDepth), hex`05`))).toHaveLength(1);
  });

  test("throws nothing but ProtocolError, whatever the bytes", () => {
    const marked = fc
      .array(fc.oneof(fc.integer({ min: 0, max: 0x11 }), fc.constant(0), fc.nat(255)))
      .map((bytes) => Uint8Array.from(bytes));
    const holds = fc.property(fc.oneof(fc.uint8Array(), marked), (bytes) => {
      try {
        decodeAmf0(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    fc.assert(holds, { numRuns: 1000 });
  });
});

/** Any value that AMF0 writes and reads as it was. */
const { anyValue } = fc.letrec<{ anyValue: Amf0Value; members: { [name: string]: Amf0Value } }>(
  (tie) => ({
    members: fc.dictionary(fc.string(), tie("anyValue"), { maxKeys: 4 }),
    anyValue: fc.oneof(
      { depthSize: "small", maxDepth: 4 },
      fc.constantFrom<Amf0Value>(null, undefined, true, false, new Unsupported()),
      fc.double(),
      fc.string({ unit: "binary" }),
      fc.date({ noInvalidDate: true }),
      fc.string().map((text) => new XmlDocument(text)),
      fc.array(tie("anyValue"), { maxLength: 4 }),
      tie("members"),
      tie("members").map((entries) => new EcmaArray(entries)),
      fc
        .tuple(fc.string(), tie("members"))
        .map(([name, members]) => new TypedObject(name, members)),
    ),
  }),
);

describe("encodeAmf0", () => {
  test("writes what decodeAmf0 reads", () => {
    const holds = fc.property(fc.array(anyValue, { maxLength: 4 }), (values) => {
      expect(decodeAmf0(encodeAmf0(...values))).toEqual(values);
    });
    fc.assert(holds);
  });

  test("writes a command as encoders send it", () => {
    expect(encodeAmf0("connect", 1, { app: "live" }, new EcmaArray({ a: true }), null)).toEqual(
      hex`02 0007 ${ascii("connect")} 00 3ff0000000000000
          03 0003 ${ascii("app")} 02 0004 ${ascii("live")} 000009
          08 00000001 0001 61 01 01 000009 05`,
    );
  });

  test("writes a text of more than 65,535 bytes as a long string", () => {
    const text = "x".repeat(65_536);
    expect(encodeAmf0(text)).toEqual(concat(hex`0c 00010000`, utf8(text)));
    expect(decodeAmf0(encodeAmf0(text))).toEqual([text]);
  });

  test("refuses a value without end", () => {
    const value: { [name: string]: Amf0Value } = {};
    value.self = value;
    expect(() => encodeAmf0(value)).toThrow(expect.objectContaining({ code: "AMF_DEPTH" }));
  });
});

test("membersOf gives the members of all three forms, and of nothing else", () => {
  const members = { a: 1 };
  expect(membersOf(members)).toBe(members);
  expect(membersOf(new EcmaArray(members))).toBe(members);
  expect(membersOf(new TypedObject("C", members))).toBe(members);
  const others = [
    null,
    undefined,
    1,
    "a",
    [1],
    new Date(0),
    new Uint8Array(1),
    new XmlDocument(""),
  ];
  for (const other of others) {
    expect(membersOf(other)).toBeUndefined();
    expect(isAmf0Object(other)).toBe(false);
  }
});

test("encodeAmf0 writes as many members as there are", () => {
  const many = Array.from({ length: 200_000 }, (_, index) => index);
  expect(encodeAmf0(many)).toHaveLength(5 + 9 * many.length);
});
