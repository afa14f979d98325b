import { isManaged } from "./platform.ts";
import type { VideoSurface } from "./video-surface.ts";

/** A MediaSource, or what stands for one in a worker, as it is played by a `<video>`. */
export class MediaAttachment {
  readonly surface: VideoSurface;
  #url: string | undefined;

  /** Takes hold of `surface`, which must be free. */
  constructor(surface: VideoSurface, source: MediaSource | MediaSourceHandle) {
    const { video } = surface;
    this.surface = surface;
    if (isManaged()) video.disableRemotePlayback = true;
    if (!(source instanceof EventTarget)) {
      // TypeScript's `srcObject` does not know of it yet.
      video.srcObject = source as unknown as MediaProvider;
      return;
    }
    this.#url = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => this.#revoke(), { once: true });
    video.src = this.#url;
  }

  /** Lets go of the `<video>`. */
  destroy(): void {
    const { video } = this.surface;
    this.#revoke();
    if (video.srcObject !== null) video.srcObject = null;
    video.removeAttribute("src");
    video.load();
  }

  #revoke(): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
