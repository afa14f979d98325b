import type { readCounter } from "../support/counter.ts";
import type { findAll, observeAll } from "../support/in-page.ts";

/** A picture on the screen; `at` is when it was expected there, ms since 1970 by the page's clock. */
export type ShownPicture = {
  readonly counter: number | undefined;
  readonly at: number;
  /** Counts all pictures that the video has put on the screen. */
  readonly presented: number;
};

/** What a page showed since it was navigated to; times as above. */
export type Recording = {
  readonly navigatedAt: number;
  readonly pictures: ShownPicture[];
  /** `waiting` events of a video that had shown a picture. */
  readonly waits: number[];
  /** When the page was seen again. */
  readonly returns: number[];
};

/**
 * Runs in the page, before its own scripts: records each picture with its counter in
 * `window.benchRecording`; `window.benchFirstPicture` resolves at the first. Of a `<video>` it is the moment
 * that the browser expects it on the screen, of a canvas that of its drawing. It refers to nothing outside
 * of itself.
 */
export function recordScreen(
  read: typeof readCounter,
  find: typeof findAll,
  observe: typeof observeAll,
): void {
  const { timeOrigin } = performance;
  const recording: Recording = { navigatedAt: timeOrigin, pictures: [], waits: [], returns: [] };
  let tellFirst = () => {};
  const first = new Promise<void>((resolve) => {
    tellFirst = resolve;
  });
  Object.assign(window, { benchRecording: recording, benchFirstPicture: first });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pixels = new Uint8ClampedArray(0);

  const counterOf = (
    picture: HTMLVideoElement | VideoFrame,
    width: number,
    height: number,
  ): number | undefined => {
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      // `read` tells the kind of pixels by their number: below the counter they stay empty.
      pixels = new Uint8ClampedArray(width * height * 4);
    }
    const rows = Math.ceil(height / 4);
    context?.drawImage(picture, 0, 0, width, rows, 0, 0, width, rows);
    if (context !== null) pixels.set(context.getImageData(0, 0, width, rows).data);
    return read(pixels, width, height);
  };

  const record = (video: HTMLVideoElement) => {
    video.requestVideoFrameCallback((_, { expectedDisplayTime, presentedFrames }) => {
      recording.pictures.push({
        counter: counterOf(video, video.videoWidth, video.videoHeight),
        at: timeOrigin + expectedDisplayTime,
        presented: presentedFrames,
      });
      tellFirst();
      record(video);
    });
  };

  const { drawImage } = CanvasRenderingContext2D.prototype as unknown as {
    drawImage(this: CanvasRenderingContext2D, ...what: readonly unknown[]): void;
  };
  let drawn = 0;
  const drawAndRecord = function (this: CanvasRenderingContext2D, ...what: readonly unknown[]) {
    drawImage.apply(this, what as []);
    const [picture] = what;
    if (!this.canvas.isConnected || typeof VideoFrame === "undefined") return;
    if (!(picture instanceof VideoFrame)) return;
    const at = timeOrigin + performance.now();
    drawn += 1;
    const counter = counterOf(picture, picture.displayWidth, picture.displayHeight);
    recording.pictures.push({ counter, at, presented: drawn });
    tellFirst();
  };
  Object.assign(CanvasRenderingContext2D.prototype, { drawImage: drawAndRecord });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) recording.returns.push(timeOrigin + performance.now());
  });

  const known = new WeakSet<HTMLVideoElement>();
  const look = () => {
    for (const video of find<HTMLVideoElement>("video")) {
      if (known.has(video)) continue;
      known.add(video);
      record(video);
      video.addEventListener("waiting", () => {
        if (recording.pictures.length > 0) recording.waits.push(timeOrigin + performance.now());
      });
    }
  };
  observe(look);
}
