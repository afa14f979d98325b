import { setTimeout as sleep } from "node:timers/promises";
import { LIMITS } from "../../server/protocol/limits.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { Broadcast, PICTURES_PER_SECOND, withBroadcast } from "./broadcast.ts";
import type { CrowdRequest } from "./crowd.ts";
import { type Helper, startHelper } from "./helper.ts";
import { cpuSeconds, residentBytes, settledResidentBytes } from "./process-cost.ts";
import type { ReplayRequest } from "./replay.ts";
import { type Effort, figure, median, type Report, times } from "./report.ts";
import { type RecordedMessage, SocketViewer } from "./socket-viewer.ts";

const STREAM = "live/bench";
const PATH = `/streams/${STREAM}/ws`;

/** Streams published at once, their pictures' size, and how much media each is given. */
const STREAMS = 20;
const SMALL_PICTURE = 4_000;
const STREAM_TIME = LIMITS.hlsMemoryWindow + LIMITS.hlsMargin + 6000;

type Crowd = Helper<CrowdRequest, number>;
type Replay = Helper<ReplayRequest, number>;

/** What delivery to so many viewers costs, by the server and by the floor. */
type Cost = {
  readonly viewers: number;
  readonly megabytesPerSecond: number;
  readonly messagesPerSecond: number;
  readonly server: Spent;
  readonly floor: Spent;
};

/** CPU seconds a second, CPU seconds per GB, and bytes of memory that are resident. */
type Spent = { readonly load: number; readonly perGigabyte: number; readonly resident: number };

/** CPU and memory for many viewers, and memory for many streams. */
export async function measureViewers({ quick, tell }: Effort): Promise<Report> {
  const counts = quick ? [1, 10, 60] : [1, 100, 500];
  const windows = { count: quick ? 1 : 3, time: quick ? 1500 : 3000 };
  const server = await startSluice();
  const crowd = startHelper<CrowdRequest, number>("crowd");
  const replay = startHelper<ReplayRequest, number>("replay");
  const costs: Cost[] = [];
  let ingest = Number.NaN;
  let alone = Number.NaN;
  try {
    await withBroadcast({ url: server.rtmpUrl(STREAM) }, async (broadcast) => {
      // Until the HLS window is full memory grows by itself: it is filled before anything is read.
      await broadcast.burst(STREAM_TIME);
      broadcast.play();
      await sleep(quick ? 500 : 2000);
      ingest = await loadOf(pidOf(server), windows.time);
      alone = await settledResidentBytes(pidOf(server), 1000);
      for (const viewers of counts) {
        tell(`viewers: ${viewers}`);
        costs.push(await measureCost({ viewers, server, crowd, replay, windows }));
      }
    });
  } finally {
    await Promise.all([crowd.stop(), replay.stop()]);
    await server.stop();
  }
  tell(`viewers: memory of ${STREAMS} streams`);
  const perStream = await measureStreams();
  return report({ costs, ingest, alone, perStream });
}

function report({
  costs,
  ingest,
  alone,
  perStream,
}: {
  costs: readonly Cost[];
  ingest: number;
  alone: number;
  perStream: number;
}): Report {
  const [few, many] = costs.slice(-2);
  const most = many?.viewers ?? 0;
  const more = most - (few?.viewers ?? 0);
  const perViewer = (by: "server" | "floor") =>
    ((many?.[by].resident ?? Number.NaN) - (few?.[by].resident ?? Number.NaN)) / more;
  const media =
    ((LIMITS.hlsMemoryWindow + LIMITS.hlsMargin) / 1000) * (SMALL_PICTURE * PICTURES_PER_SECOND);
  return {
    title: "Viewers",
    how:
      `The same broadcast (6 Mb/s, 30 pictures and 47 sounds a second) to so many WebSocket viewers, bare sockets in a process ` +
      "of their own that read and discard. CPU is what all threads of the server's process used " +
      "(/proc/PID/task/*/schedstat, user and system, in ns; receiving the broadcast included), bytes are those that " +
      "viewers read; medians of several windows. The floor, right after each: a bare Node process " +
      "writes the very messages that a viewer got, at their times, to as many bare sockets.",
    tables: [
      {
        columns: [
          "viewers",
          "MB/s out",
          "messages/s each",
          "server, CPU s/GB",
          "floor, CPU s/GB",
          "ratio",
          "server, % of a core",
          "floor, % of a core",
        ],
        rows: [
          ["0", "–", "–", "–", "–", "–", figure(ingest * 100, 1), "–"],
          ...costs.map((cost) => [
            String(cost.viewers),
            figure(cost.megabytesPerSecond, 1),
            figure(cost.messagesPerSecond),
            figure(cost.server.perGigabyte, 3),
            figure(cost.floor.perGigabyte, 3),
            times(cost.server.perGigabyte, cost.floor.perGigabyte),
            figure(cost.server.load * 100, 1),
            figure(cost.floor.load * 100, 1),
          ]),
        ],
      },
      {
        columns: ["memory that is resident", "server", "floor"],
        rows: [
          ["no viewer, MB", figure(alone / 1e6, 1), "–"],
          ...costs.map(({ viewers, server, floor }) => [
            viewers === 1 ? "1 viewer, MB" : `${viewers} viewers, MB`,
            figure(server.resident / 1e6, 1),
            figure(floor.resident / 1e6, 1),
          ]),
          [
            `a viewer more (${few?.viewers} to ${most}), kB`,
            figure(perViewer("server") / 1e3, 1),
            figure(perViewer("floor") / 1e3, 1),
          ],
          ["a stream more, MB", figure(perStream / 1e6, 1), "–"],
          ["… of which pictures kept for HLS, MB", figure(media / 1e6, 1), "–"],
        ],
      },
    ],
    remarks: [
      "Memory is VmRSS, the median of several readings; no collection is forced, so it is noisy: " +
        "what the collector has not returned counts.",
      `A stream: ${STREAMS} more of them at 1 Mb/s, each given ${STREAM_TIME / 1000} s of media at once, so that its HLS window is full, then going on in real time.`,
    ],
  };
}

