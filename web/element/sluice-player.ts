import { addressOf, locateSource, type StreamAddress } from "../address.ts";
import type { AttachedControls } from "../controls/controls.ts";
import type { ControlWords } from "../controls/words/en.ts";
import { mediaSourceClass, playsNativeHls } from "../engine/platform.ts";
import {
  type EngineSetting,
  type LatencySetting,
  readLatency,
  type TransportSetting,
} from "../player/options.ts";
import { Player, type PlayerFallback } from "../player/player.ts";
import type { PlayerData } from "../player/player-data.ts";
import type { PlayerQuality, QualitySetting } from "../player/player-quality.ts";
import type { PlayerStats } from "../player/player-stats.ts";
import type { PlayerTrack } from "../player/player-tracks.ts";
import { eventsBetween, type MediaSnapshot, NOTHING } from "./media-events.ts";
import { errorOf, type PlayerError, playerError } from "./player-error.ts";
import type { ElementState, PlayerEventMap } from "./player-event-map.ts";
import { ElementTextTracks } from "./text-track-list.ts";
import { Spans, shifted } from "./time-ranges.ts";

/** Where there is no page (rendering on a server), the class exists and is never used. */
const Base: typeof HTMLElement =
  globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

const SHEET = `
:host { display: block; position: relative; aspect-ratio: 16 / 9; background: var(--sluice-bg, #000); border-radius: var(--sluice-radius, 0); overflow: hidden; }
:host([hidden]) { display: none; }
:host(:fullscreen) { aspect-ratio: auto; border-radius: 0; }
.stage, .stage > *, .poster, .poster > *, .layer { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage > *, .poster > * { object-fit: var(--sluice-object-fit, contain); }
.stage > :not(.still) { visibility: hidden; }
.stage > .on { visibility: visible; }
.poster, slot[name=offline], slot[name=error] { display: none; }
:host(:not([data-begun])) .poster { display: block; }
:host(:is([data-state=waiting], [data-state=ended], [data-state=offline])) slot[name=offline],
:host([data-state=error]) slot[name=error] { display: contents; }
`;

/** What lies within view for so much of its area begins, with `loading="lazy"`. */
const SEEN = 0.2;

/** Out of view for so long (ms), and what is to be `loading="visible"` ends. */
const UNSEEN_FOR = 5_000;

/** A delay that changed by less (ms) is not told. */
const DELAY_STEP = 10;

/** A share of the window behind the edge that is still live, seconds: what media-chrome asks. */
const LIVE_EDGE = 2;

type Wish = { resolve(): void; reject(error: DOMException): void };

/**
 * `<sluice-player src="/streams/APP/NAME">`: one live stream in anybody's page, like a `<video>` as far as
 * there is no difference between live and not. It begins when it is put into a document, and ends when it
 * is taken out; see docs/embed.md.
 */
export class SluicePlayerElement extends Base {
  static readonly observedAttributes: readonly string[] = [
    ...[
      "src",
      "token",
      "loading",
      "preload",
      "autoplay",
      "muted",
      "poster",
      "controls",
      "lang",
      "words",
    ],
    ...["latency", "transport", "engine", "disablepictureinpicture", "disableremoteplayback"],
    "sync-group",
    "preview",
  ];

  #root: ShadowRoot | undefined;
  #internals: ElementInternals | undefined;
  #player: Player | undefined;
  #controls: AttachedControls | undefined;
  #controlsAsked = 0;
  #words: Partial<ControlWords> = {};
  #observer: IntersectionObserver | undefined;
  #unseen: ReturnType<typeof setTimeout> | undefined;
  #load = 0;
  #isSeen = false;
  #isHeld = true;
  #isMuted: boolean | undefined;
  #quality: QualitySetting = "auto";
  #volume = 1;
  #address: StreamAddress | undefined;
  #hasStill = false;
  #sourceError: PlayerError | undefined;
  #wishes: Wish[] = [];
  #isSeeking = false;
  #isLookPlanned = false;
  #told: MediaSnapshot = NOTHING;
  #state: ElementState = "idle";
  #tracksTold = "";
  #textsTold = "";
  #latencyTold: { target: number; delay: number } = { target: 0, delay: 0 };
  #stallsTold = 0;
  #windowTold = Number.NaN;

