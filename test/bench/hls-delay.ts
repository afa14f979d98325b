import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { AUTOPLAY, chromiumDriver } from "../support/browser.ts";
import { readCounter } from "../support/counter.ts";
import { encodeWithFfmpeg } from "../support/ffmpeg.ts";
import { findAll, observeAll } from "../support/in-page.ts";
import { startSluice } from "../support/sluice.ts";
import { WsViewer } from "../support/ws-viewer.ts";
import { startHelper } from "./helper.ts";
import { HlsFollower, renditionsOf } from "./hls-follower.ts";
import type { HlsOriginPorts, HlsOriginRequest } from "./hls-origin.ts";
import { median } from "./report.ts";
import { type Recording, recordScreen } from "./screen-recorder.ts";

const STREAM = "live/hlsjs";

/** After the first picture hls.js finds its place; that is not measured. */
const SETTLING = 2000;

/** What hls.js showed of one origin, over all rounds. */
export type HlsDelay = {
  /** Server to screen, ms: the median of each start. */
  readonly delays: readonly number[];
  readonly pictures: number;
  /** All, also those that showed nothing once they had settled. */
  readonly starts: number;
  readonly waits: number;
  /** What hls.js says of its latency, and what it aims at, s; the last round. */
  readonly latency: number;
  readonly target: number;
};

/** Both origins, with parts of the same length. */
export type HlsDelays = {
  /** s */
  readonly partTarget: number;
  readonly server: HlsDelay;
  readonly origin: HlsDelay;
};

/**
 * The delay of hls.js in Chromium, by the server and by a minimal origin of the same broadcast, in turns.
 *
 * @param part what a part is to last, ms; `flags` make it so
 */
export async function measureHlsDelay(
  clip: string,
  options: { part: number; flags: readonly string[]; rounds: number; time: number },
): Promise<HlsDelays> {
  const server = await startSluice(options.flags);
  const helper = startHelper<HlsOriginRequest, HlsOriginPorts>("hls-origin");
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  const viewer = new WsViewer(server.wsUrl(STREAM), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  const source = ["-re", "-i", clip, "-c", "copy"];
  const publisher = encodeWithFfmpeg({ source, url: server.rtmpUrl(STREAM) });
  try {
    await viewer.until("media", ({ frames }) => frames.length > 0);
    const folder = `/streams/${STREAM}/`;
    const { video } = await renditionsOf(server.httpPort, folder);
    const follower = await HlsFollower.open(server.httpPort, video);
    const { partTarget, targetDuration } = follower.edge;
    follower.close();
    const wsUrl = server.wsUrl(STREAM);
    const ports = await helper.ask({
      wsUrl,
      part: options.part / 1000,
      partTarget,
      targetDuration,
    });
    await sleep(7000); // both list enough to begin where they aim at
    const sources = {
      server: server.httpUrl(`${folder}index.m3u8`),
      origin: `http://127.0.0.1:${ports.origin}/index.m3u8`,
    };
    const found = { server: [] as Watched[], origin: [] as Watched[] };
    for (let round = 0; round < options.rounds; round += 1) {
      for (const which of ["server", "origin"] as const) {
        const page = `http://127.0.0.1:${ports.page}/page?src=${encodeURIComponent(sources[which])}`;
        found[which].push(await watch(browser, page, SETTLING + options.time));
      }
    }
    const track = viewer.track("video");
    const came = (track === undefined ? [] : viewer.fragments(track.id)).map(
      ({ serverTime }) => serverTime,
    );
    const { server: byServer, origin: byOrigin } = found;
    return { partTarget, server: delayOf(byServer, came), origin: delayOf(byOrigin, came) };
  } finally {
    await browser.close();
    await publisher.stop();
    await viewer.close();
    await helper.stop();
    await server.stop();
  }
}

type Watched = { readonly recording: Recording; readonly latency: number; readonly target: number };

function delayOf(rounds: readonly Watched[], came: readonly number[]): HlsDelay {
  const delays: number[] = [];
  let waits = 0;
  let pictures = 0;
  for (const { recording } of rounds) {
    const from = (recording.pictures[0]?.at ?? 0) + SETTLING;
    waits += recording.waits.filter((at) => at >= from).length;
    const shown = recording.pictures.flatMap(({ counter, at }) => {
      const received = counter === undefined ? undefined : came[counter];
      return at >= from && received !== undefined ? [at - received] : [];
    });
    pictures += shown.length;
    if (shown.length > 0) delays.push(median(shown));
  }
  const { latency = Number.NaN, target = Number.NaN } = rounds.at(-1) ?? {};
  return { delays, pictures, starts: rounds.length, waits, latency, target };
}

async function watch(browser: Browser, url: string, time: number): Promise<Watched> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(`(${recordScreen})(${readCounter}, ${findAll}, ${observeAll})`);
  await page.goto(url, { waitUntil: "commit" });
  await page.evaluate("window.benchFirstPicture");
  await sleep(time);
  const recording: Recording = await page.evaluate("window.benchRecording");
  const own: Omit<Watched, "recording"> = await page.evaluate(
    "({ latency: window.benchHls.latency, target: window.benchHls.targetLatency })",
  );
  await context.close();
  return { recording, ...own };
}
