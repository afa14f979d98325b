import { leaveSoundRoute } from "../engine/sound-route.ts";
import type { Surface } from "../engine/surface.ts";
import { VideoSurface } from "../engine/video-surface.ts";

/**
 * Surfaces in one place: one is on, another is made ready behind it and swapped in when it has a
 * picture, so that nothing goes dark. Two are `<video>`s and stay; others come and go. A still picture
 * covers what none can show.
 */
export class Stage {
  readonly element: HTMLElement;
  /** The two that are always there. */
  readonly videos: readonly [VideoSurface, VideoSurface];
  readonly #still: HTMLCanvasElement;
  readonly #guests = new Set<Surface>();
  readonly #onSwap: () => void;
  #active: Surface;
  /** It leaves as soon as another one is on. */
  #leaving: Surface | undefined;

  /** @param onSwap another surface is on */
  constructor(element: HTMLElement, onSwap: () => void = () => {}) {
    this.element = element;
    this.#onSwap = onSwap;
    this.#still = document.createElement("canvas");
    this.#still.className = "still";
    this.#still.hidden = true;
    this.videos = [new VideoSurface(makeVideo()), new VideoSurface(makeVideo())];
    this.#active = this.videos[0];
    element.append(this.#still, ...this.videos.map((surface) => surface.element));
    this.#mark();
  }

  /** The one that is seen and heard. */
  get active(): Surface {
    return this.#active;
  }

  /** A `<video>` that is not on. */
  get spare(): VideoSurface {
    return this.#active === this.videos[0] ? this.videos[1] : this.videos[0];
  }

  /** What is seen: a picture of the active surface, or the one that was kept of it. */
  get picture(): HTMLVideoElement | HTMLCanvasElement | undefined {
    return this.#still.hidden ? this.#active.picture : this.#still;
  }

  /** Takes in a surface that is not one of the two: behind the one that is on, and silent. */
  admit(surface: Surface): void {
    this.#guests.add(surface);
    surface.muted = true;
    this.element.append(surface.element);
    this.#mark();
  }

  /** Nobody plays on it any more: one that was taken in leaves, unless nothing else is on. */
  release(surface: Surface): void {
    if (!this.#guests.has(surface)) return;
    if (surface === this.#active) {
      this.#leaving = surface;
      return;
    }
    this.#guests.delete(surface);
    surface.element.remove();
  }

  /** Puts a surface on: it takes over sound and volume, and the one before falls silent. */
  swapTo(surface: Surface): void {
    const before = this.#active;
    if (surface === before) return;
    const { muted, volume } = before;
    this.#active = surface;
    before.muted = true;
    surface.volume = volume;
    surface.muted = muted;
    this.#mark();
    if (before === this.#leaving) this.release(before);
    this.#onSwap();
  }

  /** Keeps the picture that is on, for the time when there is no other. */
  keepPicture(): void {
    const { picture } = this.#active;
    if (picture === undefined || !this.#still.hidden) return;
    this.#still.width = this.#active.width;
    this.#still.height = this.#active.height;
    this.#still.getContext("2d")?.drawImage(picture, 0, 0);
    this.#still.hidden = false;
  }

  /** A live picture covers it from now on. */
  dropPicture(): void {
    if (this.#still.hidden) return;
    this.#still.hidden = true;
    this.#still.width = 0;
    this.#still.height = 0;
  }

  /** In a gesture: everything here may sound from now on. */
  bless(): void {
    for (const surface of [...this.videos, ...this.#guests]) surface.bless();
  }

  /** Takes out of the container what was put into it. */
  destroy(): void {
    this.#still.remove();
    for (const { element } of [...this.videos, ...this.#guests]) element.remove();
    for (const { video } of this.videos) leaveSoundRoute(video);
  }

  #mark(): void {
    for (const surface of [...this.videos, ...this.#guests]) {
      const { element } = surface;
      const isOn = surface === this.#active;
      element.classList.toggle("on", isOn);
      if (isOn) element.removeAttribute("aria-hidden");
      else element.setAttribute("aria-hidden", "true");
    }
  }
}

function makeVideo(): HTMLVideoElement {
  const video = document.createElement("video");
  video.playsInline = true;
  video.disablePictureInPicture = false;
  video.preload = "auto";
  return video;
}
