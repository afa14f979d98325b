import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import type { ClipOptions } from "../support/counter-clip.ts";
import { putOnAir } from "../support/on-air.ts";
import type { PageRecord } from "../support/page-recorder.ts";
import { type PlayerPages, servePlayerPages } from "../support/player-pages.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

/** Pictures that are looked at. */
const ENOUGH = 60;

/** Sound and picture of one moment, seen and heard by a page (ms): its looks and listens are that far apart. */
const TOGETHER = 120;

let server: RunningSluice;
let browser: Browser;
let pages: PlayerPages;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  // Of another origin, under a policy that names the server, and no blobs.
  const origin = server.httpUrl("");
  const policy = `default-src 'none'; script-src 'unsafe-inline' ${origin}; style-src 'unsafe-inline'; img-src data:; media-src blob:; connect-src ${origin} ${origin.replace("http", "ws")}`;
  pages = await servePlayerPages(server.httpUrl("/"), { policy });
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await browser.close();
  await pages.close();
  await server.stop();
});

/** Publishes a clip, and waits until the server has some of it. @returns ends it */
async function publish(streamPath: string, clip: ClipOptions): Promise<() => Promise<unknown>> {
  const onAir = await putOnAir(server, streamPath, clip);
  return () => onAir.end();
}

/** Opens a page with one player of a stream. @param before runs in the page before anything of its own */
async function watch(
  streamPath: string,
  attributes: Readonly<Record<string, string>>,
  before = "",
): Promise<Page> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  ends.push(async () => expect(problems).toEqual([]));
  if (before !== "") await page.addInitScript(before);
  const src = server.httpUrl(`/streams/${streamPath}`);
  await page.goto(pages.url([{ src, autoplay: "", latency: "instant", ...attributes }]));
  return page;
}

const stats = (page: Page): Promise<PlayerStats> =>
  page.evaluate("document.querySelector('sluice-player').player.stats()");

const recordOf = (page: Page): Promise<PageRecord> => page.evaluate("window.pageRecord()");

/** Resolves with the record once so many pictures with numbers were seen behind its first `from`. */
async function untilPictures(page: Page, count = ENOUGH, from = 0): Promise<PageRecord> {
  let record = await recordOf(page);
  await eventually(`${count} pictures`, async () => {
    record = await recordOf(page);
    const told = record.pictures.slice(from).filter(({ counter }) => counter !== undefined);
    return told.length >= count;
  });
  return { ...record, pictures: record.pictures.slice(from) };
}

/** Nothing is shown twice or backwards, and nothing dark or torn in between. */
function expectInOrder({ pictures }: PageRecord): void {
  const numbers = pictures.map(({ counter }) => counter ?? Number.NaN);
  const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
  expect(steps.filter((step) => !(step > 0))).toEqual([]);
}

test("pictures without sound are on the canvas as soon as they are decoded", async () => {
  ends.push(await publish("live/silent", { video: "h264", audio: "none" }));
  const page = await watch("live/silent", {});
  expectInOrder(await untilPictures(page));
  const { engine, reason, target, fallback, builds } = await stats(page);
  expect({ engine, reason, target, fallback, builds }).toEqual({
    engine: "webcodecs",
    reason: "low-delay",
    target: 0,
    fallback: undefined,
    builds: 1,
  });
  const isCanvas = await page.evaluate(
    "document.querySelector('sluice-player').player.surface.picture instanceof HTMLCanvasElement",
  );
  expect(isCanvas).toBe(true);
  const size = await page.evaluate<number>(
    "document.querySelector('sluice-player').player.snapshot().then(({ size }) => size)",
  );
  expect(size).toBeGreaterThan(10_000);

  // A pause holds the picture; what was broadcast meanwhile is not shown later.
  await page.evaluate("document.querySelector('sluice-player').player.pause()");
  const held = await recordOf(page);
  await eventually("a second of pause", async () => {
    const { looks } = await recordOf(page);
    return looks - held.looks > 40;
  });
  const paused = await recordOf(page);
  expect(paused.pictures.length - held.pictures.length).toBeLessThan(3);
  await page.evaluate("document.querySelector('sluice-player').player.play()");
  const { pictures } = await untilPictures(page, 20, paused.pictures.length);
  const gap = (pictures[0]?.counter ?? 0) - (paused.pictures.at(-1)?.counter ?? 0);
  const late = ((pictures[0]?.at ?? 0) - (paused.pictures.at(-1)?.at ?? 0)) / 1_000;
  expect(gap).toBeGreaterThan(late * 30 - 15);
});

