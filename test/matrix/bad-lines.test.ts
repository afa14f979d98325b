import { setTimeout as passes } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, type TestContext, test } from "vitest";
import {
  BadLineStage,
  blockAndAllow,
  expectSeamless,
  LADDER,
  untilWidth,
} from "../support/bad-lines.ts";
import type { ClipOptions } from "../support/counter-clip.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { SECONDS } from "./seconds.ts";

// What a player makes of a bad line: a TCP proxy between browser and server.

let server: RunningSluice;
let stage: BadLineStage;
let streams = 0;

beforeAll(async () => {
  server = await startSluice();
});

afterEach(async () => {
  await stage.close();
});

afterAll(() => server.stop());

/** Delay as before, or this much more, ms: what a busy machine asked for before may be over. */
const AS_BEFORE = 100;
/** What steadiness is judged by has to pass first, ms. */
const JUDGED = 1_500;

/** @returns the delay before anything happened */
async function open(ladder: readonly ClipOptions[] = [LADDER[0]]): Promise<number> {
  streams += 1;
  stage = await BadLineStage.open(server, `live/line-${streams}`, ladder);
  return stage.settled();
}

/** Writes a line of the table. */
function tell({ task }: TestContext, ...account: readonly string[]): void {
  // A name out of a list stands in quotes.
  const published = task.name.replace(/^'(.*)'$/, "$1");
  task.meta.row = {
    ...{ table: "bad-lines", client: "Chromium", published },
    account: account.join("; "),
  } as const;
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const inMs = (ms: number): string => `${Math.round(ms)} ms`;

test.for([
  { name: "cut for 5 s", cut: 5_000, within: 2_000 },
  { name: "half-open for 12 s: given up", cut: 12_000, within: 4_000 },
])("$name", async ({ cut, within }, context) => {
  tell(context);
  const before = await open();
  stage.line.cut();
  await passes(cut);
  stage.line.mend();
  const after = await stage.untilDelay((delay) => delay <= before + AS_BEFORE);
  // What is steady is told when it has been for a while.
  const recovery = Math.max(0, after - JUDGED);
  tell(context, `at its ${inMs(before)} again after ${inSeconds(recovery)}`);
  expect(recovery).toBeLessThan(within);
  expect((await stage.screen.stats()).transport).toBe("websocket");
});

test("reset", async (context) => {
  tell(context);
  const before = await open();
  stage.line.reset();
  const after = await stage.untilDelay((delay) => delay <= before + AS_BEFORE);
  const recovery = Math.max(0, after - JUDGED);
  tell(context, `at its ${inMs(before)} again after ${inSeconds(recovery)}`);
  expect(recovery).toBeLessThan(2_000);
});

test("jitter of 60 ms", async (context) => {
  tell(context);
  await open();
  stage.line.shape({ delay: 20, jitter: 60 });
  await passes(10_000); // the target has to rise
  const before = await stage.screen.stats();
  await stage.screen.forget();
  await passes(SECONDS * 1_000);
  const { stalls, transport, target } = await stage.screen.stats();
  const { breaks } = await stage.breaks();
  const more = stalls - before.stalls;
  tell(
    context,
    `${more} stalls and ${breaks.length} breaks in ${SECONDS} s, target ${inMs(target)}`,
  );
  expect(more).toBeLessThanOrEqual(Math.max(1, SECONDS / 60));
  expect(transport).toBe("websocket");
});

test("0.6 Mbit/s for a ladder of 0.9 and 0.3, then plenty", async (context) => {
  tell(context);
  const before = await open(LADDER);
  stage.line.shape({ bandwidth: 600_000 });
  const down = await untilWidth(stage, 320, 20_000);
  // What it held ahead rose with the stalls, and comes back in calm.
  const settled = await stage.untilDelay((delay) => delay < 1_500);
  stage.line.shape({});
  const up = await untilWidth(stage, 640, 150_000);
  await stage.untilDelay((delay) => delay < before + 300);
  tell(
    context,
    `smaller after ${inSeconds(down)}, steady ${inSeconds(settled)} later`,
    `larger again after ${inSeconds(up)}`,
  );
  expect((await stage.screen.stats()).transport).toBe("websocket");
});

test("0.5 Mbit/s for one size of 0.9, over the WebSocket alone, then plenty", async (context) => {
  tell(context);
  const before = await open();
  await stage.set("transport", "websocket");
  stage.line.shape({ bandwidth: 500_000 });
  let oldest = 0;
  const until = performance.now() + Math.max(20, SECONDS) * 1_000;
  while (performance.now() < until) {
    await passes(250);
    const shown = (await stage.screen.shown()).at(-1);
    oldest = Math.max(oldest, (shown && stage.broadcast.delayOf(shown)) ?? 0);
  }
  const { connections, droppedByServer, stalls } = await stage.screen.stats();
  stage.line.shape({});
  const after = await stage.untilDelay((delay) => delay < before + 300, 60_000);
  const recovery = inSeconds(Math.max(0, after - JUDGED));
  tell(
    context,
    `never more than ${inSeconds(oldest)} old, ${connections - 1} new connections, ${droppedByServer} pictures left out, ${stalls} stalls`,
    `as before ${recovery} after it was over`,
  );
  expect(oldest).toBeLessThan(5_000);
  expect(connections).toBe(1);
});

test.for([
  { name: "the WebSocket blocked: 403", status: 403 },
  { name: "the WebSocket blocked: 404", status: 404 },
] as const)("$name", async ({ status }, context) => {
  tell(context);
  streams += 1;
  stage = await BadLineStage.open(server, `live/line-${streams}`);
  const found = await blockAndAllow(stage, status);
  const { taken, delay, hlsDelay, away, back } = found;
  const most = Math.max(0, ...away.breaks.map(({ missing }) => Math.abs(missing)));
  const skipped = Math.max(0, ...back.breaks.map(({ missing }) => missing));
  tell(
    context,
    `HLS after ${inSeconds(taken)}, at most ${most} pictures lost or seen twice, ${inMs(hlsDelay)} behind`,
    `back over the WebSocket at ${inMs(delay)}, ${skipped} pictures skipped at once, none dark`,
  );
  expectSeamless(found);
});

test("gone for 0.9 s every 2.5 s: HLS, and the WebSocket again half a minute later", async (context) => {
  tell(context);
  await open();
  const from = performance.now();
  let transport: string | undefined = "websocket";
  while (transport !== "hls" && performance.now() - from < 60_000) {
    stage.line.cut();
    await passes(900);
    stage.line.mend();
    await passes(1_600);
    transport = (await stage.screen.stats()).transport;
  }
  const left = performance.now() - from;
  expect(await stage.screen.stats()).toMatchObject({ transport: "hls", reason: "websocket-lossy" });
  const mended = performance.now();
  await stage.untilPlays({ transport: "websocket", reason: "best" }, 60_000);
  const back = performance.now() - mended;
  tell(context, `HLS after ${inSeconds(left)}`, `WebSocket ${inSeconds(back)} after it was over`);
});
