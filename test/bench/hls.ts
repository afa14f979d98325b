import { counterClip } from "../support/counter-clip.ts";
import { startSluice } from "../support/sluice.ts";
import { type Arrivals, measureArrivals } from "./hls-arrival.ts";
import { type HlsDelay, type HlsDelays, measureHlsDelay } from "./hls-delay.ts";
import { type LoadCost, measureLoad } from "./hls-load.ts";
import { measureRecording, RECORDED, type RecordingCost } from "./recording-cost.ts";
import { type Effort, figure, median, percentile, type Report, times } from "./report.ts";

/** Low-latency HLS: how old parts are, what hls.js makes of them, and what many viewers cost. */
export async function measureHls({ quick, tell }: Effort): Promise<Report> {
  const server = await startSluice();
  let arrivals: { video: Arrivals; audio: Arrivals };
  let load: { ingest: number; costs: readonly LoadCost[] };
  try {
    tell("hls: parts behind blocking reloads");
    arrivals = await measureArrivals(server, quick ? 4 : 60);
    tell("hls: requests of many viewers");
    load = await measureLoad(server, {
      counts: quick ? [20] : [100, 300],
      windows: { count: quick ? 1 : 3, time: 1500 },
    });
  } finally {
    await server.stop();
  }
  const clip = await counterClip({ video: "h264", audio: "aac", seconds: quick ? 60 : 180 });
  const delays: HlsDelays[] = [];
  for (const part of [200, 100]) {
    tell(`hls: hls.js, parts of ${part} ms`);
    const rounds = quick ? { rounds: 1, time: 1500 } : { rounds: 5, time: 1500 };
    delays.push(
      await measureHlsDelay(clip, { part, flags: ["--hls-part", String(part)], ...rounds }),
    );
  }
  tell("hls: recording");
  const recording = await measureRecording(
    quick ? { rounds: 1, time: 1500 } : { rounds: 4, time: 2500 },
  );
  return report({ arrivals, load, delays, recording });
}

function report({
  arrivals,
  load: { ingest, costs },
  delays,
  recording,
}: {
  arrivals: { video: Arrivals; audio: Arrivals };
  load: { ingest: number; costs: readonly LoadCost[] };
  delays: readonly HlsDelays[];
  recording: RecordingCost;
}): Report {
  const arrival = (name: string, { partTarget, fromFirst, fromEach }: Arrivals): string[] => [
    name,
    figure(partTarget * 1000),
    figure(percentile(fromFirst, 50), 1),
    figure(percentile(fromFirst, 95), 1),
    figure(percentile(fromEach, 50), 1),
    figure(percentile(fromEach, 95), 1),
    String(fromFirst.length),
  ];
  const delay = (
    name: string,
    { delays, waits, latency, target, pictures, starts }: HlsDelay,
  ): string[] => [
    name,
    figure(median(delays)),
    figure(Math.min(...delays)),
    figure(Math.max(...delays)),
    figure(latency * 1000),
    figure(target * 1000),
    String(waits),
    `${delays.length} of ${starts}, ${pictures}`,
  ];
  return {
    title: "Low-latency HLS",
    how:
      "Parts: the broadcast of 6 Mb/s (30 pictures and 47 sounds a second), followed over HTTP/1.1 by a " +
      "bare socket for each rendition, in the same process as the publisher (one clock): a blocking reload, then the part that it told " +
      "of. From the moment before the write of the RTMP message with a part's first sample (and with each of its samples) to " +
      "the last byte of the part. hls.js: a bare page with the full build, `lowLatencyMode` and nothing else set, in " +
      "headless Chromium; from the moment the server received a picture to the `expectedDisplayTime` of " +
      "the picture that shows its number, as the median of each start (hls.js keeps the delay it began with); in turns with a minimal origin that takes the same " +
      "broadcast as a WebSocket viewer and cuts it into the same renditions with the same PART-TARGET. Requests: so many viewers of the " +
      "video rendition on bare sockets in a process of their own, gzip as browsers ask for it; the CPU of all threads of the server " +
      "without that of the broadcast itself. The floor, right after it: a bare `http.createServer` that answers the same reloads, held up to the " +
      "same times, and the same parts with the same bytes. Recording: the same broadcasts to one server, recorded " +
      "and not recorded in turns; all threads of its process.",
    tables: [
      {
        columns: [
          "behind a blocking reload, ms",
          "PART-TARGET",
          "first sample, p50",
          "p95",
          "each sample, p50",
          "p95",
          "parts",
        ],
        rows: [arrival("video", arrivals.video), arrival("audio", arrivals.audio)],
      },
      {
        columns: [
          "hls.js, server to screen",
          "median, ms",
          "least",
          "most",
          "by hls.js",
          "aimed at",
          "waits",
          "starts, pictures",
        ],
        rows: delays.flatMap(({ partTarget, server, origin }) => {
          const parts = `PART-TARGET ${figure(partTarget * 1000)} ms`;
          return [
            delay(`sluice, ${parts}`, server),
            delay(`minimal origin, ${parts}`, origin),
            ["ratio", times(median(server.delays), median(origin.delays)), "", "", "", "", "", ""],
          ];
        }),
      },
      {
        columns: [
          "viewers",
          "requests/s",
          "MB/s out",
          "server, CPU ms per 1,000 requests",
          "floor",
          "ratio",
        ],
        rows: costs.map(({ viewers, requestsPerSecond, megabytesPerSecond, server, floor }) => [
          String(viewers),
          figure(requestsPerSecond),
          figure(megabytesPerSecond, 1),
          figure(server * 1000, 1),
          figure(floor * 1000, 1),
          times(server, floor),
        ]),
      },
      {
        columns: ["broadcasts of 6 Mb/s", "% of a core", "recorded", "ratio", "least", "most"],
        rows: [
          [
            String(RECORDED),
            figure(recording.without * 100, 1),
            figure(recording.recorded * 100, 1),
            times(median(recording.ratios), 1),
            times(Math.min(...recording.ratios), 1),
            times(Math.max(...recording.ratios), 1),
          ],
        ],
      },
    ],
    remarks: [
      "Asked for: a part behind a blocking reload within one part and 20 ms of its first sample; hls.js within " +
        "10 % of the minimal origin; recording within 5 % of not recording.",
      `The broadcast itself took ${figure(ingest * 100, 1)} % of a core.`,
    ],
  };
}
