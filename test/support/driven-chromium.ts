import { AUTOPLAY, chromiumDriver } from "./browser.ts";
import type { DrivenBrowser, DrivenOptions, DrivenPage } from "./driven-browser.ts";

/** Chromium by playwright-core, headless. */
export async function openChromium({ autoplay }: DrivenOptions): Promise<DrivenBrowser> {
  const browser = await chromiumDriver.launch({ args: autoplay === true ? [AUTOPLAY] : [] });
  return {
    name: "chromium",
    version: `Chromium ${browser.version().split(".", 1)}`,
    newPage: async (): Promise<DrivenPage> => {
      const context = await browser.newContext();
      const page = await context.newPage();
      return {
        goto: async (url) => {
          await page.goto(url);
        },
        evaluate: (expression) => page.evaluate(expression),
        click: (selector, host) =>
          page.locator(host === undefined ? selector : `${host} ${selector}`).click(),
        resize: (width, height) => page.setViewportSize({ width, height }),
        screenshot: () => page.screenshot(),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}
