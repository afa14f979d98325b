import { z } from "zod";
import type {
  ListedRecording,
  ListedRecordingTrack,
  RecordingList,
} from "../../protocol/wire/recording-list.ts";
import type { RecordedTrack, RecordingManifest } from "../../store/recording-manifest.ts";

const time = z.iso.datetime();

const track: z.ZodType<ListedRecordingTrack> = z.strictObject({
  id: z.int().min(1).describe("track_ID in the file"),
  mediaType: z.enum(["video", "audio"]),
  name: z.string().describe("for people"),
  language: z.string().describe("BCP 47; und where the encoder did not say"),
  codec: z.string().describe("RFC 6381"),
  width: z.int().optional(),
  height: z.int().optional(),
  frameRate: z.number().optional(),
  sampleRate: z.int().optional().describe("audio: Hz"),
  channels: z.int().optional(),
});

/** The form of a recording. */
export const recordingSchema: z.ZodType<ListedRecording> = z.strictObject({
  id: z.string().describe("as in /recordings/ID/recording.mp4 and /recordings/ID/index.m3u8"),
  streamPath: z.string().describe("APP/NAME"),
  state: z
    .enum(["recording", "complete", "failed"])
    .describe("failed: it ended before its stream did; what is there plays"),
  startedAt: time,
  endedAt: time.nullable(),
  duration: z.number().min(0).describe("seconds"),
  bytes: z.int().min(0),
  reason: z
    .enum([
      ...(["ended", "lost", "stopped", "replaced", "changed"] as const),
      ...(["rotated", "shutdown", "failed", "crash"] as const),
    ])
    .nullable()
    .describe(
      "why it ended: the publisher said goodbye; its line broke; by request; another publisher took over; other tracks came; the file was large enough; the server ended; a failure; the server vanished",
    ),
  failure: z
    .strictObject({ code: z.string(), message: z.string().describe("for people") })
    .nullable(),
  tracks: z.array(track),
});

/** The form of the list. */
export const recordingListSchema: z.ZodType<RecordingList> = z.strictObject({
  recordings: z.array(recordingSchema).describe("the newest first"),
  next: z
    .string()
    .nullable()
    .describe("`before` of a request for older ones; null: there are none"),
  mayChange: z.boolean().describe("whether who asks may start, stop and delete"),
});

/** What `POST /api/v1/recordings` takes. */
export const recordingRequestSchema: z.ZodType<{ readonly streamPath: string }> = z.strictObject({
  streamPath: z.string().max(255).describe("APP/NAME of a stream that is live"),
});

/** Tells of a recording. */
export function listedRecording(manifest: RecordingManifest): ListedRecording {
  const { id, streamPath, state, startedAt, endedAt, duration, bytes, reason } = manifest;
  const { failure } = manifest;
  const tracks = manifest.tracks.map(listedTrack);
  return { id, streamPath, state, startedAt, endedAt, duration, bytes, reason, failure, tracks };
}

function listedTrack(track: RecordedTrack): ListedRecordingTrack {
  const { index: _index, timescale: _timescale, displayWidth: _width, ...rest } = track;
  const { transfer: _transfer, ...listed } = rest;
  return listed;
}
