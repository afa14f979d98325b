import type { BrowserName, DrivenBrowser, DrivenOptions } from "./driven-browser.ts";
import { openChromium } from "./driven-chromium.ts";
import { openFirefox } from "./driven-firefox.ts";
import { openWebKit } from "./driven-webkit.ts";

const OPEN: Readonly<Record<BrowserName, (options: DrivenOptions) => Promise<DrivenBrowser>>> = {
  chromium: openChromium,
  firefox: openFirefox,
  webkitgtk: openWebKit,
};

/** Starts a browser. @throws where it is not installed */
export const openBrowser = (
  name: BrowserName,
  options: DrivenOptions = {},
): Promise<DrivenBrowser> => OPEN[name](options);
