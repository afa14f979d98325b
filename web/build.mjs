// biome-ignore-all lint/style/noRestrictedImports: this runs in Node, not in a page
// Bundles what pages load into public/build, which lies as the server's addresses do: `player.js`, and
// the rest under `assets`. Prints what a viewer has to load.
import { readdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../public/build");

await rm(outdir, { recursive: true, force: true });
// Each page apart: what they share is small, and a chunk of it would cost a page one more round trip.
for (const entryPoints of [
  { player: "web/player.ts" },
  { "assets/watch": "web/watch.ts" },
  { "assets/recordings": "web/recordings.ts", "assets/recordings-list": "public/recordings.css" },
  {
    "assets/wall": "web/wall.ts",
    "assets/style": "public/style.css",
    "assets/favicon": "public/favicon.svg",
  },
]) {
  await build({
    absWorkingDir: here(".."),
    entryPoints,
    loader: { ".svg": "copy" },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: true,
    legalComments: "none",
    outdir,
    entryNames: "[dir]/[name]",
    chunkNames: "assets/chunk-[name]-[hash]",
    logLevel: "warning",
  });
}

for (const name of (await readdir(outdir, { recursive: true })).sort()) {
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const bytes = await readFile(`${outdir}/${name}`);
  const kB = (length) => (length / 1000).toFixed(1).padStart(7);
  console.log(`${name.padEnd(36)} ${kB(bytes.length)} kB ${kB(gzipSync(bytes).length)} kB gz`);
}
