import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { type Child, startChild } from "../support/child.ts";
import { readCounter } from "../support/counter.ts";
import { counterClip } from "../support/counter-clip.ts";
import { freeze, hide, launchHideable } from "../support/hideable-chromium.ts";
import { type PlayerPages, servePlayerPages } from "../support/player-pages.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

let server: RunningSluice;
let browser: Browser;
let pages: PlayerPages;
let publisher: Child;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  pages = await servePlayerPages(server.httpUrl("/"));
  const clip = await counterClip({ video: "h264", audio: "aac", seconds: 60 });
  const viewer = new WsViewer(server.wsUrl("live/right"), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  // The same pictures at the same time on two streams.
  const [left, right] = ["live/left", "live/right"].map((path) => server.rtmpUrl(path));
  publisher = startChild("ffmpeg", [
    ...["-nostdin", "-nostats", "-re", "-stream_loop", "-1", "-i", clip, "-map", "0", "-c", "copy"],
    ...["-flags", "+global_header", "-f", "tee", `[f=flv]${left}|[f=flv]${right}`],
  ]);
  await viewer.until("media", ({ frames }) => frames.length > 0);
  await viewer.close();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await publisher.stop("SIGKILL");
  await pages.close();
  await browser.close();
  await server.stop();
});

async function open(players: readonly Readonly<Record<string, string>>[]): Promise<Page> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  await page.goto(pages.url(players));
  return page;
}

const source = (streamPath: string) => server.httpUrl(`/streams/${streamPath}`);
const PLAYERS = `[...document.querySelectorAll("sluice-player")].map((one) => one.player)`;
const stats = (page: Page) =>
  page.evaluate(`${PLAYERS}.map((player) => player?.stats())`) as Promise<
    { buffer: number; target: number; syncLead: number; state: string; rate: number }[]
  >;

test("two players of a sync-group show the same moment, whatever each would hold by itself", async () => {
  const page = await open([
    { src: source("live/left"), autoplay: "muted", "sync-group": "both" },
    { src: source("live/right"), autoplay: "muted", "sync-group": "both", latency: "600" },
  ]);
  await vi.waitFor(
    async () => {
      const [left, right] = await stats(page);
      expect(left?.syncLead).toBeGreaterThan(100);
      for (const one of [left, right])
        expect(Math.abs((one?.buffer ?? 0) - (one?.target ?? 0))).toBeLessThan(25);
      expect(right?.syncLead).toBeLessThan(60);
    },
    { timeout: 40_000, interval: 100 },
  );
  const [left = [], right = []] = (await page.evaluate(
    `(${record})(${PLAYERS}.map(({ video }) => video), ${readCounter}, 60)`,
  )) as Seen[][];
  const apart = left.flatMap(({ counter, at }) => {
    const same = right.find((other) => other.counter === counter);
    return same === undefined ? [] : [Math.abs(same.at - at)];
  });
  expect(apart.length).toBeGreaterThan(20);
  expect(apart.sort((a, b) => a - b)[apart.length >> 1]).toBeLessThan(50);
});

type Seen = { readonly counter: number | undefined; readonly at: number };

/** Runs in the page: the next so many pictures of each, and when they are on the screen. */
function record(
  videos: HTMLVideoElement[],
  read: typeof readCounter,
  most: number,
): Promise<Seen[][]> {
  const recordOne = (video: HTMLVideoElement) =>
    new Promise<Seen[]>((resolve) => {
      const seen: Seen[] = [];
      const { videoWidth: width, videoHeight: height } = video;
      const context = new OffscreenCanvas(width, height).getContext("2d", {
        willReadFrequently: true,
      });
      const next = () =>
        video.requestVideoFrameCallback((_now, { expectedDisplayTime: at }) => {
          context?.drawImage(video, 0, 0);
          const pixels = context?.getImageData(0, 0, width, height).data;
          if (pixels !== undefined) seen.push({ counter: read(pixels, width, height), at });
          if (seen.length >= most) resolve(seen);
          else next();
        });
      next();
    });
  return Promise.all(videos.map(recordOne));
}

test("what is held follows what is asked for while it plays", async () => {
  const page = await open([{ src: source("live/left"), autoplay: "muted", latency: "low" }]);
  const holds = (least: number, most: number) =>
    vi.waitFor(
      async () => {
        const [{ buffer, target, state } = { buffer: 0, target: 0, state: "" }] = await stats(page);
        expect(state).toBe("live");
        expect(target).toBeGreaterThanOrEqual(least);
        expect(target).toBeLessThanOrEqual(most);
        expect(Math.abs(buffer - target)).toBeLessThan(50);
      },
      { timeout: 15_000, interval: 100 },
    );
  await holds(100, 400); // as much more as a busy machine is uneven
  await page.evaluate(`document.querySelector("sluice-player").latency = "smooth"`);
  await holds(1_000, 1_100);
  await page.evaluate(`document.querySelector("sluice-player").latency = 500`);
  await holds(500, 600);
});

test("a page that was hidden and stopped is live again at once, and shows nothing of the time between", async () => {
  const hideable = await launchHideable();
  ends.push(() => hideable.close());
  const page = await hideable.newPage();
  await page.goto(pages.url([{ src: source("live/left"), autoplay: "muted" }]));
  const look = () => page.evaluate(`${PLAYERS}[0]?.stats()`) as Promise<PlayerStats>;
  const isLive = async () => {
    const { state, buffer, target } = await look();
    expect(state).toBe("live");
    expect(Math.abs(buffer - target)).toBeLessThan(100);
  };
  await vi.waitFor(isLive, { timeout: 15_000, interval: 100 });
  const before = await look();
  const show = await hide(page);
  const goOn = await freeze(page);
  await sleep(FROZEN);
  await goOn();
  await show();
  const since = performance.now();
  await vi.waitFor(
    async () => {
      await isLive();
      expect((await look()).shown).toBeGreaterThan(before.shown);
    },
    { timeout: 15_000, interval: 50 },
  );
  const after = await look();
  // The old connection had pictures waiting: a new one begins with what is on now.
  expect(after.connections).toBe(before.connections + 1);
  const most = 30 * ((performance.now() - since) / 1_000 + 1.5);
  expect(after.shown - before.shown).toBeLessThan(most);
});

/** This is about time that passes. */
const FROZEN = 4_000;
