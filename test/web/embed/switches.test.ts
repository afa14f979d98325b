import { expect, test } from "vitest";
import { readColour, readLock, readStart } from "../../../web/embed/switches.ts";

test.each([
  ["90", 90],
  ["-30.5", -30.5],
  ["", undefined],
  ["1e3", undefined],
  ["Infinity", undefined],
  [null, undefined],
])("readStart(%s)", (text, seconds) => {
  expect(readStart(text)).toBe(seconds);
});

test.each([
  ["1db954", "#1db954"],
  ["#fff", "#fff"],
  ["rebeccapurple", "rebeccapurple"],
  ["url(https://evil.example)", undefined],
  ["red;background:url(x)", undefined],
  [null, undefined],
])("readColour(%s)", (text, colour) => {
  expect(readColour(text)).toBe(colour);
});

test.each([
  [null, "*"],
  ["https://a.example", "https://a.example"],
  ["http://localhost:3000", "http://localhost:3000"],
  ["https://a.example/", undefined],
  ["https://a.example:443", undefined],
  ["*", undefined],
  ["null", undefined],
  ["", undefined],
  ["javascript:alert(1)", undefined],
])("readLock(%s) is %s", (text, lock) => {
  expect(readLock(text)).toBe(lock);
});
