import type { ControlWords } from "../controls/words/en.ts";
import type { Player } from "../player/player.ts";
import type { PlayerQuality, QualitySetting } from "../player/player-quality.ts";
import type { PlayerStats } from "../player/player-stats.ts";
import type { PlayerTrack } from "../player/player-tracks.ts";
import { PlayerAttributes } from "./attributes.ts";
import type { PlayerError } from "./player-error.ts";
import type { ElementState } from "./player-event-map.ts";
import type { ElementTextTracks } from "./text-track-list.ts";
import { Spans, shifted } from "./time-ranges.ts";

/** How far one may go back is asked no more often than this, ms. */
const ASK_AGAIN = 5_000;

/** A share of the window behind the edge that is still live, seconds: what media-chrome asks. */
const LIVE_EDGE = 2;

/**
 * The element as others see it: what can be asked of it, and what it tells of what plays, all of that read
 * from the player.
 */
export abstract class MediaFace extends PlayerAttributes {
  /** When each was asked how far one may go back, ms. */
  readonly #askedAt: WeakMap<Player, number> = new WeakMap();

  /** What plays; undefined while nothing does: not in a document, not asked yet, no stream in `src`. */
  abstract get player(): Player | undefined;

  /** Where it stands; also as the attribute `data-state` and as `:state(…)` in CSS. */
  abstract get state(): ElementState;

  abstract get error(): PlayerError | null;

  // What can be asked of it.

  /** Words of the page's in place of those the controls have, by their names; also as JSON in `words`. */
  abstract words: Partial<ControlWords>;
  abstract readonly paused: boolean;
  abstract muted: boolean;
  /** 0 to 1 */
  abstract volume: number;
  /** Seconds on the stream's timeline; setting it goes back in time, or to the live edge. */
  abstract currentTime: number;
  abstract readonly seeking: boolean;
  /** Captions and subtitles. */
  abstract readonly textTracks: ElementTextTracks;
  /** `auto`, or the id of one of `qualities`. */
  abstract quality: QualitySetting;

  /**
   * Plays: on from where it is when the viewer went back, else at the live edge; muted, where the browser
   * demands it.
   *
   * @returns resolves when it plays: while nobody publishes, that is later; rejects when it is paused or
   *   loads something else before it came to that
   */
  abstract play(): Promise<void>;

  abstract pause(): void;

  /** Begins anew. */
  abstract load(): void;

  /** Goes to the live edge, and plays. */
  abstract goLive(): void;

  /** The `<video>` that is on, where there is one; another one after some changes of the broadcast. */
  get video(): HTMLVideoElement | undefined {
    return this.player?.video;
  }

  // What a media element has.

  /** Infinity: it is live. NaN before anything is known of it. */
  get duration(): number {
    return this.readyState > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  }

  /** The live rate is steered: from 0.97 to 1.05, to hold the delay. */
  get playbackRate(): number {
    return this.player?.stats().rate ?? 1;
  }

  get ended(): boolean {
    return this.state === "ended";
  }

  get readyState(): number {
    const { player } = this;
    if (player?.timeline === undefined) return 0;
    if (!player.surface.hasCurrentData) return player.surface.width > 0 ? 1 : 0;
    return this.state === "stalled" || this.state === "offline" ? 2 : 4;
  }

  get networkState(): number {
    if (this.error !== null) return 3;
    return this.player === undefined ? 0 : 2;
  }

  get currentSrc(): string {
    return this.player === undefined ? "" : new URL(this.src, document.baseURI).href;
  }

  get videoWidth(): number {
    return this.player?.surface.width ?? 0;
  }

  get videoHeight(): number {
    return this.player?.surface.height ?? 0;
  }

  get buffered(): TimeRanges {
    return this.#ranges((video) => video.buffered);
  }

  get played(): TimeRanges {
    return this.#ranges((video) => video.played);
  }

