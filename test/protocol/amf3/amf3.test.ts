import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Amf0Value,
  EcmaArray,
  TypedObject,
  XmlDocument,
} from "../../../server/protocol/amf0/value.ts";
import { decodeAmf3 } from "../../../server/protocol/amf3/decode.ts";
import { encodeAmf3 } from "../../../server/protocol/amf3/encode.ts";
import { ascii, concat } from "../../../server/protocol/bytes/bytes.ts";
import { ProtocolError } from "../../../server/protocol/errors.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

describe("decodeAmf3", () => {
  test.each<{ name: string; bytes: Uint8Array; values: Amf0Value[] }>([
    {
      name: "undefined, null, false, true",
      bytes: hex`00 01 02 03`,
      values: [undefined, null, false, true],
    },
    {
      name: "integers of 1 to 4 bytes",
      bytes: hex`04 7f  04 81 00  04 81 80 00  04 80 c0 80 00  04 bf ff ff ff  04 c0 80 80 00  04 ff ff ff ff`,
      values: [127, 128, 16_384, 2_097_152, 268_435_455, -268_435_456, -1],
    },
    { name: "a double", bytes: hex`05 3ff8000000000000`, values: [1.5] },
    {
      name: "strings, the empty one without a place in the table",
      bytes: hex`06 01  06 03 61  06 03 62  06 02  06 00`,
      values: ["", "a", "b", "b", "a"],
    },
    {
      name: "XML of both kinds",
      bytes: hex`07 09 3c612f3e  0b 09 3c622f3e  0b 00`,
      values: [new XmlDocument("<a/>"), new XmlDocument("<b/>"), new XmlDocument("<a/>")],
    },
    {
      name: "a date",
      bytes: hex`08 01 408f400000000000  08 00`,
      values: [new Date(1000), new Date(1000)],
    },
    { name: "a dense array", bytes: hex`09 05 01 04 01 04 02`, values: [[1, 2]] },
    {
      name: "an array with names",
      bytes: hex`09 03 03 61 04 01 01 04 02`,
      values: [new EcmaArray({ a: 1, 0: 2 })],
    },
    { name: "a dynamic object", bytes: hex`0a 0b 01 03 61 04 01 01`, values: [{ a: 1 }] },
    {
      name: "objects that share their traits",
      bytes: hex`0a 23 03 43 03 61 03 62 04 01 04 02  0a 01 04 03 04 04  0a 00`,
      values: [
        new TypedObject("C", { a: 1, b: 2 }),
        new TypedObject("C", { a: 3, b: 4 }),
        new TypedObject("C", { a: 1, b: 2 }),
      ],
    },
    { name: "a ByteArray", bytes: hex`0c 05 dead`, values: [hex`dead`] },
    {
      name: "vectors",
      bytes: hex`0d 05 00 ffffffff 00000001  0e 03 01 ffffffff  0f 03 00 3ff8000000000000  10 03 00 01 04 05`,
      values: [[-1, 1], [4_294_967_295], [1.5], [5]],
    },
    {
      name: "a dictionary",
      bytes: hex`11 05 00 06 03 61 04 01 04 07 03`,
      values: [new EcmaArray({ a: 1, 7: true })],
    },
    {
      name: "an ArrayCollection",
      bytes: hex`0a 07 43 ${ascii("flex.messaging.io.ArrayCollection")} 09 03 01 04 01`,
      values: [[1]],
    },
  ])("reads $name", ({ bytes, values }) => {
    expect(decodeAmf3(bytes)).toEqual(values);
  });

  test("reads an object that holds itself", () => {
    const [value] = decodeAmf3(hex`0a 0b 01 03 61 0a 00 01`);
    const object = value as { a: unknown };
    expect(object.a).toBe(object);
  });

  test("keeps __proto__ a name like any other", () => {
    const [value] = decodeAmf3(hex`0a 0b 01 13 ${ascii("__proto__")} 0a 0b 01 01 01`);
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
  });

  const nested = concat(...Array.from({ length: LIMITS.amfDepth + 1 }, () => hex`09 03 01`));
  test.each([
    { name: "a marker that does not exist", bytes: hex`12`, code: "AMF3_MARKER" },
    { name: "a string reference to nothing", bytes: hex`06 00`, code: "AMF3_REFERENCE" },
    { name: "an object reference to nothing", bytes: hex`0a 00`, code: "AMF3_REFERENCE" },
    { name: "a traits reference to nothing", bytes: hex`0a 01`, code: "AMF3_REFERENCE" },
    { name: "a class that writes itself", bytes: hex`0a 07 03 43`, code: "AMF3_EXTERNALIZABLE" },
    { name: "a string that lies", bytes: hex`06 ff ff ff ff`, code: "AMF_STRING" },
    { name: "an array that lies", bytes: hex`09 ff ff ff ff 01`, code: "AMF_MEMBERS" },
    { name: "a vector that lies", bytes: hex`0d ff ff ff ff 00`, code: "AMF_MEMBERS" },
    { name: "traits that lie", bytes: hex`0a ff ff ff fb 01`, code: "AMF_MEMBERS" },
    { name: "a ByteArray that lies", bytes: hex`0c ff ff ff ff`, code: "TRUNCATED" },
    { name: "values too deep", bytes: concat(nested, hex`01`), code: "AMF_DEPTH" },
    { name: "an integer cut short", bytes: hex`04 80`, code: "TRUNCATED" },
  ])("refuses $name", ({ bytes, code }) => {
    expect(() => decodeAmf3(bytes)).toThrow(expect.objectContaining({ code, scope: "message" }));
  });

  test("throws nothing but ProtocolError, whatever the bytes", () => {
    const marked = fc
      .array(fc.oneof(fc.integer({ min: 0, max: 0x11 }), fc.nat(255)))
      .map((bytes) => Uint8Array.from(bytes));
    const holds = fc.property(fc.oneof(fc.uint8Array(), marked), (bytes) => {
      try {
        decodeAmf3(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    fc.assert(holds, { numRuns: 1000 });
  });
});

test("encodeAmf3 writes what decodeAmf3 reads", () => {
  const { anyValue } = fc.letrec<{ anyValue: Amf0Value; members: { [name: string]: Amf0Value } }>(
    (tie) => ({
      members: fc.dictionary(fc.string(), tie("anyValue"), { maxKeys: 4 }),
      anyValue: fc.oneof(
        { depthSize: "small", maxDepth: 4 },
        fc.constantFrom<Amf0Value>(null, undefined, true, false),
        fc.double(),
        fc.integer(),
        fc.string({ unit: "binary" }),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array(),
        fc.string().map((text) => new XmlDocument(text)),
        fc.array(tie("anyValue"), { maxLength: 4 }),
        tie("members"),
        fc
          .tuple(fc.string({ minLength: 1 }), tie("members"))
          .map(([name, members]) => new TypedObject(name, members)),
      ),
    }),
  );
  const holds = fc.property(fc.array(anyValue, { maxLength: 4 }), (values) => {
    expect(decodeAmf3(encodeAmf3(...values))).toEqual(values);
  });
  fc.assert(holds);
});
