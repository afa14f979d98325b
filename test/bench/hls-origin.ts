import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { WebSocket } from "ws";
import { mediaSegmentHead } from "../../server/protocol/isobmff/media-segment.ts";
import type { AnnouncedTrack, ServerMessage } from "../../server/protocol/wire/control.ts";
import {
  decodeFrames,
  type Frame,
  FrameFlag,
  FrameType,
} from "../../server/protocol/wire/frame.ts";
import { answer } from "./helper.ts";

/**
 * A minimal origin of low-latency HLS: it cuts the parts of one broadcast, which it takes as a viewer,
 * into the same renditions, and knows nothing else. It also serves a page with a bare hls.js for
 * whatever origin.
 */
export type HlsOriginRequest = {
  readonly wsUrl: string;
  /** What a part is to last, and PART-TARGET; s. */
  readonly part: number;
  readonly partTarget: number;
  readonly targetDuration: number;
};

/** Of the origin, and of the page: `/page?src=URL`. */
export type HlsOriginPorts = { readonly origin: number; readonly page: number };

/** Seconds of a segment; three target durations are listed, and their parts, as must be. */
const SEGMENT = 2;

const listed = (targetDuration: number): number => Math.ceil((3 * targetDuration) / SEGMENT);

type Sample = Frame & { readonly size: number };
type Part = { readonly duration: number; readonly isIndependent: boolean; readonly bytes: Buffer };
type Segment = { readonly at: number; readonly parts: Part[] };

/** One track: samples in, parts and a playlist out. */
class Track {
  readonly announced: AnnouncedTrack;
  init = Buffer.alloc(0);
  readonly segments: Segment[] = [];
  readonly #options: HlsOriginRequest;
  #last: Sample | undefined;
  #samples: { readonly sample: Sample; readonly duration: number }[] = [];
  #waiting: { readonly msn: number; readonly part: number; readonly send: () => void }[] = [];
  #sequence = 0;

  constructor(announced: AnnouncedTrack, options: HlsOriginRequest) {
    this.announced = announced;
    this.#options = options;
  }

  /** @param isCut whether a segment begins with it */
  push(sample: Sample, isCut: boolean): void {
    const last = this.#last;
    this.#last = sample;
    if (last !== undefined) {
      const duration = sample.dts - last.dts;
      const { timescale } = this.announced;
      const filled = this.#samples.reduce((sum, one) => sum + one.duration, 0) / timescale;
      if (filled + duration / timescale > this.#options.part + 0.005) this.#endPart();
      this.#samples.push({ sample: last, duration });
      // A part that is full goes at once.
      const isFull = filled + (2 * duration) / timescale > this.#options.part + 0.005;
      if (isCut || isFull) this.#endPart();
    }
    if (isCut || this.segments.length === 0) {
      this.segments.push({ at: sample.serverTime, parts: [] });
      this.segments[this.segments.length - 2 * listed(this.#options.targetDuration)]?.parts.splice(
        0,
      );
    }
  }

  /** Calls when this part, or a later one, is there. */
  await(msn: number, part: number, send: () => void): void {
    this.#waiting.push({ msn, part, send });
    this.#serve();
  }

  playlist(): string {
    const { partTarget, targetDuration } = this.#options;
    const { id } = this.announced;
    const first = Math.max(0, this.segments.length - listed(targetDuration) - 1);
    const lines = [
      "#EXTM3U",
      "#EXT-X-VERSION:9",
      `#EXT-X-TARGETDURATION:${targetDuration}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${(3 * partTarget).toFixed(3)}`,
      `#EXT-X-PART-INF:PART-TARGET=${partTarget}`,
      `#EXT-X-MEDIA-SEQUENCE:${first + 1}`,
      `#EXT-X-MAP:URI="t${id}.mp4"`,
    ];
    for (let n = first; n < this.segments.length; n += 1) {
      const { at = 0, parts = [] } = this.segments[n] ?? {};
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(at).toISOString()}`);
      for (const [index, { duration, isIndependent }] of parts.entries()) {
        const independent = isIndependent ? ",INDEPENDENT=YES" : "";
        const uri = `t${id}-${n + 1}-${index}.m4s`;
        lines.push(`#EXT-X-PART:DURATION=${duration.toFixed(5)},URI="${uri}"${independent}`);
      }
      if (n === this.segments.length - 1) break;
      const whole = parts.reduce((sum, { duration }) => sum + duration, 0);
      lines.push(`#EXTINF:${whole.toFixed(5)},`, `t${id}-${n + 1}.m4s`);
    }
    return `${lines.join("\n")}\n`;
  }

