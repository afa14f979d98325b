/** Pictures that are further apart (ms) leave it to the clock to say what is shown. */
const SILENCE = 300;

/** What is followed: a surface has it. */
type Followed = {
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly hasCurrentData: boolean;
  readonly currentTime: number;
  watchPictures(onShown: (mediaTime: number, at: number) => void, signal: AbortSignal): void;
  addEventListener(
    type: "timeupdate",
    listener: () => void,
    options?: AddEventListenerOptions,
  ): void;
};

/**
 * Follows what a surface shows, to the picture where it tells of each, and by its clock where there are
 * none to tell of: sound alone, a page in the background, an older browser.
 */
export class EventPlayhead {
  readonly #surface: Followed;
  readonly #onShown: (mediaTime: number) => void;
  #shownAt = Number.NEGATIVE_INFINITY;

  /** @param onShown takes seconds on the surface's timeline */
  constructor(surface: Followed, onShown: (mediaTime: number) => void, signal: AbortSignal) {
    this.#surface = surface;
    this.#onShown = onShown;
    const onPicture = (mediaTime: number) => {
      this.#shownAt = performance.now();
      if (!surface.paused) onShown(mediaTime);
    };
    surface.watchPictures(onPicture, signal);
    surface.addEventListener("timeupdate", () => this.tick(), { signal });
  }

  /** To be called often: `timeupdate` alone comes four times a second. */
  tick(): void {
    const { paused, seeking, hasCurrentData, currentTime } = this.#surface;
    if (paused || seeking || !hasCurrentData) return;
    if (!document.hidden && performance.now() - this.#shownAt < SILENCE) return;
    this.#onShown(currentTime);
  }
}
