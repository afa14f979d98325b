/**
 * Loaded into a server under test (`node --import`): at SIGUSR2 it collects garbage and writes one
 * line with what is left, so that a test can tell memory that is held from memory that merely waits
 * for the collector; and with what each peer has not taken.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const STDERR = 2;
let probes = 0;

process.on("SIGUSR2", () => {
  collect();
  // What a finished collection lets go of becomes visible a turn later.
  setImmediate(() => {
    const { heapUsed, external } = process.memoryUsage();
    const sockets = process._getActiveHandles().filter((handle) => handle instanceof Socket);
    const unsent = Object.fromEntries(
      sockets.map(({ remotePort, writableLength }) => [remotePort ?? 0, writableLength]),
    );
    probes += 1;
    const line = JSON.stringify({ probe: probes, held: heapUsed + external, unsent });
    writeSync(STDERR, `${line}\n`);
  });
});
