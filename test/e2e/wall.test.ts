import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamHealthSchema } from "../../server/endpoint/api/health.ts";
import type { StreamList } from "../../server/protocol/wire/stream-list.ts";
import { chromiumDriver } from "../support/browser.ts";
import { type Child, startChild } from "../support/child.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

let server: RunningSluice;
let browser: Browser;
let page: Page;
const publishers: Child[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch();
  page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
  await page.addInitScript(`
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
  `);
});

afterAll(async () => {
  for (const publisher of publishers) await publisher.stop("SIGINT");
  await browser.close();
  await server.stop();
});

/** What axe finds wrong with the page as it is now, in words; and what the page's policy forbade. */
async function faults(): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axeSource);
  return page.evaluate<string[]>(`axe.run().then(({ violations: found }) => [
    ...found.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + " " + target.flat().join(" "))),
    ...window.violations,
  ])`);
}

test("/ says how to publish, shows who does, and what the doctor says of it", async () => {
  await page.goto(server.httpUrl("/").replace("127.0.0.1", "localhost"));
  await page.getByRole("heading", { name: "Nothing on air yet" }).waitFor();
  const shown = (id: string) => page.locator(`#${id}`).textContent();
  expect(await shown("publish-server")).toBe(`rtmp://localhost:${server.rtmpPort}/live`);
  expect(await shown("publish-key")).toBe(`demo?key=${server.publishKey}`);
  expect(await faults()).toEqual([]);

  // Who waits for it on its page does not ask for what nobody can answer.
  const waiting = await browser.newPage();
  const refused: string[] = [];
  waiting.on("response", (response) => {
    if (response.status() >= 400) refused.push(response.url());
  });
  await waiting.goto(server.httpUrl("/watch/live/demo"));
  await waiting.locator("body[data-state=waiting]").waitFor();

  // The command as it stands, but for a picture that is less work and a keyframe in ten seconds.
  const command = ((await shown("publish-ffmpeg")) ?? "")
    .replace("1280x720", "320x180")
    .replace("-g 60 -keyint_min 60", "-g 300 -keyint_min 300");
  publishers.push(startChild("sh", ["-c", `exec ${command} -nostdin -nostats`]));
  const card = page.locator(".card").filter({ hasText: "live/demo" });
  await card.waitFor();
  await page.locator("#empty").waitFor({ state: "hidden" });
  await card.getByText("H.264 320 × 180 · AAC 48 kHz").waitFor();
  const finding = card.locator('[data-code="KEYFRAMES_FAR_APART"]');
  await finding.waitFor();
  expect(await finding.textContent()).toMatch(
    /^Warning: Keyframe interval is over \d s: add -g 60 -keyint_min 60$/,
  );
  const figure = (name: string) =>
    card.locator("dl > div").filter({ hasText: name }).locator("dd").textContent();
  await eventually("a frame rate of 30", async () => (await figure("Frame rate")) === "30 fps");
  expect(await figure("Bitrate")).toMatch(/bit\/s$/);
  await page.getByText("1 needs attention").waitFor();
  expect(await page.locator("#publish").getAttribute("open")).toBeNull();
  expect(await card.locator(".spark-line").first().getAttribute("d")).toMatch(/^M.*L/);

  await waiting.locator("#fact-keyframes").getByText(/ s$/).waitFor();
  expect(refused).toEqual([]);
  await waiting.close();

  const url = server.httpUrl("/api/v1/streams/live/demo/health");
  const { health } = streamHealthSchema.parse(await (await fetch(url)).json());
  expect(health).toMatchObject({ encoder: expect.stringMatching(/^Lavf/), jumps: 0 });
  expect(health.tracks.map(({ codecName }) => codecName)).toEqual(["H.264", "AAC"]);
  expect(health.frameRate).toBeCloseTo(30, 0);
  expect(JSON.stringify(health)).not.toContain("127.0.0.1");
});

test("a card plays while somebody points at it, or where all do, and a wall display by itself", async () => {
  const preview = page.locator(".card sluice-player.preview.on");
  const time = () =>
    page.evaluate<number>(
      "document.querySelector('.preview')?.shadowRoot?.querySelector('video.on')?.currentTime ?? 0",
    );
  const plays = async () => {
    await preview.waitFor();
    const from = await time();
    await eventually("a preview that goes on", async () => (await time()) > from + 0.5);
  };
  expect(await page.locator(".preview").count()).toBe(0);
  await page.locator(".card").hover();
  await plays();
  await page.mouse.move(5, 5);
  await eventually("its end", async () => (await page.locator(".preview").count()) === 0);
  await page.getByRole("switch", { name: "Live previews" }).click();
  await plays();
  const list = await (await fetch(server.httpUrl("/api/v1/streams"))).json();
  expect((list as StreamList).streams[0]?.viewers).toMatchObject({ total: 0, previews: 1 });
  expect(await faults()).toEqual([]);
  await page.getByRole("link", { name: "Wall display" }).click();
  await plays();
  const box = await page.locator(".card").boundingBox();
  expect(box).toEqual({ x: 0, y: 0, width: 1_200, height: 900 });
  expect(await faults()).toEqual([]);
});
