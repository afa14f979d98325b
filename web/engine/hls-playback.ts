import type Hls from "hls.js";
import type { HlsConfig, Loader, LoaderContext } from "hls.js";
import { Surplus } from "../control/surplus.ts";
import { HlsEvents } from "./hls-events.ts";
import { trackIdOf, withTightTarget } from "./hls-playlist.ts";
import { playsNativeHls } from "./platform.ts";
import type { Playback, PlaybackFigures, PlaybackHost, Situation } from "./playback.ts";

/** Seconds behind the edge where the playlist names none. */
const HLS_TARGET = 2;

/** The clock standing still for longer than this (ms) is told to people. */
const STARVED = 1_000;

/** HLS into one `<video>`: hls.js (a chunk of its own), or the browser where there is no MSE. */
export class HlsPlayback implements Playback {
  readonly engine: "hls.js" | "native-hls";
  readonly transport = "hls";
  readonly video: HTMLVideoElement;
  readonly #host: PlaybackHost;
  readonly #listening = new AbortController();
  #hls: Hls | undefined;
  readonly #surplus = new Surplus();
  readonly #events: HlsEvents;
  /** Chosen, and not seen in a playlist yet. */
  #chosen: readonly number[] = [];
  #playhead = { at: 0, time: -1 };
  #ahead = 0;
  #isReady = false;
  #stalls = 0;
  #jumps = 0;

  /** @param url of a multivariant playlist that is there */
  constructor(video: HTMLVideoElement, url: string, host: PlaybackHost) {
    this.video = video;
    this.#host = host;
    this.#events = new HlsEvents((event) => host.onEvent(event));
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
      video.addEventListener("error", () => this.#fail(video.error), { signal });
      video.src = url;
    } else {
      this.#load(url).catch((error: unknown) => this.#fail(error));
    }
  }

  /** The tracks that play; where the browser plays HLS by itself, it does not tell. */
  get trackIds(): readonly number[] {
    const hls = this.#hls;
    if (hls === undefined) return [];
    const level = hls.levels[hls.currentLevel === -1 ? hls.nextLevel : hls.currentLevel];
    const urls = [level?.uri, hls.audioTracks[hls.audioTrack]?.url];
    return urls.flatMap((url) => trackIdOf(url ?? "") ?? []);
  }

  /** Plays these tracks: a rendition of the picture without adapting it any more, a sound. */
  select(trackIds: readonly number[]): void {
    this.#chosen = trackIds;
    const hls = this.#hls;
    if (hls === undefined) return;
    const isChosen = (url: string) => trackIds.includes(trackIdOf(url) ?? -1);
    const sound = hls.allAudioTracks.find(({ url }) => isChosen(url));
    // A picture is listed once for each group of sounds, which are of one codec each.
    const isWithSound = (groups: readonly (string | undefined)[] | undefined) =>
      sound === undefined || groups === undefined || groups.includes(sound.groupId);
    const level = hls.levels.findIndex(
      ({ uri, audioGroups }) => isChosen(uri) && isWithSound(audioGroups),
    );
    if (level >= 0 && hls.nextLevel !== level) hls.nextLevel = level;
    if (sound !== undefined) hls.setAudioOption(sound);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isMoving(): boolean {
    return this.#isReady && !this.video.paused && this.video.readyState > 2;
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

  tick({ now, wantsPlay }: Situation): void {
    if (!this.#isReady) return;
    const { video } = this;
    if (wantsPlay && video.paused) this.#host.play(video);
    if (!wantsPlay && !video.paused) video.pause();
    this.#ahead = this.#bufferedAhead();
    const moves = video.currentTime !== this.#playhead.time;
    if (moves || video.paused) this.#playhead = { at: now, time: video.currentTime };
    if (!moves || video.seeking) {
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
    return this.#events.streamTime(mediaTime);
  }

  jumpToLive(): void {
    const { seekable } = this.video;
    const edge = seekable.length > 0 ? seekable.end(seekable.length - 1) - HLS_TARGET : undefined;
    const position = this.#hls?.liveSyncPosition ?? edge;
    if (position === undefined || position <= this.video.currentTime + 1) return;
    this.#jumps += 1;
    this.video.currentTime = position;
  }

  destroy(): void {
    this.#listening.abort();
    this.#hls?.destroy();
    this.#hls = undefined;
    this.video.removeAttribute("src");
    this.video.load();
  }

  async #load(url: string): Promise<void> {
    const { default: HlsClass } = await import("hls.js");
    if (this.#listening.signal.aborted) return;
    if (!HlsClass.isSupported()) throw new Error("Cannot play here: neither MediaSource nor HLS");
    const Base = HlsClass.DefaultConfig.loader as new (config: HlsConfig) => Loader<LoaderContext>;
    class TightLoader extends Base {
      override load(...[context, config, callbacks]: Parameters<Loader<LoaderContext>["load"]>) {
        const onSuccess: typeof callbacks.onSuccess = (response, ...rest) => {
          const { data } = response;
          if (typeof data === "string") response.data = withTightTarget(data);
          callbacks.onSuccess(response, ...rest);
        };
        super.load(context, config, { ...callbacks, onSuccess });
      }
    }
    const hls = new HlsClass({
      pLoader: TightLoader as NonNullable<HlsConfig["pLoader"]>,
      enableWorker: false,
      lowLatencyMode: true,
      liveSyncDuration: HLS_TARGET,
      liveMaxLatencyDuration: 8,
      liveSyncOnStallIncrease: 0.25,
      maxLiveSyncPlaybackRate: 1, // that is ours
      backBufferLength: 10,
      liveDurationInfinity: true,
    });
    this.#hls = hls;
    hls.on(HlsClass.Events.ERROR, (_event, { fatal, type, details }) => {
      if (!fatal) return;
      this.#fail(new Error(`${type}: ${details}`));
    });
    hls.on(HlsClass.Events.FRAG_PARSING_METADATA, (_event, { samples }) => {
      for (const { data, pts } of samples) this.#events.read(data, pts);
    });
    hls.on(HlsClass.Events.MANIFEST_PARSED, () => this.select(this.#chosen));
    hls.loadSource(url);
    hls.attachMedia(this.video);
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
