import { expect, test } from "vitest";
import { pageLanguage } from "../../../server/endpoint/http/page-language.ts";

test.each([
  [undefined, undefined, "en"],
  [undefined, "de-AT,de;q=0.9,en;q=0.8", "de"],
  [undefined, "sv, fr;q=0.5, es;q=0.7", "es"],
  [undefined, "fr;q=0, *", "en"],
  [undefined, `${"sv,".repeat(500)}de`, "en"],
  [undefined, ";;q=,,=", "en"],
  ["pt-BR", "de", "pt"],
  ["sv", "de", "de"],
])("pageLanguage(%s, %s) is %s", (asked, accepted, language) => {
  expect(pageLanguage(asked, accepted)).toBe(language);
});
