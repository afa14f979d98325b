import { expect, test } from "vitest";
import { fittingText, readTextWish } from "../../../web/control/text-choice.ts";

const cc1 = { id: "cc1", kind: "captions", language: "und" } as const;
const english = { id: "text-en", kind: "subtitles", language: "en" } as const;
const german = { id: "text-de", kind: "subtitles", language: "de" } as const;

test("fittingText is the very track, else one of its language, else none", () => {
  expect(fittingText([cc1, english], undefined)).toBeUndefined();
  expect(fittingText([cc1, english, german], { id: "text-de", language: "de" })).toBe(german);
  expect(fittingText([cc1, english], { id: "service1", language: "en" })).toBe(english);
  expect(fittingText([cc1, english], { id: "text-de", language: "de" })).toBeUndefined();
  // "und" is no language: two unknown ones need not be the same.
  expect(fittingText([cc1], { id: "cc3", language: "und" })).toBeUndefined();
});

test.each([
  [null, undefined],
  ["", undefined],
  ["null", undefined],
  ["[1]", undefined],
  ['{"id":1,"language":"en"}', undefined],
  ['{"id":"cc1","language":"und","more":1}', { id: "cc1", language: "und" }],
])("readTextWish(%j) is %j", (kept, wish) => {
  expect(readTextWish(kept)).toEqual(wish);
});
