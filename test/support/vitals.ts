import type { TrackVitals, Vitals } from "../../server/live/health/vitals.ts";
import type { AudioTrack, VideoTrack } from "../../server/protocol/media/track.ts";
import { audioTrack, videoTrack } from "./live-samples.ts";

/** What of a track's vitals a test sets. */
export type VideoFields = Partial<NonNullable<TrackVitals["video"]>> & {
  readonly track?: Partial<VideoTrack>;
  readonly isActive?: boolean;
  readonly jitter?: number;
  readonly disorder?: number;
};

/** A video track in good health, but for what is set. */
export function videoVitals({
  track,
  isActive,
  jitter,
  disorder,
  ...fields
}: VideoFields = {}): TrackVitals {
  const live = videoTrack();
  return {
    live: { ...live, track: { ...(live.track as VideoTrack), frameRate: 30, ...track } },
    isActive: isActive ?? true,
    bitrate: { now: 2_000_000, mean: 2_000_000, peak: 2_400_000 },
    jitter: jitter ?? 6,
    disorder: disorder ?? 0,
    surplus: undefined,
    bytesPerSample: 8000,
    video: {
      frameRate: 30,
      irregularity: 0,
      keyframes: {
        last: 2000,
        pictures: 60,
        longest: 2000,
        shortest: 2000,
        uneven: 0,
        open: 700,
        bytes: 60_000,
      },
      reorderDepth: 0,
      reorderDelay: 0,
      isOpenGop: false,
      missing: { recent: 0, total: 0 },
      lacksSync: false,
      ...fields,
    },
  };
}

/** A sound track in good health, but for what is set. */
export function audioVitals(
  fields: Partial<Omit<TrackVitals, "video" | "live">> & {
    readonly track?: Partial<AudioTrack>;
  } = {},
): TrackVitals {
  const { track, ...rest } = fields;
  const live = audioTrack();
  return {
    live: { ...live, track: { ...(live.track as AudioTrack), ...track } },
    isActive: true,
    bitrate: { now: 128_000, mean: 128_000, peak: 130_000 },
    jitter: 6,
    disorder: 0,
    surplus: 0.0001,
    bytesPerSample: 340,
    video: undefined,
    ...rest,
  };
}

/** A broadcast of OBS in good health, half a minute old, but for what is set. */
export function vitals(fields: Partial<Vitals> = {}): Vitals {
  return {
    age: 30_000,
    at: 1_700_000_030_000,
    encoder: { kind: "obs", name: "obs-output module (libobs version 30.0.2)" },
    bytes: 8_000_000,
    bitrate: { now: 2_100_000, mean: 2_100_000, peak: 2_500_000 },
    second: { bits: 2_100_000, pictures: 30, drops: 0 },
    swell: 2_300_000,
    pause: { current: 12, longest: 40 },
    stalls: 0,
    speed: 1,
    drift: { ppm: 20, over: 200_000 },
    avOffset: 4,
    jumps: { recent: 0, total: 0 },
    badMessages: { recent: 0, total: 0 },
    drops: undefined,
    tracks: [videoVitals(), audioVitals()],
    unplayable: [],
    ...fields,
  };
}