  constructor() {
    super();
    // What a page set before this class was there lies in the way of what it is to set.
    for (const [name, value] of Object.entries(this)) {
      if (!(name in SluicePlayerElement.prototype)) continue;
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  /** What plays; undefined while nothing does: not in a document, not asked yet, no stream in `src`. */
  get player(): Player | undefined {
    return this.#player;
  }

  /** The `<video>` that is on, where there is one; another one after some changes of the broadcast. */
  get video(): HTMLVideoElement | undefined {
    return this.#player?.video;
  }

  /** Where it stands; also as the attribute `data-state` and as `:state(…)` in CSS. */
  get state(): ElementState {
    return this.#state;
  }

  // What is asked: attributes, as properties too.

  /** `/streams/APP/NAME`, of this server or of another. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }
  set src(source: string) {
    this.#reflect("src", source);
  }

  /** What lets this viewer in, where the server asks for something: sent as `?token=`. */
  get token(): string {
    return this.getAttribute("token") ?? "";
  }
  set token(token: string) {
    this.#reflect("token", token);
  }

  /** An image to be seen before the first picture; else a still of the broadcast, where one is needed. */
  get poster(): string {
    return this.getAttribute("poster") ?? "";
  }
  set poster(url: string) {
    this.#reflect("poster", url);
  }

  /** Begins by itself: with sound where the browser allows it, else muted (`muted`: at once so). */
  get autoplay(): boolean {
    return this.#isOn("autoplay");
  }
  set autoplay(how: boolean | "any" | "muted") {
    this.#reflect("autoplay", how === "any" || how === "muted" ? how : isMeantOn(how));
  }

  get controls(): boolean {
    return this.#isOn("controls");
  }
  set controls(has: boolean) {
    this.#reflect("controls", isMeantOn(has));
  }

  /** Words of the page's in place of those the controls have, by their names; also as JSON in `words`. */
  get words(): Partial<ControlWords> {
    return this.#words;
  }
  set words(words: Partial<ControlWords>) {
    this.#words = { ...words };
    this.#removeControls();
    this.#furnishControls();
  }

  /** Whether it is muted at first. */
  get defaultMuted(): boolean {
    return this.#isOn("muted");
  }
  set defaultMuted(isMuted: boolean) {
    this.#reflect("muted", isMeantOn(isMuted));
  }

  /**
   * Without `autoplay`: `metadata` learns by push whether the broadcast is on air, `none` does nothing at
   * all before `play()`.
   */
  get preload(): "metadata" | "none" {
    return this.getAttribute("preload") === "none" ? "none" : "metadata";
  }
  set preload(what: "metadata" | "none") {
    this.#reflect("preload", what);
  }

  /** `lazy` begins when it comes into view, `visible` also ends some seconds after it went out of it. */
  get loading(): "eager" | "lazy" | "visible" {
    const asked = this.getAttribute("loading");
    return asked === "lazy" || asked === "visible" ? asked : "eager";
  }
  set loading(when: "eager" | "lazy" | "visible") {
    this.#reflect("loading", when);
  }

  /** A mode, or ms to be held ahead of the playhead. */
  get latency(): LatencySetting {
    return readLatency(this.getAttribute("latency") ?? "") ?? "low";
  }
  set latency(latency: LatencySetting) {
    this.#reflect("latency", String(latency));
  }

  /** Elements of the page with the same name show the same moment. */
  get syncGroup(): string {
    return this.getAttribute("sync-group") ?? "";
  }
  set syncGroup(name: string) {
    this.#reflect("sync-group", name);
  }

  /** How the broadcast is to come; what is so: `stats().transport`. */
  get transport(): TransportSetting {
    const asked = this.getAttribute("transport");
    return asked === "websocket" || asked === "hls" ? asked : "auto";
  }
  set transport(transport: TransportSetting) {
    this.#reflect("transport", transport);
  }

  /** What is to decode it; what is so: `stats().engine`. */
  get engine(): EngineSetting {
    const asked = this.getAttribute("engine");
    return asked === "mse" || asked === "webcodecs" ? asked : "auto";
  }
  set engine(engine: EngineSetting) {
    this.#reflect("engine", engine);
  }

  get disablePictureInPicture(): boolean {
    return this.#isOn("disablepictureinpicture");
  }
  set disablePictureInPicture(isOff: boolean) {
    this.#reflect("disablepictureinpicture", isMeantOn(isOff));
  }

  get disableRemotePlayback(): boolean {
    return this.#isOn("disableremoteplayback");
  }
  set disableRemotePlayback(isOff: boolean) {
    this.#reflect("disableremoteplayback", isMeantOn(isOff));
  }

  // What a media element has.

  get paused(): boolean {
    return this.#player?.paused ?? this.#isHeld;
  }

  get muted(): boolean {
    return this.#player?.muted ?? this.#isMuted ?? this.defaultMuted;
  }
  set muted(isMuted: boolean) {
    this.#isMuted = isMeantOn(isMuted);
    this.#player?.setMuted(this.#isMuted);
    this.#plan();
  }

  /** 0 to 1 */
  get volume(): number {
    return this.#player?.volume ?? this.#volume;
  }
  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, Number(volume) || 0));
    this.#player?.setVolume(this.#volume);
    this.#plan();
  }

  /** Seconds on the stream's timeline; setting it goes back in time, or to the live edge. */
  get currentTime(): number {
    return (this.#player?.timeline?.position ?? 0) / 1_000;
  }
  set currentTime(seconds: number) {
    this.#seek(seconds * 1_000);
  }

  /** Infinity: it is live. NaN before anything is known of it. */
  get duration(): number {
    return this.readyState > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  }

  /** The live rate is steered: from 0.97 to 1.05, to hold the delay. */
  get playbackRate(): number {
    return this.#player?.stats().rate ?? 1;
  }

  get ended(): boolean {
    return this.#state === "ended";
  }

  get seeking(): boolean {
    return this.#isSeeking;
  }

  get error(): PlayerError | null {
    return this.#sourceError ?? errorOf(this.#player?.state) ?? null;
  }

  get readyState(): number {
    const player = this.#player;
    if (player?.timeline === undefined) return 0;
    if (!player.surface.hasCurrentData) return player.surface.width > 0 ? 1 : 0;
    return this.#state === "stalled" || this.#state === "offline" ? 2 : 4;
  }

  get networkState(): number {
    if (this.error !== null) return 3;
    return this.#player === undefined ? 0 : 2;
  }

  get currentSrc(): string {
    return this.#player === undefined ? "" : new URL(this.src, document.baseURI).href;
  }

  get videoWidth(): number {
    return this.#player?.surface.width ?? 0;
  }

  get videoHeight(): number {
    return this.#player?.surface.height ?? 0;
  }

  get buffered(): TimeRanges {
    return this.#ranges((video) => video.buffered);
  }

  get played(): TimeRanges {
    return this.#ranges((video) => video.played);
  }

  /** How far one may go back. It is asked of the server when somebody reads this for the first time. */
  get seekable(): TimeRanges {
    const timeline = this.#player?.timeline;
    if (timeline === undefined) return new Spans([]);
    if (timeline.start === undefined) this.openTimeline().catch(() => undefined);
    const start = timeline.start ?? timeline.position;
    return new Spans([[Math.min(start, timeline.end) / 1_000, timeline.end / 1_000]]);
  }

  /** Captions and subtitles. */
  readonly textTracks: ElementTextTracks = new ElementTextTracks((id) => {
    this.#player?.selectTextTrack(id);
  });

  /** AirPlay and the like, of the `<video>` that is on. */
  get remote(): RemotePlayback | undefined {
    return this.video?.remote;
  }

  canPlayType(type: string): CanPlayTypeResult {
    return document.createElement("video").canPlayType(type);
  }

  getVideoPlaybackQuality(): VideoPlaybackQuality | undefined {
    return this.video?.getVideoPlaybackQuality();
  }

  /** @throws (rejects) where there is no picture, or the browser will not */
  requestPictureInPicture(): Promise<PictureInPictureWindow> {
    const surface = this.#player?.surface;
    if (surface === undefined)
      return Promise.reject(new DOMException("Nothing plays", "InvalidStateError"));
    return surface.requestPictureInPicture();
  }

  /** iPhone: the only way to fill the screen. */
  webkitEnterFullscreen(): void {
    this.video?.webkitEnterFullscreen?.();
  }

  /**
   * Plays: on from where it is when the viewer went back, else at the live edge; muted, where the browser
   * demands it.
   *
   * @returns resolves when it plays: while nobody publishes, that is later; rejects when it is paused or
   *   loads something else before it came to that
   */
  play(): Promise<void> {
    this.#isHeld = false;
    this.#sourceError = undefined;
    this.#begin();
    this.#player?.play();
    return new Promise((resolve, reject) => {
      this.#wishes.push({ resolve, reject });
      this.#plan();
    });
  }

  pause(): void {
    this.#isHeld = true;
    this.#player?.pause();
    this.#disappoint("AbortError", "It was paused");
    this.#plan();
  }

  /** Begins anew. */
  load(): void {
    this.#end();
    this.#isHeld = !this.autoplay;
    if (this.isConnected) this.#begin();
    this.#plan();
  }

  // What a live stream has beside that.

  /** ms of media held ahead of the playhead; 0 while nothing plays. */
  get targetLatency(): number {
    return this.#player?.stats().target ?? 0;
  }

  /** Server to screen, ms, measured; undefined while it is not known. */
  get delay(): number | undefined {
    return this.#player?.stats().delay;
  }

  /** Whether it is at the live edge, and not somewhere in the past. */
  get isLive(): boolean {
    return this.#player?.timeline?.isLive ?? false;
  }

  /** All that is measured; undefined while nothing plays. */
  stats(): PlayerStats | undefined {
    return this.#player?.stats();
  }

  /** Sizes of the picture, languages of the sound. */
  get tracks(): readonly PlayerTrack[] {
    return this.#player?.tracks ?? [];
  }

  /** Plays these tracks, one of a kind; what is not named stays. @param trackIds ids out of `tracks` */
  selectTracks(trackIds: readonly number[]): void {
    this.#player?.selectTracks(trackIds);
  }

  /** The sizes of the picture that can be played here, largest first; `qualitychange` when they are known. */
  get qualities(): readonly PlayerQuality[] {
    return this.#player?.qualities ?? [];
  }

  /** `auto`, or the id of one of `qualities`. */
  get quality(): QualitySetting {
    return this.#player?.quality ?? this.#quality;
  }
  set quality(quality: QualitySetting) {
    this.#quality = quality;
    if (this.#player !== undefined) this.#player.quality = quality;
  }

  /** Goes to the live edge, and plays. */
  goLive(): void {
    this.#isHeld = false;
    this.#player?.goLive();
    this.#plan();
  }

  /** Asks the server how far one may go back: `seekable` is exact afterwards. */
  async openTimeline(): Promise<void> {
    await this.#player?.openTimeline();
    this.#plan();
  }

  /** @returns a PNG of the picture, as large as it was coded @throws (rejects) where there is none */
  snapshot(): Promise<Blob> {
    return (
      this.#player?.snapshot() ?? Promise.reject(new Error("Cannot take a snapshot: nothing plays"))
    );
  }

  // What media-chrome and its kin ask of a live stream.

  get streamType(): "live" {
    return "live";
  }

  /** Seconds one may go back; 0: not at all. NaN while that is not known. */
  get targetLiveWindow(): number {
    const timeline = this.#player?.timeline;
    if (timeline?.start === undefined) return this.#player === undefined ? Number.NaN : 0;
    return (timeline.end - timeline.start) / 1_000;
  }

  /** From here on it counts as live, seconds. */
  get liveEdgeStart(): number {
    const timeline = this.#player?.timeline;
    if (timeline === undefined) return Number.NaN;
    return timeline.isLive ? this.currentTime : timeline.end / 1_000 - LIVE_EDGE;
  }

  override addEventListener<Name extends keyof PlayerEventMap>(
    type: Name,
    listener: (this: SluicePlayerElement, event: PlayerEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: SluicePlayerElement, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(...parameters: [string, never, never?]): void {
    super.addEventListener(...parameters);
  }

  override removeEventListener<Name extends keyof PlayerEventMap>(
    type: Name,
    listener: (this: SluicePlayerElement, event: PlayerEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: SluicePlayerElement, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(...parameters: [string, never, never?]): void {
    super.removeEventListener(...parameters);
  }

  /** The keys are the player's from then on, where it has controls; else as of any element. */
  override focus(options?: FocusOptions): void {
    const layer = this.#root?.querySelector<HTMLElement>(".layer");
    if (layer == null || !this.controls || this.hasAttribute("tabindex")) {
      super.focus(options);
      return;
    }
    if (layer.querySelector(":focus") !== null) return;
    layer.tabIndex = -1; // the controls may not be loaded yet
    (layer.querySelector<HTMLElement>("[tabindex]") ?? layer).focus(options);
  }

  connectedCallback(): void {
    if (this.#root === undefined) this.#furnish();
    if (this.#player === undefined) {
      if (this.#load === 0) this.#isHeld &&= !this.autoplay;
      this.#watchView();
      this.#begin();
    }
    this.#furnishControls();
  }

  /** Moved by `moveBefore`: nothing is to be done. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    // Moved within one task, it goes on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#observer?.disconnect();
      this.#observer = undefined;
      clearTimeout(this.#unseen);
      this.#isSeen = false; // where it is put next is for a new look
      this.#removeControls();
      this.#end();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || this.#root === undefined) return;
    switch (name) {
      case "src":
        this.quality = "auto"; // the sizes are another broadcast's
        this.load();
        return;
      case "token":
      case "preview":
        this.load();
        return;
      case "autoplay":
        if (this.autoplay && this.#told.readyState === 0 && this.paused)
          this.play().catch(() => undefined);
        return;
      case "muted":
        this.muted = this.defaultMuted;
        return;
      case "loading":
        this.#watchView();
        return;
      case "lang":
      case "words":
        this.#removeControls();
        this.#furnishControls();
        return;
      case "controls":
        this.#furnishControls();
        return;
      case "poster":
        this.#showPoster();
        return;
      case "preload":
        this.#begin();
        return;
      default:
        this.#settle();
    }
  }

  #isOn(name: string): boolean {
    const value = this.getAttribute(name);
    return value !== null && isMeantOn(value);
  }

  #reflect(name: string, value: string | boolean): void {
    if (value === this.#isOn(name)) return;
    if (value === false || value === "") this.removeAttribute(name);
    else if (value === true) this.setAttribute(name, "");
    else this.setAttribute(name, value);
  }

  #furnish(): void {
    const root = this.attachShadow({ mode: "open" });
    this.#root = root;
    const sheet = new CSSStyleSheet(); // a <style> would need leave of the page's policy
    sheet.replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];
    const poster = make("poster");
    poster.append(slot("poster"));
    const layer = make("layer");
    const between = [poster, slot("offline"), slot("error"), layer];
    root.append(make("stage"), ...between, slot("top"), slot("bottom"), slot());
    this.#internals = this.attachInternals?.();
    const pass = (event: Event) => {
      const { detail } = event as CustomEvent<unknown>;
      this.dispatchEvent(new CustomEvent(event.type, { detail }));
    };
    for (const type of ["enterpictureinpicture", "leavepictureinpicture", "cuechange"]) {
      root.addEventListener(type, pass);
    }
    this.#showPoster();
  }

  /** Begins what is to begin now. */
  #begin(): void {
    const stage = this.#root?.querySelector<HTMLElement>(".stage");
    if (stage == null || !this.isConnected || this.#player !== undefined) return;
    if (this.loading !== "eager" && !this.#isSeen) return;
    if (this.#isHeld && this.preload === "none") return;
    if (this.src === "") return;
    this.#load += 1;
    const source = URL.canParse(this.src, document.baseURI)
      ? locateSource(new URL(this.src, document.baseURI))
      : undefined;
    if (source === undefined) {
      this.#sourceError = playerError("SOURCE_INVALID", `No stream is named by "${this.src}"`);
      this.#plan();
      return;
    }
    if (mediaSourceClass() === undefined && !playsNativeHls()) {
      this.#sourceError = playerError("NO_ENGINE", "This browser has neither MediaSource nor HLS");
      this.#plan();
      return;
    }
    this.#sourceError = undefined;
    const { latency, transport, engine } = this;
    const isStandby = this.#isHeld;
    const address = addressOf(
      source.base,
      source.streamPath,
      this.token,
      this.hasAttribute("preview"),
    );
    this.#address = address;
    const player = new Player(stage, { address, latency, transport, engine, isStandby });
    this.#player = player;
    player.setVolume(this.#volume);
    player.setMuted(
      this.#isMuted ?? (this.defaultMuted || this.getAttribute("autoplay") === "muted"),
    );
    player.addEventListener("change", () => this.#plan());
    player.addEventListener("qualitychange", () => {
      this.dispatchEvent(new Event("qualitychange"));
    });
    player.addEventListener("fallback", (event) => {
      const { detail } = event as CustomEvent<PlayerFallback>;
      this.dispatchEvent(new CustomEvent("fallback", { detail }));
    });
    player.addEventListener("data", (event) => {
      const { detail } = event as CustomEvent<PlayerData>;
      this.dispatchEvent(new CustomEvent("data", { detail }));
    });
    player.quality = this.#quality;
    this.#settle();
    player.start();
    this.#plan();
  }

  #end(): void {
    this.#sourceError = undefined;
    const player = this.#player;
    if (player !== undefined) {
      this.#isMuted = player.muted;
      this.#quality = player.quality;
      this.#volume = player.volume;
      this.#isHeld = player.paused;
      this.#player = undefined;
      player.destroy();
    }
    this.#disappoint("AbortError", "It ended before it could play");
    this.toggleAttribute("data-begun", false);
    if (this.#hasStill) this.#showPoster();
    this.#plan();
  }

  /** Tells the player what was set while it is there. */
  #settle(): void {
    const player = this.#player;
    if (player === undefined) return;
    player.latency = this.latency;
    player.syncGroup = this.syncGroup;
    player.transport = this.transport;
    player.engine = this.engine;
    for (const video of this.#root?.querySelectorAll("video") ?? []) {
      video.disablePictureInPicture = this.disablePictureInPicture;
      if (this.disableRemotePlayback) video.disableRemotePlayback = true;
    }
  }

  #seek(time: number): void {
    const player = this.#player;
    if (player === undefined || !Number.isFinite(time)) return;
    this.#isSeeking = true;
    this.#plan();
    const settled = () => {
      this.#isSeeking = false;
      this.#plan();
    };
    player.seek(time).then(settled, settled);
  }

  #watchView(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    if (this.loading === "eager") {
      this.#begin();
      return;
    }
    const look: IntersectionObserverCallback = (entries) => {
      this.#isSeen = entries.at(-1)?.isIntersecting ?? false;
      clearTimeout(this.#unseen);
      if (this.#isSeen) this.#begin();
      else if (this.loading === "visible") this.#unseen = setTimeout(() => this.#end(), UNSEEN_FOR);
    };
    this.#observer = new IntersectionObserver(look, { threshold: SEEN });
    this.#observer.observe(this);
  }

  #showPoster(): void {
    const place = this.#root?.querySelector("slot[name=poster]");
    this.#hasStill = false;
    if (this.poster === "") {
      place?.replaceChildren();
      return;
    }
    const image = document.createElement("img");
    image.alt = "";
    image.src = this.poster;
    place?.replaceChildren(image);
  }

  /** Where nothing plays although there is something to see: the server has a picture of it. */
  #showStill(): void {
    const place = this.#root?.querySelector("slot[name=poster]");
    const address = this.#address;
    if (this.#player?.state.name !== "idle" || this.poster !== "" || address === undefined) return;
    if (place === null || place === undefined || this.#hasStill) return;
    this.#hasStill = true;
    import("./still.ts").then(
      ({ showStill }) => {
        if (this.#player?.state.name === "idle") showStill(place, address.playlist);
      },
      () => undefined, // it is dark without
    );
  }

  #furnishControls(): void {
    if (!this.controls) this.#removeControls();
    const root = this.#root;
    if (!this.controls || root === undefined || this.#controls !== undefined) return;
    this.#controlsAsked += 1;
    const asked = this.#controlsAsked;
    import("../controls/controls.ts").then(
      ({ attachControls }) => {
        if (asked === this.#controlsAsked) this.#controls = attachControls(this, root);
      },
      () => undefined, // it plays without them
    );
  }

  #removeControls(): void {
    this.#controlsAsked += 1;
    this.#controls?.detach();
    this.#controls = undefined;
  }

  /** What a `<video>` says of itself, on the stream's timeline; without one, what lies ahead. */
  #ranges(of: (video: HTMLVideoElement) => TimeRanges): TimeRanges {
    const player = this.#player;
    const position = player?.timeline?.position;
    if (player === undefined || position === undefined) return new Spans([]);
    const { surface } = player;
    const from = position / 1_000;
    if (surface.video === undefined)
      return new Spans([[from, from + player.stats().buffer / 1_000]]);
    return shifted(of(surface.video), from - surface.currentTime);
  }

  /** Looks, once, when what happens now has happened. */
  #plan(): void {
    if (this.#isLookPlanned) return;
    this.#isLookPlanned = true;
    queueMicrotask(() => {
      this.#isLookPlanned = false;
      this.#look();
    });
  }

  #look(): void {
    this.#lookAtState();
    const now = this.#snapshot();
    const before = this.#told;
    this.#told = now;
    for (const name of eventsBetween(before, now)) this.dispatchEvent(new Event(name));
    if (now.readyState > 1 && !this.hasAttribute("data-begun")) {
      this.toggleAttribute("data-begun", true);
      if (this.#hasStill) this.#showPoster();
    }
    this.#showStill();
    if (now.readyState > 2 && !now.paused) {
      for (const { resolve } of this.#wishes.splice(0)) resolve();
    } else if (now.error !== undefined) {
      this.#disappoint("NotSupportedError", this.error?.message ?? "");
    }
    this.#lookAtLive();
  }

  #lookAtState(): void {
    const previous = this.#state;
    const state = this.#stateNow();
    if (state === previous) return;
    this.#state = state;
    this.dataset["state"] = state;
    try {
      this.#internals?.states.delete(previous);
      this.#internals?.states.add(state);
    } catch {
      // Chromium before 125 wants dashes before such a name; there is the attribute.
    }
    this.dispatchEvent(new CustomEvent("statuschange", { detail: { state, previous } }));
  }

  #stateNow(): ElementState {
    if (this.error !== null) return "error";
    const state = this.#player?.state;
    if (state === undefined) return "idle";
    switch (state.name) {
      case "live":
        return this.#player?.paused ? "paused" : "playing";
      case "reconnecting":
        return state.whose === "publisher" ? "stalled" : "offline";
      case "forbidden":
      case "unplayable":
        return "error";
      default:
        return state.name;
    }
  }

  #snapshot(): MediaSnapshot {
    const { currentTime, readyState, paused, seeking, ended, muted, volume } = this;
    const { buffered } = this;
    return {
      ...{ currentTime, readyState, paused, seeking, ended, muted, volume },
      load: this.#player === undefined && this.#sourceError === undefined ? 0 : this.#load,
      rate: this.playbackRate,
      width: this.videoWidth,
      height: this.videoHeight,
      buffered: buffered.length > 0 ? buffered.end(buffered.length - 1) : 0,
      error: this.error?.name,
    };
  }

  /** What is told of a live stream beside what media elements tell. */
  #lookAtLive(): void {
    const player = this.#player;
    if (player === undefined) return;
    const tracks = JSON.stringify(player.tracks);
    if (tracks !== this.#tracksTold) this.dispatchEvent(new Event("trackschange"));
    this.#tracksTold = tracks;
    const texts = JSON.stringify(player.textTracks);
    if (texts !== this.#textsTold) {
      this.textTracks.follow(player.textTracks);
      this.dispatchEvent(new Event("texttrackschange"));
    }
    this.#textsTold = texts;
    const { targetLiveWindow } = this;
    if (!Object.is(Math.round(targetLiveWindow / 10), Math.round(this.#windowTold / 10))) {
      this.#windowTold = targetLiveWindow;
      this.dispatchEvent(new Event("targetlivewindowchange"));
    }
    const { target, delay, stalls } = player.stats();
    const told = this.#latencyTold;
    const isFar = (one: number, other: number) => Math.abs(one - other) >= DELAY_STEP;
    if (isFar(target, told.target) || isFar(delay ?? 0, told.delay)) {
      this.#latencyTold = { target, delay: delay ?? 0 };
      const detail = { latency: this.latency, target, delay };
      this.dispatchEvent(new CustomEvent("latencychange", { detail }));
    }
    if (stalls > this.#stallsTold) {
      this.dispatchEvent(new CustomEvent("stall", { detail: { count: stalls } }));
    }
    this.#stallsTold = stalls;
  }

  #disappoint(name: string, message: string): void {
    for (const { reject } of this.#wishes.splice(0)) reject(new DOMException(message, name));
  }
}

/** Templates and JSX write `muted=""` for on, and `muted="false"` for off. */
function isMeantOn(value: unknown): boolean {
  return value === "" || (Boolean(value) && value !== "false");
}

/** A part of the element, by the same name for its own styles. */
function make(part: string): HTMLElement {
  const element = document.createElement("div");
  element.className = part;
  element.part.add(part);
  return element;
}

function slot(name = ""): HTMLSlotElement {
  const element = document.createElement("slot");
  element.name = name;
  return element;
}
