import type { Surface, SurfaceEvent } from "./surface.ts";

/** A `<video>` of the stage as a surface. */
export class VideoSurface implements Surface {
  readonly element: HTMLVideoElement;
  readonly video: HTMLVideoElement;
  readonly texts: undefined;

  constructor(video: HTMLVideoElement) {
    this.element = video;
    this.video = video;
  }

  get picture(): HTMLVideoElement | undefined {
    return this.width > 0 && this.hasCurrentData ? this.video : undefined;
  }

  get muted(): boolean {
    return this.video.muted;
  }

  set muted(muted: boolean) {
    this.video.muted = muted;
  }

  get volume(): number {
    return this.video.volume;
  }

  set volume(volume: number) {
    this.video.volume = volume;
  }

  get paused(): boolean {
    return this.video.paused;
  }

  get ended(): boolean {
    return this.video.ended;
  }

  get seeking(): boolean {
    return this.video.seeking;
  }

  get hasCurrentData(): boolean {
    return this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  get currentTime(): number {
    return this.video.currentTime;
  }

  get width(): number {
    return this.video.videoWidth;
  }

  get height(): number {
    return this.video.videoHeight;
  }

  get shown(): number {
    const { totalVideoFrames, droppedVideoFrames } = this.video.getVideoPlaybackQuality();
    return totalVideoFrames - droppedVideoFrames;
  }

  get dropped(): number {
    return this.video.getVideoPlaybackQuality().droppedVideoFrames;
  }

  play(): Promise<void> {
    return this.video.play();
  }

  pause(): void {
    this.video.pause();
  }

  requestPictureInPicture(): Promise<PictureInPictureWindow> {
    return this.video.requestPictureInPicture();
  }

  /** WebKit asks it of each element; one that has something to play needs none. */
  bless(): void {
    const { video } = this;
    if (video.getAttribute("src") === null && video.srcObject === null)
      video.play().catch(() => undefined);
  }

  watchPictures(onShown: (mediaTime: number, at: number) => void, signal: AbortSignal): void {
    const { video } = this;
    if (!("requestVideoFrameCallback" in video)) return;
    let callback = 0;
    const next = () => {
      callback = video.requestVideoFrameCallback((_now, { mediaTime, expectedDisplayTime }) => {
        onShown(mediaTime, performance.timeOrigin + expectedDisplayTime);
        if (!signal.aborted) next();
      });
    };
    next();
    signal.addEventListener("abort", () => video.cancelVideoFrameCallback(callback));
  }

  addEventListener(
    type: SurfaceEvent,
    listener: (event: Event) => void,
    options?: AddEventListenerOptions,
  ): void {
    this.video.addEventListener(type, listener, options);
  }
}
