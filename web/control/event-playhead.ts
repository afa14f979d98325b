/** Pictures that are further apart (ms) leave it to the clock to say what is shown. */
const SILENCE = 300;

/**
 * Follows what a `<video>` shows, to the picture where the browser tells of each
 * (`requestVideoFrameCallback`), and by its clock where there are none to tell of: sound alone, a page
 * in the background, an older browser.
 */
export class EventPlayhead {
  readonly #video: HTMLVideoElement;
  readonly #onShown: (mediaTime: number) => void;
  #callback = 0;
  #shownAt = Number.NEGATIVE_INFINITY;

  /** @param onShown takes seconds on the element's timeline */
  constructor(video: HTMLVideoElement, onShown: (mediaTime: number) => void, signal: AbortSignal) {
    this.#video = video;
    this.#onShown = onShown;
    if ("requestVideoFrameCallback" in video) this.#next();
    video.addEventListener("timeupdate", () => this.tick(), { signal });
    signal.addEventListener("abort", () => {
      if ("cancelVideoFrameCallback" in video) video.cancelVideoFrameCallback(this.#callback);
    });
  }

  /** To be called often: `timeupdate` alone comes four times a second. */
  tick(): void {
    const { paused, seeking, readyState, currentTime } = this.#video;
    if (paused || seeking || readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (!document.hidden && performance.now() - this.#shownAt < SILENCE) return;
    this.#onShown(currentTime);
  }

  #next(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.#shownAt = performance.now();
      if (!this.#video.paused) this.#onShown(mediaTime);
      this.#next();
    });
  }
}