  /**
   * How far one may go back. The server is asked when somebody reads this, and again when that may have
   * grown by a quarter: of a broadcast that has just begun there is little.
   */
  get seekable(): TimeRanges {
    const timeline = this.player?.timeline;
    if (timeline === undefined) return new Spans([]);
    const { player } = this;
    const wait = Math.max(ASK_AGAIN, (timeline.end - (timeline.start ?? timeline.end)) / 4);
    const now = performance.now();
    if (
      player !== undefined &&
      now - (this.#askedAt.get(player) ?? Number.NEGATIVE_INFINITY) > wait
    ) {
      this.#askedAt.set(player, now);
      this.openTimeline().catch(() => undefined);
    }
    const start = timeline.start ?? timeline.position;
    return new Spans([[Math.min(start, timeline.end) / 1_000, timeline.end / 1_000]]);
  }

  /** Asks the server how far one may go back: `seekable` is exact afterwards. */
  async openTimeline(): Promise<void> {
    await this.player?.openTimeline(); // it tells of a change by itself
  }

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
    const surface = this.player?.surface;
    if (surface === undefined)
      return Promise.reject(new DOMException("Nothing plays", "InvalidStateError"));
    return surface.requestPictureInPicture();
  }

  /** iPhone: the only way to fill the screen. */
  webkitEnterFullscreen(): void {
    this.video?.webkitEnterFullscreen?.();
  }

  // What a live stream has beside that.

  /** ms of media held ahead of the playhead; 0 while nothing plays. */
  get targetLatency(): number {
    return this.player?.stats().target ?? 0;
  }

  /** Server to screen, ms, measured; undefined while it is not known. */
  get delay(): number | undefined {
    return this.player?.stats().delay;
  }

  /** Whether it is at the live edge, and not somewhere in the past. */
  get isLive(): boolean {
    return this.player?.timeline?.isLive ?? false;
  }

  /** All that is measured; undefined while nothing plays. */
  stats(): PlayerStats | undefined {
    return this.player?.stats();
  }

  /** Sizes of the picture, languages of the sound. */
  get tracks(): readonly PlayerTrack[] {
    return this.player?.tracks ?? [];
  }

  /** Plays these tracks, one of a kind; what is not named stays. @param trackIds ids out of `tracks` */
  selectTracks(trackIds: readonly number[]): void {
    this.player?.selectTracks(trackIds);
  }

  /** The sizes of the picture that can be played here, largest first; `qualitychange` when they are known. */
  get qualities(): readonly PlayerQuality[] {
    return this.player?.qualities ?? [];
  }

  /** @returns a PNG of the picture, as large as it was coded @throws (rejects) where there is none */
  snapshot(): Promise<Blob> {
    return (
      this.player?.snapshot() ?? Promise.reject(new Error("Cannot take a snapshot: nothing plays"))
    );
  }

  // What media-chrome and its kin ask of a live stream.

  get streamType(): "live" {
    return "live";
  }

  /** Seconds one may go back; 0: not at all. NaN while that is not known. */
  get targetLiveWindow(): number {
    const timeline = this.player?.timeline;
    if (timeline?.start === undefined) return this.player === undefined ? Number.NaN : 0;
    return (timeline.end - timeline.start) / 1_000;
  }

  /** From here on it counts as live, seconds. */
  get liveEdgeStart(): number {
    const timeline = this.player?.timeline;
    if (timeline === undefined) return Number.NaN;
    return (timeline.isLive ? timeline.position : timeline.end - LIVE_EDGE * 1_000) / 1_000;
  }

  /** What a `<video>` says of itself, on the stream's timeline; without one, what lies ahead. */
  #ranges(of: (video: HTMLVideoElement) => TimeRanges): TimeRanges {
    const { player } = this;
    const position = player?.timeline?.position;
    if (player === undefined || position === undefined) return new Spans([]);
    const { surface } = player;
    const from = position / 1_000;
    if (surface.video === undefined)
      return new Spans([[from, from + player.stats().buffer / 1_000]]);
    return shifted(of(surface.video), from - surface.currentTime);
  }
}
