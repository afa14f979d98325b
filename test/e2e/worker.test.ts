import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { startHostPage } from "../support/host-page.ts";
import { putOnAir } from "../support/on-air.ts";
import { type Broadcast, Screen } from "../support/screen.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;
let browser: Browser;
let broadcast: Broadcast;
const lastEnds: (() => Promise<unknown>)[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const onAir = await putOnAir(server, "live/show");
  lastEnds.push(() => onAir.end());
  broadcast = onAir.broadcast;
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  for (const end of lastEnds.splice(0).reverse()) await end();
  await browser.close();
  await server.stop();
});

async function newContext(): Promise<BrowserContext> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  return context;
}

/** Opens a page of another origin under this policy, with a player in it. */
async function embed(policy: Readonly<Record<string, string>>): Promise<Page> {
  const origin = server.httpUrl("");
  const sources = {
    "default-src": "'none'",
    "script-src": origin,
    "connect-src": `${origin} ${origin.replace("http", "ws")}`,
    "media-src": "blob:",
    ...policy,
  };
  const written = Object.entries(sources).map(([name, value]) => `${name} ${value}`);
  const script = `<script type="module" src="${server.httpUrl("/player.js")}"></script>`;
  const player = `<sluice-player muted autoplay src="${server.httpUrl("/streams/live/show")}">`;
  const host = await startHostPage(`${script}${player}`, written.join("; "));
  ends.push(() => host.close());
  const page = await (await newContext()).newPage();
  await page.goto(host.url, { waitUntil: "commit" });
  return page;
}

const statsOf = (page: Page): Promise<PlayerStats | undefined> =>
  page.evaluate("document.querySelector('sluice-player')?.player?.stats()");

/** Resolves when it plays. */
async function playing(page: Page): Promise<PlayerStats> {
  let stats: PlayerStats | undefined;
  await eventually("a player that plays", async () => {
    stats = await statsOf(page);
    return stats?.state === "live" && stats.delay !== undefined && stats.shown > 5;
  });
  if (stats === undefined) throw new Error("There is no player");
  return stats;
}

describe("the live line", () => {
  test("lives in a worker, and plays on while the page is busy", async () => {
    const page = await (await newContext()).newPage();
    const screen = await Screen.of(page);
    await page.goto(server.httpUrl("/watch/live/show"), { waitUntil: "commit" });
    await screen.untilSteady(broadcast);
    expect(await screen.stats()).toMatchObject({ thread: "worker", engine: "mse", connections: 1 });
    expect(page.workers().map((worker) => worker.url())).toEqual([
      expect.stringMatching(/\/assets\/live-worker-[0-9A-Z]{8}\.js$/),
    ]);

    await page.evaluate(`(${beBusy})()`);
    await screen.forget();
    await screen.untilSteady(broadcast);
    expect(await screen.stats()).toMatchObject({ thread: "worker", errors: 0, builds: 1 });
  });

  test("lives in a worker of another origin where the page's policy allows a blob", async () => {
    const page = await embed({ "worker-src": "blob:" });
    expect(await playing(page)).toMatchObject({ thread: "worker", errors: 0 });
    expect(page.workers().map((worker) => worker.url())).toEqual([expect.stringMatching(/^blob:/)]);
  });

  test("lives on the page where its policy allows no worker, and says so", async () => {
    const page = await embed({ "worker-src": "'none'" });
    const stats = await playing(page);
    expect(stats).toMatchObject({ thread: "page", threadReason: "policy", errors: 0 });
    expect(page.workers()).toEqual([]);
  });

  test("lives on on the page when its worker is lost", async () => {
    const page = await embed({ "worker-src": "blob:" });
    await playing(page);
    const [worker] = page.workers();
    await worker?.evaluate("setTimeout(() => { throw new Error('lost'); })");
    await eventually("the page in its place", async () => {
      const stats = await statsOf(page);
      return stats?.thread === "page" && stats.state === "live" && stats.connections === 2;
    });
    expect(await playing(page)).toMatchObject({ threadReason: "crashed" });
  });

  test("leaves nothing behind: fifty players come and go", async () => {
    const page = await embed({ "worker-src": "blob:" });
    await playing(page);
    await page.evaluate(`(${comeAndGo})(50)`);
    await eventually("no worker", async () => page.workers().length === 0);
    await eventually("one viewer: the test's own", async () => (await viewers()) === 1);
  });
});

/** Who watches, by the server's count. */
async function viewers(): Promise<number> {
  const response = await fetch(server.httpUrl("/api/v1/streams"));
  const { streams } = (await response.json()) as { streams: { viewers: { total: number } }[] };
  return streams.reduce((sum, { viewers }) => sum + viewers.total, 0);
}

/** Runs in the page: 60 ms of work in every 100. */
function beBusy(): void {
  setInterval(() => {
    const end = performance.now() + 60;
    while (performance.now() < end);
  }, 100);
}

/** Runs in the page: players one after the other, each of which connects; none is left. */
async function comeAndGo(count: number): Promise<void> {
  const first = document.querySelector("sluice-player");
  for (let made = 0; made < count; made += 1) {
    const player = first?.cloneNode() as HTMLElement;
    document.body.append(player);
    await new Promise((resolve) => setTimeout(resolve, 20));
    player.remove();
  }
  first?.remove();
}
