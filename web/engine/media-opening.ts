import { isManaged, mediaSourceClass } from "./platform.ts";
import type { VideoSurface } from "./video-surface.ts";

/**
 * A MediaSource on its way to open in a `<video>`. Opening takes a turn of the browser's (30 to 60
 * ms on a busy machine): the first one is made while the connection is, and waits for its tracks.
 */
export class MediaOpening {
  readonly surface: VideoSurface;
  readonly video: HTMLVideoElement;
  readonly mediaSource: MediaSource;
  readonly #url: string;
  #isOpen = false;
  #onOpen: (() => void) | undefined;

  /** Takes hold of `surface`, which must be free. @throws where the browser has no MediaSource */
  constructor(surface: VideoSurface) {
    const { video } = surface;
    const MediaSourceClass = mediaSourceClass();
    if (MediaSourceClass === undefined) throw new Error("Cannot play here: no MediaSource");
    this.surface = surface;
    this.video = video;
    this.mediaSource = new MediaSourceClass();
    this.#url = URL.createObjectURL(this.mediaSource);
    const onOpen = () => {
      URL.revokeObjectURL(this.#url);
      this.#isOpen = true;
      this.#onOpen?.();
    };
    this.mediaSource.addEventListener("sourceopen", onOpen, { once: true });
    if (isManaged()) video.disableRemotePlayback = true;
    video.src = this.#url;
  }

  /** Calls once, when it is open: at once if it is. */
  whenOpen(action: () => void): void {
    if (this.#isOpen) action();
    else this.#onOpen = action;
  }

  /** Lets go of the `<video>`. */
  destroy(): void {
    this.#onOpen = undefined;
    URL.revokeObjectURL(this.#url);
    this.video.removeAttribute("src");
    this.video.load();
  }
}
