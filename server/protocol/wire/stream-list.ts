/*
 * `GET /api/v1/streams`, as it is answered and as the pages read it: one type for both ends.
 */

import type { ListedHealth } from "./stream-health.ts";

/** A track as it is told to others. */
export type ListedTrack = {
  /** Within the live stream, and the same on every transport. */
  readonly id: number;
  readonly mediaType: "video" | "audio";
  /** The encoder's own number among those of its kind: the first is the default. */
  readonly index: number;
  /** For people. */
  readonly name: string;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
  /** bits/s */
  readonly bitrate: number;
};

/** What an encoder told of itself, as it is told to others; times in ms. */
export type ListedEncoder = {
  readonly clock: {
    readonly composedAt?: string | undefined;
    readonly position: number;
    readonly offset?: number | undefined;
  };
  readonly delays: {
    readonly render?: number | undefined;
    readonly encode?: number | undefined;
    readonly total?: number | undefined;
  };
  readonly frames?:
    | {
        readonly rendered: number;
        readonly lagged: number;
        readonly dropped: number;
        readonly output: number;
      }
    | undefined;
  readonly renditions: readonly {
    readonly trackIndex: number;
    readonly input: number;
    readonly skipped: number;
    readonly output: number;
  }[];
};

/** A live stream as it is told to others. */
export type ListedStream = {
  readonly path: string;
  readonly state: "waiting" | "live" | "reconnecting" | "ended";
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly uptimeSeconds: number;
  /** bits/s */
  readonly bitrate: number;
  readonly viewers: {
    readonly websocket: number;
    readonly hls: number;
    readonly flv: number;
    readonly mp4: number;
    readonly rtmp: number;
    readonly total: number;
    /** Who only shows what there is: not in the others. */
    readonly previews: number;
  };
  readonly tracks: readonly ListedTrack[];
  readonly unplayable: readonly {
    readonly mediaType: "video" | "audio";
    readonly codecName: string;
  }[];
  readonly encoder?: ListedEncoder | undefined;
  /** The id of the recording that is being made of it. */
  readonly recording?: string | undefined;
  /** How well it comes; absent while nobody publishes it. */
  readonly health?: ListedHealth | undefined;
  /** What the publisher can better; empty where nothing is amiss. */
  readonly warnings: readonly {
    /** Stable, for machines. */
    readonly code: string;
    /** For people. */
    readonly message: string;
  }[];
};

/** The whole answer. */
export type StreamList = {
  readonly streams: readonly ListedStream[];
  /** The ports that take broadcasts; the one with TLS where there is one of its own. */
  readonly rtmp?: { readonly port: number; readonly tlsPort?: number | undefined } | undefined;
  /** Only for who may see the key: a direct peer on the server's machine. */
  readonly publish?: { readonly server: string; readonly streamKey: string } | undefined;
};
