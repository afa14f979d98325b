import { type Browser, launch, type Page } from "puppeteer-core";
import { AUTOPLAY } from "./browser.ts";

/**
 * Chromium whose pages can really be hidden: playwright tells each page that it is in front, and holds off
 * what the browser does to those that are not.
 */
export function launchHideable(): Promise<Browser> {
  return launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", AUTOPLAY],
    ignoreDefaultArgs: [
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
    ],
  });
}

/** Puts another page in front. @returns puts this one in front again */
export async function hide(page: Page): Promise<() => Promise<void>> {
  const other = await page.browserContext().newPage();
  await other.bringToFront();
  return async () => {
    await page.bringToFront();
    await other.close();
  };
}

/** Stops a hidden page, as browsers do with those nobody looks at. @returns lets it go on */
export async function freeze(page: Page): Promise<() => Promise<void>> {
  const session = await page.createCDPSession();
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  return async () => {
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await session.detach();
  };
}
