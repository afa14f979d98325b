import { setTimeout as sleep } from "node:timers/promises";
import type { DrivenBrowser } from "../support/driven-browser.ts";
import { hide, launchHideable } from "../support/hideable-chromium.ts";
import { Line } from "../support/line.ts";
import type { PlayerBroadcast } from "./player-broadcast.ts";
import { delaysOf } from "./player-delay.ts";
import { median } from "./report.ts";
import type { Recording, ShownPicture } from "./screen-recorder.ts";

/** As live, or at its target, as it was before: within so many ms. */
const NEAR = 50;
const LIVE_AGAIN = 100;

/** So many pictures in a row, and it stays there. */
const STEADY = 15;

const SETTLING = 6_000;

const now = () => performance.timeOrigin + performance.now();
const RECORDING = "window.benchRecording";

/** What the delay was before, of the last three seconds of pictures. */
const usual = (pictures: readonly ShownPicture[], broadcast: PlayerBroadcast): number =>
  median(delaysOf(pictures.slice(-90), broadcast));

/**
 * How long (ms) after a page is seen again it shows what is live.
 *
 * @param hiddenFor ms in the background
 */
export async function measureReturn(
  url: string,
  broadcast: PlayerBroadcast,
  hiddenFor: number,
): Promise<number> {
  const browser = await launchHideable();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.evaluate("window.benchFirstPicture");
    await sleep(SETTLING);
    const before = usual(((await page.evaluate(RECORDING)) as Recording).pictures, broadcast);
    const show = await hide(page);
    await sleep(hiddenFor);
    await show();
    await sleep(4_000);
    const { pictures, returns } = (await page.evaluate(RECORDING)) as Recording;
    const since = returns.at(-1) ?? Number.NaN;
    const live = pictures.find(
      (picture) =>
        picture.at >= since &&
        (delaysOf([picture], broadcast)[0] ?? Number.POSITIVE_INFINITY) < before + LIVE_AGAIN,
    );
    return (live?.at ?? Number.NaN) - since;
  } finally {
    await browser.close();
  }
}

/**
 * How long (ms) after a line that was cut is whole again the delay is what it was, and stays.
 *
 * @param urlOf of a page whose player comes by this address of the server's
 */
export async function measureCut(
  browser: DrivenBrowser,
  { httpPort, urlOf }: { httpPort: number; urlOf: (base: string) => string },
  broadcast: PlayerBroadcast,
  cutFor: number,
): Promise<number> {
  const line = await Line.open(httpPort);
  try {
    const page = await browser.newPage();
    await page.goto(urlOf(line.httpUrl("/")));
    await page.evaluate("window.benchFirstPicture");
    await sleep(SETTLING);
    const before = usual((await page.evaluate<Recording>(RECORDING)).pictures, broadcast);
    line.cut();
    await sleep(cutFor);
    line.mend();
    const mendedAt = now();
    await sleep(8_000);
    const { pictures } = await page.evaluate<Recording>(RECORDING);
    await page.close();
    const after = pictures.filter(({ at }) => at >= mendedAt);
    const isNear = (picture: ShownPicture) =>
      Math.abs((delaysOf([picture], broadcast)[0] ?? Number.POSITIVE_INFINITY) - before) <= NEAR;
    const index = after.findIndex(
      (_, start) =>
        start + STEADY <= after.length && after.slice(start, start + STEADY).every(isNear),
    );
    return (after[index]?.at ?? Number.NaN) - mendedAt;
  } finally {
    await line.close();
  }
}

/** How long (ms) after the first picture of a publisher with another size came it is on the screen. */
export async function measureReplacement(
  browser: DrivenBrowser,
  url: string,
  broadcast: PlayerBroadcast,
  { clip, first }: { clip: string; first: number },
): Promise<number> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.evaluate("window.benchFirstPicture");
  await sleep(SETTLING);
  await broadcast.replace(clip, first);
  await sleep(5_000);
  const { pictures } = await page.evaluate<Recording>(RECORDING);
  await page.close();
  const shown = pictures.find(({ counter }) => counter !== undefined && counter >= first);
  return (shown?.at ?? Number.NaN) - (broadcast.cameAt(first) ?? Number.NaN);
}
