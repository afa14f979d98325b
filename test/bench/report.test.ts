import { expect, test } from "vitest";
import { sectionsBeside, withSection } from "./report.ts";

const DOCUMENT = "# All\n\nIntro.\n\n## One\n\nold\n\n## Two\n\nold too\n";

test.each([
  ["in the middle", "## One\n\nnew\n", "# All\n\nIntro.\n\n## One\n\nnew\n\n## Two\n\nold too\n"],
  ["at the end", "## Two\n\nnew\n", "# All\n\nIntro.\n\n## One\n\nold\n\n## Two\n\nnew\n"],
  ["that is new", "## Tw\n\nnew\n", `${DOCUMENT}\n## Tw\n\nnew\n`],
])("withSection replaces a section %s", (_where, section, document) => {
  expect(withSection(DOCUMENT, section)).toBe(document);
});

test("sectionsBeside keeps what was measured apart", () => {
  expect(sectionsBeside(DOCUMENT, ["## One\n\nnew\n"])).toEqual(["## Two\n\nold too\n"]);
  expect(sectionsBeside(DOCUMENT, ["## One\n", "## Two\n"])).toEqual([]);
});
