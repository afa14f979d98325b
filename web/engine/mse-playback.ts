import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import { type Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";
import { AppendGrouping } from "../control/append-grouping.ts";
import { ArrivalJitter } from "../control/jitter.ts";
import { LATENCY, LatencyController } from "../control/latency.ts";
import { ShownDelay } from "../control/shown-delay.ts";
import { wallClock } from "../transport/websocket.ts";
import type { MediaOpening } from "./media-opening.ts";
import type { PlannedTrack } from "./plan.ts";
import { isWebKit } from "./platform.ts";
import type { Playback, PlaybackFigures, PlaybackHost, Situation } from "./playback.ts";
import { TrackBuffer } from "./track-buffer.ts";

/** Seconds kept behind the playhead, trimmed to the lesser when the greater is passed. */
const BEHIND = { kept: 8, most: 12 } as const;

/** Seconds kept in all: a paused or hidden player goes on receiving. */
const MOST_BUFFERED = 30;

/** The clock standing still for this long (ms) is a stall; longer than the other is an outage. */
const STALL = 80;
const OUTAGE = 1_000;

/** After an outage, this much (seconds) more than the target is too much. */
const LATE = 0.15;

/** The same for a start, looked at once the clock has run for so long (ms). */
const LATE_START = 0.25;
const SETTLING = 300;

/** Seconds of jitter that are provided for; beyond that, stalls raise the target. */
const MOST_JITTER = 0.6;

/** Messages that may wait for the MediaSource to open. */
const MOST_EARLY = 5_000;

/**
 * Seconds that starting costs: decoding from the GOP's beginning, and sound that has to be ahead
 * before Chromium lets the clock run. The first landing is that much nearer to the edge.
 */
const STARTING = { alone: 0.03, withSound: 0.08 } as const;

/** One MediaSource on one `<video>`, with a fixed set of tracks, fed by frames. */
export class MsePlayback implements Playback {
  readonly engine = "mse";
  readonly transport = "websocket";
  readonly video: HTMLVideoElement;
  readonly plan: readonly PlannedTrack[];
  readonly #host: PlaybackHost;
  readonly #opening: MediaOpening;
  readonly #controller: LatencyController;
  readonly #delay = new ShownDelay();
  readonly #jitter = new ArrivalJitter();
  readonly #grouping: AppendGrouping<Frame> | undefined;
  readonly #videoTrackId: number | undefined;
  readonly #listening = new AbortController();
  #buffers = new Map<number, TrackBuffer>();
  /** What came before the MediaSource opened. */
  #early: (() => void)[] = [];
  #isOpen = false;
  #isReady = false;
  #isPositioned = false;
  #isHistory = false;
  #deepest = 0;
  #playhead = { at: 0, time: 0 };
  #stalledSince: number | undefined;
  #isOutage = false;
  #isSettled = false;
  #movedAt: number | undefined;
  #hasMoved = false;
  #stalls = 0;
  #jumps = 0;
  #ahead = 0;
  #evictedAt = 0;
  #pictureCallback = 0;
  #picturesCounted = 0;

  /** Takes the opening over. */
  constructor(opening: MediaOpening, plan: readonly PlannedTrack[], host: PlaybackHost) {
    const { video } = opening;
    this.#opening = opening;
    this.video = video;
    this.plan = plan;
    this.#host = host;
    const picture = plan.find(({ track }) => track.mediaType === "video")?.track;
    const hasSound = plan.some(({ track }) => track.mediaType === "audio");
    this.#videoTrackId = picture?.id;
    if (picture !== undefined) this.#grouping = new AppendGrouping(picture);
    const steering = isWebKit() ? "seek" : "rate";
    const withSound =
      steering === "seek" ? LATENCY.targetWithSoundWhereSeeking : LATENCY.targetWithSound;
    const base = hasSound ? withSound : LATENCY.target;
    this.#controller = new LatencyController({ base, steering });
    const { signal } = this.#listening;
    video.addEventListener("error", () => this.#fail(video.error), { signal });
    video.preservesPitch = true;
    this.#watchPictures();
    opening.whenOpen(() => this.#open());
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isMoving(): boolean {
    return this.#hasMoved;
  }

  get figures(): PlaybackFigures {
    return {
      delay: this.#delay.value,
      ahead: this.#ahead,
      target: this.#controller.target,
      rate: this.video.playbackRate,
      stalls: this.#stalls,
      jumps: this.#jumps,
      reorderDelay: this.#reorderDelay * 1_000,
      jitter: this.#jitter.value(performance.now()),
    };
  }

  /** Takes a track's init segment; `mimeType` may be another than before. */
  init(trackId: number, mimeType: string, bytes: Bytes): void {
    this.#whenOpen(() => {
      if (trackId === this.#videoTrackId) this.#release(this.#grouping?.flush() ?? []);
      this.#buffers.get(trackId)?.init(mimeType, bytes);
    });
  }

  /**
   * Takes samples in order of arrival, of any planned track. `isHistory`: more of the past is
   * still to come, so the playhead waits.
   */
  feed(frames: readonly Frame[], isHistory: boolean): void {
    this.#whenOpen(() => {
      const now = performance.now();
      const perTrack = new Map<number, Frame[]>();
      for (const frame of frames) {
        const buffer = this.#buffers.get(frame.trackId);
        if (buffer === undefined) continue;
        const { timescale } = buffer.track;
        const isPicture = frame.trackId === this.#videoTrackId;
        if (isPicture || this.#videoTrackId === undefined) {
          const shownAt = (frame.dts + frame.compositionOffset) / timescale;
          this.#delay.push(shownAt, frame.serverTime);
          // A page that is still starting reads late: that is not the line's doing.
          if (!isHistory && this.#hasMoved) this.#jitter.push(now, (frame.dts / timescale) * 1_000);
        }
        const released = isPicture ? this.#group(frame, now) : [frame];
        if (released.length === 0) continue;
        const list = perTrack.get(frame.trackId);
        if (list === undefined) perTrack.set(frame.trackId, released);
        else list.push(...released);
      }
      for (const [trackId, list] of perTrack) this.#append(trackId, list);
      this.#isHistory = isHistory;
    });
  }

  /** The history is complete: the playhead may go to its end. */
  endHistory(): void {
    this.#whenOpen(() => {
      this.#isHistory = false;
    });
  }

  tick({ now, wantsPlay, expectsMedia }: Situation): void {
    if (!this.#isOpen) return;
    this.#release(this.#grouping?.expire(now) ?? []);
    const edge = this.#edge;
    if (edge === undefined || this.#isHistory) return;
    if (!this.#isPositioned && !this.#position(now, edge)) return;
    const { video } = this;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking) {
      this.#isReady = true;
    }
    this.#ahead = edge - video.currentTime;
    this.#controller.setFloor(this.#floor(now));
    this.#watchStart(now);
    if (wantsPlay && video.paused) this.#host.play(video);
    if (!wantsPlay && !video.paused) video.pause();
    this.#watchOutage(now, expectsMedia);
    this.#watchPlayhead(now);
    this.#steer(now);
    this.#evict(now, edge);
  }

  jumpToLive(): void {
    const edge = this.#edge;
    if (edge === undefined || !this.#isPositioned) return;
    this.#jump(this.#landing(edge));
  }

  destroy(): void {
    this.#listening.abort();
    if ("cancelVideoFrameCallback" in this.video) {
      this.video.cancelVideoFrameCallback(this.#pictureCallback);
    }
    this.#buffers.clear();
    this.#early = [];
    this.#isOpen = false;
    this.#opening.destroy();
  }

  #open(): void {
    try {
      for (const planned of this.plan) {
        const buffer = new TrackBuffer(this.#opening.mediaSource, planned, {
          onError: (error) => this.#fail(error),
          onAppended: () => this.#appended(),
          playhead: () => this.video.currentTime,
        });
        this.#buffers.set(planned.track.id, buffer);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#isOpen = true;
    for (const action of this.#early) action();
    this.#early = [];
  }

  #whenOpen(action: () => void): void {
    if (this.#listening.signal.aborted) return;
    if (this.#isOpen) action();
    else if (this.#early.push(action) > MOST_EARLY)
      this.#fail(new Error("Cannot open MediaSource"));
  }

  #fail(error: unknown): void {
    if (!this.#listening.signal.aborted) this.#host.onError(this, error);
  }

  #group(frame: Frame, now: number): Frame[] {
    const grouping = this.#grouping;
    if (grouping === undefined) return [frame];
    if ((frame.flags & FrameFlag.Discontinuity) === 0) return grouping.push(frame, now);
    const before = grouping.flush();
    grouping.reset();
    this.#jitter.reset();
    this.#deepest = 0;
    return [...before, ...grouping.push(frame, now)];
  }

  #release(frames: Frame[]): void {
    if (frames.length > 0 && this.#videoTrackId !== undefined) {
      this.#append(this.#videoTrackId, frames);
    }
  }

  #append(trackId: number, frames: readonly Frame[]): void {
    const buffer = this.#buffers.get(trackId);
    if (buffer === undefined) return;
    if (trackId === this.#videoTrackId && this.#grouping !== undefined) {
      const { timescale } = buffer.track;
      buffer.append(frames, this.#grouping.interval / timescale);
      if (!this.#grouping.reorders) return;
      // The last of a group in decode order has waited least, its first one most.
      const depth = ((frames.at(-1)?.dts ?? 0) - (frames[0]?.dts ?? 0)) / timescale;
      if (frames.length <= 16) this.#deepest = Math.max(this.#deepest, depth);
      return;
    }
    buffer.append(frames, (frames.at(-1)?.duration ?? 0) / buffer.track.timescale);
  }

  /** After an append: the first position does not wait for the next tick. */
  #appended(): void {
    const edge = this.#edge;
    if (edge === undefined || this.#isPositioned || this.#isHistory) return;
    this.#position(performance.now(), edge);
  }

  /** Until when everything can be shown, seconds: the track that is behind decides. */
  get #edge(): number | undefined {
    let edge = Number.POSITIVE_INFINITY;
    for (const buffer of this.#buffers.values()) {
      if (buffer.edge === undefined) return undefined;
      edge = Math.min(edge, buffer.edge);
    }
    return Number.isFinite(edge) ? edge : undefined;
  }

  get #reorderDelay(): number {
    return this.#grouping?.reorders ? this.#deepest : 0;
  }

  /** What the stream asks for, whatever the mode: three pictures, jitter, groups of pictures. */
  #floor(now: number): number {
    const picture = this.#buffers.get(this.#videoTrackId ?? -1)?.track;
    const interval =
      picture === undefined || this.#grouping === undefined
        ? 0
        : Math.min(0.34, this.#grouping.interval / picture.timescale);
    const jitter = Math.min(MOST_JITTER, this.#jitter.value(now) / 1_000);
    const steady = this.#controller.base;
    return Math.max(steady, 3 * interval, jitter + 2 * interval) + this.#reorderDelay;
  }

  /** Where to land behind the edge: within what is buffered without a hole. */
  #landing(edge: number, spared = 0): number {
    const { buffered } = this.video;
    const start = buffered.length > 0 ? buffered.start(buffered.length - 1) : edge;
    const distance = Math.max(0.02, this.#controller.target - spared);
    return Math.max(start + 0.001, edge - distance);
  }

  #position(now: number, edge: number): boolean {
    if (this.video.buffered.length === 0) return false;
    this.#controller.setFloor(this.#floor(now));
    this.#isPositioned = true;
    this.#playhead = { at: now, time: -1 };
    this.video.currentTime = this.#landing(
      edge,
      this.#buffers.size > 1 ? STARTING.withSound : STARTING.alone,
    );
    return true;
  }

  /** A start that took its time (a refusal, a busy machine) is corrected once, not chased for long. */
  #watchStart(now: number): void {
    if (this.#isSettled || !this.#isReady || this.video.seeking) return;
    const isLate = this.#ahead > this.#controller.target + LATE_START;
    if (this.video.paused) {
      if (isLate) this.jumpToLive();
    } else if (this.#hasMoved) {
      this.#movedAt ??= now;
      if (now - this.#movedAt < SETTLING) return;
      this.#isSettled = true;
      if (isLate) this.jumpToLive();
    }
  }

  /**
   * No line or no publisher: that says nothing about jitter, and when it is over, the viewer has
   * seen a break anyway: go to the edge at once.
   */
  #watchOutage(now: number, expectsMedia: boolean): void {
    const since = this.#stalledSince;
    const isLong = since !== undefined && now - since > OUTAGE;
    if (!this.#isOutage && (!expectsMedia || isLong)) {
      this.#isOutage = true;
      if (since !== undefined) this.#controller.forgiven();
      this.#stalledSince = undefined;
    }
    if (!(this.#isOutage && expectsMedia && this.#ahead > this.#controller.target)) return;
    this.#isOutage = false;
    this.#jitter.reset();
    if (this.#ahead > this.#controller.target + LATE) this.jumpToLive();
  }

  #watchPlayhead(now: number): void {
    const { video } = this;
    const moved = video.currentTime !== this.#playhead.time;
    if (moved || video.paused || video.seeking) {
      if (moved && !video.seeking && this.#playhead.time >= 0) {
        this.#hasMoved = true;
        this.#stalledSince = undefined;
      }
      this.#playhead = { at: now, time: video.currentTime };
      return;
    }
    const still = now - this.#playhead.at;
    if (still < STALL) return;
    if (this.#stalledSince === undefined && this.#hasMoved && !this.#isOutage) {
      this.#stalledSince = this.#playhead.at;
      this.#stalls += 1;
      this.#controller.stalled(now);
    }
    // Media lies ahead, but behind a hole: go there. The decoder hangs: push it.
    const { buffered } = video;
    for (let index = 0; index < buffered.length; index += 1) {
      const start = buffered.start(index);
      if (start > video.currentTime + 0.001) {
        this.#jump(Math.max(start + 0.001, this.#landing(this.#edge ?? start)));
        return;
      }
    }
    if (still > 1_500 && this.#ahead > this.#controller.target + 0.5) this.jumpToLive();
  }

  #steer(now: number): void {
    const { video } = this;
    const moves = this.#hasMoved && this.#stalledSince === undefined;
    const playing = moves && !(video.paused || video.seeking);
    const { rate, jump } = this.#controller.decide({ now, ahead: this.#ahead, playing });
    if (jump) this.jumpToLive();
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  #jump(to: number): void {
    const now = performance.now();
    this.#jumps += 1;
    this.#controller.jumped(now);
    this.#delay.restart();
    this.#playhead = { at: now, time: -1 };
    this.video.currentTime = to;
  }

  #evict(now: number, edge: number): void {
    if (now - this.#evictedAt < 1_000) return;
    this.#evictedAt = now;
    const { buffered, currentTime } = this.video;
    const start = buffered.length > 0 ? buffered.start(0) : currentTime;
    if (currentTime - start < BEHIND.most && edge - start < MOST_BUFFERED) return;
    const end = Math.max(currentTime - BEHIND.kept, edge - MOST_BUFFERED);
    if (end > 0) for (const buffer of this.#buffers.values()) buffer.evict(end);
  }

  /** Follows the pictures shown; where the browser does not tell, the playhead must do. */
  #watchPictures(): void {
    const { video } = this;
    const { signal } = this.#listening;
    const serverNow = (at: number) => at + (this.#host.clockOffset() ?? 0);
    if ("requestVideoFrameCallback" in video) {
      const onPicture: VideoFrameRequestCallback = (_now, { mediaTime, expectedDisplayTime }) => {
        this.#picturesCounted += 1;
        if (!video.paused) {
          this.#delay.shown(mediaTime, serverNow(performance.timeOrigin + expectedDisplayTime));
        }
        this.#pictureCallback = video.requestVideoFrameCallback(onPicture);
      };
      this.#pictureCallback = video.requestVideoFrameCallback(onPicture);
    }
    let countedBefore = 0;
    video.addEventListener(
      "timeupdate",
      () => {
        if (this.#picturesCounted === countedBefore && !video.paused && !document.hidden) {
          this.#delay.shown(video.currentTime, serverNow(wallClock()));
        }
        countedBefore = this.#picturesCounted;
      },
      { signal },
    );
  }
}
