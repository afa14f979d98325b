import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "../../../server/protocol/bytes/base64.ts";
import { hex } from "../../support/hex.ts";

test.each([
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
])("toBase64 and fromBase64 agree with RFC 4648 §10 on %j", (text, coded) => {
  const bytes = new TextEncoder().encode(text);
  expect(toBase64(bytes)).toBe(coded);
  expect(fromBase64(coded)).toEqual(bytes);
  expect(fromBase64(coded.replace(/=+$/, ""))).toEqual(bytes);
});

test("fromBase64 takes the alphabet for URLs, and white space", () => {
  expect(fromBase64(" _-7f\r\n/w== ")).toEqual(hex`ffeedf ff`);
});

test.each(["A", "AAAAA", "A===", "AA=A", "*AAA", "äAAA", "=AAA"])(
  "fromBase64 refuses %j",
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);

test("fromBase64 gives back what toBase64, and Node, took", () => {
  const holds = fc.property(fc.uint8Array(), (bytes) => {
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(fromBase64(toBase64(bytes))).toEqual(new Uint8Array(bytes));
    expect(fromBase64(Buffer.from(bytes).toString("base64url"))).toEqual(new Uint8Array(bytes));
  });
  fc.assert(holds);
});
