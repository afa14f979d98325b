import { setTimeout as sleep } from "node:timers/promises";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import type { OwnFigures } from "./player-delay.ts";
import { percentile } from "./report.ts";

/** A look at the buffer this often, ms. */
const LOOK = 1_000;

/** What is begun with (JIT, caches) is no growth: the heap is measured from here on, ms. */
const WARM = 60_000;

/** What a long run shows. */
export type LongRun = {
  readonly minutes: number;
  /** |buffer - target|, ms. */
  readonly off50: number;
  readonly off95: number;
  /** Looks of which it was over 50 ms, in percent. */
  readonly offShare: number;
  readonly stalls: number;
  readonly jumps: number;
  /** JavaScript, after a collection, from the first minute to the end, MB. */
  readonly heapGrowth: number;
  readonly clockOffset: readonly [number, number];
};

type Look = OwnFigures & { readonly buffer: number; readonly clockOffset?: number };

/** Lets a player of a page run for so many minutes. */
export async function measureLong(url: string, minutes: number): Promise<LongRun> {
  const args = [AUTOPLAY, "--js-flags=--expose-gc", "--enable-precise-memory-info"];
  const browser = await chromiumDriver.launch({ args });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    await page.evaluate("window.benchFirstPicture");
    // What the recorder keeps is not the player's.
    await page.evaluate("window.benchRecording.pictures.push = () => 0");
    const heap = async () =>
      (await page.evaluate("(window.gc(), performance.memory.usedJSHeapSize)")) as number;
    const looks: Look[] = [];
    const end = performance.now() + minutes * 60_000;
    const warmAt = performance.now() + Math.min(WARM, minutes * 20_000);
    let warm: number | undefined;
    while (performance.now() < end) {
      await sleep(LOOK);
      looks.push((await page.evaluate("window.benchPlayer()")) as Look);
      if (warm === undefined && performance.now() >= warmAt) {
        warm = await heap();
        looks.length = 0;
      }
    }
    const grown = (await heap()) - (warm ?? Number.NaN);
    const offs = looks.map(({ buffer, target }) => Math.abs(buffer - target));
    const [first, last] = [looks[0], looks.at(-1)];
    return {
      minutes,
      off50: percentile(offs, 50),
      off95: percentile(offs, 95),
      offShare: (offs.filter((off) => off > 50).length / offs.length) * 100,
      stalls: (last?.stalls ?? 0) - (first?.stalls ?? 0),
      jumps: (last?.jumps ?? 0) - (first?.jumps ?? 0),
      heapGrowth: grown / 1e6,
      clockOffset: [first?.clockOffset ?? Number.NaN, last?.clockOffset ?? Number.NaN],
    };
  } finally {
    await browser.close();
  }
}
