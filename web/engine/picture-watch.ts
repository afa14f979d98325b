import { wallClock } from "../transport/websocket.ts";

/**
 * Tells which picture is on the screen, and since when. Where the browser does not say
 * (`requestVideoFrameCallback`), the playhead must do.
 */
export class PictureWatch {
  readonly #video: HTMLVideoElement;
  readonly #onShown: (mediaTime: number, at: number) => void;
  #callback = 0;
  #counted = 0;
  #countedBefore = 0;

  /** @param onShown takes a picture's time (seconds) and the moment (ms since 1970, our clock) */
  constructor(
    video: HTMLVideoElement,
    onShown: (mediaTime: number, at: number) => void,
    signal: AbortSignal,
  ) {
    this.#video = video;
    this.#onShown = onShown;
    if ("requestVideoFrameCallback" in video) this.#next();
    video.addEventListener("timeupdate", () => this.#fallback(), { signal });
    signal.addEventListener("abort", () => {
      if ("cancelVideoFrameCallback" in video) video.cancelVideoFrameCallback(this.#callback);
    });
  }

  #next(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_now, picture) => {
      this.#counted += 1;
      if (!this.#video.paused) {
        this.#onShown(picture.mediaTime, performance.timeOrigin + picture.expectedDisplayTime);
      }
      this.#next();
    });
  }

  #fallback(): void {
    const isTold = this.#counted !== this.#countedBefore;
    this.#countedBefore = this.#counted;
    if (isTold || this.#video.paused || document.hidden) return;
    this.#onShown(this.#video.currentTime, wallClock());
  }
}
