import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./report.ts";

/** CPU time that all threads of a process have used so far, in seconds (Linux). */
export function cpuSeconds(pid: number): number {
  // In ns, where utime and stime of /proc/PID/stat count in steps of 10 ms.
  const threads = readdirSync(`/proc/${pid}/task`);
  let ns = 0;
  for (const thread of threads) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    } catch {
      // a thread that has just ended
    }
  }
  return ns / 1e9;
}

/** Memory of a process that is resident now, in bytes (Linux). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** The same as a median over `time` ms: collections come and go. */
export async function settledResidentBytes(pid: number, time: number): Promise<number> {
  const readings: number[] = [];
  for (let n = 0; n < 10; n += 1) {
    await sleep(time / 10);
    readings.push(residentBytes(pid));
  }
  return median(readings);
}
