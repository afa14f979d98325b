import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { startHostPage } from "../support/host-page.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";

let server: RunningSluice;
let browser: Browser;
const lastEnds: (() => Promise<unknown>)[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY, "--js-flags=--expose-gc"] });
  const input = await counterClip({ video: "h264", audio: "aac", seconds: 60 });
  const viewer = new WsViewer(server.wsUrl("live/show"), { keepPayloads: false });
  lastEnds.push(() => viewer.close());
  await viewer.until("hello", ({ state }) => state !== undefined);
  const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl("live/show"), loops: 0 });
  lastEnds.push(() => publisher.stop());
  await viewer.until("media", ({ frames }) => frames.length > 0);
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  for (const end of lastEnds.splice(0).reverse()) await end();
  await browser.close();
  await server.stop();
});

/** The policy of docs/embed.md, for a page that needs nothing but the player. */
const policy = (): string => {
  const origin = server.httpUrl("");
  const sources = {
    "default-src": "'none'",
    "script-src": origin,
    "connect-src": `${origin} ${origin.replace("http", "ws")}`,
    "media-src": `blob: ${origin}`,
    "worker-src": "blob:",
    "img-src": origin,
    "require-trusted-types-for": "'script'",
  };
  return Object.entries(sources)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
};

/** Opens a page of another origin with this in it, and the player's script. */
async function embed(body: string): Promise<Page> {
  const script = `<script type="module" src="${server.httpUrl("/player.js")}"></script>`;
  const host = await startHostPage(`${script}${body}`, policy());
  ends.push(() => host.close());
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("favicon"))
      problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  ends.push(async () => expect(problems).toEqual([]));
  await page.addInitScript(record);
  await page.goto(host.url, { waitUntil: "commit" });
  return page;
}

/** Runs in the page, before its own scripts: every event of every player, in order. */
function record(): void {
  const heard: string[] = [];
  Object.assign(window, { heard });
  const names =
    "emptied loadstart durationchange loadedmetadata loadeddata canplay canplaythrough play playing pause waiting seeking seeked volumechange ratechange resize ended error statuschange trackschange latencychange targetlivewindowchange enterpictureinpicture";
  for (const name of names.split(" ")) {
    const hear = ({ target }: Event) => {
      if (target instanceof Element && target.localName === "sluice-player") heard.push(name);
    };
    document.addEventListener(name, hear, { capture: true });
  }
}

const heard = (page: Page): Promise<string[]> => page.evaluate("window.heard");

const tag = (attributes: string, path = "live/show"): string =>
  `<sluice-player src="${server.httpUrl(`/streams/${path}`)}" ${attributes}></sluice-player>`;

const PLAYER = `document.querySelector("sluice-player")`;

const untilState = (page: Page, state: string): Promise<unknown> =>
  page
    .locator(`sluice-player[data-state=${state}]`)
    .waitFor({ state: "attached", timeout: 15_000 });

describe("<sluice-player>", () => {
  test("plays in a page of another origin under a strict policy, and tells it as <video> does", async () => {
    const page = await embed(tag("autoplay muted"));
    await untilState(page, "playing");
    await eventually("playing", async () => (await heard(page)).includes("playing"));
    const order =
      "loadstart play waiting durationchange resize loadedmetadata loadeddata canplay playing";
    const known = new Set(order.split(" "));
    const told = (await heard(page)).filter((name) => known.has(name));
    expect(told.slice(0, known.size)).toEqual(order.split(" "));
    expect(
      await page.evaluate(`(({ paused, muted, videoWidth, duration, readyState, error, isLive }) =>
        ({ paused, muted, videoWidth, duration: String(duration), readyState, error, isLive }))(${PLAYER})`),
    ).toEqual({
      ...{ paused: false, muted: true, videoWidth: 640, duration: "Infinity", readyState: 4 },
      ...{ error: null, isLive: true },
    });
    expect(await page.evaluate(`${PLAYER}.matches(":state(playing)")`)).toBe(true);
  });
});
