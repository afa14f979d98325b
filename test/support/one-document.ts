import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { AUTOPLAY } from "./browser.ts";
import { type ClipOptions, counterClip } from "./counter-clip.ts";
import { publishWithFfmpeg } from "./ffmpeg.ts";
import { Line } from "./line.ts";
import { publishWithFfmpeg8 } from "./node-av.ts";
import { startPlainChromium } from "./plain-chromium.ts";
import { Broadcast, Screen } from "./screen.ts";
import { eventually } from "./server-process.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

/** Pictures are no older than before, or than this (ms) more: what a busy machine asked for may be over. */
const AS_BEFORE = 100;

/** How long the line is cut, ms. */
const CUT = 5_000;

/** Segments and a playlist: HLS is never nearer than this, and seldom further (ms). */
const HLS_DELAY = { least: 500, most: 8_000 } as const;

/** What happened to one document, ms. */
export type OneDocumentReport = {
  readonly delay: number;
  readonly hlsDelay: number;
  /** Until the pictures were as old as before, from the moment the disturbance was over. */
  readonly afterRefusal: number;
  readonly afterCut: number;
  readonly afterHiding: number;
  /** From the new publisher's start, its handshake and first sync sample included. */
  readonly afterRestart: number;
};

/**
 * One document that is never reloaded, with sound: the WebSocket is refused (HLS takes over, and
 * hands back), the line is cut for 5 s, the page is hidden, the publisher returns with another size
 * and codec, then with one this browser does not know, then as it was. After each the counter
 * advances at the earlier delay. Throws where it does not.
 */
export async function disturbOneDocument(
  server: RunningSluice,
  { streamPath, hiddenFor }: { streamPath: string; hiddenFor: number },
): Promise<OneDocumentReport> {
  const first = await clipOf({ video: "h264", audio: "aac", firstCounter: 0 });
  const second = await clipOf({
    video: "vp9",
    audio: "opus",
    width: 320,
    height: 180,
    firstCounter: 10_000,
  });
  const third = await clipOf({ video: "hevc", audio: "none", firstCounter: 20_000 });
  const line = await Line.open(server.httpPort);
  const chromium = await startPlainChromium([AUTOPLAY]);
  const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
  await viewer.until("hello", ({ state }) => state !== undefined);
  const url = server.rtmpUrl(streamPath);
  const stops: (() => Promise<unknown>)[] = [() => chromium.stop(), () => line.close()];
  try {
    let broadcast = new Broadcast(viewer, first);
    const publisher = publishWithFfmpeg({ input: first.path, url, loops: 0 });
    stops.unshift(() => publisher.kill());
    await viewer.until(
      "the broadcast",
      ({ state, frames }) => state === "live" && frames.length > 0,
    );

    const page = await chromium.context.newPage();
    const screen = await Screen.of(page);
    await page.goto(line.httpUrl(`/watch/${streamPath}`), { waitUntil: "commit" });
    await page.evaluate("window.neverReloaded = true");
    // Its own delay, once the catching up of the start is over.
    await screen.untilPicture("the first picture", ({ counter }) => counter !== undefined);
    await screen.untilStats("a settled player", ({ buffer, target }) => buffer < target + 50);
    await screen.forget();
    const delay = await screen.untilSteady(broadcast);
    expect(await screen.stats()).toMatchObject({ transport: "websocket", state: "live" });
    const isAsBefore = (now: number) => now <= delay + AS_BEFORE;
    const untilAsBefore = async (): Promise<number> => {
      const from = performance.now();
      await screen.forget();
      await screen.untilSteady(broadcast, isAsBefore, 30_000);
      return Math.round(performance.now() - from);
    };

    line.refuseWebSockets();
    await screen.untilStats("HLS", ({ transport }) => transport === "hls");
    await screen.forget();
    const isHls = (now: number) => now > HLS_DELAY.least && now < HLS_DELAY.most;
    const hlsDelay = await screen.untilSteady(broadcast, isHls);
    expect(await screen.stats()).toMatchObject({ transport: "hls", state: "live" });
    line.allowWebSockets();
    await screen.untilStats("WebSocket", ({ transport }) => transport === "websocket");
    const afterRefusal = await untilAsBefore();

    await screen.forget();
    line.cut();
    await sleep(CUT);
    expect(await screen.words()).toContain("Reconnecting…");
    line.mend();
    const afterCut = await untilAsBefore();

    await chromium.hide(page);
    await eventually("a hidden page", () => page.evaluate<boolean>("document.hidden"));
    await sleep(hiddenFor);
    expect(await page.evaluate("document.hidden")).toBe(true);
    await chromium.show(page);
    const afterHiding = await untilAsBefore();

    await screen.forget();
    await publisher.stop();
    await screen.untilWords("The broadcast has ended");
    broadcast = new Broadcast(viewer, second);
    const started = performance.now();
    const small = publishWithFfmpeg8({ input: second.path, url, loops: 0 });
    stops.unshift(() => small.kill());
    const isSecond = ({ counter, width }: { counter: number | undefined; width: number }) =>
      counter !== undefined && counter >= 10_000 && width === 320;
    await screen.untilPicture("a picture of the new size", isSecond);
    await untilAsBefore();
    const afterRestart = Math.round(performance.now() - started);

    await small.stop();
    const isHevcPlayed = await page.evaluate(
      "MediaSource.isTypeSupported('video/mp4; codecs=\"hvc1.1.6.L93.B0\"')",
    );
    await screen.forget();
    broadcast = new Broadcast(viewer, third);
    const hevc = publishWithFfmpeg8({ input: third.path, url, loops: 0 });
    stops.unshift(() => hevc.kill());
    if (isHevcPlayed) await untilAsBefore();
    else await screen.untilWords(/^This browser cannot play HEVC \(hvc1\./);
    await hevc.stop();

    await screen.forget();
    broadcast = new Broadcast(viewer, first);
    const again = publishWithFfmpeg({ input: first.path, url, loops: 0 });
    stops.unshift(() => again.stop());
    await untilAsBefore();
    expect(await page.evaluate("window.neverReloaded")).toBe(true);
    return { delay, hlsDelay, afterRefusal, afterCut, afterHiding, afterRestart };
  } finally {
    for (const stop of stops) await stop().catch(() => {});
    await viewer.close();
  }
}

async function clipOf(options: ClipOptions & { firstCounter: number }) {
  const seconds = 20;
  const path = await counterClip({ ...options, seconds });
  return { path, frames: seconds * 30, firstCounter: options.firstCounter };
}
