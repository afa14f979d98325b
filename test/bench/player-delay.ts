import { setTimeout as sleep } from "node:timers/promises";
import type { DrivenBrowser } from "../support/driven-browser.ts";
import type { PlayerBroadcast } from "./player-broadcast.ts";
import { median, percentile } from "./report.ts";
import type { Recording, ShownPicture } from "./screen-recorder.ts";

/** After the first picture a player finds its delay; that is not measured. */
const SETTLING = 6_000;

/** Two pictures are missing, or more: somebody sees it. */
const GAP = 100;

/** What the player says of itself; times in ms. */
export type OwnFigures = {
  readonly delay?: number | undefined;
  readonly target: number;
  readonly stalls: number;
  readonly jumps: number;
  readonly engine?: string;
};

/** What one page showed: server to screen, ms. */
export type Shown = {
  readonly p50: number;
  readonly p95: number;
  readonly waits: number;
  readonly gaps: number;
  readonly longestGap: number;
  /** Of the pictures that were due, those that were on the screen. */
  readonly share: number;
  readonly seconds: number;
  readonly own: OwnFigures;
};

/** Opens the page of a player, lets it settle, and looks on for so many seconds. */
export async function measureDelay(
  browser: DrivenBrowser,
  url: string,
  broadcast: PlayerBroadcast,
  seconds: number,
): Promise<Shown> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.evaluate("window.benchFirstPicture");
  await sleep(SETTLING + seconds * 1_000);
  const recording = await page.evaluate<Recording>("window.benchRecording");
  const own = await page.evaluate<OwnFigures>("window.benchPlayer()");
  await page.close();
  const from = (recording.pictures[0]?.at ?? 0) + SETTLING;
  const shown = recording.pictures.filter(({ at }) => at >= from);
  const gaps = gapsOf(shown);
  const numbers = shown.flatMap(({ counter }) => counter ?? []);
  const due = Math.max(...numbers) - Math.min(...numbers) + 1;
  const delays = delaysOf(shown, broadcast);
  const presented = (shown.at(-1)?.presented ?? 0) - (shown[0]?.presented ?? 0) + 1;
  return {
    p50: percentile(delays, 50),
    p95: percentile(delays, 95),
    waits: recording.waits.filter((at) => at >= from).length,
    gaps: gaps.filter((gap) => gap > GAP).length,
    longestGap: Math.max(...gaps),
    // Where the page missed a callback, the screen still got its picture.
    share: Math.min(1, Math.max(presented, new Set(numbers).size) / due),
    seconds,
    own,
  };
}

/** Server to screen of each picture, ms. */
export const delaysOf = (
  shown: readonly ShownPicture[],
  { cameAt }: Pick<PlayerBroadcast, "cameAt">,
): number[] =>
  shown.flatMap(({ counter, at }) => {
    const received = counter === undefined ? undefined : cameAt(counter);
    return received === undefined ? [] : [at - received];
  });

/** Several runs in one: the median of each figure, all waits and gaps, the longest of the longest. */
export function together(runs: readonly Shown[]): Shown {
  const middle = (of: (run: Shown) => number) => median(runs.map(of));
  const sum = (of: (run: Shown) => number) => runs.reduce((all, run) => all + of(run), 0);
  return {
    p50: middle(({ p50 }) => p50),
    p95: middle(({ p95 }) => p95),
    waits: sum(({ waits }) => waits),
    gaps: sum(({ gaps }) => gaps),
    longestGap: Math.max(...runs.map(({ longestGap }) => longestGap)),
    share: middle(({ share }) => share),
    seconds: sum(({ seconds }) => seconds),
    own: {
      delay: middle(({ own }) => own.delay ?? Number.NaN),
      target: middle(({ own }) => own.target),
      stalls: sum(({ own }) => own.stalls),
      jumps: sum(({ own }) => own.jumps),
      ...(runs[0]?.own.engine !== undefined && { engine: runs[0].own.engine }),
    },
  };
}

/** ms from each picture to the next. */
function gapsOf(shown: readonly ShownPicture[]): number[] {
  return shown.slice(1).map((picture, index) => {
    const before = shown[index] ?? picture;
    const presented = Math.max(1, picture.presented - before.presented);
    return (picture.at - before.at) / presented;
  });
}
