import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { startChild } from "./child.ts";

/** Chromium as a person has it: what `chromiumDriver` keeps awake may sleep here. */
export type PlainChromium = {
  readonly browser: Browser;
  /** Its one window. */
  readonly context: BrowserContext;
  /** Puts another tab in front: the page is hidden, and its timers are throttled. */
  hide(page: Page): Promise<void>;
  /** Puts it in front again. */
  show(page: Page): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts Chromium without the flags and the emulated focus by which Playwright keeps every page
 * visible: pages of one window hide each other, as tabs do.
 */
export async function startPlainChromium(args: readonly string[] = []): Promise<PlainChromium> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`There is no browser at ${executablePath}`);
  const profile = mkdtempSync(join(tmpdir(), "sluice-chromium-"));
  const child = startChild(executablePath, [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--mute-audio",
    "--no-first-run",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "--window-size=1000,800",
    ...args,
    "about:blank",
  ]);
  const [, endpoint = ""] = await child.line(/DevTools listening on (ws:\S+)/);
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("Chromium has no window");
  let other: Page | undefined;
  return {
    browser,
    context,
    hide: async () => {
      other ??= await context.newPage();
      await other.bringToFront();
    },
    show: (page) => page.bringToFront(),
    stop: async () => {
      await browser.close().catch(() => {});
      await child.stop();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
