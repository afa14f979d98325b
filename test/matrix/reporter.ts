import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase } from "vitest/node";
import { SECONDS } from "./seconds.ts";

/** A line of the tables in `docs/clients.md`. */
export type Row = {
  readonly table: "publishers" | "codecs" | "timelines";
  /** The client's name and version. */
  readonly client: string;
  readonly published: string;
  /** No encoder at hand sends it: tags made by the test, over a socket. */
  readonly constructed?: boolean;
  /** What was accounted for. */
  readonly account?: string;
  readonly notes?: string;
};

declare module "vitest" {
  interface TaskMeta {
    row?: Row;
  }
}

type Result = Row & { readonly passed: boolean; readonly seconds: number; readonly order: string };

const ROOT = join(import.meta.dirname, "../..");
const RESULTS = join(ROOT, "test/.cache/matrix.json");

/**
 * Collects what the tests of the matrix found, over several runs (`test/.cache/matrix.json`), and
 * writes it to `docs/clients.md` where they ran for their full minute.
 */
export class MatrixReporter implements Reporter {
  readonly #results = new Map<string, Result>(read().map((result) => [key(result), result]));

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
    this.#results.set(key(result), result);
  }

  onTestRunEnd(): void {
    const results = [...this.#results.values()];
    mkdirSync(join(ROOT, "test/.cache"), { recursive: true });
    writeFileSync(RESULTS, JSON.stringify(results, undefined, 2));
    if (SECONDS < 60) return;
    mkdirSync(join(ROOT, "docs"), { recursive: true });
    writeFileSync(join(ROOT, "docs/clients.md"), document(results));
  }
}

const key = ({ table, client, published }: Row): string => `${table}|${client}|${published}`;

function read(): Result[] {
  try {
    return JSON.parse(readFileSync(RESULTS, "utf8")) as Result[];
  } catch {
    return [];
  }
}

function document(results: readonly Result[]): string {
  const table = (name: Row["table"]) =>
    [
      "| Client | Published | Result | Accounted for | Notes |",
      "|---|---|---|---|---|",
      ...results
        .filter((result) => result.table === name)
        .sort((a, b) => (a.order < b.order ? -1 : 1))
        .map(line),
    ].join("\n");
  return `# Clients

What publishes to Sluice, and what came out at the other end. These tables are written by
\`npm run test:matrix\`, which runs every line with real clients; nothing in them is written by hand.

**Frame accounting**: the sequence of coded frames that a viewer received equals the sequence that was
published, in payloads (MD5), decode times and composition offsets, and ffmpeg decodes what was served
without a warning. The expected sequence is read by ffprobe (or FFmpeg 8) from the file that the same
encoder run wrote beside its RTMP output, or from the source file. Each line is seen by three viewers,
if it does not say otherwise: one over WebSocket and one over HLS who were there before the publisher,
and one over WebSocket who came in the middle of a GOP.

*Constructed* marks what no encoder at hand sends: tags of a real encoder, rewritten or moved in time by
the test, and published over a socket.

## Publishers over plain RTMP

${table("publishers")}

## Codecs

${table("codecs")}

## Timelines and changes

${table("timelines")}
`;
}

function line({ client, published, constructed, passed, seconds, account, notes }: Result): string {
  const result = passed ? "whole" : "**differs**";
  const time = seconds < 60 ? ` (runs of ${seconds} s)` : "";
  const what = `${published}${constructed === true ? " *(constructed)*" : ""}`;
  return `| ${[client, what, `${result}${time}`, account ?? "", notes ?? ""].join(" | ")} |`;
}
