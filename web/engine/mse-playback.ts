import { ArrivalLag } from "../control/arrival-lag.ts";
import { ArrivalLine } from "../control/arrival-line.ts";
import { ArrivalJitter } from "../control/jitter.ts";
import { LATENCY, LatencyController, type Steering } from "../control/latency.ts";
import { RateResponse } from "../control/rate-response.ts";
import { ShownDelay } from "../control/shown-delay.ts";
import { StallWatch } from "../control/stall-watch.ts";
import type { Place } from "../control/timeline.ts";
import type { LineMedium } from "../line/line-medium.ts";
import type { MediaAttachment } from "./media-attachment.ts";
import type { MediaSample } from "./media-intake.ts";
import { PictureWatch } from "./picture-watch.ts";
import type { PlannedTrack } from "./plan.ts";
import { isWebKit, outputHoldsSound } from "./platform.ts";
import type { Playback, PlaybackFigures, PlaybackHost, Situation } from "./playback.ts";
import { SoundRoute } from "./sound-route.ts";
import type { VideoSurface } from "./video-surface.ts";

/** Seconds kept behind the playhead, trimmed to the lesser when the greater is passed. */
const BEHIND = { kept: 8, most: 12 } as const;

/** Seconds kept in all: a paused or hidden player goes on receiving. */
const MOST_BUFFERED = 30;

/** This much media (ms) more than time has passed, from one look to the next, is a burst. */
const BURST = 100;

/** Media that comes so much later (ms) than it may is followed by newer … */
const STALE = 150;
/** … as is what came, but is not appended up to so much (seconds) of it … */
const APPENDING = 0.3;
/** … for so long (ms) at most: longer, and that is how this line is by now. */
const CATCHING_UP = 1_000;

/**
 * A stall while media comes that is older than this (ms) is of a queue on the way, and one with more than
 * this ahead (seconds) is not for want of media: holding more is no help.
 */
const NO_HELP = { queued: 250, ahead: 0.4 } as const;

/** Nothing has come for so long (ms): what comes then is looked at anew. */
const NOTHING = 300;

/** After an outage, this much (seconds) more than the target is too much. */
const LATE = 0.15;

/** The same for a start, looked at once the clock has run for so long (ms). */
const LATE_START = { rate: 0.35, seek: 0.2 } as const;
const SETTLING = 300;

/** Seconds of jitter that are provided for; beyond that, stalls raise the target. */
const MOST_JITTER = 0.6;

/**
 * Sound that has to be ahead lest it stops, seconds: on Chromium's own way to the speakers, more of it
 * where it is heard; on others; in WebKitGTK, which plays 0.2 s behind at the nearest. It takes 0.2 s and more
 * to begin again, so jitter is provided for more strictly than for pictures: the latest few of half a minute, and 70 ms until
 * that is known (encoders that batch small writes have such gaps every ten seconds).
 */
const SOUND_AHEAD = { muted: 0.08, audible: 0.115, routed: 0.03, whereSeeking: 0.15 } as const;
const JITTER = {
  alone: { quantile: 0.95, window: 10_000, assumed: 0 },
  withSound: { quantile: 0.997, window: 30_000, assumed: 70 },
} as const;

/** A frame of sound as most codecs have it, seconds. */
const USUAL_SOUND = 0.025;

/** Frames of sound as long as this (seconds) are long: those of AAC and Opus have 20 to 46 ms, FLAC's 96. */
const LONG_SOUND = 0.06;

/** Less than this (seconds) is held ahead: another way for the sound is worth it. */
const WORTH_ROUTING = 0.2;

/** Firefox's clock stands still while its sound is led elsewhere: within so long (ms) that is no stall. */
const ROUTING = 400;

/** Sound ahead (seconds) from which its pitch can be kept at other rates: on Chromium's own way, on others. */
const PITCH_FROM = { held: 0.19, routed: 0.05 } as const;

/**
 * Seconds that starting costs: decoding from the GOP's beginning, and sound that has to be ahead
 * before Chromium lets the clock run; pipelines that WebKitGTK builds. The landing is that much nearer to the edge.
 */
