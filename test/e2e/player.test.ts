import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import type { PlayerTimeline } from "../../web/control/timeline.ts";
import { AUTOPLAY, chromiumDriver, readShown } from "../support/browser.ts";
import { interleave } from "../support/constructed-tags.ts";
import { readCounter } from "../support/counter.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { findAll } from "../support/in-page.ts";
import { putOnAir } from "../support/on-air.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { type Broadcast, Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

const SECONDS = 60;
const H264_AAC: ClipOptions = { video: "h264", audio: "aac" };
const SIZE = { width: 640, height: 360 };

let server: RunningSluice;
let browser: Browser;
let folder: string;
/** One for all tests: by the last of them there is something to go back to. */
let broadcast: Broadcast;
const lastEnds: (() => Promise<unknown>)[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-player-"));
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const onAir = await putOnAir(server, "live/show");
  lastEnds.push(() => onAir.end());
  broadcast = onAir.broadcast;
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  for (const end of lastEnds.splice(0).reverse()) await end();
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function watch(path: string): Promise<Screen> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  const screen = await Screen.of(await context.newPage());
  await screen.page.goto(server.httpUrl(path), { waitUntil: "commit" });
  return screen;
}

/** The number in an image or a file of pictures: its first picture, decoded by FFmpeg. */
function counterIn(path: string): number | undefined {
  const raw = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"];
  const pixels = execFileSync("ffmpeg", ["-v", "error", "-i", path, ...raw]);
  expect(pixels.length).toBe(SIZE.width * SIZE.height);
  return readCounter(pixels, SIZE.width, SIZE.height);
}

describe("poster.mp4", () => {
  test("is the newest key frame to FFmpeg and to a browser, and the dashboard shows it", async () => {
    const url = server.httpUrl("/streams/live/show/poster.mp4");
    const response = await fetch(url);
    expect(response.status).toBe(200);
    const path = join(folder, "poster.mp4");
    writeFileSync(path, Buffer.from(await response.arrayBuffer()));
    const probe = [
      "-v",
      "error",
      "-count_packets",
      "-show_entries",
      "stream=codec_name,nb_read_packets",
    ];
    const told = execFileSync("ffprobe", [...probe, "-of", "csv=p=0", path])
      .toString()
      .trim();
    expect(told).toBe("h264,1");
    const counter = counterIn(path);
    expect((counter ?? -1) % 30).toBe(0); // a key frame each second

    const context = await browser.newContext();
    ends.push(() => context.close());
    const page = await context.newPage();
    await page.goto(server.httpUrl("/healthz"));
    await page.setContent(`<video muted preload="auto" src="${url}"></video>`);
    await eventually("the picture in a bare video", async () => {
      const shown = await readShown(page);
      return shown?.counter !== undefined && shown.counter >= (counter ?? 0);
    });

    await page.goto(server.httpUrl("/"));
    const card = page.locator(".card").filter({ hasText: "live/show" });
    await card.locator("canvas").waitFor({ state: "visible" });
    const drawn = await page.evaluate<number | undefined>(
      `((canvas) => (${readCounter})(
        canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data,
        canvas.width, canvas.height))(document.querySelector(".card canvas"))`,
    );
    expect((drawn ?? -1) % 30).toBe(0);
  });
});

describe("the player", () => {
  test("saves a picture as it is shown", async () => {
    const screen = await watch("/watch/live/show");
    await screen.untilSteady(broadcast);
    const { page } = screen;
    await page.getByRole("button", { name: "Pause" }).click();
    const shown = await readShown(page, "video.on");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save this picture" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^live-show-\d{4}(-\d\d){5}\.png$/);
    const path = join(folder, "snapshot.png");
    await download.saveAs(path);
    expect(counterIn(path)).toBe(shown?.counter);
    expect(shown?.counter).toBeDefined();
  });
});

describe("the player goes back in time", () => {
  test("to the pictures of five seconds ago, holds and plays them, and is live again at once", async () => {
    const screen = await watch("/watch/live/show");
    await screen.untilSteady(broadcast);
    const offset = await offsetOf(screen);
    await untilOnAir(screen, 8);
    const slider = screen.page.getByRole("slider", { name: "Rewind" });
    const pause = screen.page.getByRole("button", { name: "Pause" });
    await pause.press("ArrowLeft"); // anywhere in the player
    await screen.untilStats("the past", ({ transport }) => transport === "hls");
    await screen.forget();
    // Live it would be two hundred milliseconds.
    await screen.untilSteady(broadcast, (delay) => delay > 4_000 && delay < 6_500);
    const past = await timeline(screen);
    expect(past.isLive).toBe(false);
    expect(past.behindLive).toBeGreaterThan(3_500);
    expect(past.behindLive).toBeLessThan(6_500);
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^\d+ seconds behind live$/);

    // Its clock is that of the live lane.
    expect(Math.abs((await offsetOf(screen)) - offset)).toBeLessThan(300);

    await screen.page.getByRole("button", { name: "Pause" }).click();
    const held = await readShown(screen.page, "video.on");
    await eventually("more behind live", async () => {
      return (await timeline(screen)).behindLive > past.behindLive + 1_500;
    });
    expect((await readShown(screen.page, "video.on"))?.counter).toBe(held?.counter);
    await screen.forget();
    await screen.page.getByRole("button", { name: "Play", exact: true }).first().click();
    const next = await screen.untilPicture("the next one", ({ counter }) => counter !== undefined);
    expect((next.counter ?? 0) - (held?.counter ?? 0)).toBeLessThan(30);

    await screen.page.getByRole("button", { name: "Go live" }).click();
    await screen.untilStats("the live lane", ({ transport }) => transport === "websocket", 2_000);
    await screen.forget();
    await screen.untilSteady(broadcast, (delay) => delay < 500, 5_000);
    expect(await timeline(screen)).toMatchObject({ isLive: true, behindLive: 0 });
    expect((await screen.stats()).errors).toBe(0);
  });
});

