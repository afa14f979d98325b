import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { interleave, onTrack } from "../support/constructed-tags.ts";
import { counterClip } from "../support/counter-clip.ts";
import { readFlvFile, type Tag } from "../support/flv-file.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/** Sent at once, so that there is something to go back to (s); the rest comes in real time. */
const BEFORE = 35;
const SECONDS = 120;

let server: RunningSluice;
let browser: Browser;
let publisher: TagPublisher;
let sending: Promise<void>;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const clip = readFlvFile(await counterClip({ video: "h264", audio: "aac", seconds: SECONDS }));
  const small = { video: "h264", audio: "aac", width: 320, height: 180, seconds: SECONDS } as const;
  const texts = Array.from({ length: SECONDS }, (_, second) => text(second * 1_000));
  const more = onTrack(readFlvFile(await counterClip(small)), 1);
  const tags = interleave(clip, more, texts);
  publisher = await TagPublisher.open(server.rtmpUrl("live/show"));
  const isPast = ({ timestamp }: Tag) => timestamp < BEFORE * 1_000;
  await publisher.play(tags.filter(isPast), 0);
  sending = publisher.play(tags.filter((tag) => !isPast(tag))).catch(() => undefined);
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  publisher.abort();
  await sending;
  await browser.close();
  await server.stop();
});

const text = (timestamp: number): Tag => ({
  kind: "data",
  timestamp,
  payload: encodeAmf0("onTextData", { text: `at ${timestamp}`, language: "de", trackid: 1 }),
});

async function watch(path: string): Promise<Page> {
  const context = await browser.newContext({
    permissions: ["clipboard-read", "clipboard-write"],
    viewport: { width: 1_100, height: 800 },
  });
  ends.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  await page.addInitScript(`
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
  `);
  await page.goto(server.httpUrl(path), { waitUntil: "commit" });
  return page;
}

const button = (page: Page, name: string | RegExp): Locator => page.getByRole("button", { name });

/** What axe finds wrong with the player as it is now, in words. */
async function faults(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axeSource);
  return page.evaluate<string[]>(`axe.run("sluice-player").then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + " " + target.flat().join(" "))))`);
}

