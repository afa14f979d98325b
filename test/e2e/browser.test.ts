import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { constructedTags, interleave } from "../support/constructed-tags.ts";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { findAll } from "../support/in-page.ts";
import { Line } from "../support/line.ts";
import { type OnAir, putOnAir } from "../support/on-air.ts";
import { disturbOneDocument } from "../support/one-document.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

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

/** A clip of 20 s in a loop. */
async function publish(streamPath: string, clip: ClipOptions): Promise<OnAir> {
  const onAir = await putOnAir(server, streamPath, { seconds: 20, ...clip });
  ends.push(() => onAir.end());
  return onAir;
}

async function open(url: string, from: Browser = browser): Promise<Page> {
  const context = await from.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "commit" });
  return page;
}

async function watch(url: string, from: Browser = browser): Promise<Screen> {
  const context = await from.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  const screen = await Screen.of(page);
  await page.goto(url, { waitUntil: "commit" });
  return screen;
}

const H264_AAC: ClipOptions = { video: "h264", audio: "aac" };

describe("/watch plays", () => {
  test("over WebSocket: the right pictures, and not old, as its own measure says, too", async () => {
    const { broadcast } = await publish("live/plays", H264_AAC);
    const screen = await watch(server.httpUrl("/watch/live/plays"));
    await screen.untilSteady(broadcast, (delay) => delay < 400);
    const { transport, engine, connections, errors } = await screen.stats();
    expect({ transport, engine, connections, errors }).toEqual({
      transport: "websocket",
      engine: "mse",
      connections: 1,
      errors: 0,
    });
    // Its median is of the last second, ours of a little more: both while it settles.
    const agrees = async () => {
      const measured = await screen.untilSteady(broadcast);
      return Math.abs(((await screen.stats()).delay ?? 0) - measured) < 30;
    };
    await eventually("agreement on the delay", agrees);
  });

  test("over HLS where the WebSocket is refused", async () => {
    line.refuseWebSockets();
    const { broadcast } = await publish("live/plays-hls", H264_AAC);
    const screen = await watch(line.httpUrl("/watch/live/plays-hls"));
    await screen.untilSteady(broadcast, (delay) => delay < 1_500);
    line.allowWebSockets();
    expect(await screen.stats()).toMatchObject({ engine: "hls.js", state: "live" });
  });

  test("MP3, raw, in a SourceBuffer of its own", async () => {
    const { broadcast } = await publish("live/mp3", { video: "h264", audio: "mp3" });
    const context = await browser.newContext();
    ends.push(() => context.close());
    const page = await context.newPage();
    // What lies in a worker cannot be looked at from here.
    await page.addInitScript(
      "Object.defineProperty(MediaSource, 'canConstructInDedicatedWorker', { value: false })",
    );
    await page.addInitScript(`(${keepSourceBuffers})(${findAll})`);
    const screen = await Screen.of(page);
    await page.goto(server.httpUrl("/watch/live/mp3"), { waitUntil: "commit" });
    await screen.untilSteady(broadcast, (delay) => delay < 500);
    const before = await page.evaluate<SoundFacts>("window.soundFacts()");
    expect(before.types).toEqual(['video/mp4; codecs="avc1.42c01e"', "audio/mpeg"]);
    const plays = async () => {
      const { decoded, ends, time } = await page.evaluate<SoundFacts>("window.soundFacts()");
      const grows = decoded > before.decoded && (ends[1] ?? 0) > (before.ends[1] ?? 0) + 1;
      return grows && time > before.time + 1 && Math.abs((ends[0] ?? 0) - (ends[1] ?? 9)) < 0.5;
    };
    await eventually("more sound", plays);
  });
});

test("/watch opened when a broadcast has ended plays the one that continues it", async () => {
  const { publisher } = await publish("live/again", H264_AAC);
  const screen = await watch(server.httpUrl("/watch/live/again"));
  await screen.untilPicture("a picture", ({ counter }) => counter !== undefined);
  await publisher.stop();
  const late = await watch(server.httpUrl("/watch/live/again"));
  await late.untilWords("The broadcast has ended");
  const { broadcast } = await publish("live/again", H264_AAC);
  await late.untilSteady(broadcast);
});

/** What `keepSourceBuffers` tells. */
type SoundFacts = {
  readonly types: readonly string[];
  /** Bytes of sound decoded; the clock, and where each buffer ends (s). */
  readonly decoded: number;
  readonly time: number;
  readonly ends: readonly number[];
};

