import type Hls from "hls.js";
import type { LevelDetails } from "hls.js";
import { Surplus } from "../control/surplus.ts";
import { earliest, type Place } from "../control/timeline.ts";
import { HlsEvents } from "./hls-events.ts";
import { HlsGoal } from "./hls-goal.ts";
import { openHls } from "./hls-source.ts";
import { HlsTimeline, type ListedMedia } from "./hls-timeline.ts";
import { HlsTracks } from "./hls-tracks.ts";
import { playsNativeHls } from "./platform.ts";
import type {
  HlsBeginning,
  HlsTextListener,
  PlaybackFigures,
  PlaybackHost,
  SegmentPlayback,
  Situation,
} from "./playback.ts";
import type { NamedText } from "./surface.ts";
import type { VideoSurface } from "./video-surface.ts";

/** Seconds behind the edge where the playlist names none. */
const HLS_TARGET = 2;

/** Seconds behind the edge after which a live playback has lost it, and jumps. */
const LOST = 8;

/** A clock that has not moved for this long (ms) stands; a look or two may be between two moves. */
const STANDING = 150;

/** The clock standing still for longer than this (ms) is told to people. */
const STARVED = 1_000;

/** HLS into one `<video>`: hls.js (a chunk of its own), or the browser where there is no MSE. */
export class HlsPlayback implements SegmentPlayback {
  readonly engine: "hls.js" | "native-hls";
  readonly transport = "hls";
  readonly surface: VideoSurface;
  readonly video: HTMLVideoElement;
  readonly #host: PlaybackHost;
  readonly #listening = new AbortController();
  readonly #timeline = new HlsTimeline();
  #hls: Hls | undefined;
  readonly #surplus = new Surplus();
  readonly #events: HlsEvents;
  readonly #tracks = new HlsTracks();
  #texts: HlsTextListener | undefined;
  readonly #goal: HlsGoal;
  #listing: string | undefined;
  #isRewound: boolean;
  #playhead = { at: 0, time: -1 };
  #ahead = 0;
  #isReady = false;
  #stalls = 0;
  #jumps = 0;

