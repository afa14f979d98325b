import { z } from "zod";
import type { LiveStream, TrackStatus } from "../../live/live-stream.ts";
import { inOrder } from "../../live/track-choice.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { ListedStream, ListedTrack, StreamList } from "../../protocol/wire/stream-list.ts";
import { encoderSchema, listedEncoder } from "./encoder-status.ts";
import { healthSchema, listedHealth } from "./health.ts";

const bitrate = z.int().min(0).describe("bits a second, measured over the last seconds");
const mediaType = z.enum(["video", "audio"]);

const track = z.strictObject({
  id: z.int().min(1).describe("within the live stream, and the same on every transport"),
  mediaType,
  index: z
    .int()
    .min(0)
    .describe("the encoder's own among those of its kind; the first is the default"),
  name: z.string().describe("for people"),
  language: z.string().describe("BCP 47; und where the encoder did not say"),
  codec: z.string().describe("RFC 6381"),
  width: z.int().optional().describe("video: pixels to show"),
  height: z.int().optional(),
  frameRate: z.number().optional().describe("video: pictures a second, where the encoder said it"),
  sampleRate: z.int().optional().describe("audio: Hz"),
  channels: z.int().optional(),
  bitrate,
});

const stream = z.strictObject({
  path: z.string().describe("APP/NAME, as in /watch/APP/NAME"),
  state: z
    .enum(["waiting", "live", "reconnecting", "ended"])
    .describe(
      "waiting: somebody watches, nobody publishes; reconnecting: the publisher's line was lost; ended: the publisher said goodbye",
    ),
  startedAt: z.iso
    .datetime()
    .nullable()
    .describe("when this broadcast began; a publisher's return continues it"),
  uptimeSeconds: z.int().min(0),
  bitrate,
  viewers: z.strictObject({
    websocket: z.int().min(0),
    hls: z.int().min(0).describe("who asked for something lately"),
    flv: z.int().min(0).describe("by HTTP and by WebSocket"),
    mp4: z.int().min(0),
    rtmp: z.int().min(0).describe("who plays over RTMP"),
    total: z.int().min(0),
    previews: z
      .int()
      .min(0)
      .describe("who only shows what there is (`?preview=1`), as the wall does: not in the others"),
  }),
  tracks: z.array(track),
  unplayable: z
    .array(z.strictObject({ mediaType, codecName: z.string().describe("for people") }))
    .describe("tracks that no browser plays"),
  encoder: encoderSchema.optional(),
  health: healthSchema.optional(),
  recording: z.string().optional().describe("the id of the recording that is being made of it"),
  warnings: z
    .array(
      z.strictObject({
        code: z.string().describe("LONG_GOP: key frames are further apart than a segment is long"),
        message: z.string().describe("for people: which setting of the encoder to change"),
      }),
    )
    .describe("what the publisher can better"),
});

/** The form of `StreamList`: the description that others read is made from it. */
export const streamListSchema: z.ZodType<StreamList> = z.strictObject({
  streams: z.array(stream).describe("by path"),
  rtmp: z
    .strictObject({
      port: z.int().min(0).describe("every form of RTMP"),
      tlsPort: z.int().min(0).optional().describe("RTMPS, where it has a port of its own"),
    })
    .optional()
    .describe("where broadcasts are taken; a proxy in front may have other ports"),
  publish: z
    .strictObject({
      server: z.string().describe("what OBS calls Server"),
      streamKey: z.string().describe("what OBS calls Stream Key: NAME?key=PUBLISHKEY, a secret"),
    })
    .optional()
    .describe("only for somebody who asks from the server's own machine"),
});

/** What the list needs of a live stream. */
export type ListedLiveStream = Pick<
  LiveStream,
  "streamPath" | "state" | "startedAt" | "status" | "unplayable" | "encoder" | "warnings" | "health"
>;

/** How many watch a stream, by transport. */
export type ViewerCounts = {
  webSocket(streamPath: string): number;
  hls(streamPath: string): number;
  flv(streamPath: string): number;
  mp4(streamPath: string): number;
  rtmp(streamPath: string): number;
  /** Over WebSocket and HLS: not among those. */
  previews(streamPath: string): number;
};

/**
 * Tells of the live streams that somebody publishes, or just published. Paths that only have
 * somebody waiting are nobody's business.
 */
export function listStreams(
  liveStreams: readonly ListedLiveStream[],
  viewers: ViewerCounts,
  now: Milliseconds,
  recordingOf: (streamPath: string) => string | undefined = () => undefined,
): StreamList {
  const streams = liveStreams
    .filter(({ startedAt }) => startedAt !== undefined)
    .map((liveStream) => {
      const recording = recordingOf(liveStream.streamPath);
      const listed = listedStream(liveStream, viewers, now);
      return recording === undefined ? listed : { ...listed, recording };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { streams };
}

function listedStream(
  liveStream: ListedLiveStream,
  viewers: ViewerCounts,
  now: Milliseconds,
): ListedStream {
  const { streamPath, state, startedAt, unplayable } = liveStream;
  const encoder = listedEncoder(liveStream.encoder);
  const rates = new Map(liveStream.status().map((status) => [status.track, status]));
  const tracks = inOrder([...rates.keys()]).flatMap((live) => {
    const status = rates.get(live);
    return status === undefined ? [] : [listedTrack(status)];
  });
  const { health } = liveStream;
  return {
    path: streamPath,
    state,
    startedAt: startedAt === undefined ? null : new Date(Math.round(startedAt)).toISOString(),
    uptimeSeconds: startedAt === undefined ? 0 : Math.max(0, Math.floor((now - startedAt) / 1000)),
    bitrate: tracks.reduce((sum, one) => sum + one.bitrate, 0),
    viewers: countViewers(streamPath, viewers),
    tracks,
    unplayable: unplayable.map(({ mediaType: type, codecName }) => ({
      mediaType: type,
      codecName,
    })),
    ...(encoder && { encoder }),
    ...(health && { health: listedHealth(health) }),
    warnings: liveStream.warnings.map(({ code, message }) => ({ code, message })),
  };
}

/** @returns how many watch a stream, by transport and in all */
export function countViewers(streamPath: string, counts: ViewerCounts): ListedStream["viewers"] {
  const websocket = counts.webSocket(streamPath);
  const hls = counts.hls(streamPath);
  const flv = counts.flv(streamPath);
  const mp4 = counts.mp4(streamPath);
  const rtmp = counts.rtmp(streamPath);
  const total = websocket + hls + flv + mp4 + rtmp;
  return { websocket, hls, flv, mp4, rtmp, total, previews: counts.previews(streamPath) };
}

function listedTrack({ track: live, bitrate: bits }: TrackStatus): ListedTrack {
  const { track: description } = live;
  const common = {
    id: live.id,
    mediaType: description.mediaType,
    index: description.trackIndex,
    name: live.name,
    language: live.language,
    codec: description.codecString,
    bitrate: Math.round(bits),
  };
  if (description.mediaType === "audio") {
    const { sampleRate, channels } = description;
    return { ...common, sampleRate, channels };
  }
  const { width, height, frameRate } = description;
  return { ...common, width, height, ...(frameRate === undefined ? {} : { frameRate }) };
}
