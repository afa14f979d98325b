import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { SCENES, type Scene, Stage } from "./scenes.ts";

/** Where people look: a phone, a desk, a wall; and how they like it. */
const VIEWS = [
  { name: "phone", width: 390, height: 844, colorScheme: "dark" },
  { name: "desktop", width: 1440, height: 900, colorScheme: "dark" },
  { name: "desktop-light", width: 1440, height: 900, colorScheme: "light" },
] as const;

const OUT = join(import.meta.dirname, "../.cache/screenshots");

const [pattern = ""] = process.argv.slice(2);
mkdirSync(OUT, { recursive: true });
const chosen = SCENES.filter(({ name }) => name.includes(pattern));
if (chosen.length === 0) {
  process.stderr.write(`No scene is called ${pattern}\n`);
  process.exit(2);
}

for (const scene of chosen) {
  const server = await startSluice(scene.flags ?? []);
  const browser = await chromiumDriver.launch({ args: scene.isRefused === true ? [] : [AUTOPLAY] });
  const stage = new Stage(server);
  try {
    await scene.prepare(stage);
    for (const view of VIEWS) await shoot(scene, { browser, server, view });
  } finally {
    await stage.clear();
    await browser.close();
    await server.stop();
  }
}

async function shoot(
  scene: Scene,
  {
    browser,
    server,
    view,
  }: { browser: Browser; server: RunningSluice; view: (typeof VIEWS)[number] },
): Promise<void> {
  const { width, height, colorScheme } = view;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page: Page = await context.newPage();
  const file = `${scene.name}-${view.name}.png`;
  try {
    await page.goto(server.httpUrl(scene.path));
    await scene.act?.(page);
    await page.screenshot({ path: join(OUT, file), animations: "disabled" });
    process.stdout.write(`${file}\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : error}\n`);
    await page.screenshot({ path: join(OUT, `FAILED-${file}`) }).catch(() => undefined);
  }
  await context.close();
}
