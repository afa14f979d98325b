import type { Surface, SurfaceEvent } from "../engine/surface.ts";
import type { CanvasTexts } from "./canvas-texts.ts";

/** `timeupdate` comes this often (ms), as with a `<video>`. */
const TIME_EVERY = 250;

const FILL = { position: "absolute", inset: "0", width: "100%", height: "100%" };

/** What a canvas has of its playback. */
export type CanvasHost = {
  currentTime(): number;
  /** Begins to sound, where there is sound. @throws DOMException `NotAllowedError` */
  sound(): Promise<void>;
  /** `muted`, `volume` or `paused` are others now. */
  changed(): void;
};

/** A canvas that pictures are drawn on, and sound of our own, to everybody else like a `<video>`. */
export class CanvasSurface implements Surface {
  readonly element: HTMLElement;
  readonly video = undefined;
  readonly texts: CanvasTexts;
  readonly ended = false;
  readonly seeking = false;
  readonly #host: CanvasHost;
  readonly #canvas: HTMLCanvasElement;
  readonly #events = new EventTarget();
  readonly #watchers = new Set<(mediaTime: number, at: number) => void>();
  readonly #settings: CanvasRenderingContext2DSettings;
  #context: CanvasRenderingContext2D | null = null;
  #muted = false;
  #volume = 1;
  #paused = true;
  #shown = 0;
  #dropped = 0;
  #toldAt = 0;
  #isSounding = false;
  #window: HTMLVideoElement | undefined;

  constructor(host: CanvasHost, texts: CanvasTexts, settings: CanvasRenderingContext2DSettings) {
    this.#host = host;
    this.texts = texts;
    this.#settings = settings;
    this.element = document.createElement("div");
    this.#canvas = document.createElement("canvas");
    // Nothing yet: what lies behind is seen.
    this.#canvas.hidden = true;
    Object.assign(this.#canvas.style, FILL, { objectFit: "inherit" });
    this.element.append(this.#canvas, texts.element);
  }

  get picture(): HTMLCanvasElement | undefined {
    return this.#shown > 0 ? this.#canvas : undefined;
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    if (muted === this.#muted) return;
    this.#muted = muted;
    // In a gesture perhaps: later it would be too late.
    if (!muted && !this.#paused) this.#host.sound().catch(() => undefined);
    this.#changed("volumechange");
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    if (volume === this.#volume) return;
    this.#volume = volume;
    this.#changed("volumechange");
  }

  get paused(): boolean {
    return this.#paused;
  }

  get hasCurrentData(): boolean {
    return this.#shown > 0 || this.#isSounding;
  }

  get currentTime(): number {
    return this.#host.currentTime();
  }

  get width(): number {
    return this.#shown > 0 ? this.#canvas.width : 0;
  }

  get height(): number {
    return this.#shown > 0 ? this.#canvas.height : 0;
  }

  get shown(): number {
    return this.#shown;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Pictures that were decoded, or left out, and not shown. */
  drop(pictures: number): void {
    this.#dropped += pictures;
  }

  /** There is something to hear. */
  set isSounding(isSounding: boolean) {
    this.#isSounding = isSounding;
  }

  /** Puts a picture on, as large as it is meant to be. It is closed by whoever gave it. */
  draw(picture: VideoFrame, mediaTime: number): void {
    const canvas = this.#canvas;
    const { displayWidth: width, displayHeight: height } = picture;
    const isOther = canvas.width !== width || canvas.height !== height || this.#shown === 0;
    if (isOther) {
      canvas.width = width;
      canvas.height = height;
      this.#context ??= canvas.getContext("2d", this.#settings) as CanvasRenderingContext2D | null;
    }
    this.#context?.drawImage(picture, 0, 0, width, height);
    this.#shown += 1;
    canvas.hidden = false;
    if (isOther) this.tell("resize");
    this.texts.show(mediaTime);
    const at = performance.timeOrigin + performance.now();
    for (const watcher of this.#watchers) watcher(mediaTime, at);
  }

  async play(): Promise<void> {
    if (this.#paused) {
      this.#paused = false;
      this.#changed("play");
    }
    if (!this.#muted) await this.#host.sound();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#changed("pause");
  }

  /** The gesture that sound needs is met where it is unmuted. */
  bless(): void {}

  watchPictures(onShown: (mediaTime: number, at: number) => void, signal: AbortSignal): void {
    this.#watchers.add(onShown);
    signal.addEventListener("abort", () => this.#watchers.delete(onShown));
  }

  /** Only a `<video>` can leave the page: it shows what the canvas does. */
  async requestPictureInPicture(): Promise<PictureInPictureWindow> {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = this.#canvas.captureStream();
    Object.assign(video.style, FILL, { visibility: "hidden" });
    this.#closeWindow();
    this.#window = video;
    this.element.append(video);
    video.addEventListener("leavepictureinpicture", () => this.#closeWindow());
    await video.play();
    return video.requestPictureInPicture();
  }

  /** Whether it is seen in a window of its own, whatever becomes of the page. */
  get isInWindow(): boolean {
    return this.#window !== undefined;
  }

  addEventListener(
    type: SurfaceEvent,
    listener: (event: Event) => void,
    options?: AddEventListenerOptions,
  ): void {
    this.#events.addEventListener(type, listener, options);
  }

  tell(type: SurfaceEvent): void {
    this.#events.dispatchEvent(new Event(type));
  }

  /** To be called every 50 ms or so. @param now ms */
  tick(now: number): void {
    if (this.#paused || now - this.#toldAt < TIME_EVERY) return;
    this.#toldAt = now;
    this.texts.show(this.currentTime);
    this.tell("timeupdate");
  }

  destroy(): void {
    this.#closeWindow();
    this.#watchers.clear();
  }

  #changed(type: SurfaceEvent): void {
    this.#host.changed();
    this.tell(type);
  }

  #closeWindow(): void {
    const video = this.#window;
    this.#window = undefined;
    if (video === undefined) return;
    for (const track of (video.srcObject as MediaStream).getTracks()) track.stop();
    video.remove();
  }
}
