import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver, readShown } from "../support/browser.ts";
import { counterClip } from "../support/counter-clip.ts";
import { type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { untilRecorded } from "../support/recordings.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// One recording, watched in Chromium while it grows and when it is finished.

const FRAMES_A_SECOND = 30;
const SECONDS = 12;
const HLS_JS = createRequire(import.meta.url).resolve("hls.js");

let folder: string;
let server: RunningSluice;
let browser: Browser;
let page: Page;
let publisher: Publisher;
let id = "";
const problems: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-recordings-page-"));
  server = await startSluice(["--record", "live/*", "--record-dir", folder]);
  const input = await counterClip({
    ...{ video: "h264", audio: "aac", bFrames: 2, gop: 50, seconds: SECONDS },
  });
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  page = await browser.newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    const isIcon = message.location().url.endsWith("/favicon.ico"); // of what is no page of ours
    if (message.type() === "error" && !isIcon) problems.push(message.text());
  });
  publisher = publishWithFfmpeg({ input, url: server.rtmpUrl("live/film") });
  const long = ({ duration }: { duration: number }) => duration > 5.5;
  ({ id } = await untilRecorded(server, "live/film", "some seconds", long));
});
afterAll(async () => {
  await browser.close();
  await publisher.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Goes there, and waits until the picture of that moment is shown. */
async function seek(selector: string, seconds: number): Promise<void> {
  await page.$eval(
    selector,
    (video, to) => {
      if (video instanceof HTMLVideoElement) video.currentTime = to;
    },
    seconds,
  );
  const due = seconds * FRAMES_A_SECOND;
  await eventually(`the picture at ${seconds} s`, async () => {
    const shown = await readShown(page, selector);
    // It plays on while we look; B-frames put the first picture a little behind 0.
    return shown?.counter !== undefined && shown.counter >= due - 4 && shown.counter < due + 45;
  });
}

const hlsPlayer = async (): Promise<void> => {
  await page.goto(server.httpUrl("/healthz")); // without the pages' rules for scripts
  await page.addScriptTag({ path: HLS_JS });
  await page.evaluate(
    ({ url }) => {
      const video = document.createElement("video");
      video.id = "hls";
      video.muted = true;
      document.body.append(video);
      const player = new (
        window as unknown as {
          Hls: new (
            settings: object,
          ) => {
            on(event: string, listener: (event: string, data: { details: string }) => void): void;
            loadSource(url: string): void;
            attachMedia(video: HTMLVideoElement): void;
          };
        }
      ).Hls({ startPosition: 0 });
      player.on("hlsError", (_event, { details }) => {
        // It says so of every seek to where nothing is loaded yet.
        if (details !== "bufferStalledError") console.error(`hls.js: ${details}`);
      });
      player.loadSource(url);
      player.attachMedia(video);
      void video.play();
    },
    { url: server.httpUrl(`/recordings/${id}/index.m3u8`) },
  );
};

test("while it grows, the page plays it, and seeks in what is there", async () => {
  await page.goto(server.httpUrl("/recordings"));
  const row = page.locator(".recording");
  await row.locator('.badge[data-state="recording"]').waitFor();
  await row.getByRole("button", { name: "Play" }).click();
  await seek(".recording video", 1);
  await seek(".recording video", 4);
  await seek(".recording video", 2);
});

test("while it grows, hls.js plays it as an event", async () => {
  await hlsPlayer();
  await seek("#hls", 3);
  await seek("#hls", 1);
});

test("when it is finished, the page plays all of it, and gives it away", async () => {
  const isOver = ({ state }: { state: string }) => state === "complete";
  await untilRecorded(server, "live/film", "its end", isOver);
  await page.goto(server.httpUrl("/recordings"));
  const row = page.locator(".recording");
  await row.locator('.badge[data-state="complete"]').waitFor();
  await row.getByRole("button", { name: "Play" }).click();
  await seek(".recording video", 10);
  await seek(".recording video", 5);
  const duration = await page.$eval(".recording video", (video) =>
    video instanceof HTMLVideoElement ? video.duration : 0,
  );
  expect(Math.abs(duration - SECONDS)).toBeLessThan(0.2);
  const download = page.waitForEvent("download");
  await row.getByRole("link", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe(`${id}.mp4`);
});

test("when it is finished, hls.js plays it on demand", async () => {
  await hlsPlayer();
  await seek("#hls", 9);
  await seek("#hls", 2);
  const duration = await page.$eval("#hls", (video) =>
    video instanceof HTMLVideoElement ? video.duration : 0,
  );
  expect(Math.abs(duration - SECONDS)).toBeLessThan(0.3);
});

test("it is deleted when that was meant, and nothing was amiss", async () => {
  await page.goto(server.httpUrl("/recordings"));
  const remove = page.locator(".recording").getByRole("button", { name: "Delete" });
  await remove.click();
  await page.getByText("Really delete?").click();
  await page.locator("#empty").waitFor();
  expect(await page.locator(".recording").count()).toBe(0);
  expect(problems).toEqual([]);
});
