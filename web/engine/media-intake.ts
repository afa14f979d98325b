import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import { redeclare } from "../../server/protocol/isobmff/media-segment.ts";
import { type Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";
import { AppendGrouping } from "../control/append-grouping.ts";
import { wallClock } from "../transport/websocket.ts";
import type { MediaOpening } from "./media-opening.ts";
import type { PlannedTrack } from "./plan.ts";
import { TrackBuffer } from "./track-buffer.ts";

/** Messages that may wait for the MediaSource to open. */
const MOST_EARLY = 5_000;

/** What is known of a sample that came, of the track that sets the pace: pictures; sound without them. */
export type MediaSample = {
  /** Seconds on the media timeline. */
  readonly decodedAt: number;
  readonly shownAt: number;
  /** ms since 1970, by the server's clock. */
  readonly serverTime: number;
  /** ms since 1970, by our clock: when it came. */
  readonly cameAt: number;
  readonly isHistory: boolean;
  /** The stream's timeline breaks before it. */
  readonly isBreak: boolean;
};

/** What the intake reports. */
export type IntakeHost = {
  onSample(sample: MediaSample): void;
  onAppended(): void;
  onError(error: unknown): void;
  /** Where it is played, seconds: full buffers make room behind it. */
  playhead(): number;
};

/**
 * Seconds that each picture is declared to be shown for while more than they may be missing next: the sound
 * goes on behind the last of them, instead of waiting for the next.
 */
const STRETCHED = 5;

type MediaType = PlannedTrack["track"]["mediaType"];

/** The way into one MediaSource: a buffer for each kind of track, and pictures in whole groups. */
export class MediaIntake {
  readonly #opening: MediaOpening;
  readonly #plan: readonly PlannedTrack[];
  readonly #host: IntakeHost;
  /** The tracks that are played now. */
  readonly #kinds = new Map<number, MediaType>();
  #grouping: AppendGrouping<Frame> | undefined;
  #buffers = new Map<MediaType, TrackBuffer>();
  /** What came before the MediaSource opened. */
  #early: (() => void)[] = [];
  #isOpen = false;
  #isClosed = false;
  #isHistory = false;
  #soundInterval = 0;
  /** Whether pictures may be missing soon: the line is full. */
  isStretched = false;

  constructor(opening: MediaOpening, plan: readonly PlannedTrack[], host: IntakeHost) {
    this.#opening = opening;
    this.#plan = plan;
    this.#host = host;
    for (const { track } of plan) {
      this.#kinds.set(track.id, track.mediaType);
      if (track.mediaType === "video") this.#grouping = new AppendGrouping(track);
    }
    opening.whenOpen(() => this.#open());
  }

  /** Whether more of the past is still to come. */
  get isHistory(): boolean {
    return this.#isHistory;
  }

  /** Until when everything can be shown, seconds: the track that is behind decides. */
  get edge(): number | undefined {
    let edge = Number.POSITIVE_INFINITY;
    for (const buffer of this.#buffers.values()) {
      if (buffer.edge === undefined) return undefined;
      edge = Math.min(edge, buffer.edge);
    }
    return Number.isFinite(edge) ? edge : undefined;
  }

  /** From picture to picture, seconds; 0 without pictures. */
  get pictureInterval(): number {
    const timescale = this.#buffers.get("video")?.track.timescale;
    if (timescale === undefined || this.#grouping === undefined) return 0;
    return this.#grouping.interval / timescale;
  }

  /** For how long (seconds) pictures wait for B-frames. */
  get reorderDelay(): number {
    const timescale = this.#buffers.get("video")?.track.timescale;
    return timescale === undefined ? 0 : (this.#grouping?.depth ?? 0) / timescale;
  }

  /** How long a frame of sound is, seconds; 0 before there was one. */
  get soundInterval(): number {
    return this.#soundInterval;
  }

  /** Takes an init segment: another configuration of a track, or another track in its place. */
  init(planned: PlannedTrack, bytes: Bytes): void {
    const { track } = planned;
    this.#whenOpen(() => {
      if (track.mediaType === "video") {
        this.#release(this.#grouping?.flush() ?? []);
        if (!this.#kinds.has(track.id)) this.#grouping = new AppendGrouping(track);
      }
      for (const [id, mediaType] of this.#kinds) {
        if (mediaType === track.mediaType) this.#kinds.delete(id);
      }
      this.#kinds.set(track.id, track.mediaType);
      this.#buffers.get(track.mediaType)?.init(planned, bytes);
    });
  }

  /** Takes samples in order of arrival, of any planned track. @param isHistory more is to come */
  feed(frames: readonly Frame[], isHistory: boolean): void {
    this.#whenOpen(() => {
      const now = performance.now();
      const cameAt = wallClock();
      const perKind = new Map<MediaType, Frame[]>();
      for (const frame of frames) {
        const kind = this.#kinds.get(frame.trackId);
        const buffer = kind && this.#buffers.get(kind);
        if (kind === undefined || buffer === undefined) continue;
        const isPicture = kind === "video";
        if (isPicture || this.#grouping === undefined) {
          const { timescale } = buffer.track;
          const shownAt = (frame.dts + frame.compositionOffset) / timescale;
          const { serverTime } = frame;
          const decodedAt = frame.dts / timescale;
          const isBreak = isPicture && (frame.flags & FrameFlag.Discontinuity) !== 0;
          const sample = { decodedAt, shownAt, serverTime, cameAt, isHistory, isBreak };
          this.#host.onSample(sample);
        }
        if (isPicture && this.isStretched) {
          redeclare(frame.payload, STRETCHED * buffer.track.timescale);
        }
        const released = isPicture ? this.#group(frame, now) : [frame];
        if (released.length === 0) continue;
        const list = perKind.get(kind);
        if (list === undefined) perKind.set(kind, released);
        else list.push(...released);
      }
      for (const [kind, list] of perKind) this.#append(kind, list);
      this.#isHistory = isHistory;
    });
  }

  endHistory(): void {
    this.#whenOpen(() => {
      this.#isHistory = false;
    });
  }

  /** Lets go of pictures that have waited too long. To be called now and then. */
  tick(now: number): void {
    this.#release(this.#grouping?.expire(now) ?? []);
  }

  /** Forgets what lies before `end`, seconds. */
  evict(end: number): void {
    for (const buffer of this.#buffers.values()) buffer.evict(end);
  }

  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#buffers.clear();
    this.#early = [];
  }

  #open(): void {
    try {
      for (const planned of this.#plan) {
        const buffer = new TrackBuffer(this.#opening.mediaSource, planned, {
          onError: (error) => this.#host.onError(error),
          onAppended: () => this.#host.onAppended(),
          playhead: () => this.#host.playhead(),
        });
        this.#buffers.set(planned.track.mediaType, buffer);
      }
    } catch (error) {
      this.#host.onError(error);
      return;
    }
    // A ManagedMediaSource says when it wants media, and when it has enough; others never do.
    const { mediaSource } = this.#opening;
    for (const [type, isHeld] of [
      ["endstreaming", true],
      ["startstreaming", false],
    ] as const) {
      mediaSource.addEventListener(type, () => {
        for (const buffer of this.#buffers.values()) buffer.hold(isHeld);
      });
    }
    this.#isOpen = true;
    for (const action of this.#early) action();
    this.#early = [];
  }

  #whenOpen(action: () => void): void {
    if (this.#isClosed) return;
    if (this.#isOpen) action();
    else if (this.#early.push(action) > MOST_EARLY) {
      this.#host.onError(new Error("Cannot open MediaSource"));
    }
  }

  #group(frame: Frame, now: number): Frame[] {
    const grouping = this.#grouping;
    if (grouping === undefined) return [frame];
    if ((frame.flags & FrameFlag.Discontinuity) === 0) return grouping.push(frame, now);
    const before = grouping.flush();
    grouping.reset();
    return [...before, ...grouping.push(frame, now)];
  }

  #release(frames: Frame[]): void {
    if (frames.length > 0) this.#append("video", frames);
  }

  #append(kind: MediaType, frames: readonly Frame[]): void {
    const buffer = this.#buffers.get(kind);
    if (buffer === undefined) return;
    const { timescale } = buffer.track;
    if (kind !== "video") {
      this.#soundInterval = (frames.at(-1)?.duration ?? 0) / timescale;
      buffer.append(frames, this.#soundInterval);
      return;
    }
    buffer.append(frames, this.pictureInterval);
  }
}
