import type { Bytes, OwnBytes } from "../protocol/bytes/bytes.ts";
import { fragmentHead } from "../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveTrack } from "./live-track.ts";
import type { Epoch } from "./timeline.ts";

/** What a live sample is made of. */
export type LiveSampleFields = Omit<LiveSample, "isVideo" | "fragmentHead" | "original"> & {
  readonly original?: Bytes | undefined;
};

/** A sample on the live stream's timeline, shared by reference by all who want it. */
export class LiveSample {
  readonly track: LiveTrack;
  readonly epoch: Epoch;
  /** Counts the fragments of this track, from 1. */
  readonly sequenceNumber: number;
  /**
   * Decode time in ms on the live stream's timeline, with the encoder's own distances: what outputs
   * that speak FLV send. Audio's `dts` is counted in samples instead.
   */
  readonly at: Milliseconds;
  /** Ticks of the track's timescale. */
  readonly dts: number;
  readonly compositionOffset: number;
  /** Audio: exact. Video: declared before the next picture is known, and generous. */
  readonly duration: number;
  /** How far it lies behind the sample before it on its track; its duration where there is none. */
  readonly step: number;
  readonly isSync: boolean;
  readonly isDisposable: boolean;
  /** The first of its track in an epoch. */
  readonly isDiscontinuity: boolean;
  /** When it reached the hub: ms since 1970. */
  readonly serverTime: Milliseconds;
  readonly data: Bytes;
  /** The tag body it came in, where `data` is another codec: see `Sample`. */
  readonly original: Bytes | undefined;
  #head: OwnBytes | undefined;

  constructor(fields: LiveSampleFields) {
    this.track = fields.track;
    this.epoch = fields.epoch;
    this.sequenceNumber = fields.sequenceNumber;
    this.step = fields.step;
    this.at = fields.at;
    this.dts = fields.dts;
    this.compositionOffset = fields.compositionOffset;
    this.duration = fields.duration;
    this.isSync = fields.isSync;
    this.isDisposable = fields.isDisposable;
    this.isDiscontinuity = fields.isDiscontinuity;
    this.serverTime = fields.serverTime;
    this.data = fields.data;
    this.original = fields.original;
  }

  get isVideo(): boolean {
    return this.track.track.mediaType === "video";
  }

  /** `moof` and the header of `mdat`, made when the first one asks; `data` follows it. */
  get fragmentHead(): OwnBytes {
    this.#head ??= fragmentHead({
      trackId: this.track.id,
      sequenceNumber: this.sequenceNumber,
      dts: this.dts,
      compositionOffset: this.compositionOffset,
      duration: this.duration,
      isSync: this.isSync,
      isDisposable: this.isDisposable,
      mediaType: this.track.track.mediaType,
      size: this.data.length,
    });
    return this.#head;
  }
}