  #endPart(): void {
    const samples = this.#samples.splice(0);
    const [first] = samples;
    if (first === undefined) return;
    const { id, mediaType, timescale } = this.announced;
    this.#sequence += 1;
    const head = mediaSegmentHead({
      trackId: id,
      sequenceNumber: this.#sequence,
      baseMediaDecodeTime: first.sample.dts,
      mediaType,
      samples: samples.map(({ sample, duration }) => ({
        duration,
        size: sample.size,
        isSync: isSync(sample),
        isDisposable: false,
        compositionOffset: sample.compositionOffset,
      })),
    });
    const data = samples.map(({ sample }) => sample.payload.subarray(sample.dataOffset));
    this.segments.at(-1)?.parts.push({
      duration: samples.reduce((sum, { duration }) => sum + duration, 0) / timescale,
      isIndependent: mediaType === "audio" || samples.some(({ sample }) => isSync(sample)),
      bytes: Buffer.concat([head, ...data]),
    });
    this.#serve();
  }

  #serve(): void {
    const msn = this.segments.length;
    const part = (this.segments.at(-1)?.parts.length ?? 0) - 1;
    const isThere = (one: { msn: number; part: number }): boolean =>
      one.msn < msn || (one.msn === msn && one.part <= part);
    const due = this.#waiting.filter(isThere);
    this.#waiting = this.#waiting.filter((one) => !isThere(one));
    for (const { send } of due) send();
  }
}

const isSync = ({ flags }: Sample): boolean => (flags & FrameFlag.Sync) !== 0;

const tracks = new Map<number, Track>();
let options: HlsOriginRequest | undefined;
let cutAt = 0;

function take(frame: Frame): void {
  const track = tracks.get(frame.trackId);
  if (track === undefined) return;
  if (frame.type === FrameType.InitSegment) {
    track.init = Buffer.from(frame.payload);
    return;
  }
  const sample = { ...frame, size: frame.payload.length - frame.dataOffset };
  const time = sample.dts / track.announced.timescale;
  const { mediaType } = track.announced;
  // Pictures say where segments end, and sound follows.
  if (mediaType === "video" && isSync(sample) && time - cutAt > SEGMENT - 0.05) cutAt = time;
  const segmentBegan = cuts.get(track) ?? Number.NEGATIVE_INFINITY;
  const isCut = cutAt > segmentBegan && time >= cutAt;
  if (isCut) cuts.set(track, cutAt);
  track.push(sample, isCut);
}
const cuts = new Map<Track, number>();

function follow(wsUrl: string): void {
  const socket = new WebSocket(wsUrl, { perMessageDeflate: false });
  socket.binaryType = "nodebuffer";
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) {
      for (const frame of decodeFrames(data)) take(frame);
      return;
    }
    const message = JSON.parse(data.toString()) as ServerMessage;
    if (message.type !== "tracks" || options === undefined) return;
    for (const announced of message.tracks) {
      if (!tracks.has(announced.id)) tracks.set(announced.id, new Track(announced, options));
    }
  });
}

function multivariant(): string {
  const all = [...tracks.values()].map(({ announced }) => announced);
  const video = all.find(({ mediaType }) => mediaType === "video");
  const audio = all.find(({ mediaType }) => mediaType === "audio");
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:9",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,AUTOSELECT=YES,URI="t${audio?.id}.m3u8"`,
    `#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS="${video?.codec},${audio?.codec}",RESOLUTION=${video?.width}x${video?.height},FRAME-RATE=30.000,AUDIO="a"`,
    `t${video?.id}.m3u8\n`,
  ].join("\n");
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>hls.js</title>
<video muted autoplay playsinline width="640" height="360"></video>
<script src="/hls.js"></script>
<script>
  const hls = new Hls({ lowLatencyMode: true });
  window.benchHls = hls;
  hls.loadSource(new URLSearchParams(location.search).get("src"));
  hls.attachMedia(document.querySelector("video"));
</script>`;
const require = createRequire(import.meta.url);

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://origin");
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (pathname === "/index.m3u8") return send(response, PLAYLIST, multivariant());
  const [, id, msn, part, extension] =
    /^\/t(\d+)(?:-(\d+))?(?:-(\d+))?\.(\w+)$/.exec(pathname) ?? [];
  const track = tracks.get(Number(id));
  const parts = track?.segments[Number(msn) - 1]?.parts ?? [];
  if (track === undefined) response.writeHead(404).end();
  else if (extension === "mp4") send(response, "video/mp4", track.init);
  else if (extension === "m3u8") {
    const wanted = [searchParams.get("_HLS_msn"), searchParams.get("_HLS_part")].map(Number);
    track.await(wanted[0] ?? 0, wanted[1] ?? 0, () => send(response, PLAYLIST, track.playlist()));
  } else {
    const wanted = part === undefined ? parts : parts.slice(Number(part), Number(part) + 1);
    send(response, "video/mp4", Buffer.concat(wanted.map(({ bytes }) => bytes)));
  }
});
/** Elsewhere than both origins: neither is the one that the browser knows already. */
const pages = createServer((request, response) => {
  if (request.url === "/hls.js") {
    const script = readFileSync(require.resolve("hls.js/dist/hls.min.js"));
    send(response, "text/javascript", script);
  } else {
    send(response, "text/html", PAGE);
  }
});
const PLAYLIST = "application/vnd.apple.mpegurl";

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  const headers = { "Content-Type": type, "Content-Length": Buffer.byteLength(body) };
  response.writeHead(200, headers).end(body);
}

answer<HlsOriginRequest, HlsOriginPorts>(async (request) => {
  options = request;
  follow(request.wsUrl);
  const listen = async (one: Server): Promise<number> => {
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    return (one.address() as AddressInfo).port;
  };
  return { origin: await listen(server), page: await listen(pages) };
});
