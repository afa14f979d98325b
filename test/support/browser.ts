import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { readCounter } from "./counter.ts";
import { findAll, observeAll } from "./in-page.ts";

/** A browser that tests can drive, and how: others than Chromium may join. */
export type BrowserDriver = {
  readonly name: "chromium";
  /** Starts it with a fresh profile. */
  launch(options?: { readonly args?: readonly string[] }): Promise<Browser>;
};

/**
 * Chromium as Debian packages it, headless; another one by the environment's `CHROMIUM`.
 *
 * Software rendering in a container: no GPU, no sandbox for root, no shared memory in /dev/shm.
 * Sound may start without a click only where a test asks for it.
 */
export const chromiumDriver: BrowserDriver = {
  name: "chromium",
  launch: ({ args = [] } = {}) => {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    if (!existsSync(executablePath)) throw new Error(`There is no browser at ${executablePath}`);
    return chromium.launch({
      executablePath,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--mute-audio",
        ...args,
      ],
    });
  },
};

/** Lets a page start sound without a click. */
export const AUTOPLAY = "--autoplay-policy=no-user-gesture-required";

/** What a video element shows at one moment. */
export type Shown = {
  /** The number in the picture; undefined where it shows none. */
  readonly counter: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly currentTime: number;
  readonly paused: boolean;
  /** ms since 1970 by the page's clock, when the picture was read. */
  readonly at: number;
};

/**
 * Reads the counter picture (`counter.ts`) from the video that is on show.
 *
 * @param selector of the `<video>`; where several match, the largest visible one with a picture
 */
export function readShown(page: Page, selector = "video"): Promise<Shown | undefined> {
  return page.evaluate(
    `(${readFromVideo})(${JSON.stringify(selector)}, ${readCounter}, ${findAll})`,
  );
}

/**
 * Records every picture that the video presents, with its counter, from now on: each entry has
 * `counter` and `at` (ms since 1970, when the compositor took it).
 *
 * @returns stops it, and gives what was shown
 */
export async function recordShown(
  page: Page,
  selector = "video",
): Promise<
  () => Promise<readonly { readonly counter: number | undefined; readonly at: number }[]>
> {
  const given = [JSON.stringify(selector), readCounter, findAll, observeAll].join(", ");
  await page.evaluate(`(${startRecording})(${given})`);
  return () => page.evaluate("window.__stopRecordingCounters()");
}

/** Runs in the page. */
function readFromVideo(
  selector: string,
  read: typeof readCounter,
  find: typeof findAll,
): Shown | undefined {
  const area = (video: HTMLVideoElement) => {
    const { width, height } = video.getBoundingClientRect();
    return video.videoWidth > 0 ? width * height : -1;
  };
  const [video] = find<HTMLVideoElement>(selector).sort((a, b) => area(b) - area(a));
  if (video === undefined || video.videoWidth === 0) return undefined;
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, width, Math.ceil(height / 4));
  // `read` tells the kind of pixels by their number: the rest of the picture may be empty.
  const pixels = new Uint8ClampedArray(width * height * 4);
  pixels.set(data.subarray(0, pixels.length));
  return {
    counter: read(pixels, width, height),
    width,
    height,
    currentTime: video.currentTime,
    paused: video.paused,
    at: performance.timeOrigin + performance.now(),
  };
}

/** Runs in the page. */
function startRecording(
  selector: string,
  read: typeof readCounter,
  find: typeof findAll,
  observe: typeof observeAll,
): void {
  const shown: { counter: number | undefined; at: number }[] = [];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let recording = true;
  const watch = (video: HTMLVideoElement) => {
    video.requestVideoFrameCallback((_, metadata) => {
      if (!recording || context === null) return;
      const { videoWidth: width, videoHeight: height } = video;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      context.drawImage(video, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const at = performance.timeOrigin + metadata.presentationTime;
      shown.push({ counter: read(data, width, height), at });
      watch(video);
    });
  };
  const watched = new WeakSet<HTMLVideoElement>();
  const look = () => {
    for (const video of find<HTMLVideoElement>(selector)) {
      if (watched.has(video)) continue;
      watched.add(video);
      watch(video);
    }
  };
  look();
  const end = observe(look);
  Object.assign(window, {
    __stopRecordingCounters: () => {
      recording = false;
      end();
      return shown;
    },
  });
}
