import type { StreamAddress } from "../address.ts";
import type { PlayerTimeline } from "../control/timeline.ts";
import type { Playback } from "../engine/playback.ts";
import type { Surface } from "../engine/surface.ts";
import { Stage } from "../ui/stage.ts";
import type { PlayerState } from "../ui/words.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";
import { Course } from "./course.ts";
import { LineJudge } from "./line-judge.ts";
import type { EngineSetting, LatencySetting, PlayerOptions, TransportSetting } from "./options.ts";
import { PageWatch } from "./page-watch.ts";
import { DataTeller, type PlayerData } from "./player-data.ts";
import type { PlayerQuality, QualitySetting } from "./player-quality.ts";
import { stateOf } from "./player-state.ts";
import { type PlayerStats, readStats } from "./player-stats.ts";
import type { PlayerTextTrack } from "./player-text.ts";
import type { PlayerTrack, Unplayed } from "./player-tracks.ts";
import { Selection } from "./selection.ts";
import { ServerNews } from "./server-news.ts";
import { snapshotOf } from "./snapshot.ts";
import { Starter } from "./starter.ts";
import { SyncLead } from "./sync-lead.ts";
import { watchSystemPause } from "./system-pause.ts";
import { Texts } from "./texts.ts";

/** The player looks at everything this often (ms), and tells what changed this often. */
const TICK = 50;
const CHANGE_EVERY = 250;

/** The `detail` of `fallback`: an engine that was wanted does not play, and another one does. */
export type PlayerFallback = {
  readonly engine: "webcodecs";
  readonly reason: FallbackReason | undefined;
};

/**
 * Plays one stream into a container: WebSocket and MediaSource first, HLS where that fails, and back
 * again. It never gives up and never reloads the page.
 *
 * Fires `change` on itself at each change of state, and four times a second for the figures, and
 * `data` (a `CustomEvent` with `PlayerData`) for each data message, once, with the picture it belongs to;
 * onMetaData as soon as it is there. `qualitychange`: `quality` or `qualities` are others. `surfacechange`: `surface` is another one.
 * `fallback` (a `CustomEvent` with `PlayerFallback`): WebCodecs was given up.
 */
export class Player extends EventTarget {
  /** As asked, not as it is: what is held is `stats().target`. It may be set while it plays. */
  latency: LatencySetting;
  /**
   * Players of this page with the same name show the same moment: of the server's clock, or of the encoders'
   * where all of them stamp theirs. The one that needs most decides. Empty: it goes its own way.
   */
  syncGroup: string;
  readonly #address: StreamAddress;
  readonly #stage: Stage;
  readonly #starter: Starter = new Starter(() => this.#changed());
  readonly #course: Course;
  readonly #selection: Selection;
  readonly #texts: Texts = new Texts(() => this.#changed());
  readonly #data: DataTeller;
  readonly #news: ServerNews;
  readonly #sync = new SyncLead();
  readonly #judge = new LineJudge();
  readonly #page: PageWatch;
  readonly #listening = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #changedAt = 0;
  #lastState = "";

