/**
 * Two `<video>` elements in one place: one is on, the other is made ready behind it and swapped in
 * when it has a picture, so that nothing goes dark. A still picture covers what neither can show.
 */
export class Stage {
  readonly element: HTMLElement;
  readonly #videos: readonly [HTMLVideoElement, HTMLVideoElement];
  readonly #still: HTMLCanvasElement;
  #active: 0 | 1 = 0;

  constructor(element: HTMLElement) {
    this.element = element;
    this.#still = document.createElement("canvas");
    this.#still.className = "still";
    this.#still.hidden = true;
    this.#videos = [makeVideo(), makeVideo()];
    element.append(this.#still, ...this.#videos);
    this.#mark();
  }

  /** The one that is seen and heard. */
  get active(): HTMLVideoElement {
    return this.#videos[this.#active];
  }

  /** The other one. */
  get spare(): HTMLVideoElement {
    return this.#videos[this.#active === 0 ? 1 : 0];
  }

  /** What is seen: a picture of the active video, or the one that was kept of it. */
  get picture(): HTMLVideoElement | HTMLCanvasElement | undefined {
    if (!this.#still.hidden) return this.#still;
    const video = this.active;
    const isThere = video.videoWidth > 0 && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    return isThere ? video : undefined;
  }

  /** Puts `video` on: it takes over sound and volume, and the other one falls silent. */
  swapTo(video: HTMLVideoElement): void {
    if (video === this.active) return;
    const before = this.active;
    const { muted, volume } = before;
    this.#active = this.#active === 0 ? 1 : 0;
    before.muted = true;
    video.volume = volume;
    video.muted = muted;
    this.#mark();
  }

  /** Keeps the picture that is on, for the time when there is no other. */
  keepPicture(): void {
    const video = this.picture;
    if (!(video instanceof HTMLVideoElement)) return;
    this.#still.width = video.videoWidth;
    this.#still.height = video.videoHeight;
    this.#still.getContext("2d")?.drawImage(video, 0, 0);
    this.#still.hidden = false;
  }

  /** A live picture covers it from now on. */
  dropPicture(): void {
    if (this.#still.hidden) return;
    this.#still.hidden = true;
    this.#still.width = 0;
    this.#still.height = 0;
  }

  /** In a gesture: both elements may sound from now on (WebKit asks this of each). */
  bless(): void {
    if (this.spare.getAttribute("src") === null) this.spare.play().catch(() => undefined);
  }

  /** Takes out of the container what was put into it. */
  destroy(): void {
    this.#still.remove();
    for (const video of this.#videos) video.remove();
  }

  #mark(): void {
    this.active.classList.add("on");
    this.spare.classList.remove("on");
    this.active.removeAttribute("aria-hidden");
    this.spare.setAttribute("aria-hidden", "true");
  }
}

function makeVideo(): HTMLVideoElement {
  const video = document.createElement("video");
  video.playsInline = true;
  video.disablePictureInPicture = false;
  video.preload = "auto";
  return video;
}