/** How far the timeline is ahead of the clip's own time, ms. */
async function offsetOf(screen: Screen): Promise<number> {
  const position = await screen.page.evaluate<number>("sluicePlayer.timeline.position");
  const shown = await readShown(screen.page, "video.on");
  return position - ((shown?.counter ?? Number.NaN) * 1_000) / 30;
}

/** Resolves when there is so much to go back in. */
async function untilOnAir(screen: Screen, seconds: number): Promise<void> {
  await eventually(
    `${seconds} s on air`,
    async () => {
      await screen.page.evaluate("sluicePlayer.openTimeline()");
      const { start, end } = await timeline(screen);
      return start !== undefined && end - start > seconds * 1_000;
    },
    30_000,
  );
}

const timeline = (screen: Screen): Promise<PlayerTimeline> =>
  screen.page.evaluate("sluicePlayer.timeline ?? { end: 0 }");

/** Subtitles that say which second of the clip it is, for half of each. */
function withTexts(tags: readonly Tag[], seconds: number): Tag[] {
  const texts = Array.from({ length: seconds }, (_, second): Tag[] => [
    text(second * 1_000, `second ${second}`),
    text(second * 1_000 + 500, ""),
  ]);
  return interleave(tags, texts.flat());
}

const text = (timestamp: number, words: string): Tag => ({
  kind: "data",
  timestamp,
  payload: encodeAmf0("onTextData", { text: words, language: "de", trackid: 1 }),
});

describe("the player shows subtitles at their pictures", () => {
  test("over WebSocket and, when it went back, from HLS; and remembers them", async () => {
    const clip = readFlvFile(await counterClip({ ...H264_AAC, seconds: SECONDS }));
    const publisher = await TagPublisher.open(server.rtmpUrl("live/texts"));
    const sending = publisher.play(withTexts(clip, SECONDS)).catch(() => {});
    ends.push(async () => {
      publisher.abort();
      await sending;
    });
    const screen = await watch("/watch/live/texts");
    const { page } = screen;
    await screen.untilPicture("a picture", ({ counter }) => counter !== undefined);
    await page.getByRole("button", { name: "Captions and subtitles: off" }).click();
    await page.getByRole("menuitemradio", { name: "German" }).click();
    await page.getByRole("button", { name: "Captions and subtitles: German" }).waitFor();
    await page.evaluate(`(${recordTexts})(${readCounter}, ${findAll})`);
    await untilTextsFit(screen, "websocket");

    await untilOnAir(screen, 9);
    await page.evaluate("sluicePlayer.seek(sluicePlayer.timeline.end - 7000)");
    await screen.untilStats("the past", ({ transport }) => transport === "hls");
    await untilTextsFit(screen, "hls");
    await page.evaluate("sluicePlayer.goLive()");
    await screen.untilStats("the live lane", ({ transport }) => transport === "websocket");
    await untilTextsFit(screen, "websocket");

    await page.reload();
    await page.getByRole("button", { name: "Captions and subtitles: German" }).waitFor();
  });
});

type TextShown = { readonly counter: number; readonly words: readonly string[] };

/** Resolves when three seconds of pictures had each its text, or none, as it was published. */
async function untilTextsFit(screen: Screen, transport: string): Promise<void> {
  await screen.page.evaluate("window.takeTexts()");
  const shown: TextShown[] = [];
  await eventually(`texts at their pictures over ${transport}`, async () => {
    const taken = await screen.page.evaluate<TextShown[]>("window.takeTexts()");
    // The first picture does not wait for its text: one that is shown by then may be missing.
    const from = shown.length > 0 ? 0 : taken.findIndex(({ words }) => words.length > 0);
    if (from >= 0) shown.push(...taken.slice(from));
    return shown.length > 90;
  });
  // A text is there with its picture or the next two: the element looks at its cues now and then.
  const settled = shown.filter(({ counter }) => counter % 15 > 3 && counter % 15 < 13);
  const wrong = settled.filter(({ counter, words }) => {
    const isSaid = counter % 30 < 15;
    return words.join() !== (isSaid ? `second ${Math.floor(counter / 30)}` : "");
  });
  expect(settled.length).toBeGreaterThan(30);
  expect(wrong.slice(0, 5)).toEqual([]);
  expect((await screen.stats()).transport).toBe(transport);
}

/** Runs in the page: what each picture showed, and what was written over it. */
function recordTexts(read: typeof readCounter, find: typeof findAll): void {
  let shown: TextShown[] = [];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const watchVideo = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback(() => {
      watchVideo(video);
      if (!video.classList.contains("on") || context === null) return;
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const counter = read(data, canvas.width, canvas.height);
      const tracks = [...video.textTracks].filter(({ mode }) => mode === "showing");
      const words = tracks.flatMap(({ activeCues }) =>
        [...(activeCues ?? [])].map((cue) => Reflect.get(cue, "text") as string),
      );
      if (counter !== undefined) shown.push({ counter, words });
    });
  };
  for (const video of find<HTMLVideoElement>("video")) watchVideo(video);
  Object.assign(window, {
    takeTexts: () => {
      const taken = shown;
      shown = [];
      return taken;
    },
  });
}
