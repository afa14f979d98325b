import type { ServerMessage, StreamState } from "../../server/protocol/wire/control.ts";
import type { StreamAddress } from "../address.ts";
import type { Choice } from "../control/choice.ts";
import type { TimedEvent } from "../control/event-schedule.ts";
import { type PlayerTimeline, timelineOf } from "../control/timeline.ts";
import { pageStorage, WayMemory } from "../control/way-memory.ts";
import { MediaAttachment } from "../engine/media-attachment.ts";
import { type AttachedMedium, MsePlayback } from "../engine/mse-playback.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import { mediaSourceClass, playsNativeHls } from "../engine/platform.ts";
import {
  type HlsStart,
  isSegmented,
  type LivePlayback,
  type Playback,
  type PlaybackHost,
  type SegmentPlayback,
} from "../engine/playback.ts";
import type { Surface } from "../engine/surface.ts";
import { Line, type LineHost } from "../line/line.ts";
import type { LineMedium } from "../line/line-medium.ts";
import { linePlaces } from "../line/line-places.ts";
import { wallClock } from "../transport/websocket.ts";
import { Stage } from "../ui/stage.ts";
import type { PlayerState } from "../ui/words.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";
import { BareDecoders } from "./bare-decoders.ts";
import { Later } from "./later.ts";
import {
  type EngineSetting,
  type LatencySetting,
  type PlayerOptions,
  secondsAhead,
  type TransportSetting,
} from "./options.ts";
import { PageWatch } from "./page-watch.ts";
import type { PlayerEvents } from "./player-events.ts";
import type { PlayerQualities, PlayerQuality, QualitySetting } from "./player-quality.ts";
import type { PlayerStats } from "./player-stats.ts";
import type { PlayerText, PlayerTextTrack } from "./player-text.ts";
import { type PlayerTrack, PlayerTracks, type Unplayed } from "./player-tracks.ts";
import type { Rewind } from "./rewind.ts";
import { snapshotOf } from "./snapshot.ts";
import { Starter } from "./starter.ts";
import { Succession } from "./succession.ts";
import type { Together } from "./together.ts";
import { Ways } from "./ways.ts";

/** The player looks at everything this often (ms), and tells what changed this often. */
const TICK = 50;
const CHANGE_EVERY = 250;

/** Media that came so much later (ms) than the line's best is what a stall was made of. */
const LATE = 400;
const JUDGED_WITHIN = 1_500;

/** Media that stands on the way for longer than this, all the time for so long, is not waited for; ms. */
const OLD = 2_000;
const OLD_FOR = 1_000;
const BETWEEN_SHEDS = 8_000;

