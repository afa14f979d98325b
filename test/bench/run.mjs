#!/usr/bin/env node
/**
 * `npm run bench [-- [server] [variants] [viewers] [player] [hls] [--quick] [--write]]`
 *
 * Node 20 runs no TypeScript: the bench is bundled into test/.cache/bench, then run from there.
 */
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const outdir = join(here, "../.cache/bench");

/** The bundle lies elsewhere than its sources, and these find their neighbours by folder. */
const ownFolders = {
  name: "own-folders",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const folder = JSON.stringify(dirname(path));
      return { contents: source.replaceAll("import.meta.dirname", folder), loader: "ts" };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: [
    ...["main", "relay", "replay", "crowd", "ingest"],
    ...["hls-crowd", "hls-floor", "hls-origin"],
  ].map((name) => join(here, `${name}.ts`)),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  outExtension: { ".js": ".mjs" },
  outdir,
  plugins: [ownFolders],
  logLevel: "warning",
});

const bench = spawn(process.execPath, [join(outdir, "main.mjs"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => bench.kill(signal));
bench.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
