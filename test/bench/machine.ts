import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What the figures depend on, in one line. */
export function describeMachine(): string {
  const [first] = cpus();
  const cores = `${cpus().length} cores (${first?.model.trim() ?? "unknown"})`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return `${cores}, ${memory}, ${type()} ${release()}, Node ${process.version}, ${describeLoad()}`;
}

/** How busy the machine is with everything, this included. */
export const describeLoad = (): string =>
  `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`;
