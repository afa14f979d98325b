import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { chromiumDriver } from "../support/browser.ts";
import { readCounter } from "../support/counter.ts";
import type { DrivenBrowser } from "../support/driven-browser.ts";
import { findAll, observeAll } from "../support/in-page.ts";
import { type Recording, recordScreen } from "./screen-recorder.ts";

/** From each beginning to the first picture on the screen, ms; a figure for each start. */
export type Starts = {
  readonly sinceConnected: number[];
  readonly sinceOpen: number[];
};

const now = () => performance.timeOrigin + performance.now();

/**
 * Starts players in pages of their own: since the element was put into the page, and since the server's
 * answer opened the WebSocket, which may live in a worker: so it is seen on its way.
 *
 * @param urlOf of a page whose player comes by this address of the server's
 */
export async function measureStarts(
  browser: DrivenBrowser,
  httpPort: number,
  urlOf: (base: string) => string,
  count: number,
): Promise<Starts> {
  const starts: Starts = { sinceConnected: [], sinceOpen: [] };
  let openedAt = 0;
  const server = createServer((viewer) => {
    const upstream = connect({ port: httpPort, host: "127.0.0.1", noDelay: true });
    viewer.setNoDelay(true);
    viewer.pipe(upstream);
    upstream.on("data", (bytes) => {
      if (bytes.subarray(0, 12).toString("latin1") === "HTTP/1.1 101") openedAt = now();
      viewer.write(bytes);
    });
    for (const [end, other] of [
      [viewer, upstream],
      [upstream, viewer],
    ] as const) {
      end.on("error", () => {});
      end.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (let index = 0; index < count; index += 1) {
    const page = await browser.newPage();
    await page.goto(urlOf(`http://127.0.0.1:${port}/`));
    await page.evaluate("window.benchFirstPicture");
    const { pictures } = await page.evaluate<Recording>("window.benchRecording");
    const connectedAt = await page.evaluate<number>("window.benchConnectedAt");
    await page.close();
    const at = pictures[0]?.at ?? Number.NaN;
    starts.sinceConnected.push(at - connectedAt);
    starts.sinceOpen.push(at - openedAt);
  }
  server.close();
  return starts;
}

/** From the start of a navigation to the first picture, on a page of the server's, as newcomers come: ms. */
export async function measureNavigation(url: string, count: number): Promise<number[]> {
  const browser = await chromiumDriver.launch();
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(`(${recordScreen})(${readCounter}, ${findAll}, ${observeAll})`);
    await page.goto(url, { waitUntil: "commit" });
    await page.evaluate("window.benchFirstPicture");
    const { pictures, navigatedAt } = (await page.evaluate("window.benchRecording")) as Recording;
    found.push((pictures[0]?.at ?? Number.NaN) - navigatedAt);
    await context.close();
  }
  await browser.close();
  return found;
}
