import { describe, expect, test } from "vitest";
import { encodeAmf0 } from "../../../server/protocol/amf0/encode.ts";
import {
  type Amf0Value,
  EcmaArray,
  TypedObject,
  Unsupported,
  XmlDocument,
} from "../../../server/protocol/amf0/value.ts";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { toDataValue } from "../../../server/protocol/flv/data-value.ts";
import { readScriptData, type ScriptData } from "../../../server/protocol/flv/script-data.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { hex } from "../../support/hex.ts";

/** What it says; how its body is cut is another test. */
type Said =
  | Omit<Extract<ScriptData, { type: "metadata" }>, "body">
  | Omit<Extract<ScriptData, { type: "data" }>, "body">;

describe("readScriptData reads", () => {
  const metadata = new EcmaArray({ width: 1280, encoder: "obs" });
  const values = { width: 1280, encoder: "obs" };
  test.each<{ name: string; body: Uint8Array; says: Said | undefined }>([
    {
      name: "onMetaData behind @setDataFrame",
      body: encodeAmf0("@setDataFrame", "onMetaData", metadata),
      says: { type: "metadata", values },
    },
    {
      name: "bare onMetaData",
      body: encodeAmf0("onMetaData", values),
      says: { type: "metadata", values },
    },
    {
      name: "onMetaData without its end marker",
      body: encodeAmf0("onMetaData", metadata).subarray(0, -3),
      says: { type: "metadata", values },
    },
    {
      name: "onMetaData without values",
      body: encodeAmf0("onMetaData"),
      says: { type: "metadata", values: {} },
    },
    {
      name: "onMetaData with something else",
      body: encodeAmf0("onMetaData", "none"),
      says: { type: "metadata", values: {} },
    },
    {
      name: "@clearDataFrame",
      body: encodeAmf0("@clearDataFrame", "onMetaData"),
      says: { type: "metadata", values: {} },
    },
    {
      name: "@clearDataFrame of others",
      body: encodeAmf0("@clearDataFrame", "x"),
      says: undefined,
    },
    { name: "an empty body", body: hex``, says: undefined },
    {
      name: "onTextData",
      body: encodeAmf0("onTextData", { text: "hello", type: "Text" }),
      says: { type: "data", name: "onTextData", values: [{ text: "hello", type: "Text" }] },
    },
    {
      name: "|RtmpSampleAccess behind @setDataFrame (FFmpeg)",
      body: encodeAmf0("@setDataFrame", "|RtmpSampleAccess", true, true),
      says: { type: "data", name: "|RtmpSampleAccess", values: [true, true] },
    },
  ])("$name", ({ body, says }) => {
    const expected = says && expect.objectContaining(says);
    expect(readScriptData(body, "amf0")).toEqual(expected);
    expect(readScriptData(concat(hex`00`, body), "amf3")).toEqual(expected);
    expect(readScriptData(body, "amf3")).toEqual(expected); // the selector left out
  });

  test.each([
    { name: "bare", head: hex`` },
    { name: "behind @setDataFrame", head: encodeAmf0("@setDataFrame") },
  ])("the values as they came, from the name on: $name", ({ head }) => {
    const metadata = encodeAmf0("onMetaData", { width: 1 });
    expect(readScriptData(concat(head, metadata), "amf0")?.body).toEqual(metadata);
    const text = encodeAmf0("onTextData", { text: "hello" });
    expect(readScriptData(concat(hex`00`, head, text), "amf3")?.body).toEqual(text);
  });

  test("values in AMF3 behind their marker", () => {
    const body = concat(encodeAmf0("onCuePoint"), hex`11 0a 0b 01 03 61 04 05 01`);
    expect(readScriptData(concat(hex`00`, body), "amf3")).toEqual({
      body,
      type: "data",
      name: "onCuePoint",
      values: [{ a: 5 }],
    });
  });
});

describe("readScriptData refuses", () => {
  test.each([
    { name: "a message without name", body: encodeAmf0(1), code: "FLV_SCRIPT_DATA" },
    {
      name: "@setDataFrame of nothing",
      body: encodeAmf0("@setDataFrame"),
      code: "FLV_SCRIPT_DATA",
    },
    {
      name: "metadata that is too long",
      body: encodeAmf0("onMetaData", { a: "x".repeat(LIMITS.metadataBytes) }),
      code: "FLV_METADATA",
    },
  ])("$name", ({ body, code }) => {
    expect(() => readScriptData(body, "amf0")).toThrow(
      expect.objectContaining({ code, scope: "message" }),
    );
  });
});

describe("toDataValue", () => {
  test("takes AMF's own types away", () => {
    const date = new Date(0);
    const value: Amf0Value = {
      a: [undefined, null, true, 1, "x", date, hex`01`],
      b: new EcmaArray({ c: new TypedObject("C", { d: new XmlDocument("<e/>") }) }),
      f: new Unsupported(),
    };
    expect(toDataValue(value)).toEqual({
      a: [null, null, true, 1, "x", date, hex`01`],
      b: { c: { d: "<e/>" } },
      f: null,
    });
  });

  test("ends where a value is part of itself", () => {
    const value: { [name: string]: Amf0Value } = { a: 1 };
    value.self = [value];
    expect(toDataValue(value)).toEqual({ a: 1, self: [null] });
  });

  test("refuses a value that references make large", () => {
    let value: Amf0Value = [1];
    for (let level = 0; level < 16; level += 1) value = Array.from({ length: 8 }, () => value);
    expect(() => toDataValue(value)).toThrow(expect.objectContaining({ code: "AMF_MEMBERS" }));
  });
});
