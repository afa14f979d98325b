import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunningSluice } from "./sluice.ts";

/** Environment for `startSluice`: the server will answer a `ServerProbe`. */
export const PROBED: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, "memory-probe.mjs")).href}`,
};

/** Looks into a running server. */
export class ServerProbe {
  readonly #server: RunningSluice;
  #probes = 0;

  constructor(server: RunningSluice) {
    this.#server = server;
  }

  /** Bytes on the heap and outside of it (buffers) after a garbage collection. */
  async held(): Promise<number> {
    return (await this.#look()).held;
  }

  /** Bytes that the system did not take from the server, by the peer's port: it reads nothing. */
  async unsent(): Promise<{ readonly [port: number]: number }> {
    return (await this.#look()).unsent;
  }

  /** One at a time: signals that come together are one signal. */
  async #look(): Promise<{ held: number; unsent: { readonly [port: number]: number } }> {
    this.#probes += 1;
    this.#server.child.process.kill("SIGUSR2");
    const [line] = await this.#server.child.line(new RegExp(`^{"probe":${this.#probes},.*}$`, "m"));
    return JSON.parse(line) as { held: number; unsent: { readonly [port: number]: number } };
  }
}

/** Open files and sockets of a process; undefined where the system does not tell (no /proc). */
export function openFiles(pid: number | undefined): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** Looks again and again until something holds: for what no event tells. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeout = 20_000,
): Promise<void> {
  const until = performance.now() + timeout;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`Waited ${timeout} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
