import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";

/** The built server, running as a user runs it. */
export type RunningSluice = {
  readonly child: Child;
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** Where the flags opened them. */
  readonly rtmpsPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** The server-wide publish key, which a publisher needs who comes in another way than plain RTMP. */
  readonly publishKey: string;
  readonly dataDir: string;
  /** `rtmp://127.0.0.1:PORT/live/NAME`, or of another app. */
  rtmpUrl(streamPath: string): string;
  /** `http://127.0.0.1:PORT/…` */
  httpUrl(path: string): string;
  /** `ws://127.0.0.1:PORT/streams/APP/NAME/ws` */
  wsUrl(streamPath: string): string;
  /** What it logged so far. */
  logs(): string;
  /** Ends it by SIGTERM, removes its data, and throws unless it exited with 0 within 10 s. */
  stop(): Promise<void>;
};

const MAIN = join(import.meta.dirname, "../../dist/server/main.js");

/**
 * Starts `dist/server/main.js` on free ports with a data directory of its own, and waits for its
 * ready line.
 *
 * @param flags besides the ports and the data directory
 */
export async function startSluice(
  flags: readonly string[] = [],
  { env = {} }: { env?: NodeJS.ProcessEnv } = {},
): Promise<RunningSluice> {
  if (!existsSync(MAIN)) throw new Error("Cannot start the server: run `npm run build` first");
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const ports = ["--rtmp-port", "0", "--http-port", "0", "--data-dir", dataDir];
  const child = startChild(process.execPath, [MAIN, ...ports, ...flags], {
    env: { ...process.env, ...env },
  });
  const [line] = await child.line(/^sluice ready .*$/m);
  const portOf = (name: string): number | undefined => {
    const port = new RegExp(` ${name}=(\\d+)`).exec(line)?.[1];
    return port === undefined ? undefined : Number(port);
  };
  const [rtmpPort = 0, httpPort = 0] = [portOf("rtmp"), portOf("http")];
  return {
    child,
    rtmpPort,
    httpPort,
    rtmpsPort: portOf("rtmps"),
    httpsPort: portOf("https"),
    publishKey: readFileSync(join(dataDir, "publish.key"), "utf8").trim(),
    dataDir,
    rtmpUrl: (streamPath) => `rtmp://127.0.0.1:${rtmpPort}/${streamPath}`,
    httpUrl: (path) => `http://127.0.0.1:${httpPort}${path}`,
    wsUrl: (streamPath) => `ws://127.0.0.1:${httpPort}/streams/${streamPath}/ws`,
    logs: () => child.stderr(),
    stop: async () => {
      const code = await child.stop("SIGTERM", 10_000);
      rmSync(dataDir, { recursive: true, force: true });
      if (code !== 0) {
        throw new Error(`The server exited with ${code} after SIGTERM\n${child.stderr()}`);
      }
    },
  };
}
