import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import type { PlayerData } from "../../web/player.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { readCounter } from "../support/counter.ts";
import { counterClip } from "../support/counter-clip.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { Line } from "../support/line.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

const SECONDS = 11;
/** A cue point at every so many-th picture; the clip has 30 a second. */
const EVERY = 7;

let server: RunningSluice;
let line: Line;
let browser: Browser;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  line = await Line.open(server.httpPort);
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await browser.close();
  await line.close();
  await server.stop();
});

/** An event as the page had it: with the numbers in the picture that was on show, and in the one before. */
type Fired = PlayerData & {
  readonly shown: number | undefined;
  readonly before: number | undefined;
};

/** A clip with cue points that say with which picture they are meant to come. */
async function tagsWithCues(): Promise<{ tags: Tag[]; sent: number[] }> {
  const clip = readFlvFile(await counterClip({ video: "h264", audio: "aac", seconds: SECONDS }));
  const sent: number[] = [];
  let picture = -1;
  const tags = clip.flatMap((tag): Tag[] => {
    if (tag.kind !== "video" || tag.payload[1] !== 1) return [tag];
    picture += 1;
    if (picture % EVERY !== 0) return [tag];
    sent.push(picture);
    const cue = { name: "picture", type: "event", time: 0, parameters: { picture } };
    const { timestamp } = tag;
    // Some come before their picture, some behind it.
    const data: Tag = { kind: "data", timestamp, payload: encodeAmf0("onCuePoint", cue) };
    return picture % 2 === 0 ? [data, tag] : [tag, data];
  });
  return { tags, sent };
}

async function open(url: string): Promise<{ page: Page; fired: () => Promise<Fired[]> }> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(`(${listen})(${readCounter})`);
  await page.goto(url, { waitUntil: "commit" });
  return { page, fired: () => page.evaluate("window.firedEvents") };
}

const pictureOf = ({ values }: Fired): number =>
  (values as unknown as [{ parameters: { picture: number } }])[0].parameters.picture;

/** Events that came more than one picture away from theirs, though a nearer one was shown. */
const misplaced = (fired: readonly Fired[]): Fired[] =>
  fired.filter((event) => {
    const { shown = -9, before = -9 } = event;
    const own = pictureOf(event);
    return shown < own - 1 || (shown > own + 1 && before >= own);
  });

test("cue points fire with their pictures over WebSocket, and each once over a broken line", async () => {
  const { tags, sent } = await tagsWithCues();
  const { page, fired } = await open(line.httpUrl("/watch/live/cues"));
  const publisher = await TagPublisher.open(server.rtmpUrl("live/cues"));
  const played = publisher.play(tags);
  const isAt = (picture: number) => async () =>
    (await fired()).some((event) => pictureOf(event) >= picture);
  await eventually("events", isAt(4 * 30));
  line.refuseWebSockets(); // ends the one there is, too
  line.allowWebSockets();
  await played;
  const last = sent.at(-1) ?? 0;
  await eventually("the last event", isAt(last - EVERY));
  const stats = await page.evaluate<{ transport: string; connections: number }>(
    "window.sluicePlayer.stats()",
  );
  expect(stats).toMatchObject({ transport: "websocket", connections: 2 });
  const all = await fired();
  const pictures = all.map(pictureOf);
  const first = pictures[0] ?? 0;
  expect(first).toBeLessThan(2 * 30);
  expect(pictures).toEqual(sent.filter((one) => one >= first && one <= (pictures.at(-1) ?? 0)));
  // What fell into the outage fires late; all else with its picture.
  const late = misplaced(all).map(pictureOf);
  expect(late.filter((one) => one < 4 * 30 || one > 7 * 30)).toEqual([]);
  await publisher.finish();
});

test("cue points fire with their pictures over HLS, each once", async () => {
  const { tags, sent } = await tagsWithCues();
  line.refuseWebSockets();
  ends.push(async () => line.allowWebSockets());
  const publisher = await TagPublisher.open(server.rtmpUrl("live/hls-cues"));
  const played = publisher.play(tags);
  const { page, fired } = await open(line.httpUrl("/watch/live/hls-cues"));
  const isAt = (picture: number) => async () =>
    (await fired()).some((event) => pictureOf(event) >= picture);
  await played;
  await publisher.finish();
  const last = sent.at(-1) ?? 0;
  await eventually("the last events", isAt(last - 2 * 30));
  const { engine } = await page.evaluate<{ engine: string }>("window.sluicePlayer.stats()");
  expect(engine).toBe("hls.js");
  const all = await fired();
  const pictures = all.map(pictureOf);
  const first = pictures[0] ?? 0;
  expect(all.length).toBeGreaterThan(15);
  expect(pictures).toEqual(sent.filter((one) => one >= first && one <= (pictures.at(-1) ?? 0)));
  console.log(
    "late",
    misplaced(all).map((e) => [pictureOf(e), e.shown]),
    all.length,
  );
  expect(misplaced(all)).toEqual([]);
});

/** Runs in the page, before its own scripts; refers to nothing outside of itself. */
function listen(read: typeof readCounter): void {
  const fired: Fired[] = [];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pixels = new Uint8ClampedArray(0);
  const counterOf = (video: HTMLVideoElement): number | undefined => {
    const { videoWidth: width, videoHeight: height } = video;
    if (context === null || width === 0) return undefined;
    const rows = Math.ceil(height / 4); // the counter is there, and `read` knows it by the whole size
    if (canvas.width !== width) {
      canvas.width = width;
      canvas.height = height;
      pixels = new Uint8ClampedArray(width * height * 4);
    }
    context.drawImage(video, 0, 0, width, rows, 0, 0, width, rows);
    pixels.set(context.getImageData(0, 0, width, rows).data);
    return read(pixels, width, height);
  };
  let current: number | undefined;
  let previous: number | undefined;
  const watch = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback(() => {
      if (video.classList.contains("on")) {
        previous = current;
        current = counterOf(video);
      }
      watch(video);
    });
  };
  const known = new WeakSet<HTMLVideoElement>();
  const look = (): void => {
    for (const video of document.querySelectorAll("video")) {
      if (!known.has(video)) watch(video);
      known.add(video);
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  let player: EventTarget | undefined;
  Object.defineProperty(window, "sluicePlayer", {
    get: () => player,
    set: (made: EventTarget) => {
      player = made;
      made.addEventListener("data", (event) => {
        const { detail } = event as CustomEvent<PlayerData>;
        const video = document.querySelector<HTMLVideoElement>("video.on");
        if (detail.name !== "onCuePoint" || video === null) return;
        const shown = counterOf(video);
        // The player may have heard of the picture before us, or behind us.
        fired.push({ ...detail, shown, before: shown === current ? previous : current });
      });
    },
  });
  Object.assign(window, { firedEvents: fired });
}
