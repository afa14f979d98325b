import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";
import { ShownDelay } from "../control/shown-delay.ts";
import type { Place } from "../control/timeline.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { LivePlayback, PlaybackFigures, PlaybackHost, Situation } from "../engine/playback.ts";
import type { CanvasSurface } from "./canvas-surface.ts";
import type { FallbackError } from "./fallback.ts";
import { Lag } from "./lag.ts";
import { MediaClock } from "./media-clock.ts";
import { Pictures } from "./pictures.ts";
import type { SoundOutput } from "./sound-output.ts";
import { Sounds } from "./sounds.ts";

const DISCONTINUITY: typeof FrameFlag.Discontinuity = 2;

/** Less than this (seconds) ahead, as asked: a picture is shown when it is there. */
const AT_ONCE = 0.001;

/** More than this is not held, seconds. */
const MOST_HELD = 3;

/** Nothing new for so long (ms) although it should come: a stall; and what people should know of. */
const STALL = 350;
const STARVED = 3_000;

/** A page that is still starting (ms) reads late: that is not the line's doing. */
const SETTLING = 800;

/** Farther than this (seconds) behind what it should be: the way to the edge is a jump. */
const LATE = 0.15;

/** So much (seconds) more than was asked for is waited for at once. */
const STEP = 0.5;

/** What a playback is made of that others have as well. */
export type PlaybackParts = {
  readonly surface: (host: ConstructorParameters<typeof CanvasSurface>[0]) => CanvasSurface;
  readonly output: SoundOutput;
};

