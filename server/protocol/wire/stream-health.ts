/*
 * How well a broadcast comes, as `GET /api/v1/streams` and `GET /api/v1/streams/APP/NAME/health` tell:
 * one type for both ends. Times are ms, rates bits a second.
 */

/** Something that is amiss with a broadcast, as the stream doctor says it. */
export type ListedFinding = {
  /** Stable, for machines: `docs/health.md` has them all. */
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  /** For people: what is wrong, and which setting of the encoder to change. */
  readonly message: string;
};

/** Now (over the last four seconds), over the last minute, and of its fullest second. */
export type ListedRates = { readonly now: number; readonly mean: number; readonly peak: number };

/** How far keyframes are apart; what is not known yet is absent. */
export type ListedKeyframes = {
  readonly last?: number | undefined;
  /** The same in pictures. */
  readonly pictures?: number | undefined;
  /** The longest and the shortest of the last ones; the longest may still be going on. */
  readonly longest?: number | undefined;
  readonly shortest?: number | undefined;
  /** Of one, mean of the last ones. */
  readonly bytes?: number | undefined;
};

/** What was lost on the way here, in all. */
export type ListedDrops = {
  /** By what the encoder says: left out, skipped or late; absent where it says nothing. */
  readonly encoder?: number | undefined;
  /** Pictures that the timestamps leave room for. */
  readonly missing: number;
  /** Messages that could not be understood. */
  readonly badMessages: number;
};

/** Health at a glance, as each stream of the list has it. */
export type ListedHealth = {
  /** When the last second ended that is in it: ms since 1970. */
  readonly at: number;
  readonly bitrate: ListedRates;
  /** Pictures a second. */
  readonly frameRate?: number | undefined;
  readonly declaredFrameRate?: number | undefined;
  readonly keyframes?: ListedKeyframes | undefined;
  /** How much later pictures arrive than sound of the same moment. */
  readonly avOffset?: number | undefined;
  /** 95 of 100 arrive within this of the promptest, over ten seconds. */
  readonly jitter?: number | undefined;
  /** How long nothing came: up to now, and at the most within the last minute. */
  readonly pause: { readonly current: number; readonly longest: number };
  readonly drops: ListedDrops;
  /** Pictures that arrived within the last second, and what was lost in it: for graphs. */
  readonly second: {
    readonly bitrate: number;
    readonly pictures?: number | undefined;
    readonly drops: number;
  };
  /** The worst first; empty where all is well. */
  readonly findings: readonly ListedFinding[];
};

/** How well one track comes. */
export type ListedTrackHealth = {
  /** As in the list of streams. */
  readonly id: number;
  readonly mediaType: "video" | "audio";
  readonly name: string;
  /** RFC 6381, and the same in words. */
  readonly codec: string;
  readonly codecName: string;
  readonly profile?: string | undefined;
  readonly level?: string | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
  /** It gives nothing any more, while others go on. */
  readonly hasStopped: boolean;
  readonly bitrate: ListedRates;
  readonly jitter?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly declaredFrameRate?: number | undefined;
  /** 0 to 1: how many distances of pictures are no multiple of the usual one. */
  readonly irregularity?: number | undefined;
  readonly keyframes?: ListedKeyframes | undefined;
  /** Pictures that are decoded before one that is shown earlier: 0 without B-frames. */
  readonly reorderDepth?: number | undefined;
  /** What they add between camera and screen, ms. */
  readonly reorderDelay?: number | undefined;
  readonly missing?: number | undefined;
  /** Of the last thirty seconds, those with timestamps that went backwards, or stood still among pictures. */
  readonly disorder: number;
  /** How much longer sound lasts by its samples than by its timestamps: 0.02 is 2 %. */
  readonly surplus?: number | undefined;
};

/** All that is known of how a broadcast comes. */
export type ListedStreamHealth = {
  readonly path: string;
  readonly health: Omit<ListedHealth, "second"> & {
    /** ms since this publisher began. */
    readonly age: number;
    /** Of sound and pictures, since it began. */
    readonly bytes: number;
    /** Who made it, in its own words; absent where it does not say. */
    readonly encoder?: string | undefined;
    readonly viewers: number;
    /** Media time that came in a second, over the last ten: 1 at the pace of time. */
    readonly speed?: number | undefined;
    /** Millionths by which the encoder's clock is fast, and over how many ms that was measured. */
    readonly drift?: { readonly ppm: number; readonly over: number } | undefined;
    /** Jumps of the timestamps. */
    readonly jumps: number;
    /** What the encoder says of frames that never left it. */
    readonly encoderDrops?:
      | { readonly dropped: number; readonly skipped: number; readonly lagged: number }
      | undefined;
    readonly tracks: readonly ListedTrackHealth[];
    /** By the second, oldest first; all of the same length, null where there was none. */
    readonly history: {
      /** ms between two figures; the newest is of `at`. */
      readonly interval: number;
      readonly bitrate: readonly (number | null)[];
      readonly pictures: readonly (number | null)[];
      readonly jitter: readonly (number | null)[];
      readonly avOffset: readonly (number | null)[];
      readonly pause: readonly (number | null)[];
      readonly drops: readonly (number | null)[];
    };
  };
};
