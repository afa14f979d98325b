import { build } from "esbuild";
import type { Browser, ConsoleMessage, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { startHostPage } from "../support/host-page.ts";
import { putOnAir } from "../support/on-air.ts";
import { startPrefixProxy } from "../support/prefix-proxy.ts";
import { eventually } from "../support/server-process.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

let server: RunningSluice;
let browser: Browser;
const lastEnds: (() => Promise<unknown>)[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startSluice();
  browser = await chromiumDriver.launch({ args: [AUTOPLAY, "--js-flags=--expose-gc"] });
  const onAir = await putOnAir(server, "live/show");
  lastEnds.push(() => onAir.end());
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  for (const end of lastEnds.splice(0).reverse()) await end();
  await browser.close();
  await server.stop();
});

/** The policy of docs/embed.md, for a page that needs nothing but the player. */
const policy = (): string => {
  const origin = server.httpUrl("");
  const sources = {
    "default-src": "'none'",
    "script-src": origin,
    "connect-src": `${origin} ${origin.replace("http", "ws")}`,
    "media-src": `blob: ${origin}`,
    "worker-src": "blob:",
    "img-src": origin,
    "require-trusted-types-for": "'script'",
  };
  return Object.entries(sources)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
};

/** Opens a page of another origin with this in it, and the player's script. */
async function embed(
  body: string,
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<Page> {
  const script = `<script type="module" src="${server.httpUrl("/player.js")}"></script>`;
  const host = await startHostPage(`${script}${body}`, policy());
  ends.push(() => host.close());
  const context = await browser.newContext();
  ends.push(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("favicon"))
      problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  ends.push(async () => expect(problems).toEqual([]));
  await page.addInitScript(record);
  await prepare(page);
  await page.goto(host.url, { waitUntil: "commit" });
  return page;
}

/** Runs in the page, before its own scripts: every event of every player, in order. */
function record(): void {
  const heard: string[] = [];
  Object.assign(window, { heard });
  const names =
    "emptied loadstart durationchange loadedmetadata loadeddata canplay canplaythrough play playing pause waiting seeking seeked volumechange ratechange resize ended error statuschange trackschange latencychange targetlivewindowchange enterpictureinpicture";
  for (const name of names.split(" ")) {
    const hear = ({ target }: Event) => {
      if (target instanceof Element && target.localName === "sluice-player") heard.push(name);
    };
    document.addEventListener(name, hear, { capture: true });
  }
}

/** Runs in the page, before its own scripts: sets a volume when the controls are there, once. */
function setByProgram(): void {
  const timer = setInterval(() => {
    const player = document.querySelector<HTMLMediaElement>("sluice-player");
    if (!player?.shadowRoot?.querySelector(".chrome")) return;
    clearInterval(timer);
    if (localStorage.getItem("sluice.volume") !== null) return;
    player.addEventListener("volumechange", () => {
      const kept = localStorage.getItem("sluice.volume");
      if (kept === null) console.log(`kept ${kept} at ${player.volume}`);
    });
    player.volume = 0.7;
  }, 20);
}

const heard = (page: Page): Promise<string[]> => page.evaluate("window.heard");

const tag = (attributes: string, path = "live/show"): string =>
  `<sluice-player src="${server.httpUrl(`/streams/${path}`)}" ${attributes}></sluice-player>`;

const PLAYER = `document.querySelector("sluice-player")`;

const untilState = (page: Page, state: string): Promise<unknown> =>
  page
    .locator(`sluice-player[data-state=${state}]`)
    .waitFor({ state: "attached", timeout: 15_000 });

describe("<sluice-player>", () => {
  test("plays in a page of another origin under a strict policy, and tells it as <video> does", async () => {
    const page = await embed(tag("autoplay muted"));
    await untilState(page, "playing");
    await eventually("playing", async () => (await heard(page)).includes("playing"));
    const order =
      "loadstart play waiting durationchange resize loadedmetadata loadeddata canplay playing";
    const known = new Set(order.split(" "));
    const told = (await heard(page)).filter((name) => known.has(name));
    expect(told.slice(0, known.size)).toEqual(order.split(" "));
    expect(
      await page.evaluate(`(({ paused, muted, videoWidth, duration, readyState, error, isLive }) =>
        ({ paused, muted, videoWidth, duration: String(duration), readyState, error, isLive }))(${PLAYER})`),
    ).toEqual({
      ...{ paused: false, muted: true, videoWidth: 640, duration: "Infinity", readyState: 4 },
      ...{ error: null, isLive: true },
    });
    expect(await page.evaluate(`${PLAYER}.matches(":state(playing)")`)).toBe(true);
  });

  test("is what was set before its class was there, and shows nothing before it is asked", async () => {
    const src = server.httpUrl("/streams/live/show");
    const page = await embed("<main></main>", async (before) => {
      await before.addInitScript(`addEventListener("DOMContentLoaded", () => {
        const player = document.createElement("sluice-player");
        Object.assign(player, { src: ${JSON.stringify(src)}, muted: true, volume: 0.5, latency: 200 });
        document.querySelector("main").append(player);
      })`);
    });
    await untilState(page, "idle"); // it knows that it is on air
    await eventually("the server to speak", () =>
      page.evaluate<boolean>(`${PLAYER}.player?.stats().streamState === "live"`),
    );
    expect(
      await page.evaluate(`(({ paused, muted, volume, latency, readyState, videoWidth }) =>
        ({ paused, muted, volume, latency, readyState, videoWidth }))(${PLAYER})`),
    ).toEqual({
      ...{ paused: true, muted: true, volume: 0.5, latency: 200, readyState: 0, videoWidth: 0 },
    });
    await eventually("the server's still", () =>
      page.evaluate<boolean>(
        `${PLAYER}.shadowRoot.querySelector("slot[name=poster] video")?.videoWidth === 640`,
      ),
    );
    await page.evaluate(`${PLAYER}.play()`);
    expect(await page.evaluate(`${PLAYER}.shadowRoot.querySelectorAll("slot video").length`)).toBe(
      0,
    );
    expect(await page.evaluate(`${PLAYER}.videoWidth`)).toBe(640);
    await page.evaluate(`${PLAYER}.pause()`);
    await untilState(page, "paused");
  });

  test("goes on when it is moved, and leaves nothing behind when it is taken away", async () => {
    const page = await embed(`${tag("autoplay muted")}<section></section>`);
    await untilState(page, "playing");
    const isSame = await page.evaluate(`(async () => {
      const { player } = ${PLAYER};
      document.querySelector("section").append(${PLAYER});
      await new Promise((resolve) => setTimeout(resolve));
      return ${PLAYER}.player === player && !${PLAYER}.paused && !${PLAYER}.video.paused;
    })()`);
    expect(isSame).toBe(true);
    const session = await page.context().newCDPSession(page);
    const counted = async () => {
      await page.evaluate("gc()");
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? 0;
      const workers = page.workers().length;
      const listeners = of("JSEventListeners");
      return { nodes: of("Nodes"), listeners, heap: of("JSHeapUsedSize"), workers };
    };
    await session.send("Performance.enable");
    const comeAndGo = (times: number) =>
      page.evaluate(`(async () => {
        const { src } = ${PLAYER} ?? { src: ${JSON.stringify(server.httpUrl("/streams/live/show"))} };
        ${PLAYER}?.remove();
        for (let time = 0; time < ${times}; time += 1) {
          const player = document.createElement("sluice-player");
          Object.assign(player, { src, muted: true, autoplay: true });
          document.body.append(player);
          if (time % 10 === 0) await new Promise((done) => player.addEventListener("loadeddata", done));
          else await new Promise((done) => setTimeout(done, 20));
          player.remove();
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      })()`);
    await comeAndGo(5);
    const before = await counted();
    await comeAndGo(50);
    let after = before;
    await eventually(`what there was (${JSON.stringify(before)})`, async () => {
      after = await counted();
      const { nodes, listeners, workers } = after;
      // A worker is kept for a moment, for players that come back.
      return nodes <= before.nodes + 5 && listeners <= before.listeners + 5 && workers === 0;
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n  ${JSON.stringify({ before, after })}`);
    });
    expect(after.heap - before.heap).toBeLessThan(1_000_000);
    await eventually("no viewer but ours", async () => {
      const list = await fetch(server.httpUrl("/api/v1/streams"));
      const { streams } = (await list.json()) as {
        streams: { viewers: { websocket: number } }[];
      };
      return streams.every(({ viewers }) => viewers.websocket === 1);
    });
  });

  test("says with a code why it cannot play, and plays what is set then", async () => {
    const page = await embed(`<sluice-player src="/nothing" autoplay muted></sluice-player>`);
    await untilState(page, "error");
    expect(await page.evaluate(`({ ...${PLAYER}.error })`)).toMatchObject({
      code: 4,
      name: "SOURCE_INVALID",
    });
    const src = server.httpUrl("/streams/live/show");
    await page.evaluate(`${PLAYER}.src = ${JSON.stringify(src)}`);
    await untilState(page, "playing");
    expect(await page.evaluate(`${PLAYER}.error`)).toBe(null);
    const told = (await heard(page)).filter((name) => /error|emptied|loadstart/.test(name));
    expect(told).toEqual(["loadstart", "error", "emptied", "loadstart"]);
    // Moved out of view, what is lazy does not begin: it was seen where it was.
    const hasBegun = await page.evaluate(`(async () => {
      const player = ${PLAYER};
      player.loading = "lazy";
      await new Promise((resolve) => new IntersectionObserver(resolve).observe(player)); // after its own
      player.remove();
      await Promise.resolve();
      const far = document.createElement("div");
      far.style.paddingTop = "5000px";
      document.body.append(far);
      far.append(player);
      return player.player !== undefined;
    })()`);
    expect(hasBegun).toBe(false);
    await page.evaluate(`${PLAYER}.loading = "eager"; ${PLAYER}.src = "/nothing"`);
    await untilState(page, "error");
    await page.evaluate(`${PLAYER}.src = ""`);
    await untilState(page, "idle");
  });

  test("remembers the volume that a viewer set, and not what a program does", async () => {
    let said: Promise<ConsoleMessage> | undefined;
    const page = await embed(tag("controls preload=none"), async (before) => {
      said = before.waitForEvent("console", (message) => message.text().startsWith("kept"));
      // By the page itself: what a test evaluates counts as a gesture.
      await before.addInitScript(setByProgram);
    });
    expect((await said)?.text()).toBe("kept null at 0.7");
    const kept = () => page.evaluate(`localStorage.getItem("sluice.volume")`);
    const loaded = () => page.locator("sluice-player .chrome").waitFor({ state: "attached" });
    await page.mouse.click(5, 5);
    await page.evaluate(`${PLAYER}.volume = 0.25`);
    await eventually("it to be kept", async () => (await kept()) === "0.25");
    await page.reload();
    await loaded();
    expect(await page.evaluate(`${PLAYER}.volume`)).toBe(0.25);
  });

  test("behind a path that asks for a token, plays by WebSocket and by HLS, and says where it may not", async () => {
    const proxy = await startPrefixProxy(
      server.httpPort,
      ({ pathname, searchParams }) =>
        !pathname.includes("/streams/live/") || searchParams.get("token") === "let & in",
    );
    ends.push(() => proxy.close());
    const src = `${proxy.url}streams/live/show`;
    const context = await browser.newContext();
    ends.push(() => context.close());
    const page = await context.newPage();
    const script = `<script type="module" src="${proxy.url}player.js"></script>`;
    const player = `<sluice-player src="${src}" token="no" muted autoplay></sluice-player>`;
    const host = await startHostPage(`${script}${player}`, "default-src http: ws: blob:");
    ends.push(() => host.close());
    await page.goto(host.url);
    await untilState(page, "error");
    expect(await page.evaluate(`({ ...${PLAYER}.error })`)).toMatchObject({
      code: 2,
      name: "FORBIDDEN",
    });
    await page.evaluate(`${PLAYER}.token = "let & in"`);
    await untilState(page, "playing");
    expect(await page.evaluate(`${PLAYER}.stats().transport`)).toBe("websocket");
    await page.evaluate(`${PLAYER}.transport = "hls"`);
    await eventually("HLS", () =>
      page.evaluate<boolean>(`(({ transport, state }) => transport === "hls" && state === "live")(
        ${PLAYER}.stats())`),
    );
  });

  test("takes commands from a media-chrome of the page's own, as a <video> does", async () => {
    const bundle = await build({
      stdin: { contents: `import "media-chrome";`, resolveDir: import.meta.dirname },
      ...{ bundle: true, format: "esm", write: false },
    });
    const media = tag("slot=media autoplay muted");
    const buttons = ["play", "mute", "seek-backward", "live", "fullscreen", "pip"]
      .map((name) => `<media-${name}-button></media-${name}-button>`)
      .join("");
    const bar = `<media-control-bar>${buttons}<media-time-range></media-time-range></media-control-bar>`;
    const script = `<script type="module" src="${server.httpUrl("/player.js")}"></script>`;
    const page = `${script}<media-controller style="display: block">${media}${bar}</media-controller>`;
    const host = await startHostPage(page, "default-src * blob: 'unsafe-inline'");
    ends.push(() => host.close());
    const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
    ends.push(() => context.close());
    const tab = await context.newPage();
    await tab.goto(host.url);
    await tab.addScriptTag({ content: bundle.outputFiles[0]?.text ?? "", type: "module" });
    await untilState(tab, "playing");
    const until = (what: string, isSo: boolean) =>
      tab.locator(`media-controller${isSo ? `[${what}]` : `:not([${what}])`}`).waitFor();
    const press = (name: string) => tab.locator(`media-${name}-button`).click();
    await until("mediatimeislive", true);
    await until("mediastreamtype=live", true);
    await press("play");
    await until("mediapaused", true);
    await press("play");
    await until("mediapaused", false);
    await press("mute");
    await until("mediamuted", false);
    await press("pip");
    await until("mediaispip", true);
    await press("pip");
    await until("mediaispip", false);
    await press("fullscreen");
    await until("mediaisfullscreen", true);
    expect(await tab.evaluate("document.fullscreenElement.localName")).toBe("media-controller");
    await press("fullscreen");
    await until("mediaisfullscreen", false);
    await eventually("something to go back to", () =>
      tab.evaluate<boolean>(
        `(({ seekable }) => seekable.end(0) - seekable.start(0) > 8)(${PLAYER})`,
      ),
    );
    await tab.locator("media-seek-backward-button").evaluate((button) => {
      button.setAttribute("seekoffset", "5");
    });
    await press("seek-backward");
    await until("mediatimeislive", false);
    await press("live");
    await until("mediatimeislive", true);
  });
});