/** The accessible name of what has the focus, through shadow trees. */
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.ariaLabel ?? at?.textContent?.trim() ?? "";
  })()`);

test("every control has a name and is reached by Tab, under the page's policy; axe finds nothing", async () => {
  const page = await watch("/watch/live/show");
  await button(page, "Playing live").waitFor();
  await page.hover("sluice-player");
  await page.getByRole("slider", { name: "Rewind" }).waitFor();
  await page.locator(".brand").focus();
  const names: string[] = [];
  for (let press = 0; press < 12; press += 1) {
    await page.keyboard.press("Tab");
    names.push(await focused(page));
    if (names.at(-1) === "Full screen") break;
  }
  expect(names).toEqual([
    ...["Video player", "Rewind", "Pause", "Turn sound off", "Volume", "Playing live"],
    ...["Captions and subtitles: Off", "Settings", "Save this picture", "Picture in picture"],
    "Full screen",
  ]);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await faults(page)).toEqual([]);
    await button(page, "Settings").click();
    await page.getByRole("menuitem", { name: /Delay/ }).click();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe("Settings");
  }
  expect(await page.evaluate("violations")).toEqual([]);
});

test("keys and buttons do what they say", async () => {
  const page = await watch("/watch/live/show");
  const sound = () => page.evaluate<boolean>("!sluicePlayer.muted");
  await button(page, "Turn sound off").click();
  expect(await sound()).toBe(false);
  await page.keyboard.press("m");
  expect(await sound()).toBe(true);
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate("sluicePlayer.volume")).toBeCloseTo(0.95);

  await page.keyboard.press("k");
  expect(await page.evaluate("sluicePlayer.paused")).toBe(true);
  await button(page, "Play").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
  expect(await faults(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor({ state: "hidden" });

  // The bar goes back, the live button forward again.
  const [live, delay] = [page.locator("#live"), page.locator(".bar > .delay")];
  await page.keyboard.press("Home");
  await eventually("the past", async () => /−0:\d\d/.test((await delay.textContent()) ?? ""));
  expect(await live.getAttribute("aria-label")).toBe("Go live");
  await live.focus();
  await page.keyboard.press("Space");
  await button(page, "Playing live").waitFor();
  expect(await page.evaluate("sluicePlayer.timeline.isLive")).toBe(true);

  await page.keyboard.press("i");
  await page.getByRole("heading", { name: "Statistics" }).waitFor();
  expect(await faults(page)).toEqual([]);
  await button(page, "Copy").click();
  await button(page, "Copied").waitFor();
  const copied = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(copied).toMatch(/^Delay: .*\nTarget: \d+ ms\n/);
  expect(copied).toContain("Codec: H.264");
  expect(copied).toMatch(/^Version: \d+\.\d+\.\d+/m);
  await button(page, "Close").focus();
  await page.keyboard.press("Space");
  await page.getByRole("heading", { name: "Statistics" }).waitFor({ state: "hidden" });

  // What a page gives the focus to hears the keys.
  await page.locator(".brand").focus();
  await page.evaluate("document.querySelector('sluice-player').focus()");
  expect(await focused(page)).toBe("Video player");
  await page.keyboard.press("m");
  expect(await sound()).toBe(false);

  await page.evaluate("document.querySelector('sluice-player').setAttribute('nohotkeys', '')");
  await page.keyboard.press("k");
  expect(await page.evaluate("sluicePlayer.paused")).toBe(false);
});

test("menus choose what plays, how late, and how captions look, which is remembered", async () => {
  const page = await watch("/watch/live/show");
  const settings = button(page, "Settings");
  const choose = async (menu: RegExp, choice: string) => {
    await settings.click();
    await page.getByRole("menuitem", { name: menu }).click();
    await page.getByRole("menuitemradio", { name: choice }).click();
    await page.keyboard.press("Escape");
  };
  await page.hover("sluice-player");
  await settings.waitFor();
  const heights = () =>
    page.evaluate<number[]>(
      "sluicePlayer.tracks.filter((track) => track.isSelected && track.height).map(({ height }) => height)",
    );
  await choose(/^Quality/, "180p");
  await eventually("the small picture", async () => (await heights()).includes(180));
  await choose(/^Delay/, "Smooth");
  expect(await page.getAttribute("sluice-player", "latency")).toBe("smooth");

  await button(page, "Captions and subtitles: Off").click();
  await page.getByRole("menuitemradio", { name: "German" }).click();
  await button(page, "Captions and subtitles: German").click();
  expect(await faults(page)).toEqual([]);
  await page.getByRole("menuitem", { name: "Look of captions" }).click();
  await page.getByRole("menuitem", { name: /^Text colour/ }).click();
  await page.getByRole("menuitemradio", { name: "Yellow" }).click();
  await page.reload();
  await button(page, "Captions and subtitles: German").waitFor();
  const colour = "getComputedStyle(document.querySelector('sluice-player'))";
  expect(await page.evaluate(`${colour}.getPropertyValue('--sluice-caption-color')`)).toBe("#ff0");
});

test("a very small player has no control that lies outside", async () => {
  const page = await watch("/embed/live/show?autoplay=muted&lang=ar");
  await page.setViewportSize({ width: 200, height: 112 });
  await page.locator("#live.on").waitFor();
  const outside = await page.locator(".bar").evaluate((bar) =>
    [...bar.querySelectorAll("[part~=button]")]
      .map((control) => ({ ...control.getBoundingClientRect().toJSON(), part: control.part.value }))
      .filter(({ left, right, top, bottom }) => left < 0 || right > 200 || top < 0 || bottom > 112)
      .map(({ part }) => part),
  );
  expect(outside).toEqual([]);
});

test("before a broadcast it says what it waits for, in the page's language and from its side", async () => {
  const page = await watch("/watch/live/nobody");
  await page.getByText("Waiting for the broadcast").first().waitFor();
  expect(await faults(page)).toEqual([]);
  await page.evaluate("document.querySelector('sluice-player').lang = 'ar'");
  await page.getByText("في انتظار البث").first().waitFor();
  expect(await page.locator(".controls").getAttribute("dir")).toBe("rtl");
  expect(await faults(page)).toEqual([]);
  await page.evaluate("document.querySelector('sluice-player').words = { waiting: 'قريبًا' }");
  await page.getByText("قريبًا").first().waitFor();
});
