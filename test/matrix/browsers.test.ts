import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { type ClipOptions, ROUND } from "../support/counter-clip.ts";
import type { BrowserName, DrivenBrowser, DrivenPage } from "../support/driven-browser.ts";
import { type OnAir, putOnAir } from "../support/on-air.ts";
import { openBrowser } from "../support/open-browser.ts";
import type { PageRecord } from "../support/page-recorder.ts";
import { BEEP, type PlayerPages, servePlayerPages } from "../support/player-pages.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import type { WsViewer } from "../support/ws-viewer.ts";
import { judgeRecord } from "./browser-record.ts";
import type { Row } from "./row.ts";
import { SECONDS } from "./seconds.ts";

// Every browser at hand, on every engine, with every codec: what is seen and heard, by number and beep.

const BROWSERS: readonly BrowserName[] = ["chromium", "firefox", "webkitgtk"];

/** How a page asks for each engine. */
const ENGINES = {
  "MSE over WebSocket": { transport: "websocket", engine: "mse", latency: "low" },
  "WebCodecs over WebSocket": { transport: "websocket", engine: "webcodecs", latency: "instant" },
  HLS: { transport: "hls" },
} as const;
type EngineName = keyof typeof ENGINES;

/** Where there is no minute for each. */
const LOOK = Math.min(SECONDS, 5);
/** The player finds its delay. */
const SETTLING = 3_000;
/** Three beeps, at one a second. */
const LISTENING = 4_000;

const CODECS: readonly (ClipOptions & { readonly what: string; readonly seconds: number })[] = [
  { what: "H.264, AAC", video: "h264", audio: "aac", seconds: SECONDS },
  { what: "H.264 alone", video: "h264", audio: "none", seconds: LOOK },
  { what: "H.264 with B-frames, AAC", video: "h264", audio: "aac", bFrames: 2, seconds: LOOK },
  { what: "H.264, MP3", video: "h264", audio: "mp3", seconds: LOOK },
  { what: "HEVC, AAC", video: "hevc", audio: "aac", seconds: LOOK },
  { what: "AV1, Opus", video: "av1", audio: "opus", seconds: LOOK },
  { what: "VP9, FLAC", video: "vp9", audio: "flac", seconds: LOOK },
  { what: "H.264, AC-3", video: "h264", audio: "ac3", seconds: LOOK },
  { what: "AAC alone", video: "none", audio: "aac", seconds: LOOK },
];

let server: RunningSluice;
let pages: PlayerPages;
const browsers = new Map<BrowserName, DrivenBrowser>();

beforeAll(async () => {
  server = await startSluice();
  pages = await servePlayerPages(server.httpUrl("/"));
});

afterAll(async () => {
  for (const browser of browsers.values()) await browser.close();
  await pages.close();
  await server.stop();
});

/** The browser of this name; another one after a row that went wrong, which may have ended it. */
async function browserOf(name: BrowserName): Promise<DrivenBrowser> {
  const browser = browsers.get(name) ?? (await openBrowser(name, { autoplay: true }));
  browsers.set(name, browser);
  return browser;
}

/** What the player says of itself; undefined before there is one. */
const statsOf = (page: DrivenPage): Promise<PlayerStats | undefined> =>
  page.evaluate("document.querySelector('sluice-player').player?.stats()");

