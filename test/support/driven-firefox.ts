import { existsSync } from "node:fs";
import { launch } from "puppeteer-core";
import type { DrivenBrowser, DrivenOptions, DrivenPage } from "./driven-browser.ts";
import { startSilentSpeakers } from "./silent-speakers.ts";

const FIREFOX = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";

/** Firefox by its own WebDriver BiDi port, headless. */
export async function openFirefox({ autoplay }: DrivenOptions): Promise<DrivenBrowser> {
  if (!existsSync(FIREFOX)) throw new Error(`There is no browser at ${FIREFOX}`);
  const speakers = await startSilentSpeakers();
  const browser = await launch({
    env: { ...process.env, ...speakers.env },
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: {
      "media.autoplay.default": autoplay === true ? 0 : 1, // 0 allowed, 1 blocked
    },
  }).catch(async (error: unknown) => {
    await speakers.stop();
    throw error;
  });
  const version = (await browser.version()).replace(/^firefox\//i, "");
  return {
    name: "firefox",
    version: `Firefox ${version}`,
    hear: speakers.hear,
    newPage: async (): Promise<DrivenPage> => {
      const page = await browser.newPage();
      return {
        goto: async (url) => {
          await page.goto(url);
        },
        evaluate: async <Value>(expression: string) => (await page.evaluate(expression)) as Value,
        click: (selector, host) =>
          page.locator(host === undefined ? selector : `${host} >>> ${selector}`).click(),
        resize: (width, height) => page.setViewport({ width, height }),
        screenshot: () => page.screenshot(),
        close: () => page.close(),
      };
    },
    close: async () => {
      await browser.close();
      await speakers.stop();
    },
  };
}
