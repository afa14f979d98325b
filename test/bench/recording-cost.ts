import { setTimeout as sleep } from "node:timers/promises";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { startHelper } from "./helper.ts";
import type { IngestRequest } from "./ingest.ts";
import { cpuSeconds } from "./process-cost.ts";
import { median } from "./report.ts";

/** Broadcasts at once, 6 Mb/s each. */
export const RECORDED = 10;

/** What recording adds to receiving, by one server and the same broadcasts, in turns. */
export type RecordingCost = {
  /** CPU of a core. */
  readonly without: number;
  readonly recorded: number;
  /** Of each pair of neighbours: how many times as much. */
  readonly ratios: readonly number[];
};

/** CPU of many broadcasts while they are recorded, beside the same while they are not. */
export async function measureRecording(options: {
  readonly rounds: number;
  readonly time: number;
}): Promise<RecordingCost> {
  const server = await startSluice();
  const ingest = startHelper<IngestRequest, number>("ingest");
  const streams = Array.from({ length: RECORDED }, (_, index) => `live/recorded-${index}`);
  try {
    const urls = streams.map((streamPath) => server.rtmpUrl(streamPath));
    await ingest.ask({ type: "publish", urls, chunkSize: 65_536, piecesPerRequest: 1 });
    await sleep(3000);
    const without: number[] = [];
    const recorded: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      without.push(await loadOf(server, options.time));
      const ids = await Promise.all(streams.map((streamPath) => start(server, streamPath)));
      await sleep(500);
      recorded.push(await loadOf(server, options.time));
      await Promise.all(ids.map((id) => post(server, `/${id}/stop`)));
      await sleep(500);
    }
    await ingest.ask({ type: "finish" });
    return {
      without: median(without),
      recorded: median(recorded),
      ratios: recorded.map((load, round) => load / (without[round] ?? Number.NaN)),
    };
  } finally {
    await ingest.stop();
    await server.stop();
  }
}

async function loadOf(server: RunningSluice, time: number): Promise<number> {
  const { pid = 0 } = server.child.process;
  const cpu = cpuSeconds(pid);
  const began = performance.now();
  await sleep(time);
  return (cpuSeconds(pid) - cpu) / ((performance.now() - began) / 1000);
}

async function start(server: RunningSluice, streamPath: string): Promise<string> {
  const { id } = (await post(server, "", { streamPath })) as { id: string };
  return id;
}

async function post(server: RunningSluice, path: string, body: object = {}): Promise<unknown> {
  const answer = await fetch(server.httpUrl(`/api/v1/recordings${path}`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The server answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
