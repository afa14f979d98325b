import type {
  AnnouncedTrack,
  AnnouncedUnplayable,
  ServerMessage,
  StreamState,
} from "../server/protocol/wire/control.ts";
import { type Frame, FrameType } from "../server/protocol/wire/frame.ts";
import type { StreamAddress } from "./address.ts";
import { Traffic } from "./control/traffic.ts";
import { HlsLookout } from "./engine/hls-lookout.ts";
import { HlsPlayback } from "./engine/hls-playback.ts";
import { MediaOpening } from "./engine/media-opening.ts";
import { MseFeed } from "./engine/mse.ts";
import { MsePlayback } from "./engine/mse-playback.ts";
import type { PlannedTrack } from "./engine/plan.ts";
import { mediaSourceClass } from "./engine/platform.ts";
import type { Playback, PlaybackHost } from "./engine/playback.ts";
import type { ListedStream, ListedTrack } from "./stream-list.ts";
import { Link } from "./transport/link.ts";
import { Stage } from "./ui/stage.ts";
import type { PlayerState } from "./ui/words.ts";

/** The player looks at everything this often (ms), and tells what changed this often. */
const TICK = 50;
const CHANGE_EVERY = 250;

/** So many connections that never came to be, and HLS is tried. */
const FAILURES_BEFORE_HLS = 2;

/** So many failed playbacks within so many ms, and MSE rests for as long as the last says. */
const MOST_ERRORS = 4;
const ERROR_WINDOW = 15_000;
const MSE_REST = 30_000;

/** A new playback that is ready but does not run takes the stage after this long (ms) anyway. */
const READY_BUT_STILL = 400;

/** What `Player.stats` says. Times in ms; undefined where it is not known. */
export type PlayerStats = {
  readonly state: PlayerState["name"];
  readonly streamState: StreamState | undefined;
  readonly transport: "websocket" | "hls" | undefined;
  readonly engine: Playback["engine"] | undefined;
  /** Server to screen, measured. */
  readonly delay: number | undefined;
  /** Media ahead of the playhead, and what is to be held of it. */
  readonly buffer: number;
  readonly target: number;
  readonly rate: number;
  readonly stalls: number;
  readonly jumps: number;
  /** Pictures the browser decoded too late, and those the server left out. */
  readonly droppedByBrowser: number;
  readonly droppedByServer: number;
  readonly shown: number;
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** bits/s */
  readonly bitrate: number;
  /** What B-frames add. */
  readonly reorderDelay: number;
  readonly jitter: number;
  readonly roundTrip: number | undefined;
  readonly clockOffset: number | undefined;
  /** Connections that came to something. */
  readonly connections: number;
  /** Playbacks built. */
  readonly builds: number;
  readonly errors: number;
  readonly lastError: string | undefined;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly soundBlocked: boolean;
};

/**
 * Plays one stream into a container: WebSocket and MediaSource first, HLS where that fails, and back
 * again. It never gives up and never reloads the page.
 *
 * Fires `change` on itself at each change of state, and four times a second for the figures.
 */
export class Player extends EventTarget {
  readonly #address: StreamAddress;
  readonly #stage: Stage;
  readonly #link: Link;
  readonly #feed: MseFeed;
  readonly #host: PlaybackHost;
  readonly #traffic = new Traffic();
  readonly #listening = new AbortController();
  readonly #askedToPlay = new WeakSet<HTMLVideoElement>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookout: HlsLookout | undefined;
  #prepared: MediaOpening | undefined;
  #current: Playback | undefined;
  #next: Playback | undefined;
  #nextReadySince: number | undefined;
  #streamState: StreamState | undefined;
  #tracks: readonly AnnouncedTrack[] = [];
  #unplayable: readonly AnnouncedUnplayable[] = [];
  #listed: ListedStream | undefined;
  #hasBeenUp = false;
  #isLost = false;
  #wantsPlay = true;
  #soundBlocked = false;
  #droppedByServer = 0;
  #builds = 0;
  #errors: number[] = [];
  #errorCount = 0;
  #lastError: string | undefined;
  #mseRestsUntil = 0;
  #changedAt = 0;
  #lastState = "";

