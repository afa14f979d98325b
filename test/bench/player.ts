import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { readCounter } from "../support/counter.ts";
import { counterClip } from "../support/counter-clip.ts";
import { encodeWithFfmpeg } from "../support/ffmpeg.ts";
import { findAll, observeAll } from "../support/in-page.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";
import { type Effort, figure, percentile, type Report } from "./report.ts";
import { type Recording, recordScreen, type ShownPicture } from "./screen-recorder.ts";

/** A stream for each run: what a viewer in Node has of it begins with the first picture. */
const WITH_SOUND = "live/bench";
const WITHOUT_SOUND = "live/bench-silent";

/** After the first picture the player finds its delay; that is not measured. */
const SETTLING = 4000;

/** Two pictures are missing, or more: somebody sees it. */
const GAP = 100;

/** What one page showed. */
type Shown = {
  readonly delays: readonly number[];
  readonly waits: number;
  readonly gaps: number;
  readonly longestGap: number;
  readonly missed: number;
  readonly pictures: number;
  readonly seconds: number;
  /** The player's own measure of its delay (ms), its buffer, and its stalls. */
  readonly own: PlayerFigures;
};

type PlayerFigures = {
  readonly delay: number | undefined;
  readonly target: number;
  readonly stalls: number;
  readonly jumps: number;
  readonly clockOffset: number | undefined;
};

/** Navigation to first picture, server to screen, and stalls, in headless Chromium on `/watch`. */
export async function measurePlayer({ quick, tell }: Effort): Promise<Report> {
  tell("player: clip");
  const times = quick
    ? { pages: 2, sound: 5, noSound: 5, clip: 60 }
    : { pages: 9, sound: 60, noSound: 25, clip: 180 };
  const clip = await counterClip({ video: "h264", audio: "aac", seconds: times.clip });
  const server = await startSluice();
  try {
    tell("player: first picture");
    const withSound = await publish(server, WITH_SOUND, ["-i", clip, "-c", "copy"]);
    const first = await measureFirstPicture(server.httpUrl(withSound.page), times.pages);
    tell("player: delay with sound");
    const audible = await measureShown(server, withSound, { seconds: times.sound, audible: true });
    tell("player: delay with sound, muted");
    const muted = await measureShown(server, withSound, { seconds: times.sound, audible: false });
    await withSound.stop();
    tell("player: delay without sound");
    const noSound = await publish(server, WITHOUT_SOUND, ["-i", clip, "-an", "-c", "copy"]);
    const silent = await measureShown(server, noSound, { seconds: times.noSound, audible: true });
    await noSound.stop();
    return report(first, { audible, muted, silent });
  } finally {
    await server.stop();
  }
}

function report(
  first: readonly number[],
  { audible, muted, silent }: { audible: Shown; muted: Shown; silent: Shown },
): Report {
  const column = (name: string, { delays, ...shown }: Shown): string[] => [
    name,
    figure(percentile(delays, 50)),
    figure(percentile(delays, 95)),
    figure(shown.own.delay ?? Number.NaN),
    figure(shown.own.target),
    figure((shown.waits * 60) / shown.seconds, 1),
    figure((shown.gaps * 60) / shown.seconds, 1),
    figure(shown.longestGap),
    `${shown.pictures}, ${shown.missed}`,
  ];
  return {
    title: "Player",
    how:
      "Headless Chromium on `/watch`; `ffmpeg -re` publishes 640×360 at 30/s without B-frames, a sync sample a second. " +
      "First picture: from the start of navigation in a fresh profile to the first picture's " +
      "`expectedDisplayTime`. Delay: from the moment the server received a picture (the frame's " +
      "server time, by a viewer in Node) to the `expectedDisplayTime` of the picture that shows " +
      "its number. Stalls: `waiting` events, and gaps of more than 100 ms between shown pictures.",
    tables: [
      {
        columns: ["navigation to first picture", "p50, ms", "fastest", "slowest", "runs"],
        rows: [
          [
            "muted, as a newcomer's browser demands",
            figure(percentile(first, 50)),
            figure(Math.min(...first)),
            figure(Math.max(...first)),
            String(first.length),
          ],
        ],
      },
      {
        columns: [
          "server to screen",
          "p50, ms",
          "p95, ms",
          "by the player",
          "buffer aimed at",
          "waits/min",
          "gaps/min",
          "longest, ms",
          "pictures, not shown",
        ],
        rows: [
          column("with sound, audible", audible),
          column("with sound, muted by the browser", muted),
          column("without sound", silent),
        ],
      },
    ],
    remarks: [
      `The page's clock and the server's differ by ${figure(audible.own.clockOffset ?? Number.NaN, 2)} ms, as the player measured it; it is not corrected above.`,
    ],
  };
}

