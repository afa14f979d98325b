// biome-ignore-all lint/style/noRestrictedImports: this runs in Node, not in a page
// Bundles what pages load into public/build, which lies as the server's addresses do: `player.js`, and
// the rest under `assets`. Prints what a viewer has to load.
import { readdir, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { mediaChrome } from "./controls/bundling.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../public/build");

const { version } = JSON.parse(await readFile(here("../package.json"), "utf8"));

/** gzip, kB: what is promised to viewers of a page that is not ours. */
const BUDGETS = [
  [/^player\.js$/, 15],
  [/^embed\.js$/, 2],
  [/chunk-controls-/, 50],
  [/chunk-webcodecs-/, 8],
  [/chunk-hls-playback-/, 8],
  [/chunk-hls-[0-9A-Z]{8}\./, 190],
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
  const zipped = gzipSync(bytes).length;
  const kB = (length) => (length / 1000).toFixed(1).padStart(7);
  const most = BUDGETS.find(([pattern]) => pattern.test(name))?.[1];
  const promise = most === undefined ? "" : ` of ${most}`;
  console.log(`${name.padEnd(36)} ${kB(bytes.length)} kB ${kB(zipped)} kB gz${promise}`);
}
