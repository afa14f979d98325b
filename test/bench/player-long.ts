import { setTimeout as sleep } from "node:timers/promises";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { counterClip } from "../support/counter-clip.ts";
import { startSluice } from "../support/sluice.ts";
import { broadcastClip } from "./player-broadcast.ts";
import type { OwnFigures } from "./player-delay.ts";
import { servePlayers } from "./player-pages.ts";
import { type Effort, figure, percentile, type Report } from "./report.ts";

/** A look at the buffer this often, ms. */
const LOOK = 1_000;

/** What is begun with (JIT, caches) is no growth: the heap is measured from here on, ms. */
const WARM = 60_000;

/** What a long run shows. */
type LongRun = {
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

/** Chromium: whether a player holds its delay for half an hour, and its memory. */
export async function measureHalfHour({ quick, tell, engine }: Effort): Promise<Report> {
  const minutes = quick ? 1 : 30;
  const clip = await counterClip({ video: "h264", audio: "aac", seconds: 180 });
  const server = await startSluice();
  const pages = await servePlayers();
  const broadcast = await broadcastClip(server, clip, { loops: true });
  try {
    tell(`half an hour: ${minutes} minutes`);
    const script = server.httpUrl("/");
    const src = `${script}streams/${broadcast.streamPath}`;
    const attributes = {
      ...{ src, autoplay: "", latency: "low" },
      ...(engine !== undefined && { engine }),
    };
    return report(minutes, await run(pages.url({ name: "sluice", script, attributes }), minutes));
  } finally {
    await broadcast.stop();
    await pages.close();
    await server.stop();
  }
}

/** Lets a player of a page run for so many minutes. */
async function run(url: string, minutes: number): Promise<LongRun> {
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

const report = (minutes: number, found: LongRun): Report => ({
  title: "Player, half an hour",
  how:
    "Headless Chromium, `low`, audible; `ffmpeg -re` publishes 640×360 at 30/s with AAC, a file of three minutes in a " +
    "loop. The player is asked each second; the heap is measured after a collection, from the first minute to the end.",
  tables: [
    {
      columns: [
        ...["run", "off its target p50, ms", "p95", "over 50 ms, %", "stalls", "jumps"],
        ...["JS heap growth, MB", "clock offset, first and last, ms"],
      ],
      rows: [
        [
          `${minutes} minutes`,
          ...[figure(found.off50), figure(found.off95), figure(found.offShare, 1)],
          ...[String(found.stalls), String(found.jumps), figure(found.heapGrowth, 1)],
          found.clockOffset.map((offset) => figure(offset, 2)).join(", "),
        ],
        ["asked", "", "", "0.0", "", "", "5.0", ""],
      ],
    },
  ],
});
