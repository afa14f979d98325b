import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { RunningSluice } from "../support/sluice.ts";
import { withBroadcast } from "./broadcast.ts";
import { type Helper, startHelper } from "./helper.ts";
import type { HlsCrowdCount, HlsCrowdRequest } from "./hls-crowd.ts";
import { following, readEdge } from "./hls-edge.ts";
import type { HlsFloorRequest } from "./hls-floor.ts";
import { renditionsOf } from "./hls-follower.ts";
import { HttpLine } from "./http-line.ts";
import { cpuSeconds } from "./process-cost.ts";
import { median } from "./report.ts";

const STREAM = "live/crowd";

/** So that the window is full, and the playlist as long as it becomes. */
const FILLING = 66_000;

/** What requests of so many viewers cost; CPU without that of the broadcast. */
export type LoadCost = {
  readonly viewers: number;
  readonly requestsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** CPU s for 1,000 requests. */
  readonly server: number;
  readonly floor: number;
};

type Crowd = Helper<HlsCrowdRequest, HlsCrowdCount>;
type Window = { readonly load: number; readonly requests: number; readonly bytes: number };

/** CPU for the requests of many viewers, by the server and by a bare one, in turns. */
export async function measureLoad(
  server: RunningSluice,
  { counts, windows }: { counts: readonly number[]; windows: { count: number; time: number } },
): Promise<{ ingest: number; costs: readonly LoadCost[] }> {
  const crowd = startHelper<HlsCrowdRequest, HlsCrowdCount>("hls-crowd");
  const floor = startHelper<HlsFloorRequest, number>("hls-floor");
  const pid = server.child.process.pid ?? 0;
  try {
    return await withBroadcast({ url: server.rtmpUrl(STREAM) }, async (broadcast) => {
      await broadcast.burst(FILLING);
      broadcast.play();
      await sleep(3000);
      const { video } = await renditionsOf(server.httpPort, `/streams/${STREAM}/`);
      const cpu = cpuSeconds(pid);
      await sleep(windows.time);
      const ingest = (cpuSeconds(pid) - cpu) / (windows.time / 1000);
      const costs: LoadCost[] = [];
      for (const viewers of counts) {
        const witness = new Witness(server.httpPort, video);
        await crowd.ask({ type: "open", port: server.httpPort, count: viewers, playlist: video });
        await sleep(1500);
        const byServer = await measureWindows(pid, crowd, windows);
        await crowd.ask({ type: "leave" });
        const port = await floor.ask(await witness.finish());
        await crowd.ask({ type: "open", port, count: viewers, playlist: video });
        await sleep(500);
        const byFloor = await measureWindows(floor.pid, crowd, windows);
        await crowd.ask({ type: "leave" });
        const perThousand = (all: readonly Window[], beside: number): number =>
          median(all.map(({ load, requests }) => ((load - beside) / requests) * 1000));
        costs.push({
          viewers,
          requestsPerSecond: median(byServer.map(({ requests }) => requests)),
          megabytesPerSecond: median(byServer.map(({ bytes }) => bytes)) / 1e6,
          server: perThousand(byServer, ingest),
          floor: perThousand(byFloor, 0),
        });
      }
      return { ingest, costs };
    });
  } finally {
    await Promise.all([crowd.stop(), floor.stop()]);
  }
}

/** @returns of each second: CPU seconds, requests and bytes */
async function measureWindows(
  pid: number,
  crowd: Crowd,
  { count, time }: { count: number; time: number },
): Promise<Window[]> {
  const all: Window[] = [];
  for (let n = 0; n < count; n += 1) {
    const before = await crowd.ask({ type: "count" });
    const cpu = cpuSeconds(pid);
    const began = performance.now();
    await sleep(time);
    const used = cpuSeconds(pid) - cpu;
    const after = await crowd.ask({ type: "count" });
    const seconds = (performance.now() - began) / 1000;
    all.push({
      load: used / seconds,
      requests: (after.requests - before.requests) / seconds,
      bytes: (after.bytes - before.bytes) / seconds,
    });
  }
  return all;
}

/** A viewer who keeps what was answered: it is what the bare server answers. */
class Witness {
  readonly #line: HttpLine;
  readonly #work: Promise<HlsFloorRequest>;
  #isOver = false;

  constructor(port: number, playlist: string) {
    this.#line = new HttpLine(port);
    this.#work = this.#watch(playlist);
  }

  finish(): Promise<HlsFloorRequest> {
    this.#isOver = true;
    return this.#work;
  }

  async #watch(playlist: string): Promise<HlsFloorRequest> {
    const folder = playlist.slice(0, playlist.lastIndexOf("/") + 1);
    const ask = async (path: string) => {
      const { head, body } = await this.#line.get(path, {
        headers: "Accept-Encoding: gzip\r\n",
      });
      return { head, body: body ?? Buffer.alloc(0) };
    };
    const read = (body: Buffer) =>
      readEdge((body[0] === 0x1f ? gunzipSync(body) : body).toString());
    let reload = await ask(playlist);
    let part = reload;
    const playlists: Buffer[] = [];
    const began = performance.now();
    while (!this.#isOver) {
      const edge = read(reload.body);
      reload = await ask(following(playlist, edge));
      playlists.push(reload.body);
      const [newest] = read(reload.body).parts.slice(-1);
      if (playlists.length === 1) part = await ask(`${folder}${newest}`);
    }
    const interval = (performance.now() - began) / playlists.length;
    this.#line.close();
    const headers = { playlist: headersOf(reload.head), part: headersOf(part.head) };
    return { playlists, part: part.body, interval, headers };
  }
}

/** Names and values in turns, without those that Node sets itself. */
function headersOf(head: string): string[] {
  return head
    .split("\r\n")
    .slice(1)
    .flatMap((line) => {
      const [, name = "", value = ""] = /^([^:]+): (.*)$/.exec(line) ?? [];
      return /^(date|connection|keep-alive|content-length)$/i.test(name) ? [] : [name, value];
    });
}
