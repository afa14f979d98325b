import { setTimeout as sleep } from "node:timers/promises";
import { makeCertificate } from "../support/certificate.ts";
import type { Scheme } from "../support/rtmp-transport.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { bareRc4Cost } from "./bare-rc4.ts";
import { type Helper, startHelper } from "./helper.ts";
import type { IngestRequest } from "./ingest.ts";
import { cpuSeconds } from "./process-cost.ts";
import { type Effort, figure, median, type Report, times } from "./report.ts";

const PUBLISHERS = 10;
const CHUNK_SIZE = 4096;
/** What FFmpeg and librtmp send in where a server does not ask for more. */
const SMALL_CHUNK = 128;
/** FFmpeg's `rtmp_flush_interval`. */
const MESSAGES_PER_REQUEST = 10;

type Variant = {
  readonly name: string;
  readonly scheme: Scheme;
  readonly chunkSize: number;
  readonly piecesPerRequest: number;
  /** What its cost is beside. */
  readonly plain: string;
};

const variant = (name: string, scheme: Scheme, options: Partial<Variant> = {}): Variant => ({
  ...{ name, scheme, chunkSize: CHUNK_SIZE, piecesPerRequest: 1, plain: "rtmp", ...options },
});

const SMALL = { chunkSize: SMALL_CHUNK, plain: `rtmp, chunks of ${SMALL_CHUNK}` } as const;

const VARIANTS: readonly Variant[] = [
  variant("rtmp", "rtmp"),
  variant("rtmps", "rtmps"),
  variant("rtmpe", "rtmpe"),
  variant(`rtmpt, ${MESSAGES_PER_REQUEST} messages a request`, "rtmpt", {
    piecesPerRequest: MESSAGES_PER_REQUEST,
  }),
  variant("rtmpt, each message a request", "rtmpt"),
  variant("rtmpts, each message a request", "rtmpts"),
  variant("rtmpte, each message a request", "rtmpte"),
  variant(SMALL.plain, "rtmp", SMALL),
  variant(`rtmpe, chunks of ${SMALL_CHUNK}`, "rtmpe", SMALL),
];

/** CPU seconds a second, and per GB of RTMP's bytes. */
type Cost = { readonly load: number; readonly perGigabyte: number };

/** What taking the same broadcast costs in each variant of RTMP. */
export async function measureVariants({ quick, tell }: Effort): Promise<Report> {
  const [rounds, time] = quick ? [1, 2000] : [3, 6000];
  const certificate = makeCertificate();
  const { cert, key } = certificate;
  const tls = ["--tls-cert", cert, "--tls-key", key, "--rtmps-port", "0", "--https-port", "0"];
  const server = await startSluice([...tls, "--grace-period", "1"]);
  const ingest = startHelper<IngestRequest, number>("ingest");
  const costs = new Map<string, Cost[]>();
  const loops: number[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const one of VARIANTS) {
        tell(`variants: ${one.name}${round === 0 ? " (compiling)" : ""}`);
        const cost = await measure({ server, ingest, variant: one, time: round ? time : 1500 });
        if (round > 0) costs.set(one.name, [...(costs.get(one.name) ?? []), cost]);
      }
      loops.push(bareRc4Cost(quick ? 2e7 : 2e8, CHUNK_SIZE));
    }
  } finally {
    await ingest.stop();
    await server.stop();
    certificate.remove();
  }
  return report(costs, median(loops));
}

async function measure({
  server,
  ingest,
  variant: { scheme, chunkSize, piecesPerRequest },
  time,
}: {
  server: RunningSluice;
  ingest: Helper<IngestRequest, number>;
  variant: Variant;
  time: number;
}): Promise<Cost> {
  const ports: { readonly [scheme in Scheme]: number | undefined } = {
    rtmp: server.rtmpPort,
    rtmpe: server.rtmpPort,
    rtmps: server.rtmpsPort,
    rtmpt: server.httpPort,
    rtmpte: server.httpPort,
    rtmpts: server.httpsPort,
  };
  runs += 1;
  const urls = Array.from({ length: PUBLISHERS }, (_, index) => {
    const name = `run-${runs}-${index}`;
    return `${scheme}://127.0.0.1:${ports[scheme]}/bench/${name}?key=${server.publishKey}`;
  });
  await ingest.ask({ type: "publish", urls, chunkSize, piecesPerRequest });
  await sleep(1000);
  const { pid = 0 } = server.child.process;
  const bytes = await ingest.ask({ type: "count" });
  const cpu = cpuSeconds(pid);
  const began = performance.now();
  await sleep(time);
  const used = cpuSeconds(pid) - cpu;
  const seconds = (performance.now() - began) / 1000;
  const taken = (await ingest.ask({ type: "count" })) - bytes;
  await ingest.ask({ type: "finish" });
  await sleep(1500); // the streams are let go
  return { load: used / seconds, perGigabyte: used / (taken / 1e9) };
}

/** Each run has names of its own: a stream that goes on would keep more and more. */
let runs = 0;

function report(costs: ReadonlyMap<string, readonly Cost[]>, loop: number): Report {
  const of = (name: string, what: keyof Cost) =>
    median((costs.get(name) ?? []).map((cost) => cost[what]));
  const encrypted = VARIANTS.filter(({ scheme }) => scheme === "rtmpe");
  return {
    title: "Variants",
    how:
      `${PUBLISHERS} publishers at once, each 6 Mb/s in real time (30 pictures and 47 sounds a second), by the same client in a ` +
      `process of its own, in chunks of ${CHUNK_SIZE} bytes if the line does not say otherwise; one variant after ` +
      "another against one server, in several rounds; medians. CPU is what all threads of the server's process used, " +
      "for everything that becomes of a broadcast (nobody watches); GB are of RTMP's bytes, whatever carries them. " +
      "Bare RC4: the textbook's loop by itself, over blocks of the same size.",
    tables: [
      {
        columns: ["ingest", "CPU s/GB", "% of a core", "beside plain"],
        rows: VARIANTS.map(({ name, plain }) => [
          name,
          figure(of(name, "perGigabyte"), 2),
          figure(of(name, "load") * 100, 1),
          name === plain ? "1" : times(of(name, "perGigabyte"), of(plain, "perGigabyte")),
        ]),
      },
      {
        columns: ["RTMPE, CPU s/GB", "plain", "encrypted", "more", "bare RC4", "more / bare RC4"],
        rows: encrypted.map(({ name, plain }) => {
          const [before, after] = [of(plain, "perGigabyte"), of(name, "perGigabyte")];
          const more = after - before;
          return [
            name,
            ...[before, after, more, loop].map((value) => figure(value, 2)),
            times(more, loop),
          ];
        }),
      },
    ],
    remarks: [
      "Asked for: RTMPE at most plain and 1.5 times the bare loop; RTMPT less than 3 times plain.",
    ],
  };
}
