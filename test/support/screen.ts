import type { Page } from "playwright-core";
import { FrameType } from "../../server/protocol/wire/frame.ts";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { readCounter } from "./counter.ts";
import { findAll, observeAll } from "./in-page.ts";
import { eventually } from "./server-process.ts";
import type { WsViewer } from "./ws-viewer.ts";

/** A picture on the screen. */
export type ShownPicture = {
  readonly counter: number | undefined;
  /** ms since 1970, when it was expected there. */
  readonly at: number;
  /** Of the coded picture. */
  readonly width: number;
};

/** Pictures of the last so many ms are judged, and so many there must be. */
const WINDOW = 1_500;
const ENOUGH = 25;

/** Two pictures further apart than this (ms) are a break. */
const BREAK = 300;

/** What the player of a page shows: its pictures by their numbers, and its words. */
export class Screen {
  readonly page: Page;
  readonly #pictures: ShownPicture[] = [];
  readonly #words: string[] = [];

  private constructor(page: Page) {
    this.page = page;
  }

  /** To be called before the page is navigated. */
  static async of(page: Page): Promise<Screen> {
    await page.addInitScript(`(${record})(${readCounter}, ${findAll}, ${observeAll})`);
    return new Screen(page);
  }

  /** Everything the overlay has said so far, in order. */
  async words(): Promise<readonly string[]> {
    await this.#take();
    return this.#words;
  }

  /** Resolves when the overlay has said it, also if it says something else by now. */
  async untilWords(words: string | RegExp, timeout?: number): Promise<void> {
    const fits = (said: string) => (words instanceof RegExp ? words.test(said) : said === words);
    await eventually(`the words ${words}`, async () => (await this.words()).some(fits), timeout);
  }

  /** What the player says of itself. */
  stats(): Promise<PlayerStats> {
    return this.page.evaluate("window.sluicePlayer.stats()");
  }

  async untilStats(
    what: string,
    fits: (stats: PlayerStats) => boolean,
    timeout?: number,
  ): Promise<void> {
    await eventually(what, async () => fits(await this.stats()), timeout);
  }

  /** Every picture that was shown since `forget`. */
  async shown(): Promise<readonly ShownPicture[]> {
    await this.#take();
    return this.#pictures;
  }

  /** Forgets what was said and shown. */
  async forget(): Promise<void> {
    await this.#take();
    this.#words.length = 0;
    this.#pictures.length = 0;
  }

  /** Resolves when a picture that fits has been shown; what was shown since `forget` counts. */
  async untilPicture(
    what: string,
    fits: (picture: ShownPicture) => boolean,
    timeout?: number,
  ): Promise<ShownPicture> {
    let found: ShownPicture | undefined;
    const look = async () => {
      await this.#take();
      found = this.#pictures.find(fits);
      return found !== undefined;
    };
    await eventually(what, look, timeout);
    if (found === undefined) throw new Error(`No picture: ${what}`);
    return found;
  }

  /**
   * Resolves when a while of pictures without a break is right in its numbers, and as old (from
   * server to screen) as `fits` says.
   *
   * @returns their median delay, ms
   */
  async untilSteady(
    clip: Broadcast,
    fits: (delay: number) => boolean = () => true,
    timeout = 20_000,
  ): Promise<number> {
    let delay = Number.NaN;
    let longest = Number.NaN;
    let unread = Number.NaN;
    const look = async () => {
      await this.#take();
      const last = this.#pictures.at(-1)?.at ?? 0;
      const latest = this.#pictures.filter(({ at }) => at > last - WINDOW);
      if (latest.length < ENOUGH) return false;
      const gaps = latest.map(({ at }, index) => at - (latest[index - 1]?.at ?? at));
      const delays = latest.flatMap((picture) => clip.delayOf(picture) ?? []);
      delay = median(delays);
      longest = Math.max(...gaps);
      unread = latest.length - delays.length;
      return longest < BREAK && unread === 0 && fits(delay);
    };
    await eventually("steady pictures", look, timeout).catch(async (error: Error) => {
      const stats = await this.page.evaluate("JSON.stringify(window.sluicePlayer?.stats())");
      const shown = this.#pictures.slice(-5).map((picture) => JSON.stringify(picture));
      const words = this.#words.slice(-5).join(" | ");
      const last = `${Math.round(delay)} ms old, at most ${Math.round(longest)} ms apart, ${unread} unread`;
      const facts = [`last ${last}, asked for ${fits}`, ...shown, `words ${words}`, String(stats)];
      throw new Error([error.message, ...facts].join("\n  "));
    });
    return delay;
  }