const STARTING = { alone: 0.03, withSound: 0.12, whereSeeking: 0.12 } as const;

/** An outage is told to people after this long (ms); a dead line has been noticed by then. */
const STARVED = 3_000;

/** A jump that took longer than this (ms) is not worth it where waiting helps, too. */
const DEAR_JUMP = 500;

/** The clock hangs for this long (ms) with so much (seconds) too much ahead: push it. */
const HANGING = { still: 1_500, ahead: 0.5 } as const;

/**
 * A seek that takes longer than this (ms) while more media comes found too little before a hole: a page
 * opened at the end of a broadcast that goes on is like that.
 */
const LONGEST_SEEK = 1_000;

/** A medium of the line, and the `<video>` that plays it. */
export type AttachedMedium = {
  readonly medium: LineMedium;
  readonly attachment: MediaAttachment;
};

/**
 * One MediaSource on one `<video>`, with a track of each of a fixed set of kinds: where it plays, how far
 * behind the edge, and what to do about a clock that stands still. The line fills it, wherever it lives.
 */
export class MsePlayback implements Playback {
  readonly engine = "mse";
  readonly transport = "websocket";
  readonly surface: VideoSurface;
  readonly video: HTMLVideoElement;
  readonly #host: PlaybackHost;
  readonly #attachment: MediaAttachment;
  readonly #medium: LineMedium;
  readonly #controller: LatencyController;
  readonly #delay = new ShownDelay();
  readonly #jitter: ArrivalJitter;
  readonly #clock = new StallWatch();
  readonly #arrivals = new ArrivalLine();
  readonly #lag = new ArrivalLag();
  readonly #response = new RateResponse();
  readonly #route: SoundRoute;
  readonly #steering: Steering = isWebKit() ? "seek" : "rate";
  readonly #hasSound: boolean;
  readonly #listening = new AbortController();
  #isReady = false;
  #isPositioned = false;
  #isSettled = false;
  #movedAt: number | undefined;
  #jumps = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;
  #routedAt = Number.NEGATIVE_INFINITY;
  #soughtAt = 0;
  #jumpCost = 0;
  #ahead = 0;
  #stalledAtEdge: number | undefined;
  #evictedAt = 0;
  #looked = { at: 0, edge: 0 };
  #staleSince: number | undefined;
  #sampledAt = 0;
  /** What came last, seconds: it may not be appended yet. */
  #newest = 0;

