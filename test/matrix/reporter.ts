import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase } from "vitest/node";
import { badLinesDocument } from "./bad-lines-document.ts";
import { browsersDocument } from "./browsers-document.ts";
import { clientsDocument } from "./clients-document.ts";
import { hlsDocument } from "./hls-document.ts";
import { protocolsDocument } from "./protocols-document.ts";
import { type Result, type Row, rowKey } from "./row.ts";
import { SECONDS } from "./seconds.ts";

declare module "vitest" {
  interface TaskMeta {
    row?: Row;
  }
}

const ROOT = join(import.meta.dirname, "../..");
const RESULTS = join(ROOT, "test/.cache/matrix.json");

/**
 * Collects what the tests of the matrix found, over several runs (`test/.cache/matrix.json`), and
 * writes it to `docs/clients.md`, `docs/protocols.md`, `docs/hls-players.md` and
 * `docs/browsers.md` where they ran for their full minute.
 */
export class MatrixReporter implements Reporter {
  /** Of this run. */
  readonly #results = new Map<string, Result>();

  onTestCaseResult(test: TestCase): void {
    const { row } = test.meta();
    const { state, errors } = test.result();
    if (row === undefined || state === "skipped" || state === "pending") return;
    // A test's id ends in its place within its file: `_1_12`.
    const order = test.id.replace(/^[^_]*/, "").replace(/\d+/g, (index) => index.padStart(3, "0"));
    // `live/NAME: what differs`, then details.
    const [why = ""] =
      errors?.[0]?.message
        .replace(/^live\/\S+: /, "")
        .replaceAll(/http:\/\/\S+\//g, "")
        .split(/\n\n/) ?? [];
    const notes = state === "passed" ? row.notes : why.replace(/\s+/g, " ").slice(0, 300);
    const told = notes === undefined ? {} : { notes };
    const result = { ...row, ...told, passed: state === "passed", seconds: SECONDS, order };
    this.#results.set(rowKey(result), result);
  }

  onTestRunEnd(): void {
    // Another run may have written meanwhile.
    const all = new Map(read().map((result) => [rowKey(result), result]));
    for (const [key, result] of this.#results) all.set(key, result);
    const results = [...all.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
    mkdirSync(join(ROOT, "test/.cache"), { recursive: true });
    writeFileSync(RESULTS, JSON.stringify(results, undefined, 2));
    if (SECONDS < 60) return;
    mkdirSync(join(ROOT, "docs"), { recursive: true });
    writeFileSync(join(ROOT, "docs/bad-lines.md"), badLinesDocument(results));
    writeFileSync(join(ROOT, "docs/clients.md"), clientsDocument(results));
    writeFileSync(join(ROOT, "docs/protocols.md"), protocolsDocument(results));
    writeFileSync(join(ROOT, "docs/hls-players.md"), hlsDocument(results));
    const browsers = results.filter(({ table }) => table === "browsers");
    writeFileSync(join(ROOT, "docs/browsers.md"), browsersDocument(browsers));
  }
}

function read(): Result[] {
  try {
    return JSON.parse(readFileSync(RESULTS, "utf8")) as Result[];
  } catch {
    return [];
  }
}
