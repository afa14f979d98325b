import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { startHostPage } from "../support/host-page.ts";
import { putOnAir } from "../support/on-air.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;
let browser: Browser;
const lastEnds: (() => Promise<unknown>)[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const onAir = await putOnAir(server, "live/show");
  lastEnds.push(() => onAir.end());
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  for (const end of lastEnds.splice(0).reverse()) await end();
  await browser.close();
  await server.stop();
});

/** Opens a page of another origin, which may run our script and show our frames, and nothing else. */
async function openHost(body = ""): Promise<Page> {
  const origin = server.httpUrl("");
  const policy = `default-src 'none'; script-src ${origin}; frame-src ${origin}`;
  const host = await startHostPage(body, policy);
  ends.push(() => host.close());
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(() => {
    const posted: unknown[] = [];
    Object.assign(window, { posted });
    if (window === window.top) addEventListener("message", ({ data }) => posted.push(data));
  });
  await page.goto(host.url, { waitUntil: "commit" });
  return page;
}

/** Puts a player into the page by the SDK: `player`, with what it tells in `heard`. */
async function embed(page: Page, options: object): Promise<void> {
  const given = JSON.stringify({ stream: "live/show", ...options });
  await page.evaluate(`import("${server.httpUrl("/embed.js")}").then(({ SluiceEmbed }) => {
    window.heard = [];
    window.player = new SluiceEmbed(document.body, ${given});
    for (const name of ["ready", "statuschange", "playing", "pause", "online", "latency",
      "volumechange", "trackschange", "stats"])
      player.addEventListener(name, ({ detail }) => heard.push({ name, ...detail }));
    return player.ready.then(() => undefined);
  })`);
}

const heard = (page: Page): Promise<{ name: string; [more: string]: unknown }[]> =>
  page.evaluate("heard");

const untilHeard = (page: Page, what: object): Promise<void> =>
  eventually(JSON.stringify(what), async () => {
    const wanted = Object.entries(what);
    const all = await heard(page);
    return all.some((one) => wanted.every(([name, value]) => one[name] === value));
  });

describe("a player in a frame", () => {
  test("tells a page of another origin what happens, and does what that says", async () => {
    const page = await openHost();
    await embed(page, {
      autoplay: true,
      muted: true,
      statsEvery: 250,
      server: server.httpUrl("/"),
    });
    await untilHeard(page, { name: "statuschange", state: "playing" });
    await untilHeard(page, { name: "stats", state: "live", transport: "websocket" });
    await page.evaluate("player.setVolume(0.5)");
    await untilHeard(page, { name: "volumechange", muted: true, volume: 0.5 });
    await page.evaluate("player.unmute()");
    await untilHeard(page, { name: "volumechange", muted: false, volume: 0.5 });
    await page.evaluate("player.setLatency(600)");
    await untilHeard(page, { name: "latency", latency: 600 });
    await page.evaluate("player.pause()");
    await untilHeard(page, { name: "statuschange", state: "paused" });
    expect(await page.evaluate("player.getStats().then(({ paused }) => paused)")).toBe(true);
    await page.evaluate("heard.splice(0); player.play()");
    await untilHeard(page, { name: "playing" });
    const refused = "player.send('explode').catch(({ name }) => name)";
    expect(await page.evaluate(refused)).toBe("COMMAND_UNKNOWN");
  });

  test("works in a sandbox, where it has no origin", async () => {
    const page = await openHost();
    await embed(page, { autoplay: "muted", sandbox: true });
    await untilHeard(page, { name: "statuschange", state: "playing" });
    await page.evaluate("player.pause()");
    await untilHeard(page, { name: "pause" });
    const frame = page.frames().find((one) => one.url().includes("/embed/live/show"));
    expect(await frame?.evaluate("origin")).toBe("null");
  });

  test("does nothing for whom it is not for", async () => {
    const url = server.httpUrl("/embed/live/show?autoplay=muted&origin=https://other.example");
    const page = await openHost(`<iframe src="${url}" allow="autoplay"></iframe>`);
    const player = page.frameLocator("iframe").locator("sluice-player");
    const untilState = (state: string) =>
      eventually(state, async () => (await player.getAttribute("data-state")) === state);
    await untilState("playing");
    const marked = page.frames()[1]?.evaluate(`new Promise((resolve) => {
      addEventListener("message", ({ data }) => data === "mark" && resolve());
    })`);
    const command = "{ sluice: 1, id: 1, command: 'pause' }";
    await page.evaluate(`frames[0].postMessage(${command}, '*')`);
    // What was posted before is heard before; and again, in case the listener came late.
    const mark = setInterval(() => {
      page.evaluate("frames[0].postMessage('mark', '*')").catch(() => undefined);
    }, 50);
    await marked;
    clearInterval(mark);
    await untilState("playing");
    expect(await page.evaluate("posted")).toEqual([]);
  });
});

