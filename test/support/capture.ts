import { join } from "node:path";
import { type Child, startChild } from "./child.ts";

const MAIN = join(import.meta.dirname, "../../dist/server/main.js");

/** A recording proxy, running as a user runs it. */
export type RunningCapture = {
  readonly child: Child;
  readonly port: number;
  /** Ends it; its file is complete then. @throws Error unless it exits with 0 */
  stop(): Promise<void>;
};

/** Starts `sluice capture` on a free port and waits until it is ready. */
export async function startCapture(
  to: string,
  out: string,
  flags: readonly string[] = [],
): Promise<RunningCapture> {
  const args = ["capture", "--listen", "0", "--host", "127.0.0.1", "--to", to, "--out", out];
  const child = startChild(process.execPath, [MAIN, ...args, ...flags]);
  const ready = await child.line(/^sluice capture ready rtmp=(\d+)/m);
  return {
    child,
    port: Number(ready[1]),
    stop: async () => {
      const code = await child.stop("SIGTERM", 10_000);
      if (code !== 0) throw new Error(`capture exited with ${code}\n${child.stderr()}`);
    },
  };
}

/** Runs `sluice replay` to its end. */
export async function runReplay(
  file: string,
  to: string,
  flags: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = startChild(process.execPath, [MAIN, "replay", file, "--to", to, ...flags]);
  const { code } = await child.exited;
  return { code, output: child.stdout() + child.stderr() };
}