  async #take(): Promise<void> {
    const { pictures, words } = await this.page.evaluate<{
      pictures: ShownPicture[];
      words: string[];
    }>("window.takeShown()");
    this.#pictures.push(...pictures);
    this.#words.push(...words);
  }
}

/** One publication of a counter clip, and when the server had each of its pictures. */
export class Broadcast {
  readonly #viewer: WsViewer;
  readonly #frames: number;
  readonly #first: number;
  readonly #begins: number;

  /**
   * To be made before the publisher starts.
   *
   * @param viewer that is there already
   * @param clip pictures in the clip, which may be played in a loop, and the number on the first
   */
  constructor(viewer: WsViewer, clip: { readonly frames: number; readonly firstCounter: number }) {
    this.#viewer = viewer;
    this.#frames = clip.frames;
    this.#first = clip.firstCounter;
    this.#begins = viewer.frames.length;
  }

  /** From server to screen, ms; undefined where this broadcast has no such picture. */
  delayOf({ counter, at }: ShownPicture): number | undefined {
    if (counter === undefined) return undefined;
    const arrived = this.#arrived();
    let index = counter - this.#first;
    if (index < 0 || index >= this.#frames) return undefined;
    // The clip loops: the latest of those with this number that can have been meant.
    let found: number | undefined;
    for (; index < arrived.length; index += this.#frames) {
      const serverTime = arrived[index] ?? Number.POSITIVE_INFINITY;
      if (serverTime <= at) found = serverTime;
    }
    return found === undefined ? undefined : at - found;
  }

  #arrived(): number[] {
    const videoIds = new Set(
      this.#viewer
        .received("tracks")
        .flatMap(({ tracks }) => tracks)
        .filter(({ mediaType }) => mediaType === "video")
        .map(({ id }) => id),
    );
    return this.#viewer.frames
      .slice(this.#begins)
      .filter(({ type, trackId }) => type === FrameType.Fragment && videoIds.has(trackId))
      .map(({ serverTime }) => serverTime);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Runs in the page, before its own scripts; refers to nothing outside of itself. */
function record(read: typeof readCounter, find: typeof findAll, observe: typeof observeAll): void {
  let pictures: { counter: number | undefined; at: number; width: number }[] = [];
  let words: string[] = [];
  let lastSaid = "";
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pixels = new Uint8ClampedArray(0);
  const counterOf = (video: HTMLVideoElement): number | undefined => {
    const { videoWidth: width, videoHeight: height } = video;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      // `read` tells the kind of pixels by their number: below the counter they stay empty.
      pixels = new Uint8ClampedArray(width * height * 4);
    }
    const rows = Math.ceil(height / 4);
    context?.drawImage(video, 0, 0, width, rows, 0, 0, width, rows);
    if (context !== null) pixels.set(context.getImageData(0, 0, width, rows).data);
    return read(pixels, width, height);
  };
  const watch = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback((_, { expectedDisplayTime, width }) => {
      // The one that is being made ready behind the other is not on the screen.
      if (video.classList.contains("on")) {
        const at = performance.timeOrigin + expectedDisplayTime;
        pictures.push({ counter: counterOf(video), at, width });
      }
      watch(video);
    });
  };
  const known = new WeakSet<HTMLVideoElement>();
  const look = (): void => {
    for (const video of find<HTMLVideoElement>("video")) {
      if (known.has(video)) continue;
      known.add(video);
      watch(video);
    }
    const [overlay] = find<HTMLElement>("#overlay");
    const said = overlay?.hidden === false ? overlay.querySelector("p")?.textContent : undefined;
    if (said && said !== lastSaid) words.push(said);
    lastSaid = said ?? "";
  };
  observe(look);
  Object.assign(window, {
    takeShown: () => {
      const taken = { pictures, words };
      pictures = [];
      words = [];
      return taken;
    },
  });
}
