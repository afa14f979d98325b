import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFrames, FrameFlag, FrameType } from "../../server/protocol/wire/frame.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { type Outgoing, PICTURE_BYTES, withBroadcast } from "./broadcast.ts";
import { startHelper } from "./helper.ts";
import type { RelayRequest } from "./relay.ts";
import { type Effort, figure, percentile, type Report, times } from "./report.ts";
import { SocketViewer } from "./socket-viewer.ts";

const STREAM = "live/bench";
const PATH = `/streams/${STREAM}/ws`;

/** Delay from socket to socket, and how soon a newcomer has a picture. */
export async function measureServer({ quick, tell }: Effort): Promise<Report> {
  const server = await startSluice();
  try {
    tell("server: delay from socket to socket");
    const { delays, floor } = await measureDelay(server, quick ? 3 : 25);
    tell("server: joins");
    const { first, whole } = await measureJoins(server, quick ? 10 : 50);
    return {
      title: "Server",
      how:
        `A publisher sends ${PICTURE_BYTES / 1000} kB pictures at 30/s (6 Mb/s, a sync sample each 2 s) and AAC at 47/s over ` +
        "RTMP; a viewer on a bare socket in the same process as the publisher (one clock) notes " +
        "when the last byte of the WebSocket message with that picture came. Sent is the moment " +
        "before the one write of the RTMP message. The floor, in turns with it: the same bytes " +
        "through a bare Node process, socket in, socket out. Joins: from the upgrade request's write to " +
        "the last byte of the first sync sample, and to the end of the current GOP (0 to 1.5 MB).",
      tables: [
        {
          columns: ["delay, ms", "p50", "p95", "p99", "pictures"],
          rows: [
            row("through the server", delays),
            row("floor: bare relay", floor),
            [
              "ratio",
              ...[50, 95, 99].map((p) => times(percentile(delays, p), percentile(floor, p))),
              "",
            ],
          ],
        },
        {
          columns: ["join, ms", "p50", "p95", "p99", "joins"],
          rows: [row("first sync sample", first), row("whole current GOP", whole)],
        },
      ],
    };
  } finally {
    await server.stop();
  }
}

const row = (name: string, values: readonly number[]): string[] => [
  name,
  ...[50, 95, 99].map((percent) => figure(percentile(values, percent), 2)),
  String(values.length),
];

async function measureDelay(
  server: RunningSluice,
  seconds: number,
): Promise<{ delays: readonly number[]; floor: readonly number[] }> {
  const relay = startHelper<RelayRequest, number>("relay");
  const through = await RelayedPictures.open(await relay.ask({}));
  const sent: number[] = [];
  const delays: number[] = [];
  const beforeWrite = (message: Outgoing) => {
    // Half a picture later, so that the two do not meet.
    setTimeout(() => through.send(message), 500 / 30);
    if (message.kind === "video") sent[message.index] = performance.now();
  };
  const viewer = new SocketViewer(server.httpPort, PATH, ({ isBinary, payload, at }) => {
    if (!isBinary) return;
    for (const frame of decodeFrames(payload)) {
      if (frame.payload.length < PICTURE_BYTES) continue;
      const { buffer, byteOffset, length } = frame.payload;
      const index = new DataView(buffer, byteOffset, length).getUint32(length - 4);
      delays.push(at - (sent[index] ?? Number.NaN));
    }
  });
  await withBroadcast({ url: server.rtmpUrl(STREAM), beforeWrite }, async (broadcast) => {
    broadcast.play();
    await sleep(2000); // code that is not compiled yet is not what is asked about
    delays.length = 0;
    through.delays.length = 0;
    await sleep(seconds * 1000);
  });
  viewer.close();
  through.close();
  await relay.stop();
  return { delays, floor: through.delays };
}

/** The broadcast's bytes through the bare relay; a picture is there when its last byte is. */
class RelayedPictures {
  readonly delays: number[] = [];
  readonly #out: Socket;
  readonly #in: Socket;
  readonly #pending: { readonly end: number; readonly sentAt: number }[] = [];
  #sent = 0;
  #received = 0;

  private constructor(out: Socket, back: Socket) {
    this.#out = out;
    this.#in = back;
    back.on("data", (bytes) => this.#receive(bytes.length, performance.now()));
  }

  static async open(port: number): Promise<RelayedPictures> {
    const out = await open(port);
    return new RelayedPictures(out, await open(port));
  }

  send({ kind, bytes }: Outgoing): void {
    this.#sent += bytes.length;
    if (kind === "video") this.#pending.push({ end: this.#sent, sentAt: performance.now() });
    this.#out.write(bytes);
  }

  close(): void {
    this.#out.destroy();
    this.#in.destroy();
  }

  #receive(length: number, at: number): void {
    this.#received += length;
    for (;;) {
      const next = this.#pending[0];
      if (next === undefined || next.end > this.#received) return;
      this.#pending.shift();
      this.delays.push(at - next.sentAt);
    }
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.on("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

async function measureJoins(
  server: RunningSluice,
  joins: number,
): Promise<{ first: readonly number[]; whole: readonly number[] }> {
  const first: number[] = [];
  const whole: number[] = [];
  await withBroadcast({ url: server.rtmpUrl("live/joins") }, async (broadcast) => {
    broadcast.play();
    await sleep(2500); // a whole GOP is there
    for (let n = 0; n < joins; n += 1) {
      const times = await join(server.httpPort, "/streams/live/joins/ws");
      first.push(times.first);
      whole.push(times.whole);
      await sleep(50 + ((n * 37) % 60)); // at any place in a GOP
    }
  });
  return { first, whole };
}

/** ms from the upgrade to the first sync sample, and to the end of what a newcomer is given. */
function join(port: number, path: string): Promise<{ first: number; whole: number }> {
  return new Promise((resolve) => {
    let first: number | undefined;
    let history = Number.POSITIVE_INFINITY;
    let fragments = 0;
    const viewer = new SocketViewer(port, path, ({ isBinary, payload, at }) => {
      const since = at - (viewer.openedAt ?? Number.NaN);
      if (!isBinary) {
        const message = JSON.parse(payload.toString());
        if (message.type === "history") history = message.fragments;
        return;
      }
      for (const { type, flags, payload: fragment } of decodeFrames(payload)) {
        if (type !== FrameType.Fragment) continue;
        fragments += 1;
        if (fragment.length > PICTURE_BYTES && (flags & FrameFlag.Sync) !== 0) first ??= since;
      }
      if (first === undefined || fragments < history) return;
      viewer.close();
      resolve({ first, whole: since });
    });
  });
}