/** The WebSocket's frames through the browser's bare decoders onto a canvas and into a worklet. */
export class WebCodecsPlayback implements LivePlayback {
  readonly engine = "webcodecs";
  readonly transport = "websocket";
  readonly surface: CanvasSurface;
  readonly #host: PlaybackHost;
  readonly #parts: PlaybackParts;
  readonly #clock = new MediaClock();
  readonly #pictures: Pictures;
  readonly #sounds: Sounds;
  readonly #listening = new AbortController();
  #plan: readonly PlannedTrack[];
  readonly #delay = new ShownDelay();
  /** By the server's clock, seconds, and the latest moment of that. */
  readonly #arrivals = new Lag(10);
  #arrivedAt = 0;
  /** Seconds to be held for others' sake. */
  #lead = 0;
  #asked: number | undefined;
  /** Until then (ms) it stands still on purpose. */
  #waitsUntil = 0;
  #isHistory = false;
  #wasHeld = false;
  readonly #builtAt = performance.now();
  #isSettled = false;
  #progressAt = performance.now();
  #progress = -1;
  #isStalled = false;
  #stalls = 0;
  #jumps = 0;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(plan: readonly PlannedTrack[], host: PlaybackHost, parts: PlaybackParts) {
    this.#plan = plan;
    this.#host = host;
    this.#parts = parts;
    const onError = (error: FallbackError) => this.#fail(error);
    this.surface = parts.surface({
      currentTime: () => this.#currentTime,
      changed: () => this.#changed(),
      sound: () => this.#sounds.start(),
    });
    this.#sounds = new Sounds(parts.output, {
      onError,
      onTime: (time, now) => this.#heard(time, now),
    });
    this.#pictures = new Pictures(this.surface, {
      onError,
      onShown: (time, now) => {
        if (!this.#isHeld) this.#clock.set(time, now);
      },
      isHeld: () => this.#isHeld,
      time: (now) => this.#clock.time(now),
    });
    const { signal } = this.#listening;
    this.surface.watchPictures((time, at) => {
      this.#delay.shown(time, at + (host.clockOffset() ?? 0));
    }, signal);
    const onSeen = () => this.#rest();
    document.addEventListener("visibilitychange", onSeen, { signal });
    for (const planned of plan) this.#configure(planned);
  }

  get plan(): readonly PlannedTrack[] {
    return this.#plan;
  }

  get isReady(): boolean {
    return this.#hasPicture ? this.#pictures.hasShown : this.#newest > 0;
  }

  get isMoving(): boolean {
    return this.isReady && !this.#isHistory;
  }

  get isStarved(): boolean {
    return this.#isStalled && performance.now() - this.#progressAt > STARVED;
  }

  get figures(): PlaybackFigures {
    const now = performance.now() / 1_000;
    const interval = this.#pictures.interval;
    return {
      delay: this.#delay.value,
      ahead: Number.isFinite(this.#newest)
        ? Math.max(0, this.#newest + interval - this.#currentTime)
        : 0,
      target: this.#isHeld ? Math.max(0, this.#distance(now) - this.#base(now)) : 0,
      rate: this.#sounds.isPlaying ? this.#sounds.speed : this.#isHeld ? this.#clock.rate : 1,
      stalls: this.#stalls + this.#sounds.underruns,
      jumps: this.#jumps + this.#sounds.skips,
      reorderDelay: this.#pictures.reorderDelay * 1_000,
      jitter: this.#pictures.jitter(now) * 1_000,
      moment: this.isReady
        ? (this.#currentTime + this.#arrivals.base(this.#arrivedAt)) * 1_000
        : undefined,
    };
  }

  get place(): Place | undefined {
    if (!this.isReady) return undefined;
    return {
      position: this.#currentTime * 1_000,
      edge: this.#newest * 1_000,
      start: undefined,
    };
  }

  plays(trackId: number): boolean {
    return this.#plan.some(({ track }) => track.id === trackId);
  }

  init(planned: PlannedTrack, _bytes: Bytes): void {
    const { mediaType } = planned.track;
    const before = this.#plan.find(({ track }) => track.mediaType === mediaType);
    this.#plan = [...this.#plan.filter((one) => one !== before), planned];
    // The same again (a new connection sends it) would only break the GOP.
    if (before === undefined || !isSame(before, planned)) this.#configure(planned);
  }

  feed(frames: readonly Frame[], isHistory: boolean): void {
    const now = performance.now() / 1_000;
    this.#isHistory = isHistory;
    for (const frame of frames) {
      const track = this.#plan.find((one) => one.track.id === frame.trackId)?.track;
      if (track === undefined) continue;
      const decodedAt = frame.dts / track.timescale;
      const shownAt = (frame.dts + frame.compositionOffset) / track.timescale;
      const isBreak = (frame.flags & DISCONTINUITY) !== 0;
      const isPace = track.mediaType === "video" || !this.#hasPicture;
      if (isBreak && isPace) this.#arrivals.reset();
      if (isPace) {
        this.#arrivedAt = frame.serverTime / 1_000;
        this.#arrivals.push(this.#arrivedAt, decodedAt);
      }
      if (track.mediaType === "video") {
        this.#delay.push(shownAt, frame.serverTime);
        this.#pictures.push({ frame, decodedAt, shownAt, isBreak, isHistory, now });
      } else {
        const end = shownAt + frame.duration / track.timescale;
        if (isPace) this.#delay.push(shownAt, frame.serverTime);
        this.#sounds.push({ frame, shownAt, end, isBreak, isHistory, now });
      }
      if (isBreak || shownAt > this.#newest || shownAt < this.#newest - 10) this.#newest = shownAt;
    }
    if (!isHistory) this.endHistory();
  }

  endHistory(): void {
    this.#isHistory = false;
    const now = performance.now() / 1_000;
    // Until pictures have been seen to come, the edge is where the past ends.
    if (this.#isHeld && this.#clock.time(now) === undefined) {
      this.#clock.set(this.#newest - this.#latency, now);
    }
    this.#pictures.endHistory();
  }

  tick({ now, wantsPlay, expectsMedia, lead = 0 }: Situation): void {
    const { surface } = this;
    this.#lead = lead;
    const isSilent = this.#isWanted && !this.#parts.output.isRunning;
    if (wantsPlay && (surface.paused || isSilent)) this.#host.play(surface);
    if (!wantsPlay && !surface.paused) surface.pause();
    this.#rest();
    if (!this.#isSettled && now - this.#builtAt > SETTLING) {
      this.#isSettled = true;
      this.#pictures.calm();
      this.#sounds.calm(now / 1_000);
    }
    this.#sounds.tick(now / 1_000);
    this.#steer(now / 1_000);
    this.#watch(now, expectsMedia && wantsPlay && now > this.#waitsUntil);
    surface.isSounding = this.#sounds.isPlaying || !this.#hasPicture;
    surface.tick(now);
  }

  streamTime(mediaTime: number): number {
    return mediaTime * 1_000;
  }

  jumpToLive(): void {
    const now = performance.now() / 1_000;
    this.#pictures.skipToLive();
    if (!this.#isHeld) return;
    const late = now - this.#distance(now) - (this.#clock.time(now) ?? Number.NEGATIVE_INFINITY);
    if (late < LATE) return;
    this.#jumps += 1;
    this.#delay.restart();
    this.#clock.stop();
    this.#sounds.restart();
  }

  destroy(): void {
    this.#listening.abort();
    this.#pictures.close();
    this.#sounds.close();
    this.surface.destroy();
  }

  get #hasPicture(): boolean {
    return this.#plan.some(({ track }) => track.mediaType === "video");
  }

  /** Seconds to be held ahead, as asked. */
  get #latency(): number {
    return Math.min(MOST_HELD, this.#host.asked());
  }

  /** Whether sound is to be heard. */
  get #isWanted(): boolean {
    const { muted, volume, paused } = this.surface;
    const hasSound = this.#plan.some(({ track }) => track.mediaType === "audio");
    return hasSound && !muted && volume > 0 && !paused;
  }

  /** Whether pictures wait for their time; else each is shown when it is there. */
  get #isHeld(): boolean {
    const now = performance.now() / 1_000;
    return this.#sounds.isExpected(now) || this.#latency + this.#lead > AT_ONCE;
  }

  get #currentTime(): number {
    const time = this.#clock.time(performance.now() / 1_000) ?? 0;
    const last = this.#newest + Math.max(0.04, this.#pictures.interval);
    return Number.isFinite(last) ? Math.min(time, last) : time;
  }

  /** By how much the wall clock is ahead of what came last, on a calm line. */
  #base(now: number): number {
    const base = this.#hasPicture ? this.#pictures.base(now) : this.#sounds.base(now);
    return Number.isFinite(base) ? base : 0;
  }

  /** By how much the wall clock is to be ahead of the media clock. */
  #distance(now: number): number {
    let distance = Number.NEGATIVE_INFINITY;
    const pictures = this.#pictures.base(now);
    if (Number.isFinite(pictures)) {
      distance = pictures + Math.max(this.#latency, this.#pictures.need(now));
    }
    const sounds = this.#sounds.base(now);
    if ((this.#isWanted || !this.#hasPicture) && Number.isFinite(sounds)) {
      distance = Math.max(distance, sounds + Math.max(this.#latency, this.#sounds.need(now)));
    }
    return Number.isFinite(distance) ? distance + this.#lead : 0;
  }

  #steer(now: number): void {
    if (this.#newest === Number.NEGATIVE_INFINITY || this.#isHistory) return;
    const distance = this.#distance(now);
    this.#follow(now);
    this.#sounds.hold(distance, now);
    if (this.#sounds.isPlaying) {
      this.#wasHeld = true;
      return;
    }
    if (!this.#isHeld) {
      this.#wasHeld = false;
      if (!this.#hasPicture && this.#clock.approach(distance, now)) this.#jumps += 1;
      return;
    }
    // From showing at once to holding: the clock begins where it is to be.
    if (!this.#wasHeld) this.#clock.stop();
    this.#wasHeld = true;
    if (this.#clock.approach(distance, now)) this.#jumps += 1;
    this.#pictures.hurry();
  }

  /** Much more is asked for than before: sound slowed down would take a minute to be there. */
  #follow(now: number): void {
    const asked = this.#latency + this.#lead;
    const more = asked - (this.#asked ?? asked);
    this.#asked = asked;
    if (more < STEP) return;
    this.#waitsUntil = (now + more) * 1_000 + STALL;
    this.#delay.restart();
    this.#sounds.land();
  }

  /** What nobody sees is not decoded, until somebody does. A pause holds a picture: it needs one first. */
  #rest(): void {
    const { paused, isInWindow } = this.surface;
    const isHeld = paused && this.#pictures.hasShown;
    this.#pictures.isResting = isHeld || (document.hidden && !isInWindow);
  }

  #changed(): void {
    const { muted, volume } = this.surface;
    this.#sounds.volume = muted ? 0 : volume;
    this.#sounds.isWanted = this.#isWanted;
    this.#rest();
  }

  #configure({ track }: PlannedTrack): void {
    if (track.mediaType === "video") this.#pictures.configure(track);
    else this.#sounds.configure(track);
    this.#changed();
  }

  /** Notices that nothing new is seen or heard. */
  #watch(now: number, isExpected: boolean): void {
    const { isResting, shown } = { isResting: this.#pictures.isResting, shown: this.surface.shown };
    const progress = this.#hasPicture && !isResting ? shown : this.#newest;
    const isLong = now - this.#progressAt > STALL + this.#pictures.interval * 2_000;
    if (progress !== this.#progress || !isExpected) {
      this.#progress = progress;
      this.#progressAt = now;
      if (this.#isStalled) this.surface.tell("playing");
      this.#isStalled = false;
    } else if (isLong && !this.#isStalled && this.isReady) {
      this.#isStalled = true;
      this.#stalls += 1;
      this.surface.tell("waiting");
    }
  }

  /** Sound says what time it is; without pictures also how late that is. */
  #heard(time: number, now: number): void {
    this.#clock.follow(time, now);
    if (this.#hasPicture) return;
    const at = performance.timeOrigin + now * 1_000;
    this.#delay.shown(time, at + (this.#host.clockOffset() ?? 0));
  }

  #fail(error: FallbackError): void {
    if (!this.#listening.signal.aborted) this.#host.onError(this, error);
  }
}

const isSame = ({ track: a }: PlannedTrack, { track: b }: PlannedTrack): boolean =>
  a.id === b.id && a.codec === b.codec && a.decoderConfiguration === b.decoderConfiguration;
