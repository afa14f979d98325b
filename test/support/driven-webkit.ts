import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { Builder } from "selenium-webdriver";
import { startChild } from "./child.ts";
import { type DrivenBrowser, type DrivenOptions, type DrivenPage, find } from "./driven-browser.ts";
import { startSilentSpeakers } from "./silent-speakers.ts";

/** Where Debian puts the little browser that shows what WebKitGTK can. */
const FOLDERS = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
const MINI_BROWSER = FOLDERS.map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`).find(
  (path) => existsSync(path),
);

/** A script may take this long, ms. */
const SCRIPT_TIMEOUT = 120_000;

/** WebKitGTK's MiniBrowser by WebKitWebDriver, on a screen that nobody sees. */
export async function openWebKit({ autoplay }: DrivenOptions): Promise<DrivenBrowser> {
  if (MINI_BROWSER === undefined) throw new Error("There is no MiniBrowser of WebKitGTK");
  const screen = startChild("Xvfb", [
    ...["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
  ]);
  const [, display] = await screen.line(/^(\d+)\n/);
  const speakers = await startSilentSpeakers();
  const port = await freePort();
  const driver = startChild("WebKitWebDriver", [`--port=${port}`], {
    env: {
      ...process.env,
      ...speakers.env,
      DISPLAY: `:${display}`,
      GDK_BACKEND: "x11",
      LIBGL_ALWAYS_SOFTWARE: "1",
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", // it will not run as root otherwise
    },
  });
  const stop = async () => {
    await driver.stop();
    await screen.stop();
    await speakers.stop();
  };
  await listening(port);
  const policy = autoplay === true ? "allow" : "allow-without-sound";
  const session = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: MINI_BROWSER,
        args: ["--automation", `--autoplay-policy=${policy}`],
      },
    })
    .build()
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  await session.manage().setTimeouts({ script: SCRIPT_TIMEOUT });
  const capabilities = await session.getCapabilities();
  return {
    name: "webkitgtk",
    version: `WebKitGTK ${capabilities.getBrowserVersion()}`,
    hear: speakers.hear,
    newPage: async (): Promise<DrivenPage> => ({
      goto: (url) => session.get(url),
      evaluate: async <Value>(expression: string) => {
        // Promises are awaited by hand: what a script gives back is of JSON only.
        const script = `const done = arguments[0];
          Promise.resolve().then(() => (${expression}))
            .then((value) => done({ value }), (error) => done({ error: String(error?.stack ?? error) }));`;
        const { value, error } = await session.executeAsyncScript<{
          value: Value;
          error?: string;
        }>(script);
        if (error !== undefined && error !== null) throw new Error(error);
        return value;
      },
      click: async (selector, host) => {
        const element = await session.executeScript(`return ${find(selector, host)}`);
        await (element as { click(): Promise<void> }).click();
      },
      resize: async (width, height) => {
        await session.manage().window().setRect({ width, height });
      },
      screenshot: async () => Buffer.from(await session.takeScreenshot(), "base64"),
      close: () => session.get("about:blank"),
    }),
    close: async () => {
      await session.quit().catch(() => undefined);
      await stop();
    },
  };
}

/** A port that nobody listens on just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when the driver answers: it says nothing of its own accord. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("WebKitWebDriver does not answer");
}
