import type { OwnBytes } from "../protocol/bytes/bytes.ts";
import { initSegment } from "../protocol/isobmff/init-segment.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Track } from "../protocol/media/track.ts";

/** Ticks a second of every video track: whole for ms, and 11 µs fine for nanosecond offsets. */
export const VIDEO_TIMESCALE = 90_000;

/**
 * A track as the live stream carries it. A value: a new configuration gives a new one with the
 * same `id` and the next `configuration`.
 */
export type LiveTrack = {
  /** track_ID in the boxes: unique within the live stream, and kept over the publisher's return. */
  readonly id: number;
  readonly track: Track;
  /** Ticks a second. Audio: its sample rate. */
  readonly timescale: number;
  /** Counts the configurations of this `id`, from 1. */
  readonly configuration: number;
  /** `ftyp` and `moov`, the same for every transport. */
  readonly initSegment: OwnBytes;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  readonly name: string;
};

/** Makes a track of a live stream from what the encoder described. */
export function liveTrack(id: number, configuration: number, track: Track): LiveTrack {
  const timescale = track.mediaType === "video" ? VIDEO_TIMESCALE : track.sampleRate;
  const { language } = track;
  const options = { trackId: id, timescale, track };
  return {
    id,
    track,
    timescale,
    configuration,
    initSegment: initSegment(language === undefined ? options : { ...options, language }),
    ...labelsOf(track),
  };
}

/**
 * The same track under what the encoder calls it now: language, name and other words that are for
 * people and for choosing. The init segment stays what it was.
 */
export const relabelled = (live: LiveTrack, track: Track): LiveTrack => ({
  ...live,
  track,
  ...labelsOf(track),
});

function labelsOf({ mediaType, trackIndex, language, name }: Track) {
  const kind = mediaType === "video" ? "Video" : "Audio";
  return {
    language: language ?? "und",
    name: name ?? (trackIndex === 0 ? kind : `${kind} ${trackIndex + 1}`),
  };
}

/** @returns ticks of the track's timescale as ms */
export const ticksToMs = (track: LiveTrack, ticks: number): Milliseconds =>
  (ticks * 1000) / track.timescale;

/** @returns ms as whole ticks of the track's timescale */
export const msToTicks = (track: LiveTrack, ms: Milliseconds): number =>
  Math.round((ms * track.timescale) / 1000);