/** Runs in the page, before its own scripts. */
function keepSourceBuffers(find: typeof findAll): void {
  const kept: { type: string; buffer: SourceBuffer }[] = [];
  const { addSourceBuffer } = MediaSource.prototype;
  MediaSource.prototype.addSourceBuffer = function (type) {
    const buffer = addSourceBuffer.call(this, type);
    kept.push({ type, buffer });
    return buffer;
  };
  Object.assign(window, {
    soundFacts: () => {
      const [video] = find<HTMLVideoElement>("video.on");
      return {
        types: kept.map(({ type }) => type),
        decoded: Number(Reflect.get(video ?? {}, "webkitAudioDecodedByteCount")),
        time: video?.currentTime ?? 0,
        ends: kept.map(({ buffer: { buffered } }) =>
          buffered.length > 0 ? buffered.end(buffered.length - 1) : 0,
        ),
      };
    },
  });
}

test("one document outlives a refused WebSocket, a cut line, a hidden page and other codecs", async () => {
  await disturbOneDocument(server, { streamPath: "live/one", hiddenFor: 8_000 });
}, 150_000);

test("/watch begins muted where the browser demands it, and one tap brings the sound", async () => {
  const strict = await chromiumDriver.launch({
    args: ["--autoplay-policy=document-user-activation-required"],
  });
  ends.push(() => strict.close());
  const { broadcast } = await publish("live/muted", H264_AAC);
  const context = await strict.newContext();
  const page = await context.newPage();
  await page.addInitScript(`(${tellPlaying})()`);
  const screen = await Screen.of(page);
  // Whatever is evaluated in a page counts as a gesture of its user: it must not be touched before.
  const playing = page.waitForEvent("console", { predicate: (said) => said.text() === "playing" });
  await page.goto(server.httpUrl("/watch/live/muted"), { waitUntil: "commit" });
  await playing;
  await screen.untilSteady(broadcast);
  expect(await screen.stats()).toMatchObject({ muted: true, soundBlocked: true, paused: false });
  const tap = screen.page.getByRole("button", { name: "Tap for sound" });
  expect((await tap.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await tap.click();
  await tap.waitFor({ state: "hidden" });
  await screen.forget();
  await screen.untilSteady(broadcast);
  expect(await screen.stats()).toMatchObject({ muted: false, soundBlocked: false, paused: false });
});

/** Runs in the page, before its own scripts: "playing" does not leave the element. */
function tellPlaying(): void {
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    root.addEventListener("playing", () => console.info("playing"), true);
    return root;
  };
}

test("/watch says in words what it waits for, what happened, and what cannot be played", async () => {
  const screen = await watch(server.httpUrl("/watch/live/words"));
  await screen.untilWords("Waiting for the broadcast");
  const url = server.rtmpUrl("live/words");
  const speex = await TagPublisher.open(url);
  const sending = speex.play(constructedTags("Speex", 30)).catch(() => {});
  await screen.untilWords("No browser can play Speex");
  line.refuseWebSockets();
  const overHttp = await watch(line.httpUrl("/watch/live/words"));
  await overHttp.untilWords("No browser can play Speex");
  line.allowWebSockets();
  await screen.forget();
  speex.abort();
  await sending;
  await screen.untilWords("The broadcast was interrupted");

  const pictures = readFlvFile(await counterClip({ video: "h264", audio: "none" }));
  const both = await TagPublisher.open(url);
  const sendingBoth = both.play(interleave(pictures, constructedTags("Speex", 4)));
  await screen.untilPicture("a picture", ({ counter }) => counter !== undefined);
  const note = screen.page.getByText("This broadcast's sound is Speex, which no browser plays.");
  await note.first().waitFor();
  await sendingBoth;
  await both.finish();
  await screen.untilWords("The broadcast has ended");
});

test("the dashboard says how to publish, and lists by itself what is on air", async () => {
  const page = await open(server.httpUrl("/"));
  await page.getByRole("heading", { name: "How to publish" }).waitFor();
  const { port } = new URL(server.rtmpUrl("live/x"));
  const address = page.getByText(`rtmp://localhost:${port}/live`, { exact: true });
  // While something is on air it is folded away.
  await page.locator("#empty:not([hidden]), .card").first().waitFor();
  if (!(await address.isVisible())) await page.getByText("How to publish").click();
  await address.waitFor();
  const card = (streamPath: string) => page.locator(".card").filter({ hasText: streamPath });
  const isLive = (streamPath: string) => card(streamPath).getByText("Live", { exact: true });

  await publish("live/wall-1", H264_AAC);
  await isLive("live/wall-1").waitFor();
  await card("live/wall-1")
    .getByText(/H\.264 640 × 360 · AAC 48 kHz/)
    .waitFor();
  const { publisher } = await publish("live/wall-2", { video: "h264", audio: "none" });
  await isLive("live/wall-2").waitFor();
  await publisher.stop();
  await isLive("live/wall-2").waitFor({ state: "hidden" });
  expect(await isLive("live/wall-1").count()).toBe(1);
});