describe.each(CODECS)("$what", ({ what, seconds, ...clip }) => {
  const streamPath = `live/${what.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  let onAir: OnAir;

  beforeAll(async () => {
    onAir = await putOnAir(server, streamPath, { ...clip, seconds: ROUND, isRound: true });
  });

  afterAll(async () => {
    await onAir.end();
  });

  describe.each(BROWSERS)("%s", (name) => {
    test.for(Object.keys(ENGINES) as EngineName[])("%s", async (engineName, context) => {
      const browser = await browserOf(name);
      const row: Row = {
        table: "browsers",
        client: browser.version,
        published: what,
        variant: engineName,
      };
      context.task.meta.row = row;
      try {
        const page = await browser.newPage();
        const src = server.httpUrl(`/streams/${streamPath}`);
        await page.goto(pages.url([{ src, autoplay: "", ...ENGINES[engineName] }]));
        const has = { hasSound: clip.audio !== "none", hasPicture: clip.video !== "none" };
        const { viewer } = onAir;
        await look(context, { row, browser, page, seconds, viewer, engineName, ...has });
        await page.close();
      } catch (error) {
        browsers.delete(name);
        await browser.close().catch(() => undefined);
        throw error;
      }
    });
  });
});

async function look(
  { task }: TestContext,
  {
    row,
    browser,
    page,
    seconds,
    viewer,
    engineName,
    hasSound,
    hasPicture,
  }: {
    row: Row;
    browser: DrivenBrowser;
    page: DrivenPage;
    seconds: number;
    viewer: WsViewer;
    engineName: EngineName;
    hasSound: boolean;
    hasPicture: boolean;
  },
): Promise<void> {
  const settled = (stats: PlayerStats | undefined) =>
    stats?.state === "live" || stats?.state === "unplayable";
  await eventually("the player", async () => settled(await statsOf(page)), 20_000);
  const first = await statsOf(page);
  if (first?.state === "unplayable") {
    // That is right where the browser says so itself; the words are there for people.
    task.meta.row = { ...row, account: "told that it cannot be played here" };
    return;
  }
  await sleep(SETTLING);
  const from = await page.evaluate<number>("performance.timeOrigin + performance.now()");
  await sleep(seconds * 1_000);
  const until = await page.evaluate<number>("performance.timeOrigin + performance.now()");
  const stats = await statsOf(page);
  if (stats === undefined) throw new Error("There is no player any more");
  // Of what cannot be played here the other track plays, and people are told.
  const isSound = (codec: string) => /^(mp4a|mp3|opus|flac|ac-3|ec-3)/i.test(codec);
  const isSeen = hasPicture && stats.codecs.some((codec) => !isSound(codec));
  const isHeard = hasSound && stats.codecs.some(isSound);
  const beeps: number[] = [];
  if (isHeard) {
    // At the speakers, where there are some; a page hears what is on its way to them.
    if (browser.hear === undefined) await page.evaluate("window.hearPage()");
    else browser.hear(BEEP, (at) => beeps.push(at));
    await sleep(LISTENING);
  }
  const seen = await page.evaluate<PageRecord>("window.pageRecord()");
  const record = browser.hear === undefined ? seen : { ...seen, beeps };
  const asked = ENGINES[engineName];
  const judged = judgeRecord(record, { from, until, viewer, hasPicture: isSeen });
  const actual = stats.engine === undefined ? "nothing" : stats.engine;
  const isAsAsked =
    stats.transport === asked.transport && (!("engine" in asked) || stats.engine === asked.engine);
  const reason = "reason" in stats && typeof stats.reason === "string" ? stats.reason : "";
  const silent = hasSound && !isHeard ? "the sound cannot be played here" : "";
  const dark = hasPicture && !isSeen ? "the picture cannot be played here" : "";
  const notes = [isAsAsked ? "" : `played by ${actual}${reason && `: ${reason}`}`, silent, dark];
  task.meta.row = {
    ...row,
    account: [
      judged.account,
      `delay ${Math.round(stats.delay ?? Number.NaN)} ms by the player`,
    ].join(", "),
    notes: notes.filter((note) => note !== "").join("; "),
  };
  expect(stats.state).toBe("live");
  if (isSeen) {
    expect(judged.isInOrder, "pictures come in order").toBe(true);
    // Where the page is painted too seldom, not every picture can be seen.
    const paintings = record.looks / ((until - record.began) / 1_000);
    expect(judged.seen / judged.due).toBeGreaterThan(paintings > 50 ? 0.95 : 0.6);
    expect(judged.longestGap).toBeLessThan(1_000);
  }
  if (isHeard) expect(record.beeps.length).toBeGreaterThan(1);
  if (judged.offset !== undefined) expect(Math.abs(judged.offset)).toBeLessThan(150);
}
