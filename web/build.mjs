// biome-ignore-all lint/style/noRestrictedImports: this runs in Node, not in a page
// Bundles what pages load into public/build, which lies as the server's addresses do: `player.js`, and
// the rest under `assets`. Prints what a viewer has to load, and fails where that is too much.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { mediaChrome } from "./controls/bundling.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../public/build");

const { version } = JSON.parse(await readFile(here("../package.json"), "utf8"));

/** gzip, kB: what is promised to viewers of a page that is not ours, and what is held until that is met. */
const BUDGETS = [
  { file: /^player\.js$/, promised: 15, held: 25 },
  { file: /live-worker-/, promised: 10 },
  { file: /^embed\.js$/, promised: 2 },
  { file: /chunk-controls-/, promised: 50 },
  { file: /chunk-webcodecs-/, promised: 8, held: 9 },
  { file: /chunk-hls-playback-/, promised: 8 },
  { file: /chunk-hls-[0-9A-Z]{8}\./, promised: 190 },
];

const common = {
  absWorkingDir: here(".."),
  loader: { ".svg": "copy" },
  bundle: true,
  define: { SLUICE_VERSION: JSON.stringify(version) },
  plugins: [mediaChrome],
  charset: "utf8",
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  legalComments: "none",
  outdir,
  chunkNames: "assets/chunk-[name]-[hash]",
  metafile: true,
  logLevel: "warning",
};

await rm(outdir, { recursive: true, force: true });

// Other programs, which a browser loads by itself: their names are told to who asks for them.
const apart = await build({
  ...common,
  entryPoints: { "assets/sound-worklet": "web/worklet/sound-processor.ts" },
  entryNames: "[dir]/[name]-[hash]",
});
const soundWorklet = Object.keys(apart.metafile.outputs).find((path) => path.endsWith(".js"));
const options = {
  ...common,
  define: { ...common.define, SOUND_WORKLET: JSON.stringify(basename(soundWorklet)) },
};

// Each page apart: what they share is small, and a chunk of it would cost a page one more round trip.
for (const entryPoints of [
  { embed: "web/embed/sdk.ts" },
  { "assets/watch": "web/watch.ts", "assets/watch-style": "public/watch.css" },
  { "assets/embed-page": "web/embed.ts", "assets/embed-page-style": "public/embed.css" },
  { "assets/recordings": "web/recordings.ts", "assets/recordings-list": "public/recordings.css" },
  {
    "assets/wall": "web/wall.ts",
    "assets/dashboard": "public/dashboard.css",
    "assets/style": "public/style.css",
    "assets/favicon": "public/favicon.svg",
  },
]) {
  await build({ ...options, entryPoints, entryNames: "[dir]/[name]", splitting: true });
}

// The player apart from what it imports by `import()`, too: esbuild's splitting would put what both share
// into a third file, and the first picture would wait for that. Those share among themselves, and have
// copies of what they share with the player: no state of a module reaches from the one to the others.
// The live line is one file for workers and for pages without: who is refused a worker has it already.
const worker = await build({
  ...options,
  entryPoints: ["web/worker/live-worker.ts"],
  entryNames: "assets/[name]-[hash]",
});
const [workerFile] = Object.entries(worker.metafile.outputs).flatMap(([name, { entryPoint }]) =>
  entryPoint === undefined ? [] : [`./assets/${basename(name)}`],
);
const player = {
  ...options,
  entryPoints: { player: "web/player.ts" },
  define: { ...options.define, LIVE_WORKER: JSON.stringify(workerFile) },
};
const line = here("line/live-line.ts");
const found = new Set();
await build({ ...player, write: false, plugins: [asChunks((path) => found.add(path) && path)] });
found.delete(line);
const { metafile } = await build({
  ...options,
  entryPoints: [...found],
  splitting: true,
  entryNames: "assets/chunk-[name]-[hash]",
});
const chunks = new Map([[line, workerFile]]);
for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint !== undefined)
    chunks.set(here(`../${entryPoint}`), `./assets/${basename(output)}`);
}
await build({ ...player, plugins: [asChunks((path) => chunks.get(path))] });

/** @param nameOf where the chunk of a file is, which is imported by `import()` */
function asChunks(nameOf) {
  return {
    name: "chunks",
    setup: (bundling) => {
      bundling.onResolve({ filter: /./ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== "dynamic-import" || pluginData === "asked") return undefined;
        const asked = await bundling.resolve(path, { kind, resolveDir, pluginData: "asked" });
        return asked.errors.length > 0 ? asked : { path: nameOf(asked.path), external: true };
      });
    },
  };
}

for (const name of (await readdir(outdir, { recursive: true })).sort()) {
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const bytes = await readFile(`${outdir}/${name}`);
  const gzip = gzipSync(bytes, { level: 9 });
  const zipped = gzip.length;
  // As the server sends it: packed once, and not for each viewer.
  await writeFile(`${outdir}/${name}.gz`, gzip);
  await writeFile(`${outdir}/${name}.br`, brotliCompressSync(bytes));
  const kB = (length) => (length / 1000).toFixed(1).padStart(7);
  const budget = BUDGETS.find(({ file }) => file.test(name));
  const promise = budget === undefined ? "" : ` of ${budget.promised}`;
  if (zipped > (budget?.held ?? budget?.promised ?? Infinity) * 1000) {
    console.error(`${name} is larger than viewers of other people's pages were promised`);
    process.exitCode = 1;
  }
  console.log(`${name.padEnd(36)} ${kB(bytes.length)} kB ${kB(zipped)} kB gz${promise}`);
}