  /** Takes both over. */
  constructor(
    { attachment, medium }: AttachedMedium,
    plan: readonly PlannedTrack[],
    host: PlaybackHost,
  ) {
    const { video } = attachment.surface;
    this.#attachment = attachment;
    this.#medium = medium;
    this.surface = attachment.surface;
    this.video = video;
    this.#host = host;
    this.#hasSound = plan.some(({ track }) => track.mediaType === "audio");
    this.#jitter = new ArrivalJitter(this.#hasSound ? JITTER.withSound : JITTER.alone);
    this.#route = new SoundRoute(video);
    this.#controller = new LatencyController({ base: host.asked(), steering: this.#steering });
    const { signal } = this.#listening;
    video.addEventListener("error", () => this.#fail(video.error), { signal });
    video.addEventListener("seeked", () => this.#landed(), { signal });
    const onShown = (mediaTime: number, at: number) =>
      this.#delay.shown(mediaTime, at + (host.clockOffset() ?? 0));
    new PictureWatch(video, onShown, signal);
    medium.listen({
      onSample: (sample) => this.#sampled(sample),
      onProgress: () => this.#progressed(),
      onError: (error) => this.#fail(error),
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isMoving(): boolean {
    return this.#clock.hasMoved;
  }

  get isStarved(): boolean {
    return this.#clock.isOutage && this.#clock.stillFor(performance.now()) > STARVED;
  }

  get figures(): PlaybackFigures {
    return {
      delay: this.#delay.value,
      ahead: this.#ahead,
      target: this.#controller.target,
      rate: this.video.playbackRate,
      stalls: this.#clock.stalls,
      jumps: this.#jumps,
      reorderDelay: this.#medium.progress.reorderDelay * 1_000,
      jitter: this.#jitter.value(performance.now()),
      moment: this.#isReady ? this.#arrivals.moment(this.video.currentTime) : undefined,
    };
  }

  get place(): Place | undefined {
    const { edge } = this.#medium.progress;
    if (edge === undefined || !this.#isPositioned) return undefined;
    return { position: this.video.currentTime * 1_000, edge: edge * 1_000, start: undefined };
  }

  tick({ now, wantsPlay, expectsMedia, lead = 0 }: Situation): void {
    this.#controller.base = this.#host.asked();
    this.#controller.lead = lead;
    const { edge, isHistory } = this.#medium.progress;
    if (edge === undefined || isHistory) return;
    if (!this.#isPositioned && !this.#position(now, edge)) return;
    const { video } = this;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking) {
      this.#isReady = true;
    }
    this.#ahead = edge - video.currentTime;
    if (this.#jitter.forgetQueue(now)) this.#controller.relieved();
    this.#controller.setFloor(this.#floor(now));
    this.#watchStart(now);
    if (wantsPlay && video.paused) this.#host.play(this.surface);
    if (!wantsPlay && !video.paused) video.pause();
    const held = video.paused || video.seeking || now - this.#routedAt < ROUTING;
    const began = this.#clock.look({ now, time: video.currentTime, held, expectsMedia });
    if (began === "stall") this.#controller.stalled(now);
    const isNoHelp = this.#lag.value > NO_HELP.queued || this.#ahead > NO_HELP.ahead;
    if (began === "outage" || (began === "stall" && isNoHelp)) this.#controller.forgiven();
    const isCaughtUp = this.#isCaughtUp(now, edge);
    if (this.#clock.isOutage && expectsMedia && isCaughtUp) this.#endOutage();
    this.#recover(now, edge, isCaughtUp);
    this.#steer(now, isCaughtUp);
    this.#evict(now, edge);
  }

  streamTime(mediaTime: number): number {
    return mediaTime * 1_000;
  }

  jumpToLive(): void {
    const { edge } = this.#medium.progress;
    if (edge !== undefined && this.#isPositioned) this.#jump(this.#landing(edge));
  }

  destroy(): void {
    this.#listening.abort();
    this.#medium.close();
    this.#attachment.destroy();
  }

  #fail(error: unknown): void {
    if (!this.#listening.signal.aborted) this.#host.onError(this, error);
  }

  #sampled({ decodedAt, shownAt, serverTime, cameAt, isHistory, isBreak }: MediaSample): void {
    if (isBreak) {
      this.#jitter.reset();
      this.#arrivals.reset();
    }
    this.#delay.push(shownAt, serverTime);
    this.#arrivals.push(decodedAt, serverTime);
    this.#lag.push(cameAt, serverTime);
    this.#sampledAt = performance.now();
    this.#newest = decodedAt;
    // A page that is still starting reads late: that is not the line's doing.
    if (isHistory || !this.#isSettled || this.#clock.isOutage) return;
    this.#jitter.push(cameAt - performance.timeOrigin, decodedAt * 1_000);
  }

  /** After an append: the first position does not wait for the next tick. */
  #progressed(): void {
    const { edge, isHistory } = this.#medium.progress;
    if (edge === undefined || this.#isPositioned || isHistory) return;
    this.#position(performance.now(), edge);
  }

  /** What the stream asks for, whatever the mode: three pictures, jitter, groups of pictures. */
  #floor(now: number): number {
    const interval = Math.min(0.34, this.#medium.progress.pictureInterval);
    const jitter = Math.min(MOST_JITTER, this.#jitter.value(now) / 1_000);
    const { reorderDelay } = this.#medium.progress;
    const needed = this.#hasSound ? this.#soundAhead + jitter : jitter + 2 * interval;
    // What is ahead is a saw-tooth, which the figures for sound know of 20 ms: FLAC has some of 96 ms.
    const lumps = Math.max(0, this.#medium.progress.soundInterval - USUAL_SOUND) / 2;
    return Math.max(this.#controller.base, 3 * interval, needed + lumps) + reorderDelay;
  }

  /** Whether sound goes the way of Chromium that wants much of it. */
  get #isSoundHeld(): boolean {
    return outputHoldsSound() && !this.#route.isOn;
  }

  /** Firefox loses every other picture where frames as long as FLAC's are led elsewhere. */
  get #isRoutable(): boolean {
    return outputHoldsSound() || this.#medium.progress.soundInterval < LONG_SOUND;
  }

  get #soundAhead(): number {
    if (this.#steering === "seek") return SOUND_AHEAD.whereSeeking;
    if (!this.#isSoundHeld) return SOUND_AHEAD.routed;
    return this.video.muted ? SOUND_AHEAD.muted : SOUND_AHEAD.audible;
  }

  get #startingCost(): number {
    if (this.#steering === "seek") return STARTING.whereSeeking;
    return this.#hasSound && this.#isSoundHeld ? STARTING.withSound : STARTING.alone;
  }

  /** Where to land behind the edge: within what is buffered without a hole. */
  #landing(edge: number): number {
    const { buffered } = this.video;
    const start = buffered.length > 0 ? buffered.start(buffered.length - 1) : edge;
    const distance = Math.max(0.02, this.#controller.target - this.#startingCost);
    return Math.max(start + 0.001, edge - distance);
  }

  #position(now: number, edge: number): boolean {
    if (this.video.buffered.length === 0) return false;
    this.#controller.setFloor(this.#floor(now));
    this.#isPositioned = true;
    this.#soughtAt = now;
    this.#clock.moved(now);
    this.video.currentTime = this.#landing(edge);
    return true;
  }

  /** A start that took its time (a refusal, a busy machine) is corrected once, not chased for long. */
  #watchStart(now: number): void {
    if (this.#isSettled || !this.#isReady || this.video.seeking) return;
    const isLate = this.#ahead > this.#controller.target + LATE_START[this.#steering];
    if (this.video.paused) {
      if (isLate) this.#correct();
    } else if (this.#clock.hasMoved) {
      this.#movedAt ??= now;
      if (now - this.#movedAt < SETTLING) return;
      this.#isSettled = true;
      if (isLate) this.#correct();
    }
  }

  /** Whether media comes faster than it plays: what waited somewhere. The edge is still to come. */
  #isBurst(now: number, edge: number): boolean {
    const { at, edge: before } = this.#looked;
    this.#looked = { at: now, edge };
    return (edge - before) * 1_000 > now - at + BURST;
  }

  /** Whether what is newest is there, or as good as it gets: the edge is where it seems to be. */
  #isCaughtUp(now: number, edge: number): boolean {
    const isBurst = this.#isBurst(now, edge);
    const isLate = this.#lag.value > STALE || this.#newest - edge > APPENDING;
    const isStale = isLate && now - this.#sampledAt < NOTHING;
    this.#staleSince = isStale ? (this.#staleSince ?? now) : undefined;
    return !isBurst && (this.#staleSince === undefined || now - this.#staleSince > CATCHING_UP);
  }

  /** The viewer has seen a break anyway: go to the edge at once. */
  #endOutage(): void {
    if (this.#ahead <= this.#controller.target) return;
    this.#clock.recovered();
    this.#jitter.reset();
    if (this.#ahead > this.#controller.target + LATE) this.#correct();
  }

  /** Jumps to the edge by itself: when there is a picture, and not again and again. */
  #correct(): void {
    const isSoon = performance.now() - this.#jumpedAt < LATENCY.betweenJumps.rate;
    if (this.#isReady && !isSoon) this.jumpToLive();
  }

  /** What can be done about a clock that stands still. */
  #recover(now: number, edge: number, isCaughtUp: boolean): void {
    const { video } = this;
    if (video.seeking && now - this.#soughtAt > LONGEST_SEEK) {
      if (this.#ahead > this.#controller.target + HANGING.ahead) this.jumpToLive();
      return;
    }
    if (video.paused || video.seeking || this.#clock.stillFor(now) < 80) {
      this.#stalledAtEdge = undefined;
      return;
    }
    // Media lies ahead, but behind a hole: go there.
    const { buffered, currentTime } = video;
    for (let index = 0; index < buffered.length; index += 1) {
      const start = buffered.start(index);
      if (start > currentTime + 0.001) {
        this.#jump(Math.max(start + 0.001, this.#landing(edge)));
        return;
      }
    }
    // Sound that ran out begins again only with twice as much ahead as before; after a jump it is
    // content with what a start needs. Media must be coming again, and the jump must be cheap: in
    // WebKitGTK the jump takes ten times as long as the stall that it would end.
    this.#stalledAtEdge ??= edge;
    const isCheap = this.#steering === "rate" && this.#jumpCost < DEAR_JUMP;
    const isWorthIt = this.#hasSound && this.#clock.isStalled && isCheap;
    if (isWorthIt && isCaughtUp && edge > this.#stalledAtEdge) {
      this.#correct();
      return;
    }
    const isTooMuch = this.#ahead > this.#controller.target + HANGING.ahead;
    const isHanging = this.#clock.stillFor(now) > HANGING.still;
    if (isHanging && isTooMuch && isCaughtUp) this.#correct();
  }

  #steer(now: number, isCaughtUp: boolean): void {
    const { video } = this;
    const moves = this.#clock.hasMoved && !this.#clock.isStalled;
    const playing = moves && !(video.paused || video.seeking);
    const audible = this.#hasSound && !video.muted && video.volume > 0;
    const isWorthIt = this.#controller.base < WORTH_ROUTING && this.#isRoutable;
    if (!(audible && playing && isWorthIt)) this.#route.keep();
    else if (this.#route.seek(now, this.#controller.least)) this.#routed(now);
    const pitchFrom = this.#isSoundHeld ? PITCH_FROM.held : PITCH_FROM.routed;
    const { playbackRate, currentTime, buffered } = video;
    const start = buffered.length > 0 ? buffered.start(buffered.length - 1) : currentTime;
    // More than that is not waited for: it would not be kept.
    const reach =
      currentTime - start > BEHIND.kept - 1 ? Infinity : currentTime + this.#ahead - start;
    const reading = { now, ahead: this.#ahead, playing, audible, pitchFrom, isCaughtUp, reach };
    if (this.#response.look({ now, time: currentTime, rate: playbackRate, playing })) {
      this.#controller.resisted(now);
    }
    const { rate, keepsPitch, jump } = this.#controller.decide(reading);
    if (jump) this.jumpToLive();
    if (video.preservesPitch !== keepsPitch) video.preservesPitch = keepsPitch;
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  /** Its sound goes another way from now on. */
  #routed(now: number): void {
    this.#routedAt = now;
    this.#controller.released();
    // What Firefox's own way had taken is lost: one break, and not two.
    if (!outputHoldsSound()) this.jumpToLive();
  }

  #jump(to: number): void {
    const now = performance.now();
    this.#jumps += 1;
    this.#jumpedAt = now;
    this.#soughtAt = now;
    this.#controller.jumped(now);
    this.#delay.restart();
    this.#clock.moved(now);
    this.video.currentTime = to;
  }

  #landed(): void {
    if (this.#jumps > 0) this.#jumpCost = performance.now() - this.#jumpedAt;
  }

  #evict(now: number, edge: number): void {
    if (now - this.#evictedAt < 1_000) return;
    this.#evictedAt = now;
    const { buffered, currentTime } = this.video;
    const start = buffered.length > 0 ? buffered.start(0) : currentTime;
    const isFew = currentTime - start < BEHIND.most && edge - start < MOST_BUFFERED;
    const end = Math.max(currentTime - BEHIND.kept, edge - MOST_BUFFERED);
    this.#medium.trim(currentTime, isFew || end <= 0 ? undefined : end);
  }
}
