import { open, readFile, rename, rm } from "node:fs/promises";
import { z } from "zod";
import type { LiveTrack } from "../live/live-track.ts";
import { displayWidth } from "../protocol/isobmff/movie.ts";
import type { MediaType } from "../protocol/media/track.ts";
import type { IndexedFragment } from "./recording-index.ts";

/** A track of a recording, as its manifest tells of it. */
export type RecordedTrack = {
  readonly id: number;
  readonly mediaType: MediaType;
  /** The encoder's own number among those of its kind. */
  readonly index: number;
  readonly timescale: number;
  readonly name: string;
  readonly language: string;
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** In square pixels. */
  readonly displayWidth?: number | undefined;
  readonly frameRate?: number | undefined;
  /** ISO/IEC 23091-2: 16 is PQ, 18 HLG. */
  readonly transfer?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
};

const REASONS = [
  "ended", // the publisher said goodbye
  "lost", // its line broke
  "stopped", // somebody asked for it
  "replaced", // another publisher took over
  "changed", // tracks came, or have another configuration
  "rotated", // the file became too long or too large
  "shutdown", // the server ended
  "failed", // see `failure`
  "crash", // the server vanished; its next start finished the file
] as const;

/** Why a recording ended. */
export type RecordingReason = (typeof REASONS)[number];

/** What a recording is, in a file beside it. Nothing in it is secret. Times are ISO 8601. */
export type RecordingManifest = {
  readonly format: 1;
  /** Version of the program that wrote it. */
  readonly server: string;
  readonly id: string;
  readonly streamPath: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly state: "recording" | "complete" | "failed";
  readonly reason: RecordingReason | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** In the order of the file's head. */
  readonly tracks: readonly RecordedTrack[];
  /** Bytes of the file up to its first fragment … */
  readonly headLength: number;
  /** … and of all of it. */
  readonly bytes: number;
  /** Seconds. */
  readonly duration: number;
  /** Wall clock of the file's first moment. */
  readonly begins: string | null;
  /** The process that writes it. */
  readonly writer: number | null;
};

const time = z.iso.datetime();

const track: z.ZodType<RecordedTrack> = z.strictObject({
  id: z.int().min(1),
  mediaType: z.enum(["video", "audio"]),
  index: z.int().min(0),
  timescale: z.int().min(1),
  name: z.string(),
  language: z.string(),
  codec: z.string(),
  width: z.int().optional(),
  height: z.int().optional(),
  displayWidth: z.int().optional(),
  frameRate: z.number().optional(),
  transfer: z.int().optional(),
  sampleRate: z.int().optional(),
  channels: z.int().optional(),
});

const manifest: z.ZodType<RecordingManifest> = z.strictObject({
  format: z.literal(1),
  server: z.string(),
  id: z.string(),
  streamPath: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  state: z.enum(["recording", "complete", "failed"]),
  reason: z.enum(REASONS).nullable(),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  tracks: z.array(track),
  headLength: z.int().min(0),
  bytes: z.int().min(0),
  duration: z.number().min(0),
  begins: time.nullable(),
  writer: z.int().nullable(),
});

/** A track for the manifest. */
export function recordedTrack({
  id,
  timescale,
  name,
  language,
  track: of,
}: LiveTrack): RecordedTrack {
  const { mediaType, trackIndex: index, codecString: codec } = of;
  const common = { id, mediaType, index, timescale, name, language, codec };
  if (of.mediaType === "audio") {
    return { ...common, sampleRate: of.sampleRate, channels: of.channels };
  }
  return {
    ...common,
    width: of.width,
    height: of.height,
    displayWidth: displayWidth(of),
    ...(of.frameRate === undefined ? {} : { frameRate: of.frameRate }),
    ...(of.colour === undefined ? {} : { transfer: of.colour.transfer }),
  };
}

/** Reads a manifest. @returns undefined where there is none that can be read */
export async function readManifest(path: string): Promise<RecordingManifest | undefined> {
  try {
    return manifest.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file that is there as a whole or not at all, for its owner alone.
 *
 * @throws the system's error
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.tmp`;
  try {
    const handle = await open(beside, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}

type Row = [number, number, number, number, number, 0 | 1, number];

const row: z.ZodType<Row> = z.tuple([
  z.int().min(1), // track
  z.int().min(0), // bytes
  z.int().min(0), // of which before the first sample
  z.int().min(0), // decode time
  z.int().min(0), // duration
  z.union([z.literal(0), z.literal(1)]), // begins with a sync sample
  z.int(), // composition offset of its first sample
]);
const rows: z.ZodType<Row[]> = z.array(row);

/** The fragments of a recording as text. */
export const writeRows = (fragments: readonly IndexedFragment[]): string =>
  JSON.stringify(
    fragments.map((one) => [
      ...[one.trackId, one.length, one.headLength, one.time, one.duration],
      ...[one.isSync ? 1 : 0, one.compositionOffset],
    ]),
  );

/** Reads them again. @returns undefined where they cannot be read */
export async function readRows(path: string): Promise<IndexedFragment[] | undefined> {
  try {
    const read = rows.parse(JSON.parse(await readFile(path, "utf8")));
    return read.map(([trackId, length, headLength, at, duration, isSync, compositionOffset]) => ({
      ...{ trackId, length, headLength, time: at, duration },
      ...{ isSync: isSync === 1, compositionOffset },
    }));
  } catch {
    return undefined;
  }
}
