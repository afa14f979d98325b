import { expect, test } from "vitest";
import { trackLanguage } from "../../../server/protocol/isobmff/language.ts";

test.each([
  [undefined, { code: "und" }],
  ["eng", { code: "eng" }],
  ["DEU", { code: "deu" }],
  ["en", { code: "eng", extended: "en" }],
  ["de-CH", { code: "deu", extended: "de-CH" }],
  ["yue-Hant", { code: "yue", extended: "yue-Hant" }],
  ["zz", { code: "und", extended: "zz" }],
  ["", { code: "und" }],
  ["English (US)", { code: "und" }],
  ["a".repeat(9), { code: "und" }],
  [`en-${"abcdefgh-".repeat(10)}x`, { code: "und" }],
])("trackLanguage says %j", (tag, language) => {
  expect(trackLanguage(tag)).toEqual(language);
});
