import type { Milliseconds, UnplayableTrack } from "../../protocol/media/sample.ts";
import type { LiveTrack } from "../live-track.ts";
import type { Drift } from "./clock-drift.ts";
import type { EncoderName } from "./encoder-name.ts";
import type { KeyframeIntervals } from "./keyframe-watch.ts";

/** Bits a second: over the last four seconds, over the last minute, and of its fullest second. */
export type Rates = { readonly now: number; readonly mean: number; readonly peak: number };

/** How well one track comes. Figures are of the last seconds, and end with the last full one. */
export type TrackVitals = {
  readonly live: LiveTrack;
  /** Announced at present: it has not stopped. */
  readonly isActive: boolean;
  readonly bitrate: Rates;
  /** How unevenly it arrives: see `ArrivalJitter`. */
  readonly jitter: Milliseconds | undefined;
  /** Of the last thirty seconds, those with timestamps that went backwards, or stood still among pictures. */
  readonly disorder: number;
  /**
   * How much longer sound lasts by its samples than by its timestamps, as a part (0.02: 2 %; negative:
   * shorter), in most of the last thirty seconds, without gaps; undefined for pictures, and where it is not known yet.
   */
  readonly surplus: number | undefined;
  /** Over the last ten seconds; undefined where nothing came. */
  readonly bytesPerSample: number | undefined;
  readonly video:
    | {
        /** Pictures a second, by their own times. */
        readonly frameRate: number | undefined;
        /** 0 to 1: how many distances of pictures are no multiple of the usual one. */
        readonly irregularity: number;
        readonly keyframes: KeyframeIntervals;
        /** Pictures that are decoded before one that is shown earlier. */
        readonly reorderDepth: number;
        /** What that adds between camera and screen: see `PictureOrder`. */
        readonly reorderDelay: Milliseconds;
        /** Pictures that come after a keyframe are shown before it. */
        readonly isOpenGop: boolean;
        /** Pictures that timestamps leave room for: in the last half a minute, and in all. */
        readonly missing: { readonly recent: number; readonly total: number };
        /** Pictures came, and none of them can be shown without another one. */
        readonly lacksSync: boolean;
      }
    | undefined;
};

/** What an encoder tells of frames that never left it, since it began; undefined where it does not. */
export type EncoderDrops = {
  /** The line was too slow. */
  readonly dropped: number;
  /** The encoder was too slow. */
  readonly skipped: number;
  /** Put together too late. */
  readonly lagged: number;
};

/** How well a broadcast comes, measured where it arrives. */
export type Vitals = {
  /** Since this publisher began. */
  readonly age: Milliseconds;
  /** When the last full second ended: ms since 1970. */
  readonly at: Milliseconds;
  readonly encoder: EncoderName;
  /** Of all tracks, since this publisher began. */
  readonly bytes: number;
  readonly bitrate: Rates;
  /** The last full second alone; `pictures` of the first video track. */
  readonly second: {
    readonly bits: number;
    readonly pictures: number | undefined;
    /** As in `HealthHistory`. */
    readonly drops: number;
  };
  /** The fullest four seconds of the last minute, in bits a second. */
  readonly swell: number;
  /** How long nothing came: up to now, and at the most within the last minute. */
  readonly pause: { readonly current: Milliseconds; readonly longest: Milliseconds };
  /** How many of the last thirty seconds had a pause in them that pictures do not explain. */
  readonly stalls: number;
  /** Media time that came in a second, over the last ten. */
  readonly speed: number | undefined;
  readonly drift: Drift | undefined;
  /** How much later pictures arrive than sound of the same moment; negative: the sound is late. */
  readonly avOffset: Milliseconds | undefined;
  /** Jumps of the timestamps, within the last minute and in all. */
  readonly jumps: { readonly recent: number; readonly total: number };
  /** Messages that could not be understood, likewise. */
  readonly badMessages: { readonly recent: number; readonly total: number };
  /** What the encoder says it left out: in the last half a minute, and in all. */
  readonly drops: { readonly recent: EncoderDrops; readonly total: EncoderDrops } | undefined;
  /** Video first, each kind in the encoder's order. */
  readonly tracks: readonly TrackVitals[];
  readonly unplayable: readonly UnplayableTrack[];
};

/** Figures by the second, oldest first, all of the same length; NaN where there was none. */
export type HealthHistory = {
  /** When the last one ended: ms since 1970. */
  readonly at: Milliseconds;
  /** Bits. */
  readonly bitrate: readonly number[];
  /** Pictures of the first video track that arrived. */
  readonly pictures: readonly number[];
  /** ms */
  readonly jitter: readonly number[];
  /** ms */
  readonly avOffset: readonly number[];
  /** The longest time without anything, ms. */
  readonly pause: readonly number[];
  /** Pictures that are missing, and messages that could not be understood. */
  readonly drops: readonly number[];
};
