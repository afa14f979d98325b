import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { english } from "../../../web/watch/words/en.ts";
import { loadWords } from "../../../web/watch/words.ts";

const root = join(import.meta.dirname, "../../..");

test("watch.html says what the English words say", () => {
  const html = readFileSync(join(root, "public/watch.html"), "utf8");
  const places = [...html.matchAll(/data-word="(\w+)"[^>]*>([^<]*)</g)];
  expect(places.length).toBeGreaterThan(30);
  for (const [, name = "", text] of places) expect(Reflect.get(english, name), name).toBe(text);
});

test("loadWords knows each language there is a file for, and English for others", async () => {
  const files = readdirSync(join(root, "web/watch/words")).map((name) => name.replace(".ts", ""));
  const said = await Promise.all(files.map((tag) => loadWords(`${tag}-XX`)));
  expect(new Set(said.map(({ reportHint }) => reportHint)).size).toBe(files.length);
  for (const words of said) expect(Object.values(words)).not.toContain("");
  expect(await loadWords("tlh")).toBe(english);
});
