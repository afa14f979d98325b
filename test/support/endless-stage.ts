import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { EndlessLimits } from "../../server/endpoint/endless/endpoint.ts";
import { FlvEndpoint } from "../../server/endpoint/flv/endpoint.ts";
import { Mp4Endpoint } from "../../server/endpoint/mp4/endpoint.ts";
import { Registry } from "../../server/live/registry.ts";
import type { Sample } from "../../server/protocol/media/sample.ts";
import type { AudioTrack, VideoTrack } from "../../server/protocol/media/track.ts";
import { HttpTaker, WebSocketTaker } from "./endless-viewer.ts";
import { hex } from "./hex.ts";
import { ManualClock } from "./manual-clock.ts";
import { recordingLog } from "./recording-log.ts";

/** Tracks that an encoder would describe so. */
export const AVC: VideoTrack = {
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  configuration: hex`0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8`,
  width: 640,
  height: 360,
};
export const AAC: AudioTrack = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "aac",
  codecString: "mp4a.40.2",
  configuration: hex`1190`,
  sampleRate: 48_000,
  channels: 2,
};

/** A picture of one NAL unit, whose bytes tell its time. */
export const picture = (dts: number, fields: Partial<Sample> & { size?: number } = {}): Sample => {
  const { size = 100, ...rest } = fields;
  return {
    mediaType: "video",
    trackIndex: 0,
    dts,
    compositionOffset: 0,
    isSync: false,
    isDisposable: false,
    audioSamples: 0,
    data: nalUnit(size, dts % 251),
    ...rest,
  };
};

function nalUnit(size: number, content: number): Uint8Array {
  const data = new Uint8Array(size).fill(content);
  new DataView(data.buffer).setUint32(0, size - 4);
  data[4] = 0x41; // a slice that others refer to
  return data;
}

/** Sound of 40 ms at 48 kHz, likewise. */
export const sound = (dts: number, fields: Partial<Sample> & { size?: number } = {}): Sample => ({
  ...picture(dts, { size: 30, ...fields }),
  mediaType: "audio",
  isSync: true,
  audioSamples: 1920,
});

/** A hub with the outputs that have no end, behind a real HTTP port; the clock is turned by hand. */
export async function endlessStage(limits: Partial<EndlessLimits> = {}) {
  const clock = new ManualClock();
  const registry = new Registry(clock, {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 10_000_000,
    liveStreams: 3,
    waitingLiveStreams: 3,
    publisherYield: 5000,
    handover: { events: 1024, bytes: 1_000_000, time: 5000 },
    segmenter: {
      segment: 2000,
      longestSegment: 10_000,
      part: 200,
      window: 60_000,
      windowBytes: 10_000_000,
    },
  });
  const log = recordingLog();
  const options = {
    hub: registry,
    clock,
    log,
    limits: {
      backlog: {
        bytes: 500_000,
        time: 2000,
        soundBytes: 700_000,
        messages: 10_000,
        historyTime: 10_000,
      },
      silence: 10_000,
      notices: 100_000,
      viewers: 10,
      viewersPerAddress: 10,
      viewersPerStream: 10,
      publisherWait: 45_000,
      trackWait: 1000,
      trackGrace: 100,
      message: 200,
      messagesPerSecond: 5,
      ...limits,
    },
  };
  const flv = new FlvEndpoint(options);
  const mp4 = new Mp4Endpoint({ ...options, soundTime: 50 });
  const server = createServer((request, response) => {
    flv.handle(request, response, () => {
      mp4.handle(request, response, () => response.writeHead(404).end("not ours"));
    });
  });
  server.on("upgrade", (request, socket, head) => {
    flv.upgrade(request, socket, head, "live/show");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const takers: { leave(): void }[] = [];
  const keep = <Taker extends { leave(): void }>(taker: Taker): Taker => {
    takers.push(taker);
    return taker;
  };
  const publish = () => {
    const publisher = { identity: undefined, silence: () => 0, drop: () => {} };
    const publication = registry.open("live/show", publisher);
    if ("refused" in publication) throw new Error("refused");
    return publication;
  };
  return {
    clock,
    registry,
    flv,
    mp4,
    log,
    port,
    publish,
    /** @param resource `live.flv?tracks=all` */
    take: (resource: string, request: { method?: string; headers?: Record<string, string> } = {}) =>
      keep(new HttpTaker(`http://127.0.0.1:${port}/streams/live/show/${resource}`, request)),
    takeBySocket: (resource: string) =>
      keep(new WebSocketTaker(`ws://127.0.0.1:${port}/streams/live/show/${resource}`)),
    close: () => {
      for (const taker of takers) taker.leave();
      server.closeAllConnections();
      server.close();
    },
  };
}
