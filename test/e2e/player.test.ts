import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver, readShown } from "../support/browser.ts";
import { readCounter } from "../support/counter.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { Broadcast, Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

const FRAMES = 1_800; // 60 s
const H264_AAC: ClipOptions = { video: "h264", audio: "aac" };
const SIZE = { width: 640, height: 360 };

let server: RunningSluice;
let browser: Browser;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-player-"));
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Publishes a clip of a minute, and says when the server had each of its pictures. */
async function publish(streamPath: string, options: ClipOptions = H264_AAC): Promise<Broadcast> {
  const input = await counterClip({ ...options, seconds: FRAMES / 30 });
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  ends.push(() => viewer.close());
  await viewer.until("hello", ({ state }) => state !== undefined);
  const broadcast = new Broadcast(viewer, { frames: FRAMES, firstCounter: 0 });
  const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl(streamPath), loops: 0 });
  ends.push(() => publisher.stop());
  await viewer.until("media", ({ frames }) => frames.length > 0);
  return broadcast;
}

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
    await publish("live/poster");
    const url = server.httpUrl("/streams/live/poster/poster.mp4");
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
    const card = page.getByRole("link").filter({ hasText: "live/poster" });
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
    const broadcast = await publish("live/snapshot");
    const screen = await watch("/watch/live/snapshot");
    await screen.untilSteady(broadcast);
    const { page } = screen;
    await page.getByRole("button", { name: "Pause" }).click();
    const shown = await readShown(page, "video.on");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save this picture" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^live-snapshot-\d{4}(-\d\d){5}\.png$/);
    const path = join(folder, "snapshot.png");
    await download.saveAs(path);
    expect(counterIn(path)).toBe(shown?.counter);
    expect(shown?.counter).toBeDefined();
  });
});
