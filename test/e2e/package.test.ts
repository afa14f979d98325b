import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BUILD = join(ROOT, "public/build");

test("rendering on a server may import the player and /embed.js", async () => {
  const script = `
    import { SluicePlayerElement } from "sluice/player";
    import { SluiceEmbed } from "sluice/embed";
    console.log(typeof SluicePlayerElement, typeof SluiceEmbed);`;
  const node = [process.execPath, ["--input-type=module", "-e", script], { cwd: ROOT }] as const;
  expect((await promisify(execFile)(...node)).stdout.trim()).toBe("function function");
});

test("bundlers find all that the player brings: named whole, and there", () => {
  const seen = new Map<string, readonly string[]>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    const source = readFileSync(path, "utf8");
    const places = [
      ...source.matchAll(/import\("(\.[^"]+)"\)/g),
      ...source.matchAll(/from"(\.[^"]+)"/g),
      ...source.matchAll(/new URL\("(\.[^"]+|[^".]+\.js)",import\.meta\.url\)/g),
    ].map(([, name = ""]) => join(path, "..", name));
    seen.set(path, places);
    for (const place of places) {
      expect(existsSync(place), `${place}, named in ${path}`).toBe(true);
      follow(place);
    }
  };
  follow(join(BUILD, "player.js"));
  const found = [...seen.keys()].join("\n");
  for (const name of ["live-worker-", "sound-worklet-", "chunk-controls-", "chunk-hls-", "-ja-"]) {
    expect(found).toContain(name);
  }
  // A folder is nothing that could be brought.
  expect(readFileSync(join(BUILD, "embed.js"), "utf8")).not.toMatch(/new URL\("[^"]*",import/);
});
