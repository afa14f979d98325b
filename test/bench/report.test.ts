import { expect, test } from "vitest";
import { withIntro, withSection } from "./report.ts";

const DOCUMENT = "# All\n\nIntro.\n\n## One\n\nold\n\n## Two\n\nold too\n";

test.each([
  ["in the middle", "## One\n\nnew\n", "# All\n\nIntro.\n\n## One\n\nnew\n\n## Two\n\nold too\n"],
  ["at the end", "## Two\n\nnew\n", "# All\n\nIntro.\n\n## One\n\nold\n\n## Two\n\nnew\n"],
  ["that is new", "## Tw\n\nnew\n", `${DOCUMENT}\n## Tw\n\nnew\n`],
])("withSection replaces a section %s", (_where, section, document) => {
  expect(withSection(DOCUMENT, section)).toBe(document);
});

test("withIntro and withSection keep what was measured apart", () => {
  const anew = withIntro(DOCUMENT, "# Anew\n");
  expect(anew).toBe("# Anew\n\n## One\n\nold\n\n## Two\n\nold too\n");
  const [one, two] = ["## One\n\nnew\n", "## Two\n\nnew too\n"];
  expect(withSection(anew, one)).toBe("# Anew\n\n## One\n\nnew\n\n## Two\n\nold too\n");
  expect([one, two].reduce(withSection, anew)).toBe(`# Anew\n\n${one}\n${two}`);
});
