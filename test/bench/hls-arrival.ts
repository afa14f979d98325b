import { setTimeout as sleep } from "node:timers/promises";
import { readInit, readSamples } from "../support/fmp4.ts";
import type { RunningSluice } from "../support/sluice.ts";
import { type Outgoing, withBroadcast } from "./broadcast.ts";
import { HlsFollower, renditionsOf } from "./hls-follower.ts";

const STREAM = "live/parts";

/** How old the parts of one rendition were when they had been fetched, ms. */
export type Arrivals = {
  /** s */
  readonly partTarget: number;
  /** Since the first sample of each was sent, and since each of its samples was. */
  readonly fromFirst: number[];
  readonly fromEach: number[];
};

/** Parts of both renditions behind blocking reloads, for so many seconds. */
export async function measureArrivals(
  server: RunningSluice,
  seconds: number,
): Promise<{ video: Arrivals; audio: Arrivals }> {
  const sent = { video: [] as number[], audio: [] as number[] };
  const beforeWrite = ({ kind, index }: Outgoing): void => {
    sent[kind][index] = performance.now();
  };
  return await withBroadcast({ url: server.rtmpUrl(STREAM), beforeWrite }, async (broadcast) => {
    broadcast.play();
    await sleep(5000); // there are parts, and the code is compiled
    const folder = `/streams/${STREAM}/`;
    const paths = await renditionsOf(server.httpPort, folder);
    const until = performance.now() + seconds * 1000;
    const [video, audio] = await Promise.all([
      follow(server.httpPort, paths.video, sent.video, until),
      follow(server.httpPort, paths.audio, sent.audio, until),
    ]);
    return { video, audio };
  });
}

async function follow(
  port: number,
  playlist: string,
  sent: readonly number[],
  until: number,
): Promise<Arrivals> {
  const follower = await HlsFollower.open(port, playlist);
  const init = readInit(await follower.init());
  const fromFirst: number[] = [];
  const fromEach: number[] = [];
  while (performance.now() < until) {
    for (const { body, at } of await follower.next()) {
      const delays = readSamples(body, init).map(({ data }) => {
        const { buffer, byteOffset, length } = data;
        const index = new DataView(buffer, byteOffset, length).getUint32(length - 4);
        return at - (sent[index] ?? Number.NaN);
      });
      fromFirst.push(delays[0] ?? Number.NaN);
      fromEach.push(...delays);
    }
  }
  follower.close();
  return { partTarget: follower.edge.partTarget, fromFirst, fromEach };
}
