import type { Settings } from "../config/settings.ts";
import type { Ports } from "../endpoint/entry/entry.ts";
import type { Clock } from "../live/clock.ts";
import type { ProcessLog } from "../log.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Sluice } from "../sluice.ts";
import { instructions } from "./instructions.ts";

/** What of the server the command needs. */
export type Served = Pick<Sluice, "publishKey" | "publishKeyFile" | "start" | "stop">;

/** What surrounds a running server. */
export type Surroundings = {
  readonly create: (settings: Settings, options: { log: ProcessLog }) => Served;
  readonly log: ProcessLog;
  readonly clock: Clock;
  /** Writes to stdout: the ready line and nothing else. */
  readonly print: (text: string) => void;
  /** Writes to somebody at a terminal; undefined where there is none. */
  readonly tell: ((text: string) => void) | undefined;
  /** Addresses of this machine, as others reach it. */
  readonly addresses: readonly string[];
  /** Resolves when the process is asked to end. */
  readonly asked: Promise<string>;
  /** What else is to run while the server does. @returns ends it */
  readonly whenReady?: (ports: Ports, sluice: Served) => Promise<() => void>;
};

/**
 * Runs a server until the process is asked to end, then ends it in order.
 *
 * @throws PublishKeyError, CertificateError and ListenError, each of one line for people; what `whenReady` throws
 */
export async function serve(settings: Settings, surroundings: Surroundings): Promise<void> {
  const { log, clock, asked } = surroundings;
  const sluice = surroundings.create(settings, { log });
  log.hide(sluice.publishKey);
  const ports = await sluice.start();
  let end = (): void => {};
  try {
    surroundings.print(readyLine(ports));
    announce(settings, surroundings, sluice, ports);
    if (surroundings.whenReady !== undefined) end = await surroundings.whenReady(ports, sluice);
    log.info("stopping", { signal: await asked });
  } finally {
    end();
    await stopInTime(sluice, log, clock);
  }
}

function readyLine({ rtmp, http, rtmps, https }: Ports): string {
  const tls = [
    ...(rtmps === undefined ? [] : [`rtmps=${rtmps}`]),
    ...(https === undefined ? [] : [`https=${https}`]),
  ];
  return `${["sluice ready", `rtmp=${rtmp}`, `http=${http}`, ...tls].join(" ")}\n`;
}

function announce(
  settings: Settings,
  { log, tell, addresses }: Surroundings,
  { publishKey, publishKeyFile }: Served,
  ports: Ports,
): void {
  if (tell === undefined) {
    log.info("ready", { ports, publishKeyFile });
    return;
  }
  const running = { rtmpPort: ports.rtmp, httpPort: ports.http, publishKey, publishKeyFile };
  tell(instructions(running, settings, addresses));
}

async function stopInTime(sluice: Served, log: ProcessLog, clock: Clock): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(LIMITS.drainTime, () => {
      log.warn("not everything ended in order", { code: "DRAIN_TIME" });
      resolve();
    });
    sluice.stop().then(() => {
      cancel();
      resolve();
    }, reject);
  });
}
