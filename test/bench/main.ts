import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureHls } from "./hls.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { measurePlayer } from "./player.ts";
import { measureHalfHour } from "./player-long.ts";
import { type Report, renderReport, withIntro, withSection } from "./report.ts";
import { measureServer } from "./server.ts";
import { measureVariants } from "./variants.ts";
import { measureViewers } from "./viewers.ts";

const PARTS = new Map([
  ["server", measureServer],
  ["variants", measureVariants],
  ["viewers", measureViewers],
  ["player", measurePlayer],
  ["hls", measureHls],
  ["half-hour", measureHalfHour],
]);

/** Without being named, all but what takes so long. */
const USUAL = [...PARTS.keys()].filter((name) => name !== "half-hour");

const USAGE = `npm run bench [-- ${[...PARTS.keys()].map((name) => `[${name}]`).join(" ")} [--quick] [--engine mse|webcodecs] [--write]]`;

function fail(message: string): never {
  process.stderr.write(`${message}\n${USAGE}\n`);
  process.exit(2);
}

function readArguments() {
  try {
    const options = {
      quick: { type: "boolean" },
      write: { type: "boolean" },
      engine: { type: "string" },
    } as const;
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
const { quick = false, write = false, engine } = values;
for (const name of positionals) if (!PARTS.has(name)) fail(`There is no part ${name}`);
const chosen = positionals.length === 0 ? USUAL : positionals;
if (write && quick) fail("Only a long run is written down");

const tell = (what: string) => process.stderr.write(`… ${what} (${describeLoad()})\n`);
const machine = describeMachine();
const date = new Date().toISOString().slice(0, 10);
process.stdout.write(`${machine}\n`);
const began = performance.now();
const rendered: string[] = [];
for (const name of chosen) {
  const report: Report | undefined = await PARTS.get(name)?.({
    ...{ quick, tell },
    ...(engine !== undefined && { engine }),
  });
  if (report === undefined) continue;
  rendered.push(renderReport(report));
  process.stdout.write(`\n${rendered.at(-1)}`);
}
const seconds = Math.round((performance.now() - began) / 1000);
process.stdout.write(`\n${seconds} s, ${describeLoad()}\n`);
const path = join(import.meta.dirname, "../../docs/benchmarks.md");
if (write && positionals.length === 0) {
  const intro =
    `# Benchmarks\n\n\`npm run bench -- --write\` on ${date}, ${seconds} s, all traffic on loopback.\n\n` +
    `Machine: ${machine} at the start and ${describeLoad()} at the end.\n`;
  writeFileSync(path, rendered.reduce(withSection, withIntro(readFileSync(path, "utf8"), intro)));
} else if (write) {
  const command = `\`npm run bench -- ${chosen.join(" ")} --write\``;
  const when = `${command} on ${date}, ${seconds} s: ${machine} at the start and ${describeLoad()} at the end.`;
  const sections = rendered.map((text) => text.replace("\n\n", `\n\n${when}\n\n`));
  writeFileSync(path, sections.reduce(withSection, readFileSync(path, "utf8")));
}
if (write) process.stdout.write(`Written to ${path}\n`);