/** What the encoder said in between: the `detail` of `data`. From strangers: text, never markup. */
export type PlayerData = TimedEvent;

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
  readonly #line: Line;
  readonly #host: PlaybackHost;
  readonly #listening = new AbortController();
  readonly #starter: Starter;
  readonly #succession: Succession;
  readonly #events: Later<PlayerEvents>;
  readonly #tracks: PlayerTracks;
  readonly #qualities: Later<PlayerQualities>;
  readonly #rewind: Later<Rewind>;
  readonly #ways: Ways;
  readonly #page: PageWatch;
  readonly #bare = new BareDecoders(() => this.#follow(performance.now()));
  readonly #text = new Later<PlayerText>(async () => {
    const { PlayerText } = await import("./player-text.ts");
    return new PlayerText(() => this.#changed());
  });
  /** Id of the latest onMetaData that was told: each connection begins with it. */
  #toldMetaData: string | undefined;
  readonly #together = new Later<Together>(async () => {
    const { Together } = await import("./together.ts");
    return new Together();
  });
  #timer: ReturnType<typeof setInterval> | undefined;
  /** While HLS is looked for, or plays: ends that. */
  #lookout: AbortController | undefined;
  /** The playback of segments whose code is on its way. */
  #hlsComing: object | undefined;
  #prepared: AttachedMedium | undefined;
  #streamState: StreamState | undefined;
  /** How old the encoder's pictures are when the server receives them, where it stamps its clock. */
  #encoder: Extract<ServerMessage, { readonly type: "encoder" }> | undefined;
  /** Nothing is to come before somebody asks to see it. */
  #isStandby: boolean;
  #hasBeenUp = false;
  /** The code of what is to decode has been loaded. */
  #isEngineThere = true;
  #isLost = false;
  /** The server does not let this viewer in. */
  #isRefused = false;
  #droppedByServer = 0;
  #errorCount = 0;
  #lastError: string | undefined;
  /** When it stood still last, where the line may be to blame. */
  #stalledAt: number | undefined;
  #stallsSeen = 0;
  /** What the broadcast had when HLS was begun. */
  #hlsTracks: string | undefined;
  /** Since when what comes is old, and when that was done away with. */
  #oldSince: number | undefined;
  #shedAt = Number.NEGATIVE_INFINITY;
  #quality: QualitySetting = "auto";
  #changedAt = 0;
  #lastState = "";

  /** @param container an element of the page; two `<video>` are put into it */
  constructor(container: HTMLElement, options: PlayerOptions) {
    super();
    const { address } = options;
    this.latency = options.latency ?? "low";
    this.#isStandby = options.isStandby ?? false;
    this.syncGroup = options.syncGroup ?? "";
    this.#address = address;
    this.#ways = new Ways({
      transport: options.transport ?? "auto",
      engine: options.engine ?? "auto",
      latency: () => secondsAhead(this.latency) * 1_000,
      browser: {
        mediaSource: mediaSourceClass() !== undefined,
        nativeHls: playsNativeHls(),
        webCodecs: this.#bare.presence,
      },
      isBareOut: () => this.#bare.fallback !== undefined,
      decodes: () => this.#bare.decodes(this.#tracks.announced),
      memory: new WayMemory(pageStorage(), address.webSocket),
    });
    this.#stage = new Stage(container, () => this.dispatchEvent(new Event("surfacechange")));
    this.#starter = new Starter(() => this.#changed());
    this.#starter.wantsPlay = !this.#isStandby;
    this.#events = new Later(async () => {
      const position = this.timeline?.position;
      const { PlayerEvents } = await import("./player-events.ts");
      return new PlayerEvents((event) => this.#tell(event), position);
    });
    this.#succession = new Succession(this.#stage, {
      onLeft: (playback) => this.#line.dismiss(playback),
      onEntered: (playback) => {
        this.#rewind.value?.entered(playback);
        this.#followTexts(playback);
        if (playback.transport === "websocket") this.#leaveHls();
        else this.#line.set({ isSpare: !this.#isRewound });
        this.#changed();
      },
    });
    this.#rewind = new Later(async () => {
      const { Rewind } = await import("./rewind.ts");
      return new Rewind(address, this.#succession, {
        trackId: () => this.#line.tracks.plan.tracks[0]?.track.id ?? this.#tracks.all[0]?.id,
        build: (start) => this.#takeHls(start),
        cancel: () => {
          this.#hlsComing = undefined;
        },
        leaveLive: () => this.#leaveLive(),
        enterLive: () => {
          const isExpected = this.#line.isUp && this.#mayBeLive;
          if (isExpected) this.#enterLive();
          return isExpected;
        },
      });
    });
    this.#host = {
      play: (surface) => this.#starter.start(surface),
      onEvent: (event) => this.#events.use((events) => events.offer(event)),
      onError: (playback, error) => this.#failed(playback, error),
      clockOffset: () => this.#line.figures.clockOffset,
      asked: () => secondsAhead(this.latency),
    };
    this.#tracks = new PlayerTracks({ line: () => this.#line, succession: this.#succession });
    this.#qualities = new Later(async () => {
      const { PlayerQualities } = await import("./player-quality.ts");
      return new PlayerQualities({
        setting: () => this.#quality,
        tracks: () => this.#tracks.all,
        played: () => this.#tracks.played.map(({ id }) => id),
        current: () => this.#succession.current,
        line: () => this.#line.figures.reading,
        isAwake: () => !(document.hidden || this.paused || this.#isRewound) && this.#line.isUp,
        select: (trackId) => {
          this.#ways.line.relieved();
          this.#line.prefer([trackId]);
        },
        onChange: () => this.dispatchEvent(new Event("qualitychange")),
      });
    });
    const line: LineHost = {
      onMessage: (message) => this.#hear(message),
      onTracks: () => this.#changed(),
      onUp: () => this.#up(),
      onDown: (failures) => {
        this.#ways.line.down(performance.now(), failures);
        this.#follow(performance.now());
        this.#changed();
      },
      onPrepared: (medium) => this.#prepare(medium),
      onBuilt: (medium, plan) => this.#buildMse(medium, plan),
      onTaken: (plan) => this.#buildBare(plan),
      onLost: (playback, error) => this.#failed(playback, error),
    };
    this.#line = new Line(address.webSocket, line, linePlaces());
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
    // What plays over the WebSocket stands still without it, whatever HTTP still says.
    const isStill =
      this.#succession.current?.transport === "websocket" && this.#streamState === "live";
    if (this.#isRefused) return { name: "forbidden" };
    const isReached = this.#lookout !== undefined && !this.#isLost && !isStill;
    if (!this.#line.isUp && !isReached) {
      return this.#hasBeenUp ? { name: "reconnecting", whose: "viewer" } : { name: "connecting" };
    }
    const isPast = this.#isRewound && this.#succession.current?.transport === "hls";
    if (isPast && this.#succession.current?.isReady) return { name: "live" };
    if (this.#line.figures.isSilent) return { name: "reconnecting", whose: "viewer" };
    if (this.#streamState === "waiting") return { name: "waiting" };
    if (this.#streamState === "ended") return { name: "ended" };
    if (this.#streamState === "reconnecting") return { name: "reconnecting", whose: "publisher" };
    if (this.#streamState === "live") {
      if (this.#isStandby) return { name: "idle" };
      const { isAnything, unsupported, unplayable } = this.#tracks.playable;
      const isToldWhy = unsupported.length + unplayable.length > 0;
      if (!isAnything && isToldWhy) return { name: "unplayable", unsupported, unplayable };
      if (this.#succession.current?.isReady && !this.#succession.current.isStarved)
        return { name: "live" };
    }
    return { name: "connecting" };
  }

  /** Tracks that stay silent or dark although others play. */
  get left(): Unplayed {
    return this.#tracks.playable;
  }

  /** All tracks of the broadcast: sizes of the picture, languages of the sound. */
  get tracks(): readonly PlayerTrack[] {
    return this.#tracks.all;
  }

  /**
   * Plays these tracks: one of a kind, and where none of a kind is named, what plays goes on. Sound
   * changes at once, the picture at its next key frame; until then the one before is shown.
   *
   * @param trackIds ids out of `tracks`; such as are not there are remembered for when they come
   */
  selectTracks(trackIds: readonly number[]): void {
    const video = trackIds.find((id) => this.#isVideo(id));
    if (video !== undefined) this.#quality = video;
    this.#line.prefer(trackIds);
    const { current, next } = this.#succession;
    for (const playback of [current, next]) {
      if (isSegmented(playback)) playback.select(trackIds);
    }
    this.#changed();
  }

  /** The sizes of the picture that can be played here, largest first; `qualitychange` when they are known. */
  get qualities(): readonly PlayerQuality[] {
    if (this.#qualities.value === undefined) this.#qualities.use(() => {});
    return this.#qualities.value?.list ?? [];
  }

  /**
   * `auto`: as large as the line, the decoder and the place on the page allow. Or an id out of
   * `qualities`: that one, from its next key frame on, whatever the line does.
   */
  get quality(): QualitySetting {
    return this.#quality;
  }

  set quality(quality: QualitySetting) {
    if (quality === this.#quality) return;
    if (quality !== "auto") {
      this.selectTracks([quality]);
      return;
    }
    this.#quality = "auto";
    const { current, next } = this.#succession;
    for (const playback of [current, next]) if (isSegmented(playback)) playback.adapt();
    this.#changed();
  }

  /** Captions and subtitles that are there; none before the first text of one. */
  get textTracks(): readonly PlayerTextTrack[] {
    return this.#text.value?.tracks ?? [];
  }

  /**
   * Shows a text track, and no other. It is remembered: where it is not there, one of its language is
   * shown, here and on the pages to come.
   *
   * @param id out of `textTracks`; undefined: none
   */
  selectTextTrack(id: string | undefined): void {
    this.#text.use((text) => text.select(id));
  }

  get hasSound(): boolean {
    return this.#tracks.played.some(({ mediaType }) => mediaType === "audio");
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
    return this.#ways.transport;
  }

  set transport(transport: TransportSetting) {
    if (transport === this.#ways.transport) return;
    this.#ways.transport = transport;
    this.#askedAnew();
  }

  /** What is to decode it over the WebSocket, as asked for; may be set while it plays. */
  get engine(): EngineSetting {
    return this.#ways.engine;
  }

  set engine(engine: EngineSetting) {
    if (engine === this.#ways.engine) return;
    this.#ways.engine = engine;
    this.#askedAnew();
  }

  /** Begins; once. */
  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#follow(performance.now());
    if (!this.#ways.usesWebSocket) return;
    this.#line.set({ isIdle: this.#isStandby });
    this.#line.start();
    if (!this.#isStandby) this.#openEarly();
  }

  /** Plays: on from where it is when the viewer went back, else at the live edge. */
  play(): void {
    this.#starter.wantsPlay = true;
    if (this.#isStandby) this.#endStandby();
    if (!this.#isRewound) this.#succession.current?.jumpToLive();
    const { current } = this.#succession;
    if (current !== undefined) this.#starter.start(current.surface);
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
    if (this.#rewind.value === undefined) this.#succession.current?.jumpToLive();
    else this.#rewind.value.goLive();
    if (!this.#starter.wantsPlay) this.play();
    this.#changed();
  }

  /**
   * Where the player stands, and how far back it may go; undefined while nothing plays. `start` is
   * not known before `openTimeline`, or a seek, has asked for it.
   */
  get timeline(): PlayerTimeline | undefined {
    if (this.#rewind.value !== undefined) return this.#rewind.value.timeline;
    const place = this.#succession.current?.place;
    return place && timelineOf(place, { isRewound: false, windowLength: undefined });
  }

  /** Asks how far back one may go: to be called when somebody is about to want to. */
  async openTimeline(): Promise<void> {
    await (await this.#rewind.get()).look();
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
    await (await this.#rewind.get()).seek(timeMs);
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
    const now = performance.now();
    const current = this.#succession.current;
    const figures = current?.figures;
    const { bitrate, frameRate, roundTrip, clockOffset } = this.#line.figures;
    const isHls = current?.transport === "hls";
    const listed = isHls ? this.#tracks.listed : undefined;
    const { surface } = this;
    const pictures = listed?.tracks ?? this.#tracks.played;
    const listedRate = pictures.find(({ mediaType }) => mediaType === "video")?.frameRate;
    return {
      state: this.state.name,
      streamState: this.#streamState,
      transport: current?.transport,
      engine: current?.engine,
      reason: current && this.#ways.reasonOf(current, now),
      delay: figures?.delay,
      encoderDelay: this.#encoder?.whole ?? this.#encoder?.inside ?? undefined,
      encoderDelayIsWhole: typeof this.#encoder?.whole === "number",
      buffer: (figures?.ahead ?? 0) * 1_000,
      target: (figures?.target ?? 0) * 1_000,
      syncLead: (this.#together.value?.lead ?? 0) * 1_000,
      rate: figures?.rate ?? 1,
      stalls: figures?.stalls ?? 0,
      jumps: figures?.jumps ?? 0,
      droppedByBrowser: surface.dropped,
      droppedByServer: this.#droppedByServer,
      shown: surface.shown,
      codecs: this.#tracks.played.map(({ codec }) => codec),
      width: surface.width,
      height: surface.height,
      frameRate: isHls ? (listedRate ?? 0) : frameRate,
      bitrate: isHls ? (listed?.bitrate ?? 0) : bitrate,
      reorderDelay: figures?.reorderDelay ?? 0,
      jitter: figures?.jitter ?? 0,
      queued: this.#line.figures.reading.lateness,
      roundTrip,
      clockOffset,
      connections: this.#line.connections,
      thread: this.#line.thread,
      threadReason: this.#line.threadReason,
      builds: this.#succession.builds,
      errors: this.#errorCount,
      lastError: this.#lastError,
      fallback: this.#bare.fallback,
      paused: this.paused,
      muted: this.muted,
      soundBlocked: this.soundBlocked,
    };
  }

  /** Ends everything; the container is empty afterwards. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#listening.abort();
    this.#events.value?.stop();
    this.#together.value?.leave();
    this.#lookout?.abort();
    this.#hlsComing = undefined;
    this.#succession.destroy();
    this.#dropPrepared();
    this.#line.stop();
    this.#bare.destroy();
    this.#stage.destroy();
  }

  /** Whether a playback of the WebSocket may be made: it is the choice, and the past is not played. */
  get #mayBeLive(): boolean {
    return !this.#isRewound && this.#ways.isLive(performance.now());
  }

  /** Whether its engine is there as well. */
  get #mayBuild(): boolean {
    return this.#mayBeLive && this.#isEngineThere;
  }

  /** Opening a MediaSource takes its time: it begins before there is something to play. */
  #openEarly(): void {
    const isMse = this.#ways.choice(performance.now())?.engine === "mse";
    if (isMse && mediaSourceClass() !== undefined) this.#line.prepare();
  }

  /** Somebody asked to see it. */
  #endStandby(): void {
    this.#isStandby = false;
    if (this.#lookout !== undefined) {
      this.#leaveHls(); // and look again at once
      this.#tryHls();
    }
    if (!this.#ways.usesWebSocket) return;
    this.#openEarly();
    this.#enterLive();
  }

  /** Whether the past is played, or about to be: the live lane rests. */
  get #isRewound(): boolean {
    return this.#rewind.value?.isOn ?? false;
  }

  /** Texts follow what is on the stage. HLS lists its own: nobody has to tell of them. */
  #followTexts(current: Playback | undefined): void {
    const text = this.#text.value;
    if (text !== undefined) text.follow(current);
    else if (isSegmented(current)) this.#text.get().catch(() => undefined);
  }

  /** onMetaData has no moment of its own; each connection begins with the latest. */
  #hearData({ id, name, time, values }: Extract<ServerMessage, { readonly type: "data" }>): void {
    const event = { id, name, time, values };
    if (name === "onMetaData") this.#tell(event);
    else this.#events.use((events) => events.offer(event));
  }

  #tell(detail: PlayerData): void {
    if (detail.name === "onMetaData") {
      if (detail.id === this.#toldMetaData) return;
      this.#toldMetaData = detail.id;
    }
    this.dispatchEvent(new CustomEvent<PlayerData>("data", { detail }));
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
      case "state":
        this.#streamState = message.state;
        if (message.state !== "live") this.#encoder = undefined;
        break;
      case "tracks":
        this.#tracks.announce(message.tracks, message.unplayable);
        this.#lookForLadder();
        break;
      case "selected":
      case "history":
        break;
      case "bitrates":
        this.#qualities.use((qualities) => qualities.learn(message.tracks));
        return;
      case "dropped":
        this.#droppedByServer += message.samples;
        this.#qualities.value?.lost(message.samples);
        this.#suffered(performance.now());
        break;
      case "error":
        this.#lastError = `${message.code}: ${message.message}`;
        break;
      case "encoder":
        this.#encoder = message;
        return;
      case "data":
        this.#hearData(message);
        return;
      case "text-tracks":
        if (message.tracks.length === 0 && this.#text.value === undefined) return;
        this.#text.use((text) => text.announce(message.tracks));
        return;
      case "cue":
        this.#text.use((text) => text.take(message));
        return;
      case "clock":
        return;
    }
    this.#changed();
  }

  #up(): void {
    this.#hasBeenUp = true;
    this.#isRefused = false;
    this.#ways.line.up(performance.now());
    const edge = this.timeline?.end;
    this.#text.value?.reconnected(edge);
    if (this.#succession.current?.transport === "hls" && !this.#mayBeLive) this.#leaveLive();
    this.#changed();
  }

  #tryHls(): void {
    if (this.#lookout !== undefined) return;
    const end = new AbortController();
    this.#lookout = end;
    import("../engine/hls-lookout.ts").then(
      ({ HlsLookout }) => {
        if (end.signal.aborted) return;
        const lookout = new HlsLookout(this.#address, {
          onState: (stream) => {
            this.#isLost = false;
            this.#tracks.list(stream);
            this.#lookForLadder();
            if (!this.#line.isUp) this.#streamState = stream?.state ?? "waiting";
            this.#changed();
          },
          onLost: () => {
            this.#isLost = true;
            this.#changed();
          },
          onRefused: () => {
            this.#isRefused = true;
            this.#changed();
          },
          onPlaylist: () => {
            this.#isRefused = false;
            this.#buildHls();
          },
        });
        end.signal.addEventListener("abort", () => lookout.stop());
        lookout.start();
      },
      () => {
        if (this.#lookout === end) this.#lookout = undefined;
      },
    );
  }

  /** Another way was asked for. */
  #askedAnew(): void {
    this.#ways.tryAgain();
    this.#bare.tryAgain();
    if (this.#ways.usesWebSocket) this.#line.hurry();
    this.#follow(performance.now());
    this.#changed();
  }

  /** Goes the way that is to be gone now, where it is not. To be called often. */
  #follow(now: number): void {
    if (this.#isRewound) return;
    const choice = this.#ways.choice(now);
    const { current } = this.#succession;
    this.#takeEngine(choice);
    if (choice?.transport === "hls") {
      this.#tryHls();
      if (current?.transport === "websocket") return; // until HLS has a picture
      if (!this.#ways.usesWebSocket) this.#line.rest();
      else if (current !== undefined) this.#leaveLive();
    } else if (current?.transport === "hls") {
      if (this.#line.isIdle && this.#line.isUp) this.#enterLive();
    } else if (this.#ways.transport === "websocket") {
      this.#leaveHls();
    }
  }

  /** What comes over the WebSocket is decoded by this engine from now on, as soon as it is there. */
  #takeEngine(choice: Choice | undefined): void {
    if (choice?.transport !== "websocket") return;
    const { announced } = this.#tracks;
    const isBare = choice.engine === "webcodecs";
    this.#isEngineThere = !isBare || this.#bare.want(announced);
    if (!this.#isEngineThere) {
      this.#line.set({ mayBuild: false });
      return;
    }
    this.#line.set({
      sink: isBare ? "page" : "media-source",
      refused: this.#bare.refused(announced),
      mayBuild: this.#mayBuild,
    });
    const { current, next } = this.#succession;
    const playing = next ?? current;
    const isOther = playing?.transport === "websocket" && playing.engine !== choice.engine;
    if (isOther && this.#mayBuild) this.#line.rebuild();
  }

  /** Nothing is to be sent over the WebSocket, which stays: it tells how the broadcast stands. */
  #leaveLive(): void {
    this.#line.set({ isIdle: true });
  }

  /** Media is to come over the WebSocket again. */
  #enterLive(): void {
    this.#line.set({ isIdle: false, mayBuild: this.#mayBuild });
    this.#line.restart();
  }

  /** The WebSocket plays again: HLS is not needed any more. */
  #leaveHls(): void {
    this.#lookout?.abort();
    this.#lookout = undefined;
    this.#line.set({ isSpare: false });
  }

  /** The first MediaSource begins to open before anything is known of the broadcast. */
  #prepare(medium: LineMedium): boolean {
    const [surface] = this.#stage.videos;
    if (this.#succession.current !== undefined) return false;
    this.#dropPrepared(); // of a worker that was lost
    this.#prepared = { medium, attachment: new MediaAttachment(surface, medium.source) };
    return true;
  }

  #dropPrepared(): void {
    this.#prepared?.medium.close();
    this.#prepared?.attachment.destroy();
    this.#prepared = undefined;
  }

  #buildMse(medium: LineMedium, plan: readonly PlannedTrack[]): boolean {
    if (!this.#mayBeLive) return false;
    const surface = this.#succession.freeVideo();
    const prepared = this.#prepared;
    const isPrepared = prepared?.medium === medium;
    if (isPrepared && prepared.attachment.surface === surface) {
      this.#prepared = undefined;
      this.#made(new MsePlayback(prepared, plan, this.#host));
      return true;
    }
    this.#dropPrepared();
    if (isPrepared) return false; // it cannot be moved
    const attachment = new MediaAttachment(surface, medium.source);
    this.#made(new MsePlayback({ medium, attachment }, plan, this.#host));
    return true;
  }

  #buildBare(plan: readonly PlannedTrack[]): LivePlayback | undefined {
    const playback = this.#bare.engine?.build(plan, this.#host);
    if (playback === undefined) return undefined;
    this.#succession.admit(playback.surface);
    this.#made(playback);
    return playback;
  }

  #made(playback: Playback, reason = this.#ways.choice(performance.now())?.reason): void {
    this.#ways.made(playback, reason ?? "best");
    this.#succession.take(playback);
  }

  #buildHls(): void {
    if (this.#hlsComing !== undefined) return;
    if (this.#needsHls || this.#isHlsOld) this.#takeHls();
  }

  /** Whether HLS plays a broadcast that has other tracks, or other codecs, by now: it reads its list once. */
  get #isHlsOld(): boolean {
    const { current, next } = this.#succession;
    if (!isSegmented(current) || next !== undefined || this.#isRewound) return false;
    const tracks = this.#tracks.signature;
    this.#hlsTracks ??= tracks;
    if (tracks !== undefined && tracks !== this.#hlsTracks) return true;
    // One kind has its first segment sooner than the other: it was read when there was no more.
    const { trackIds, isReady, engine } = current;
    if (engine !== "hls.js" || !isReady) return false;
    const { all, playable } = this.#tracks;
    const isPlayed = (kind: string) =>
      all.some(({ id, mediaType }) => mediaType === kind && trackIds.includes(id));
    return all.some((track) => !isPlayed(track.mediaType) && !playable.unsupported.includes(track));
  }

  /** Whether HLS could play something that nothing else plays. */
  get #needsHls(): boolean {
    if (this.#isStandby) return false;
    const { isAnything, unsupported, unplayable } = this.#tracks.playable;
    if (!isAnything && unsupported.length + unplayable.length > 0) return false;
    const { current, next } = this.#succession;
    if (isSegmented(current) || isSegmented(next) || this.#isRewound) return false;
    return this.#ways.choice(performance.now())?.transport === "hls";
  }

  #takeHls(start?: HlsStart): void {
    const coming = {};
    this.#hlsComing = coming;
    import("../engine/hls-playback.ts").then(
      ({ HlsPlayback }) => {
        if (this.#hlsComing !== coming) return;
        this.#hlsComing = undefined;
        if (start === undefined && !this.#needsHls && !this.#isHlsOld) return;
        this.#hlsTracks = this.#tracks.signature;
        this.#dropPrepared();
        const surface = this.#succession.freeVideo();
        const playback = new HlsPlayback(surface, this.#address.playlist, this.#host, {
          ...start,
          standsAt: () => this.#standsAt,
        });
        this.#chooseTracks(playback);
        this.#made(playback, start === undefined ? undefined : "rewind");
      },
      (error: unknown) => {
        if (this.#hlsComing === coming) this.#failed(undefined, error);
      },
    );
  }

  /** Where the picture stands still, ms on the timeline: there HLS goes on. Undefined while it moves. */
  get #standsAt(): number | undefined {
    const { current } = this.#succession;
    const isCut = current?.transport === "websocket" && !this.#line.isUp;
    return isCut && this.#starter.wantsPlay ? current.place?.position : undefined;
  }

  /** It begins with what was played before, and adapts unless the viewer chose a size. */
  #chooseTracks(playback: SegmentPlayback): void {
    const { preferred, plan } = this.#line.tracks;
    const isFixed = this.quality !== "auto";
    playback.select(preferred.filter((id) => isFixed || !this.#isVideo(id)));
    if (!isFixed) playback.beginWith(plan.tracks.map(({ track }) => track.id));
  }

  /** Where there are sizes to choose from, they are looked after. */
  #lookForLadder(): void {
    const videos = this.#tracks.all.filter(({ mediaType }) => mediaType === "video");
    if (videos.length > 1) this.#qualities.use(() => {});
  }

  #isVideo(trackId: number): boolean {
    return this.#tracks.all.some(({ id, mediaType }) => id === trackId && mediaType === "video");
  }

  /** Stalls that the line is to blame for: what they waited for came late. */
  #judgeLine(now: number): void {
    const { current } = this.#succession;
    const stalls = current?.transport === "websocket" ? current.figures.stalls : 0;
    if (stalls > this.#stallsSeen) this.#stalledAt = now;
    this.#stallsSeen = stalls;
    const { peak = 0 } = this.#line.figures.reading;
    if (this.#stalledAt === undefined || now - this.#stalledAt > JUDGED_WITHIN) return;
    if (peak < LATE) return;
    this.#stalledAt = undefined;
    this.#qualities.value?.stalled();
    this.#suffered(now);
  }

  /** The line lost something, or was too late: that is held against it where nothing smaller is left. */
  #suffered(now: number): void {
    if (this.#qualities.value?.isExhausted ?? true) this.#ways.line.suffered(now);
  }

  /**
   * What waits on the way is seconds old, and nothing would ever catch up: the next connection begins
   * with what is on now.
   */
  #shed(now: number): void {
    const { lateness = 0 } = this.#line.figures.reading;
    const isOld = lateness > OLD && this.#line.isUp && !this.#line.isIdle;
    this.#oldSince = isOld ? (this.#oldSince ?? now) : undefined;
    if (now - (this.#oldSince ?? now) < OLD_FOR || now - this.#shedAt < BETWEEN_SHEDS) return;
    this.#shedAt = now;
    this.#suffered(now);
    this.#line.restart();
  }

  /** @param playback undefined: one of segments, whose code did not come */
  #failed(playback: Playback | undefined, error: unknown, isFinal = false): void {
    const now = performance.now();
    if (playback?.engine === "webcodecs" && this.#bare.failed(error)) {
      const detail: PlayerFallback = { engine: "webcodecs", reason: this.#bare.fallback };
      this.dispatchEvent(new CustomEvent<PlayerFallback>("fallback", { detail }));
    }
    this.#lastError = error instanceof MediaError ? error.message : String(error);
    this.#errorCount += 1;
    if (playback === undefined) {
      this.#hlsComing = undefined;
    } else {
      if (!this.#isRewound) this.#ways.failed(playback, now, isFinal);
      this.#succession.remove(playback);
    }
    this.#rewind.value?.failed(playback);
    this.#follow(now);
    this.#changed();
  }

  /** A playback that was given what it needs, and shows nothing: another way may. */
  #watchFirstPicture(now: number): void {
    const { current, next } = this.#succession;
    const awaited = next ?? current;
    const isLive = awaited?.transport === "websocket" && this.#line.isUp && !document.hidden;
    if (!this.#ways.isOverdue(isLive ? awaited : undefined, now) || awaited === undefined) return;
    this.#failed(awaited, new Error(`No picture by ${awaited.engine}`), true);
  }

  #tick(): void {
    const now = performance.now();
    this.#page.look(now);
    this.#line.set({ mayBuild: this.#mayBuild });
    this.#line.tick(now);
    const situation = {
      now,
      wantsPlay: this.#starter.wantsPlay,
      expectsMedia: this.#streamState === "live" && this.#line.isUp,
      lead: this.#leadOf(this.#succession.current, now),
    };
    this.#succession.tick(situation);
    this.#watchFirstPicture(now);
    this.#judgeLine(now);
    this.#shed(now);
    this.#qualities.value?.tick(now);
    this.#follow(now);
    this.#events.value?.follow(this.#succession.current);
    this.#followTexts(this.#succession.current);
    this.#rewind.value?.tick(now);
    const { current } = this.#succession;
    this.#ways.follow(current, now, this.#isRewound || current?.isStarved === true);
    if (current?.isReady) {
      if (current.transport === "hls") this.#line.set({ isSpare: !this.#isRewound });
      else if (this.#lookout !== undefined && this.#line.isUp && this.#mayBeLive) this.#leaveHls();
    }
    const state = JSON.stringify(this.state);
    if (state !== this.#lastState || now - this.#changedAt >= CHANGE_EVERY) {
      this.#lastState = state;
      this.#changed();
    }
  }

  /** Seconds to hold for the sake of others in the group. */
  #leadOf(current: Playback | undefined, now: number): number {
    const isAtEdge = current?.isReady === true && !this.#isRewound && this.#starter.wantsPlay;
    if (!isAtEdge || this.syncGroup === "") {
      this.#together.value?.leave();
      return 0;
    }
    const { clockOffset } = this.#line.figures;
    const serverNow = clockOffset === undefined ? undefined : wallClock() + clockOffset;
    const encoderDelay = this.#encoder?.whole ?? undefined;
    const { value: together } = this.#together;
    if (together !== undefined) {
      return together.follow(this.syncGroup, current, { now, serverNow, encoderDelay });
    }
    this.#together.get().catch(() => undefined);
    return 0;
  }

  #changed(): void {
    this.#changedAt = performance.now();
    this.dispatchEvent(new Event("change"));
  }

  #returned(): void {
    if (this.#ways.usesWebSocket) this.#line.hurry();
    this.#tick();
    const { ahead, target } = this.#succession.current?.figures ?? { ahead: 0, target: 0 };
    const isLate = this.#succession.current?.transport === "websocket" && ahead > target + 0.2;
    if (this.#starter.wantsPlay && isLate) this.#succession.current?.jumpToLive();
  }

  #watchPage(): PageWatch {
    const { signal } = this.#listening;
    const watch = new PageWatch(
      {
        onVisible: () => this.#returned(),
        onOnline: () => {
          this.#ways.line.forgive(); // another network, maybe
          if (this.#ways.usesWebSocket) this.#line.hurry();
        },
        onFreeze: () => this.#line.rest(),
        onWoke: () => {
          if (this.#timer === undefined) return; // it has not begun
          this.#ways.line.forgive();
          if (this.#ways.usesWebSocket) this.#line.restart();
        },
      },
      signal,
    );
    // Media keys, headphones, the system: a pause that we did not ask for is the viewer's.
    for (const { video } of this.#stage.videos) {
      const onPause = () => {
        const isOurs =
          video !== this.video || document.hidden || !this.#succession.current?.isReady;
        if (isOurs || !this.#starter.wantsPlay || video.readyState === 0 || video.ended) return;
        this.#starter.wantsPlay = false;
        this.#changed();
      };
      video.addEventListener("pause", onPause, { signal });
    }
    return watch;
  }
}