  /** @param container an element of the page; two `<video>` are put into it */
  constructor(container: HTMLElement, options: PlayerOptions) {
    super();
    this.latency = options.latency ?? "low";
    this.syncGroup = options.syncGroup ?? "";
    this.#address = options.address;
    this.#starter.wantsPlay = options.isStandby !== true;
    this.#stage = new Stage(container, () => this.dispatchEvent(new Event("surfacechange")));
    const onChange = () => this.#changed();
    this.#data = new DataTeller(
      (event) => this.#tell("data", event),
      () => this.timeline?.position,
    );
    this.#course = new Course(options, {
      ...{ stage: this.#stage, starter: this.#starter },
      latency: () => this.latency,
      onMessage: (message) => this.#news.hear(message),
      onListed: (state) => this.#news.listed(state),
      onList: () => this.#selection.look(),
      onUp: () => this.#texts.reconnected(this.timeline?.end),
      onEntered: (playback) => {
        this.#texts.follow(playback);
        this.#changed();
      },
      onBegin: (playback) => this.#selection.begin(playback),
      onEvent: (event) => this.#data.offer(event),
      onFallback: (reason) => this.#tell("fallback", { engine: "webcodecs", reason }),
      onChange,
    });
    const { line, tracks, succession, ways } = this.#course;
    this.#selection = new Selection({
      ...{ tracks, succession, line },
      isAwake: () => !(document.hidden || this.paused || this.#course.isRewound) && line.isUp,
      onRelief: () => ways.line.relieved(),
      onQuality: () => this.dispatchEvent(new Event("qualitychange")),
    });
    this.#news = new ServerNews({
      ...{ tracks, selection: this.#selection, texts: this.#texts, data: this.#data },
      onSuffered: () => this.#suffered(performance.now()),
      onError: (text) => {
        this.#course.errors.last = text;
      },
      onChange,
    });
    this.#page = this.#watchPage();
  }

  /** `APP/NAME` */
  get streamPath(): string {
    return this.#address.streamPath;
  }

  /** What is seen and heard; another one after some changes of the broadcast (`surfacechange`). */
  get surface(): Surface {
    return this.#stage.active;
  }

  /** The `<video>` that is on, where it is one. */
  get video(): HTMLVideoElement | undefined {
    return this.surface.video;
  }

  /** Where the player stands. */
  get state(): PlayerState {
    const { line, hasBeenUp, isReached, isRefused, isStandby, isRewound, tracks } = this.#course;
    return stateOf({
      ...{ hasBeenUp, isReached, isRefused, isStandby, isRewound, tracks },
      stream: this.#news.streamState,
      isUp: line.isUp,
      isSilent: line.figures.isSilent,
      current: this.#current,
    });
  }

  /** Tracks that stay silent or dark although others play. */
  get left(): Unplayed {
    return this.#course.tracks.playable;
  }

  /** All tracks of the broadcast: sizes of the picture, languages of the sound. */
  get tracks(): readonly PlayerTrack[] {
    return this.#course.tracks.all;
  }

  /**
   * Plays these tracks: one of a kind, and where none of a kind is named, what plays goes on. Sound
   * changes at once, the picture at its next key frame; until then the one before is shown.
   *
   * @param trackIds ids out of `tracks`; such as are not there are remembered for when they come
   */
  selectTracks(trackIds: readonly number[]): void {
    this.#selection.selectTracks(trackIds);
    this.#changed();
  }

  /** The sizes of the picture that can be played here, largest first; `qualitychange` when they are known. */
  get qualities(): readonly PlayerQuality[] {
    return this.#selection.qualities;
  }

  /**
   * `auto`: as large as the line, the decoder and the place on the page allow. Or an id out of
   * `qualities`: that one, from its next key frame on, whatever the line does.
   */
  get quality(): QualitySetting {
    return this.#selection.quality;
  }

  set quality(quality: QualitySetting) {
    if (quality === this.quality) return;
    this.#selection.quality = quality;
    this.#changed();
  }

  /** Captions and subtitles that are there; none before the first text of one. */
  get textTracks(): readonly PlayerTextTrack[] {
    return this.#texts.tracks;
  }

  /**
   * Shows a text track, and no other. It is remembered: where it is not there, one of its language is
   * shown, here and on the pages to come.
   *
   * @param id out of `textTracks`; undefined: none
   */
  selectTextTrack(id: string | undefined): void {
    this.#texts.select(id);
  }

  get hasSound(): boolean {
    return this.#course.tracks.played.some(({ mediaType }) => mediaType === "audio");
  }

  get paused(): boolean {
    return !this.#starter.wantsPlay;
  }

  get muted(): boolean {
    return this.surface.muted;
  }

  get volume(): number {
    return this.surface.volume;
  }

  /** Whether the browser demanded silence: a gesture is needed to hear something. */
  get soundBlocked(): boolean {
    return this.#starter.soundBlocked && this.surface.muted;
  }

  /** How it is to come, as asked for; may be set while it plays. What is actual is in `stats`. */
  get transport(): TransportSetting {
    return this.#course.ways.transport;
  }

  set transport(transport: TransportSetting) {
    this.#course.ask({ transport, engine: this.engine });
  }

  /** What is to decode it over the WebSocket, as asked for; may be set while it plays. */
  get engine(): EngineSetting {
    return this.#course.ways.engine;
  }

  set engine(engine: EngineSetting) {
    this.#course.ask({ transport: this.transport, engine });
  }

  /** Begins; once. */
  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#course.start();
  }

  /** Plays: on from where it is when the viewer went back, else at the live edge. */
  play(): void {
    this.#starter.wantsPlay = true;
    this.#course.endStandby();
    if (!this.#course.isRewound) this.#current?.jumpToLive();
    if (this.#current !== undefined) this.#starter.start(this.#current.surface);
    this.#changed();
  }

  /**
   * Holds the picture. At the live edge, what is broadcast meanwhile is not shown later, unless the
   * viewer goes back to it.
   */
  pause(): void {
    this.#starter.wantsPlay = false;
    this.surface.pause();
    this.#changed();
  }

  /** In a gesture of the viewer, where sound is to come. */
  setMuted(muted: boolean): void {
    this.#starter.soundBlocked = false;
    this.surface.muted = muted;
    if (!muted) this.#stage.bless();
    this.#changed();
  }

  /** 0 to 1 */
  setVolume(volume: number): void {
    this.surface.volume = Math.min(1, Math.max(0, volume));
    this.#changed();
  }

  /** Goes to the newest picture, and plays. */
  goLive(): void {
    const { rewind } = this.#course;
    if (rewind.value === undefined) this.#current?.jumpToLive();
    else rewind.value.goLive();
    if (!this.#starter.wantsPlay) this.play();
    this.#changed();
  }

  /**
   * Where the player stands, and how far back it may go; undefined while nothing plays. `start` is
   * not known before `openTimeline`, or a seek, has asked for it.
   */
  get timeline(): PlayerTimeline | undefined {
    return this.#course.timeline;
  }

  /** Asks how far back one may go: to be called when somebody is about to want to. */
  async openTimeline(): Promise<void> {
    await (await this.#course.rewind.get()).look();
    this.#changed();
  }

  /**
   * Goes back to a moment that the server still has, or forward: near the edge it is live again. It
   * plays from there, or holds the picture of there while paused.
   *
   * @param timeMs on the stream's timeline, as in `timeline` and in `data`
   * @returns resolves when it is on its way: `timeline` tells where to
   */
  async seek(timeMs: number): Promise<void> {
    await (await this.#course.rewind.get()).seek(timeMs);
    this.#changed();
  }

  /**
   * A PNG of the picture that is shown, as large as it was coded.
   *
   * @throws where there is no picture
   */
  snapshot(): Promise<Blob> {
    return snapshotOf(this.#stage.picture);
  }

  /** Everything that can be measured, now. */
  stats(): PlayerStats {
    const { paused, muted, soundBlocked, surface } = this;
    return readStats({
      course: this.#course,
      news: this.#news,
      syncLead: this.#sync.lead,
      ...{ state: this.state.name, surface, paused, muted, soundBlocked },
    });
  }

  /** Ends everything; the container is empty afterwards. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#listening.abort();
    this.#data.stop();
    this.#sync.leave();
    this.#course.destroy();
    this.#stage.destroy();
  }

  get #current(): Playback | undefined {
    return this.#course.succession.current;
  }

  /** The line lost something, or was too late: that is held against it where nothing smaller is left. */
  #suffered(now: number): void {
    if (this.#selection.isExhausted) this.#course.ways.line.suffered(now);
  }

  /** What came late, or is old by now, and what is to be done about it. */
  #judgeLine(now: number): void {
    const { figures, isUp, isIdle } = this.#course.line;
    const { reading } = figures;
    if (this.#judge.isToBlame(this.#current, reading, now)) {
      this.#selection.stalled();
      this.#suffered(now);
    }
    if (this.#judge.isToShed(isUp && !isIdle, reading, now)) {
      this.#suffered(now);
      this.#course.line.restart();
    }
  }

  #tick(): void {
    const now = performance.now();
    const course = this.#course;
    this.#page.look(now);
    course.tend(now);
    const { wantsPlay } = this.#starter;
    const expectsMedia = this.#news.streamState === "live" && course.line.isUp;
    course.perform({ now, wantsPlay, expectsMedia, lead: this.#lead(now) });
    this.#judgeLine(now);
    this.#selection.tick(now);
    course.follow(now);
    this.#data.follow(this.#current);
    this.#texts.follow(this.#current);
    course.settle(now);
    const state = JSON.stringify(this.state);
    if (state !== this.#lastState || now - this.#changedAt >= CHANGE_EVERY) {
      this.#lastState = state;
      this.#changed();
    }
  }

  /** Seconds to hold for the sake of others in the group. */
  #lead(now: number): number {
    const isAtEdge = this.#current?.isReady && !this.#course.isRewound && !this.paused;
    const { clockOffset } = this.#course.line.figures;
    const encoderDelay = this.#news.encoder?.whole ?? undefined;
    const playing = isAtEdge ? this.#current : undefined;
    return this.#sync.follow(this.syncGroup, playing, { now, clockOffset, encoderDelay });
  }

  #tell(type: "data", detail: PlayerData): void;
  #tell(type: "fallback", detail: PlayerFallback): void;
  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #changed(): void {
    this.#changedAt = performance.now();
    this.dispatchEvent(new Event("change"));
  }

  #returned(): void {
    this.#course.hurry();
    this.#tick();
    const { ahead, target } = this.#current?.figures ?? { ahead: 0, target: 0 };
    const isLate = this.#current?.transport === "websocket" && ahead > target + 0.2;
    if (!this.paused && isLate) this.#current?.jumpToLive();
  }

  #watchPage(): PageWatch {
    const { signal } = this.#listening;
    const { line, ways } = this.#course;
    const isMeant = (video: HTMLVideoElement) =>
      video === this.video && this.#current?.isReady === true && !this.paused;
    const onPause = () => {
      this.#starter.wantsPlay = false; // the viewer's
      this.#changed();
    };
    watchSystemPause(this.#stage.videos, isMeant, { onPause, signal });
    const listener = {
      onVisible: () => this.#returned(),
      onOnline: () => {
        ways.line.forgive(); // another network, maybe
        this.#course.hurry();
      },
      onFreeze: () => line.rest(),
      onWoke: () => {
        if (this.#timer === undefined) return; // it has not begun
        ways.line.forgive();
        this.#course.restart();
      },
    };
    return new PageWatch(listener, signal);
  }
}