  /**
   * @param url of a multivariant playlist that is there
   * @param beginning without a time: at the live edge
   */
  constructor(surface: VideoSurface, url: string, host: PlaybackHost, beginning: HlsBeginning) {
    const { video } = surface;
    this.surface = surface;
    this.video = video;
    this.#host = host;
    this.#events = new HlsEvents((event) => host.onEvent(event));
    const { time, intoWindow = 0 } = beginning;
    this.#goal = new HlsGoal(beginning, {
      video,
      toMedia: (at) => this.#timeline.toMedia(at, this.#listed),
      onBack: (seconds) => this.#surplus.bear(seconds),
    });
    this.#isRewound = time !== undefined;
    const { signal } = this.#listening;
    const isNative = typeof MediaSource === "undefined" && playsNativeHls(video);
    this.engine = isNative ? "native-hls" : "hls.js";
    const onReady = () => {
      this.#isReady = true;
    };
    video.addEventListener("loadeddata", onReady, { signal });
    video.addEventListener("waiting", () => this.#waiting(), { signal });
    if (isNative) {
      this.#events.watchCues(video, signal);
      video.addEventListener("loadedmetadata", () => this.#relate(time, intoWindow), { signal });
      video.addEventListener("error", () => this.#fail(video.error), { signal });
      video.src = url;
    } else {
      const startPosition = time === undefined ? -1 : intoWindow / 1_000;
      this.#open(url, startPosition).catch((error: unknown) => this.#fail(error));
    }
  }

  /** The tracks that play; where the browser plays HLS by itself, it does not tell. */
  get trackIds(): readonly number[] {
    return this.#tracks.ids;
  }

  get listing(): string | undefined {
    return this.#listing;
  }

  /** Plays these tracks: a rendition of the picture without adapting it any more, a sound. */
  select(trackIds: readonly number[]): void {
    this.#tracks.select(trackIds);
  }

  /** The picture is to begin with the first of these that is one, and be adapted from there on. */
  beginWith(trackIds: readonly number[]): void {
    this.#tracks.beginWith(trackIds);
  }

  /** Adapts the picture to the line from now on, whatever was selected. */
  adapt(): void {
    this.#tracks.adapt();
  }

  /** Captions and subtitles that the playlist lists. */
  get textTracks(): readonly NamedText[] {
    return this.#tracks.texts;
  }

  /** Loads the texts of this track, and no others. */
  showText(id: string | undefined): void {
    this.#tracks.selectText(id);
  }

  /** Who shows texts: cues have times of the `<video>`. */
  onTexts(listener: HlsTextListener): void {
    this.#texts = listener;
    listener.onTracks();
  }

  get isReady(): boolean {
    return this.#isReady && this.#goal.isReached;
  }

  get isMoving(): boolean {
    return this.isReady && !this.video.paused && this.video.readyState > 2;
  }

  get figures(): PlaybackFigures {
    return {
      delay: this.#delay(),
      ahead: this.#ahead,
      target: this.#hls?.targetLatency ?? HLS_TARGET,
      rate: this.video.playbackRate,
      stalls: this.#stalls,
      jumps: this.#jumps,
      reorderDelay: 0,
      jitter: 0,
    };
  }

  get isStarved(): boolean {
    return this.#isReady && !this.video.paused && performance.now() - this.#playhead.at > STARVED;
  }

  /** Whether it plays something older on purpose, and does not follow the edge. */
  get isRewound(): boolean {
    return this.#isRewound;
  }

  get place(): Place | undefined {
    const listed = this.#listed;
    const place = listed && this.#timeline.place(this.video.currentTime, listed);
    return place && { ...place, position: this.#goal.time ?? place.position };
  }

  tick({ now, wantsPlay }: Situation): void {
    if (!this.#isReady) return;
    const { video } = this;
    this.#goal.approach();
    this.#tracks.applyText();
    if (wantsPlay && video.paused && !video.ended) this.#host.play(this.surface);
    if (!wantsPlay && !video.paused) video.pause();
    this.#ahead = this.#bufferedAhead();
    const moves = video.currentTime !== this.#playhead.time;
    if (moves || video.paused) this.#playhead = { at: now, time: video.currentTime };
    if (this.#isRewound) {
      this.#stayInWindow();
      return;
    }
    this.#bound();
    // A pause holds its picture: what is broadcast meanwhile is skipped afterwards.
    if (now - this.#playhead.at > STANDING || video.seeking || video.paused) {
      this.#surplus.restart();
      return;
    }
    const { rate, skip } = this.#surplus.decide({ now, ahead: this.#ahead });
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (skip === 0) return;
    this.#jumps += 1;
    video.currentTime += skip;
  }

  streamTime(mediaTime: number): number | undefined {
    const told = this.#events.streamTime(mediaTime);
    if (this.engine === "native-hls" && told !== undefined) return told;
    return this.#timeline.toStream(mediaTime, this.#listed) ?? told;
  }

  /** Goes to a moment of the window, ms on the timeline, and plays on from there. */
  seek(time: number): void {
    this.#setRewound(true);
    this.#goal.set(time);
  }

  jumpToLive(): void {
    this.#goal.clear();
    this.#setRewound(false);
    const { seekable } = this.video;
    const edge = seekable.length > 0 ? seekable.end(seekable.length - 1) - HLS_TARGET : undefined;
    const position = this.#hls?.liveSyncPosition ?? edge;
    if (position === undefined || position <= this.video.currentTime + 1) return;
    this.#jumps += 1;
    this.video.currentTime = position;
  }

  destroy(): void {
    this.#listening.abort();
    this.#tracks.attach(undefined);
    this.#hls?.destroy();
    this.#hls = undefined;
    this.video.removeAttribute("src");
    this.video.load();
  }

  get #listed(): ListedMedia | undefined {
    const { seekable } = this.video;
    if (this.engine === "hls.js") return this.#hls?.latestLevelDetails ?? undefined;
    if (seekable.length === 0) return undefined;
    const [fragmentStart, edge] = [seekable.start(0), seekable.end(seekable.length - 1)];
    return { fragmentStart, edge, age: 0, targetduration: 0, fragments: [] };
  }

  /** The browser does not tell where it put 0: the window must do, where one is known. */
  #relate(time: number | undefined, intoWindow: number): void {
    const { seekable } = this.video;
    const begin = seekable.length > 0 ? seekable.start(0) : 0;
    const baseTime = time === undefined ? 0 : (time - intoWindow) / 1_000 - begin;
    this.#timeline.found([{ baseTime, timescale: 1 }]);
  }

  async #open(url: string, startPosition: number): Promise<void> {
    const { signal } = this.#listening;
    const startOffset = (holdBack: number) => this.#goal.startOffset(holdBack);
    const how = { url, startPosition, startOffset, signal };
    const hls = await openHls(this.video, how, {
      onListing: (signature) => {
        this.#listing = signature;
      },
      onRenditions: () => this.#tracks.apply(),
      onTextTracks: () => this.#texts?.onTracks(),
      onCues: (cues) => {
        const { textId } = this.#tracks;
        if (textId !== undefined) this.#texts?.onCues(textId, cues);
      },
      onDetails: (details) => this.#follow(details),
      onOffsets: (offsets) => {
        this.#timeline.found(offsets);
        this.#goal.approach();
      },
      onTag: (tag, at) => this.#events.read(tag, at),
      onFailed: (error) => this.#fail(error),
    });
    if (signal.aborted) {
      hls?.destroy();
      return;
    }
    this.#hls = hls;
    this.#tracks.attach(hls);
    this.#setRewound(this.#isRewound);
  }

  /** The playlist says how near to the edge one may play. */
  #follow({ partHoldBack, partTarget }: LevelDetails): void {
    const lump = partTarget > 0 && partHoldBack > 0 ? { partHoldBack, partTarget } : undefined;
    this.#surplus.expect(lump);
  }

  #setRewound(isRewound: boolean): void {
    this.#isRewound = isRewound;
    this.#surplus.restart();
    if (isRewound && this.video.playbackRate !== 1) this.video.playbackRate = 1;
    this.#bound();
  }

  /** From how far behind the edge hls.js jumps there. */
  #bound(): void {
    const config = this.#hls?.config;
    if (config === undefined) return;
    const isHeld = this.#isRewound || (this.#isReady && this.video.paused);
    config.liveMaxLatencyDuration = isHeld ? Number.POSITIVE_INFINITY : LOST;
  }

  /** What is played while the window moves on: its oldest moment, at least. */
  #stayInWindow(): void {
    const place = this.place;
    if (place?.start === undefined || !this.#goal.isReached) return;
    if (place.position < place.start) this.seek(earliest(place.start, place.edge));
  }

  #bufferedAhead(): number {
    const { buffered, currentTime } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      const isHere = buffered.start(index) <= currentTime + 0.1;
      if (isHere && buffered.end(index) >= currentTime) return buffered.end(index) - currentTime;
    }
    return 0;
  }

  /** From the playlist's program date time: when the sample reached the server, by its clock. */
  #delay(): number | undefined {
    const date = this.#hls?.playingDate;
    if (date === undefined || date === null) {
      const latency = this.#hls?.latency;
      return latency !== undefined && latency > 0 ? latency * 1_000 : undefined;
    }
    return Date.now() + (this.#host.clockOffset() ?? 0) - date.getTime();
  }

  #waiting(): void {
    if (this.#isReady && !this.video.seeking) this.#stalls += 1;
  }

  #fail(error: unknown): void {
    if (!this.#listening.signal.aborted) this.#host.onError(this, error);
  }
}