async function measureCost({
  viewers,
  server,
  crowd,
  replay,
  windows,
}: {
  viewers: number;
  server: RunningSluice;
  crowd: Crowd;
  replay: Replay;
  windows: { count: number; time: number };
}): Promise<Cost> {
  // One of them sits here and keeps the messages: they are what the floor writes.
  const witness = new SocketViewer(server.httpPort, PATH);
  await crowd.ask({ type: "connect", port: server.httpPort, count: viewers - 1, path: PATH });
  await sleep(1500 + viewers * 3); // all have had their history
  const recordings: (readonly RecordedMessage[])[] = [];
  const byServer: Window[] = [];
  for (let n = 0; n < windows.count; n += 1) {
    witness.record();
    const seen = witness.bytes;
    const window = await measureWindow(pidOf(server), crowd, sleep(windows.time));
    byServer.push({ ...window, bytes: window.bytes + witness.bytes - seen });
    recordings.push(witness.stopRecording());
  }
  witness.close();
  await crowd.ask({ type: "leave" });

  const port = await replay.ask({ type: "load", messages: [] });
  await crowd.ask({ type: "connect", port, count: viewers });
  const byFloor: Window[] = [];
  for (const messages of recordings) {
    await replay.ask({ type: "load", messages });
    byFloor.push(await measureWindow(replay.pid, crowd, replay.ask({ type: "play" })));
  }
  await crowd.ask({ type: "leave" });
  const messages = median(recordings.map(({ length }) => length));
  return {
    viewers,
    megabytesPerSecond: median(byServer.map(({ bytes, seconds }) => bytes / seconds)) / 1e6,
    messagesPerSecond: messages / (windows.time / 1000),
    server: spent(byServer),
    floor: spent(byFloor),
  };
}

/** What a process used while `during` went on, and what the crowd got meanwhile. */
type Window = {
  readonly cpu: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly resident: number;
};

async function measureWindow(pid: number, crowd: Crowd, during: Promise<unknown>): Promise<Window> {
  const bytes = await crowd.ask({ type: "count" });
  const cpu = cpuSeconds(pid);
  const began = performance.now();
  await during;
  const used = cpuSeconds(pid) - cpu;
  const seconds = (performance.now() - began) / 1000;
  const resident = residentBytes(pid);
  return { cpu: used, seconds, resident, bytes: (await crowd.ask({ type: "count" })) - bytes };
}

const spent = (windows: readonly Window[]): Spent => ({
  load: median(windows.map(({ cpu, seconds }) => cpu / seconds)),
  perGigabyte: median(windows.map(({ cpu, bytes }) => cpu / (bytes / 1e9))),
  resident: median(windows.map(({ resident }) => resident)),
});

async function loadOf(pid: number, time: number): Promise<number> {
  const cpu = cpuSeconds(pid);
  const began = performance.now();
  await sleep(time);
  return (cpuSeconds(pid) - cpu) / ((performance.now() - began) / 1000);
}

/** Memory for each of many streams, in bytes. */
async function measureStreams(): Promise<number> {
  const server = await startSluice();
  try {
    const publish = async (name: string) => {
      const url = server.rtmpUrl(`live/${name}`);
      const broadcast = await Broadcast.open(url, { pictureBytes: SMALL_PICTURE });
      await broadcast.burst(STREAM_TIME);
      broadcast.play();
      return broadcast;
    };
    // What the first stream needs once and for all is not counted.
    const broadcasts = [await publish("first")];
    const before = await settledResidentBytes(pidOf(server), 3000);
    for (let n = 0; n < STREAMS; n += 1) broadcasts.push(await publish(String(n)));
    const after = await settledResidentBytes(pidOf(server), 3000);
    await Promise.all(broadcasts.map((broadcast) => broadcast.finish()));
    return (after - before) / STREAMS;
  } finally {
    await server.stop();
  }
}

function pidOf(server: RunningSluice): number {
  const { pid } = server.child.process;
  if (pid === undefined) throw new Error("The server has no process");
  return pid;
}