/** Publishes the clip, and waits until it is on air; a viewer keeps when each picture came. */
async function publish(server: RunningSluice, streamPath: string, clip: readonly string[]) {
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  const source = ["-re", ...clip];
  const publisher = encodeWithFfmpeg({ source, url: server.rtmpUrl(streamPath) });
  await viewer.until("two seconds of pictures", () => pictures(viewer).length > 60);
  return {
    viewer,
    page: `/watch/${streamPath}`,
    stop: async () => {
      await publisher.stop();
      await viewer.close();
    },
  };
}

function pictures(viewer: WsViewer) {
  const track = viewer.track("video");
  return track === undefined ? [] : viewer.fragments(track.id);
}

async function measureFirstPicture(url: string, pages: number): Promise<number[]> {
  const browser = await chromiumDriver.launch();
  const first: number[] = [];
  for (let n = 0; n < pages; n += 1) {
    const recording = await watch(browser, url, 700);
    const [picture] = recording.pictures;
    if (picture === undefined) throw new Error("The page showed no picture");
    first.push(picture.at - recording.navigatedAt);
  }
  await browser.close();
  return first;
}

async function measureShown(
  server: RunningSluice,
  { viewer, page }: { viewer: WsViewer; page: string },
  { seconds, audible }: { seconds: number; audible: boolean },
): Promise<Shown> {
  const browser = await chromiumDriver.launch({ args: audible ? [AUTOPLAY] : [] });
  const recording = await watch(browser, server.httpUrl(page), SETTLING + seconds * 1000);
  await browser.close();
  const came = pictures(viewer).map(({ serverTime }) => serverTime);
  const from = (recording.pictures[0]?.at ?? 0) + SETTLING;
  const shown = recording.pictures.filter(({ at }) => at >= from);
  const gaps = gapsOf(shown);
  const numbers = shown.flatMap(({ counter }) => counter ?? []);
  const due = Math.max(...numbers) - Math.min(...numbers) + 1;
  return {
    delays: shown.flatMap(({ counter, at }) => {
      const received = counter === undefined ? undefined : came[counter];
      return received === undefined ? [] : [at - received];
    }),
    waits: recording.waits.filter((at) => at >= from).length,
    gaps: gaps.filter((gap) => gap > GAP).length,
    longestGap: Math.max(...gaps),
    missed: due - new Set(numbers).size,
    pictures: due,
    seconds,
    own: recording.player,
  };
}

/** ms from each picture to the next. */
function gapsOf(shown: readonly ShownPicture[]): number[] {
  return shown.slice(1).map((picture, index) => {
    const before = shown[index] ?? picture;
    // Where the page missed a callback, the screen still got its picture.
    const presented = Math.max(1, picture.presented - before.presented);
    return (picture.at - before.at) / presented;
  });
}

/** Opens the page, looks on for `time` ms after the first picture, and closes it. */
async function watch(
  browser: Browser,
  url: string,
  time: number,
): Promise<Recording & { player: PlayerFigures }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(`(${recordScreen})(${readCounter}, ${findAll}, ${observeAll})`);
  await page.goto(url, { waitUntil: "commit" });
  await page.evaluate("window.benchFirstPicture");
  await sleep(time);
  const recording: Recording = await page.evaluate("window.benchRecording");
  const player: PlayerFigures = await page.evaluate("window.sluicePlayer.stats()");
  await context.close();
  return { ...recording, player };
}