test("sound that is heard and its pictures are together; a change of size goes on", async () => {
  const end = await publish("live/show", { video: "h264", audio: "aac" });
  const page = await watch("live/show", {});
  await untilPictures(page, 20);
  await page.evaluate("window.hearPage()");
  await eventually("three beeps", async () => (await recordOf(page)).beeps.length >= 3);
  const record = await recordOf(page);
  expectInOrder(record);
  expect(await stats(page)).toMatchObject({ engine: "webcodecs", muted: false });
  // Each second begins with a beep.
  const seconds = record.pictures.filter(({ counter }) => (counter ?? 1) % 30 === 0);
  const apart = record.beeps.map((at) => Math.min(...seconds.map((one) => Math.abs(one.at - at))));
  expect(apart.sort((a, b) => a - b)[1]).toBeLessThan(TOGETHER);

  await end();
  ends.push(
    await publish("live/show", {
      ...{ video: "h264", audio: "aac", width: 320, height: 180, firstCounter: 5_000 },
    }),
  );
  await eventually("the other size", async () => (await stats(page)).width === 320);
  let seen = -1;
  await eventually("a picture of it", async () => {
    seen = (await recordOf(page)).pictures.findIndex(({ counter }) => (counter ?? 0) >= 5_000);
    return seen >= 0;
  });
  const after = await untilPictures(page, ENOUGH, seen);
  expectInOrder(after);
  expect(after.pictures.every(({ width }) => width === 320)).toBe(true);
  expect(await stats(page)).toMatchObject({ engine: "webcodecs", fallback: undefined });
});

test("MSE plays where there are no bare decoders", async () => {
  ends.push(await publish("live/plain", { video: "h264", audio: "aac" }));
  const page = await watch("live/plain", {}, "delete globalThis.VideoDecoder");
  await untilPictures(page, 20);
  expect(await stats(page)).toMatchObject({ engine: "mse", reason: "webcodecs-missing" });
});

test("MSE takes over where sound is refused, and no picture is lost for it", async () => {
  ends.push(await publish("live/refused", { video: "h264", audio: "aac" }));
  const page = await watch(
    "live/refused",
    { muted: "" },
    "AudioWorklet.prototype.addModule = () => Promise.reject(new Error('no'))",
  );
  await untilPictures(page, 20);
  expect(await stats(page)).toMatchObject({ engine: "webcodecs", fallback: undefined });
  await page.evaluate(`(() => {
    const element = document.querySelector("sluice-player");
    element.addEventListener("fallback", ({ detail }) => { window.told = detail; });
    element.muted = false;
  })()`);
  await eventually("MSE", async () => (await stats(page)).engine === "mse");
  const seen = (await recordOf(page)).pictures.length;
  const after = await untilPictures(page, 20, seen);
  expect(after.pictures.filter(({ counter }) => counter === undefined)).toEqual([]);
  expect(await page.evaluate("window.told")).toEqual({ engine: "webcodecs", reason: "worklet" });
  expect(await stats(page)).toMatchObject({
    engine: "mse",
    reason: "webcodecs-failed",
    fallback: "worklet",
    muted: false,
  });
});

test("a pause holds its picture over HLS, and one from the beginning has a picture to hold", async () => {
  ends.push(await publish("live/held", { video: "h264", audio: "aac" }));
  const element = "document.querySelector('sluice-player')";
  const other = await watch("live/held", { transport: "hls", muted: "" });
  await untilPictures(other, 20);
  await other.evaluate(`${element}.player.pause()`);
  const looks = async () => (await recordOf(other)).looks;
  const [paused, from] = [(await recordOf(other)).pictures.length, await looks()];
  await eventually("five seconds of pause", async () => (await looks()) > from + 300);
  // The one that was on its way to the screen may still come.
  expect((await recordOf(other)).pictures.length).toBeLessThanOrEqual(paused + 2);

  const page = await watch("live/held", { engine: "webcodecs", muted: "" });
  await page.evaluate(
    `customElements.whenDefined("sluice-player").then(() => ${element}.player.pause())`,
  );
  await eventually("a picture", async () => (await recordOf(page)).pictures.length > 0);
  expect(await stats(page)).toMatchObject({ engine: "webcodecs", errors: 0, paused: true });
});
