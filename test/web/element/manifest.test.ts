import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SluicePlayerElement } from "../../../web/element/sluice-player.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

type Named = { readonly name: string };
type Manifest = {
  readonly modules: readonly {
    readonly declarations: readonly {
      readonly attributes: readonly Named[];
      readonly members: readonly Named[];
      readonly events: readonly Named[];
      readonly cssParts: readonly Named[];
      readonly cssProperties: readonly Named[];
      readonly slots: readonly Named[];
    }[];
  }[];
};

const manifest = JSON.parse(read("public/custom-elements.json")) as Manifest;
const [declaration] = manifest.modules[0]?.declarations ?? [];
const names = (list: readonly Named[] = []): string[] => list.map(({ name }) => name).sort();

test("custom-elements.json has the attributes and members that the element has", () => {
  expect(names(declaration?.attributes)).toEqual(
    [...SluicePlayerElement.observedAttributes].sort(),
  );
  const own = new Set(["textTracks"]);
  let face: object = SluicePlayerElement.prototype;
  for (; face !== Object.prototype; face = Object.getPrototypeOf(face)) {
    for (const name of Object.getOwnPropertyNames(face)) own.add(name);
  }
  const isOurs = (name: string) =>
    !/^constructor$|Callback$|^(add|remove)EventListener$/.test(name);
  expect(names(declaration?.members)).toEqual([...own].filter(isOurs).sort());
});

test("docs/embed.md has all that the element has", () => {
  const docs = read("docs/embed.md");
  const { attributes, members, events, cssParts, cssProperties, slots } = declaration ?? {};
  const all = [attributes, members, events, cssParts, cssProperties, slots].flatMap(names);
  const missing = all.filter((name) => !docs.includes(name));
  expect(missing).toEqual([]);
  const codes = read("web/element/player-error.ts").match(/^ {2}\| "[A-Z_]+"/gm) ?? [];
  expect(codes.length).toBeGreaterThan(3);
  for (const code of codes) expect(docs).toContain(code.slice(5, -1));
  const map = read("web/element/player-event-map.ts").split("PlayerEventMap = {")[1] ?? "";
  const own = (map.match(/^ {2}[a-z]+(?=:)/gm) ?? []).map((name) => name.trim());
  expect(names(events)).toEqual(expect.arrayContaining(own));
});