  /** @param container an element of the page; two `<video>` are put into it */
  constructor(container: HTMLElement, address: StreamAddress) {
    super();
    this.#address = address;
    this.#stage = new Stage(container);
    this.#host = {
      play: (video) => this.#startVideo(video),
      onError: (playback, error) => this.#failed(playback, error),
      clockOffset: () => this.#link.clockOffset,
    };
    this.#feed = new MseFeed({
      canPlay: (mimeType) => mediaSourceClass()?.isTypeSupported(mimeType) ?? false,
      canChangeType: typeof SourceBuffer !== "undefined" && "changeType" in SourceBuffer.prototype,
      mayBuild: () => performance.now() >= this.#mseRestsUntil,
      build: (plan) => this.#buildMse(plan),
      now: () => performance.now(),
    });
    this.#link = new Link(address.webSocket, {
      onMessage: (message) => this.#hear(message),
      onFrames: (frames) => this.#receive(frames),
      onUp: () => this.#up(),
      onDown: (failures) => {
        if (failures >= FAILURES_BEFORE_HLS) this.#tryHls();
        this.#changed();
      },
    });
    this.#watchPage();
  }

  /** The `<video>` that is on; another one after some changes of the broadcast. */
  get video(): HTMLVideoElement {
    return this.#stage.active;
  }

  /** Where the player stands. */
  get state(): PlayerState {
    // What plays over the WebSocket stands still without it, whatever HTTP still says.
    const isStill = this.#current?.transport === "websocket" && this.#streamState === "live";
    const isReached = this.#lookout !== undefined && !this.#isLost && !isStill;
    if (!this.#link.isUp && !isReached) {
      return this.#hasBeenUp ? { name: "reconnecting", whose: "viewer" } : { name: "connecting" };
    }
    if (this.#streamState === "waiting") return { name: "waiting" };
    if (this.#streamState === "ended") return { name: "ended" };
    if (this.#streamState === "reconnecting") return { name: "reconnecting", whose: "publisher" };
    if (this.#streamState === "live" && this.#current?.isReady) return { name: "live" };
    const { tracks, unsupported } = this.#feed.plan;
    const isNothingLeft = this.#link.isUp && this.#streamState === "live" && tracks.length === 0;
    if (isNothingLeft && unsupported.length + this.#unplayable.length > 0) {
      return { name: "unplayable", unsupported, unplayable: this.#unplayable };
    }
    return { name: "connecting" };
  }

  /** Tracks that stay silent or dark although others play. */
  get left(): {
    readonly unsupported: readonly AnnouncedTrack[];
    readonly unplayable: readonly AnnouncedUnplayable[];
  } {
    return { unsupported: this.#feed.plan.unsupported, unplayable: this.#unplayable };
  }

  /** What plays (or would), as the server describes it. */
  get tracks(): readonly (AnnouncedTrack | ListedTrack)[] {
    if (this.#link.isUp) return this.#feed.plan.tracks.map(({ track }) => track);
    return this.#listed?.tracks ?? this.#tracks;
  }

  get hasSound(): boolean {
    return this.tracks.some(({ mediaType }) => mediaType === "audio");
  }

  get paused(): boolean {
    return !this.#wantsPlay;
  }

  get muted(): boolean {
    return this.video.muted;
  }

  get volume(): number {
    return this.video.volume;
  }

  /** Whether the browser demanded silence: a gesture is needed to hear something. */
  get soundBlocked(): boolean {
    return this.#soundBlocked && this.video.muted;
  }

  /** Begins; once. */
  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK);
    if (mediaSourceClass() === undefined) {
      this.#tryHls();
    } else {
      this.#link.connect();
      this.#prepared = new MediaOpening(this.#stage.active);
    }
  }

  /** Plays at the live edge. */
  play(): void {
    this.#wantsPlay = true;
    this.#current?.jumpToLive();
    if (this.#current !== undefined) this.#startVideo(this.#current.video);
    this.#changed();
  }

  /** Holds the picture; what is broadcast meanwhile is not shown later. */
  pause(): void {
    this.#wantsPlay = false;
    this.video.pause();
    this.#changed();
  }

  /** In a gesture of the viewer, where sound is to come. */
  setMuted(muted: boolean): void {
    this.#soundBlocked = false;
    this.video.muted = muted;
    if (!muted) this.#stage.bless();
    this.#changed();
  }

  /** 0 to 1 */
  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    if (volume > 0 && this.muted) this.setMuted(false);
    this.#changed();
  }

  /** Goes to the newest picture. */
  goLive(): void {
    if (this.#wantsPlay) this.#current?.jumpToLive();
    else this.play();
  }

  /** Everything that can be measured, now. */
  stats(): PlayerStats {
    const now = performance.now();
    const current = this.#current;
    const figures = current?.figures;
    const { bitrate, frameRate } = this.#traffic.read(now);
    const isHls = current?.transport === "hls";
    const listed = isHls ? this.#listed : undefined;
    const quality = this.video.getVideoPlaybackQuality();
    const listedRate = listed?.tracks.find(({ mediaType }) => mediaType === "video")?.frameRate;
    return {
      state: this.state.name,
      streamState: this.#streamState,
      transport: current?.transport,
      engine: current?.engine,
      delay: figures?.delay,
      buffer: (figures?.ahead ?? 0) * 1_000,
      target: (figures?.target ?? 0) * 1_000,
      rate: figures?.rate ?? 1,
      stalls: figures?.stalls ?? 0,
      jumps: figures?.jumps ?? 0,
      droppedByBrowser: quality.droppedVideoFrames,
      droppedByServer: this.#droppedByServer,
      shown: quality.totalVideoFrames - quality.droppedVideoFrames,
      codecs: this.tracks.map(({ codec }) => codec),
      width: this.video.videoWidth,
      height: this.video.videoHeight,
      frameRate: isHls ? (listedRate ?? 0) : frameRate,
      bitrate: isHls ? (listed?.bitrate ?? 0) : bitrate,
      reorderDelay: figures?.reorderDelay ?? 0,
      jitter: figures?.jitter ?? 0,
      roundTrip: this.#link.roundTrip,
      clockOffset: this.#link.clockOffset,
      connections: this.#link.connections,
      builds: this.#builds,
      errors: this.#errorCount,
      lastError: this.#lastError,
      paused: this.paused,
      muted: this.muted,
      soundBlocked: this.soundBlocked,
    };
  }

  /** Ends everything; the container is empty afterwards. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#listening.abort();
    this.#lookout?.stop();
    this.#link.stop();
    this.#next?.destroy();
    this.#current?.destroy();
    this.#prepared?.destroy();
    this.#stage.destroy();
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
      case "state":
        this.#streamState = message.state;
        break;
      case "tracks":
        this.#tracks = message.tracks;
        this.#unplayable = message.unplayable;
        this.#feed.announce(message.tracks);
        break;
      case "history":
        this.#feed.history(message.fragments);
        break;
      case "dropped":
        this.#droppedByServer += message.samples;
        break;
      case "error":
        this.#lastError = `${message.code}: ${message.message}`;
        break;
      case "clock":
        return;
    }
    this.#changed();
  }

  #receive(frames: readonly Frame[]): void {
    let bytes = 0;
    let pictures = 0;
    const videoId = this.#tracks.find(({ mediaType }) => mediaType === "video")?.id;
    for (const { type, payload, trackId } of frames) {
      bytes += payload.length;
      if (type === FrameType.Fragment && trackId === videoId) pictures += 1;
    }
    if (!this.#feed.isHistory) this.#traffic.push(performance.now(), bytes, pictures);
    this.#feed.receive(frames);
  }

  #up(): void {
    this.#hasBeenUp = true;
    this.#feed.reconnected();
    this.#changed();
  }

  #tryHls(): void {
    if (this.#lookout !== undefined) return;
    this.#lookout = new HlsLookout(this.#address, {
      onState: (stream) => {
        this.#isLost = false;
        this.#listed = stream;
        if (!this.#link.isUp) this.#streamState = stream?.state ?? "waiting";
        this.#changed();
      },
      onLost: () => {
        this.#isLost = true;
        this.#changed();
      },
      onPlaylist: () => this.#buildHls(),
    });
    this.#lookout.start();
  }

  /** The WebSocket plays again: HLS is not needed any more. */
  #leaveHls(): void {
    this.#lookout?.stop();
    this.#lookout = undefined;
    this.#link.isSpare = false;
  }

  #buildMse(plan: readonly PlannedTrack[]): MsePlayback {
    const video = this.#freeVideo();
    const prepared = this.#prepared?.video === video ? this.#prepared : undefined;
    if (prepared !== undefined) this.#prepared = undefined;
    const playback = new MsePlayback(prepared ?? new MediaOpening(video), plan, this.#host);
    this.#take(playback);
    return playback;
  }

  #buildHls(): void {
    const mseComes = this.#next?.transport === "websocket";
    const mseWorks = this.#link.isUp && performance.now() >= this.#mseRestsUntil;
    if (this.#current?.transport === "hls" || this.#next !== undefined || mseComes || mseWorks) {
      return;
    }
    this.#prepared?.destroy();
    this.#prepared = undefined;
    this.#take(new HlsPlayback(this.#freeVideo(), this.#address.playlist, this.#host));
  }

  /** The first playback has the stage at once, others make ready behind it. */
  #freeVideo(): HTMLVideoElement {
    this.#dropNext();
    if (this.#current === undefined) return this.#stage.active;
    this.#stage.spare.muted = true;
    return this.#stage.spare;
  }

  #take(playback: Playback): void {
    this.#builds += 1;
    if (this.#current === undefined) this.#current = playback;
    else this.#next = playback;
    this.#nextReadySince = undefined;
  }

  #dropNext(): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    if (next instanceof MsePlayback) this.#feed.discard(next);
    next.destroy();
  }

  #failed(playback: Playback, error: unknown): void {
    const now = performance.now();
    this.#lastError = error instanceof MediaError ? error.message : String(error);
    this.#errorCount += 1;
    if (playback instanceof MsePlayback) {
      this.#feed.discard(playback);
      this.#errors = [...this.#errors.filter((at) => at > now - ERROR_WINDOW), now];
      if (this.#errors.length >= MOST_ERRORS) {
        this.#errors = [];
        this.#mseRestsUntil = now + MSE_REST;
        this.#tryHls();
      }
    }
    if (playback === this.#next) {
      this.#next = undefined;
      playback.destroy();
    } else if (playback === this.#current) {
      this.#stage.keepPicture();
      this.#current = undefined;
      playback.destroy();
      if (this.#next !== undefined) this.#swap(this.#next);
    }
    this.#changed();
  }

  #swap(next: Playback): void {
    const before = this.#current;
    if (before?.isReady && next.video.videoWidth === 0) this.#stage.keepPicture();
    this.#stage.swapTo(next.video);
    before?.destroy();
    if (before instanceof MsePlayback) this.#feed.discard(before);
    this.#current = next;
    this.#next = undefined;
    if (next.transport === "websocket") this.#leaveHls();
    else this.#link.isSpare = true;
    this.#changed();
  }

  #tick(): void {
    const now = performance.now();
    this.#link.tick();
    this.#feed.tick();
    const situation = {
      now,
      wantsPlay: this.#wantsPlay,
      expectsMedia: this.#streamState === "live" && this.#link.isUp,
    };
    this.#current?.tick(situation);
    this.#next?.tick(situation);
    if (this.#next?.isReady) {
      this.#nextReadySince ??= now;
      const isDue = this.#next.isMoving || now - this.#nextReadySince > READY_BUT_STILL;
      if (isDue || !this.#wantsPlay) this.#swap(this.#next);
    }
    if (this.#current?.isReady) {
      if (this.video.videoWidth > 0) this.#stage.dropPicture();
      if (this.#current.transport === "hls") this.#link.isSpare = true;
      else if (this.#lookout !== undefined && this.#link.isUp) this.#leaveHls();
    }
    const state = JSON.stringify(this.state);
    if (state !== this.#lastState || now - this.#changedAt >= CHANGE_EVERY) {
      this.#lastState = state;
      this.#changed();
    }
  }

  #changed(): void {
    this.#changedAt = performance.now();
    this.dispatchEvent(new Event("change"));
  }

  /** With sound if the browser lets us, muted if not; a refusal even so waits for a gesture. */
  #startVideo(video: HTMLVideoElement): void {
    if (this.#askedToPlay.has(video)) return;
    this.#askedToPlay.add(video);
    video
      .play()
      .catch((error: unknown) => {
        const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
        if (!isRefused || !this.#wantsPlay) return;
        if (video.muted) this.#wantsPlay = false;
        video.muted = true;
        this.#soundBlocked = true;
        this.#changed();
      })
      .finally(() => this.#askedToPlay.delete(video));
  }

  #watchPage(): void {
    const { signal } = this.#listening;
    addEventListener("online", () => this.#link.hurry(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.hidden) return;
        if (mediaSourceClass() !== undefined) this.#link.hurry();
        this.#tick();
        const { ahead, target } = this.#current?.figures ?? { ahead: 0, target: 0 };
        const isLate = this.#current?.transport === "websocket" && ahead > target + 0.2;
        if (this.#wantsPlay && isLate) this.#current?.jumpToLive();
      },
      { signal },
    );
    // Media keys, headphones, the system: a pause that we did not ask for is the viewer's.
    for (const video of [this.#stage.active, this.#stage.spare]) {
      const onPause = () => {
        const isOurs = video !== this.video || document.hidden || !this.#current?.isReady;
        if (isOurs || !this.#wantsPlay || video.readyState === 0 || video.ended) return;
        this.#wantsPlay = false;
        this.#changed();
      };
      video.addEventListener("pause", onPause, { signal });
    }
  }
}