test("/watch tells by oEmbed how it is embedded", async () => {
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  await page.goto(server.httpUrl("/watch/live/show?latency=250"), { waitUntil: "commit" });
  const link = page.locator('link[type="application/json+oembed"]');
  const found = await fetch((await link.getAttribute("href")) ?? "");
  const { html, width, height } = (await found.json()) as Record<string, string>;
  expect([width, height]).toEqual([640, 360]);
  const host = await openHost(html);
  const player = host.frameLocator("iframe").locator("sluice-player");
  expect(await player.getAttribute("src")).toBe("streams/live/show");
  await player.locator("video.on").waitFor({ state: "attached" });
});

test("/watch is shared and embedded by what it says, and reports what it went through", async () => {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  ends.push(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(server.httpUrl("/watch/live/show?token=topsecret"), { waitUntil: "commit" });
  await eventually("the state in the title", async () =>
    (await page.title()).startsWith("Live · "),
  );
  const copied = () => page.evaluate<string>("navigator.clipboard.readText()");
  const copy = (panel: string) =>
    page.getByRole("region", { name: panel }).getByRole("button", { name: "Copy" }).click();

  await page.getByRole("button", { name: "Share", exact: true }).click();
  await copy("Share this broadcast");
  expect(await copied()).toBe(server.httpUrl("/watch/live/show"));

  await page.getByRole("button", { name: "Embed", exact: true }).click();
  await page.getByRole("checkbox", { name: "With controls" }).uncheck();
  await copy("Put it into your page");
  const src = `${server.httpUrl("/embed/live/show")}?autoplay=1&amp;muted=1&amp;controls=0`;
  expect(await copied()).toContain(`<iframe src="${src}" width="640" height="360"`);
  await page.getByRole("radio", { name: "As an element" }).check();
  await copy("Put it into your page");
  expect(await copied()).toContain(
    `<sluice-player src="${server.httpUrl("/streams/live/show")}" autoplay muted>`,
  );

  await page.getByText(/^Keyframes every$/).waitFor();
  await page.getByRole("button", { name: "Support report" }).click();
  await page.getByRole("button", { name: "Capture a report" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as JSON" }).click(),
  ]);
  const json = readFileSync(await download.path(), "utf8");
  const report = JSON.parse(json);
  expect(report).toMatchObject({
    ...{ kind: "sluice-support-report", streamPath: "live/show" },
    player: { state: "playing", stats: { transport: "websocket" } },
    stream: { path: "live/show", state: "live" },
    browser: { mediaSource: { 'audio/mp4; codecs="mp4a.40.2"': true } },
  });
  expect(report.server.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(report.minute.length).toBeGreaterThan(0);
  expect(report.log.map(({ what }: { what: string }) => what).join("\n")).toMatch(/→ playing/);
  expect(json).not.toContain("topsecret");
  expect(await page.getByRole("textbox", { name: "Support report" }).inputValue()).toContain(
    "stream    live/show",
  );
  expect(problems).toEqual([]);
});
