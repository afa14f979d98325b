import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

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

/**
 * Runs a program of the tests with the arguments of this process: Node 20 runs no TypeScript, so that it
 * is bundled into `test/.cache` first.
 *
 * @param folder beside this one, where `main.ts` lies
 * @param programs names of further programs there, which `main` starts from the folder it lies in
 */
export async function runBundled(folder, programs = []) {
  const here = join(import.meta.dirname, "..", folder);
  const outdir = join(import.meta.dirname, "../.cache/bundles", folder);
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: ["main", ...programs].map((name) => join(here, `${name}.ts`)),
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
  const child = spawn(process.execPath, [join(outdir, "main.mjs"), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
