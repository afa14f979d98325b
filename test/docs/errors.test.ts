import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

const sources = readdirSync(join(root, "server"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(join(root, "server", path), "utf8"))
  .join("\n");
const document = readFileSync(join(root, "docs/errors.md"), "utf8");

const matches = (text: string, pattern: RegExp) =>
  new Set([...text.matchAll(pattern)].map(([, code = ""]) => code));
const without = (all: Set<string>, some: Set<string>) =>
  [...all].filter((one) => !some.has(one)).sort();

test("docs/errors.md has every code, and no other", () => {
  const documented = matches(document, /`([A-Z][A-Z0-9_]+)`/g);
  const used = matches(sources, /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g);
  expect(without(used, documented)).toEqual([]);
  const quoted = matches(sources, /"([A-Z][A-Z0-9_]+)"/g);
  expect(without(documented, quoted)).toEqual([]);
});

test("docs/errors.md has every status that an encoder is told of", () => {
  const documented = matches(document, /`(Net[A-Za-z]+\.[A-Za-z.]+)`/g);
  const used = matches(sources, /"(Net[A-Za-z]+\.[A-Za-z.]+)"/g);
  const good = new Set(["NetConnection.Connect.Success", "NetStream.Unpublish.Success"]);
  expect(without(used, new Set([...documented, ...good]))).toEqual([]);
  expect(without(documented, used)).toEqual([]);
});
