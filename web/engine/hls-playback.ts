import type Hls from "hls.js";
import { playsNativeHls } from "./platform.ts";
import type { Playback, PlaybackFigures, PlaybackHost, Situation } from "./playback.ts";

/** Seconds behind the edge where the playlist names none; catching up at most this fast. */
const HLS_TARGET = 2;
const HLS_FASTEST = 1.2;

/** HLS into one `<video>`: hls.js (a chunk of its own), or the browser where there is no MSE. */
export class HlsPlayback implements Playback {
  readonly engine: "hls.js" | "native-hls";
  readonly transport = "hls";
  readonly video: HTMLVideoElement;
  readonly #host: PlaybackHost;
  readonly #listening = new AbortController();
  #hls: Hls | undefined;
  #isReady = false;
  #stalls = 0;
  #jumps = 0;

  /** @param url of a multivariant playlist that is there */
  constructor(video: HTMLVideoElement, url: string, host: PlaybackHost) {
    this.video = video;
    this.#host = host;
    const { signal } = this.#listening;
    const isNative = typeof MediaSource === "undefined" && playsNativeHls(video);
    this.engine = isNative ? "native-hls" : "hls.js";
    const onReady = () => {
      this.#isReady = true;
    };
    video.addEventListener("loadeddata", onReady, { signal });
    video.addEventListener("waiting", () => this.#waiting(), { signal });
    if (isNative) {
      video.addEventListener("error", () => this.#fail(video.error), { signal });
      video.src = url;
    } else {
      this.#load(url).catch((error: unknown) => this.#fail(error));
    }
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isMoving(): boolean {
    return this.#isReady && !this.video.paused && this.video.readyState > 2;
  }

  get figures(): PlaybackFigures {
    const { buffered, currentTime, playbackRate } = this.video;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime;
    return {
      delay: this.#delay(),
      ahead: end - currentTime,
      target: this.#hls?.targetLatency ?? HLS_TARGET,
      rate: playbackRate,
      stalls: this.#stalls,
      jumps: this.#jumps,
      reorderDelay: 0,
      jitter: 0,
    };
  }

  tick({ wantsPlay }: Situation): void {
    if (!this.#isReady) return;
    if (wantsPlay && this.video.paused) this.#host.play(this.video);
    if (!wantsPlay && !this.video.paused) this.video.pause();
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
    const hls = new HlsClass({
      enableWorker: false,
      lowLatencyMode: true,
      liveSyncDuration: HLS_TARGET,
      liveMaxLatencyDuration: 8,
      liveSyncOnStallIncrease: 0.25,
      maxLiveSyncPlaybackRate: HLS_FASTEST,
      backBufferLength: 10,
      liveDurationInfinity: true,
    });
    this.#hls = hls;
    hls.on(HlsClass.Events.ERROR, (_event, { fatal, type, details }) => {
      if (!fatal) return;
      this.#fail(new Error(`${type}: ${details}`));
    });
    hls.loadSource(url);
    hls.attachMedia(this.video);
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
