import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { AUTOPLAY, chromiumDriver, recordShown } from "./browser.ts";
import type { RunningSluice } from "./sluice.ts";

/** Players of other people that play HLS in a browser; `native` is the browser's own. */
export type HlsPlayerName = "hls.js" | "Shaka Player" | "native";

const ROOT = join(import.meta.dirname, "../..");
const SCRIPTS = {
  "hls.js": join(ROOT, "node_modules/hls.js/dist/hls.js"),
  "Shaka Player": join(
    ROOT,
    "test/clients/node_modules/shaka-player/dist/shaka-player.compiled.js",
  ),
  native: undefined,
} as const;

/** What a player did, from its first picture on. */
export type PlayerAccount = {
  /** Numbers of the pictures that were shown, in order, each once. */
  readonly counters: readonly number[];
  /** Pictures that were decoded, and those of them that came too late to be shown. */
  readonly decoded: number;
  readonly dropped: number;
  /** Errors and warnings of the player, of the element and of the console. */
  readonly complaints: readonly string[];
  /** How often it had nothing to show. */
  readonly stalls: number;
  /** Seconds behind the live edge, as the player says; the median. */
  readonly latency: number | undefined;
  /** Texts of captions by track, in order. */
  readonly captions: { readonly [track: string]: readonly string[] };
};

type InPage = {
  complaints: string[];
  stalls: number;
  latencies: number[];
  captions: Record<string, string[]>;
  isPlaying: boolean;
};

/** Whether this browser plays HLS by itself. */
export async function playsHlsNatively(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  try {
    return await page.evaluate(
      "document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== ''",
    );
  } finally {
    await page.close();
  }
}

/**
 * Plays a stream in headless Chromium for some seconds, in low latency where the player knows it.
 *
 * @param seconds from the first picture on
 */
export async function playInBrowser(
  player: HlsPlayerName,
  server: RunningSluice,
  { streamPath, seconds }: { streamPath: string; seconds: number },
): Promise<PlayerAccount> {
  const browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
  try {
    return await playInPage(await browser.newPage(), player, server, { streamPath, seconds });
  } finally {
    await browser.close();
  }
}

async function playInPage(
  page: Page,
  player: HlsPlayerName,
  server: RunningSluice,
  { streamPath, seconds }: { streamPath: string; seconds: number },
): Promise<PlayerAccount> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/warning|error/.test(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
  const address = server.httpUrl("/a-page-of-the-test.html");
  const body = `<!doctype html><link rel="icon" href="data:,"><video muted playsinline></video>`;
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(address);
  const script = SCRIPTS[player];
  if (script !== undefined) await page.addScriptTag({ path: script });
  const stopRecording = await recordShown(page);
  const url = server.httpUrl(`/streams/${streamPath}/index.m3u8`);
  await page.evaluate(`(${start})(${JSON.stringify(player)}, ${JSON.stringify(url)})`);
  await page.waitForFunction("window.__player.isPlaying", undefined, { timeout: 30_000 });
  await page.waitForTimeout(seconds * 1000);
  const quality = await page.evaluate<{ total: number; dropped: number }>(
    `(() => {
      const quality = document.querySelector("video").getVideoPlaybackQuality();
      return { total: quality.totalVideoFrames, dropped: quality.droppedVideoFrames };
    })()`,
  );
  const shown = await stopRecording();
  const told = await page.evaluate<InPage>("window.__player");
  const counters = shown.flatMap(({ counter }) => (counter === undefined ? [] : [counter]));
  return {
    counters: counters.filter((counter, index) => counter !== counters[index - 1]),
    decoded: quality.total,
    dropped: quality.dropped,
    complaints: [...complaints, ...told.complaints],
    stalls: told.stalls,
    latency: told.latencies.toSorted((a, b) => a - b)[Math.floor(told.latencies.length / 2)],
    captions: told.captions,
  };
}

/** Runs in the page. */
function start(player: HlsPlayerName, url: string): void {
  const video = document.querySelector("video");
  if (video === null) throw new Error("There is no video element");
  const told: InPage = {
    ...{ complaints: [], stalls: 0, latencies: [], captions: {}, isPlaying: false },
  };
  // biome-ignore lint/suspicious/noExplicitAny: libraries come as scripts
  const page = window as any;
  page.__player = told;
  const complain = (what: string) => told.complaints.push(what);
  let latency = (): number | undefined => undefined;
  const begin = () => {
    if (told.isPlaying) return;
    told.isPlaying = true;
    let before = video.currentTime;
    let still = 0;
    setInterval(() => {
      const now = video.currentTime;
      still = now === before ? still + 1 : 0;
      // Half a second without a new picture.
      if (still === 5) told.stalls += 1;
      before = now;
      const seconds = latency();
      if (seconds !== undefined && seconds > 0) told.latencies.push(seconds);
    }, 100);
  };
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > 0.2 && !video.paused) begin();
  });
  video.addEventListener("error", () => complain(`element: ${video.error?.message}`));
  const watchText = (track: TextTrack) => {
    const label = track.label || track.language;
    track.mode = "hidden";
    track.addEventListener("cuechange", () => {
      for (const cue of [...(track.activeCues ?? [])] as VTTCue[]) {
        const texts = told.captions[label] ?? [];
        if (texts.at(-1) !== cue.text) texts.push(cue.text);
        told.captions[label] = texts;
      }
    });
  };
  video.textTracks.addEventListener("addtrack", ({ track }) => {
    if (track !== null) watchText(track);
  });
  const play = () => void video.play().catch((error: Error) => complain(`play: ${error.message}`));

  if (player === "hls.js") {
    const { Hls } = page;
    const quiet = () => {};
    const say =
      (kind: string) =>
      (...words: unknown[]) => {
        const said = words.map(String).join(" ");
        // It sets a duration while it appends, now and then, and sets it with the next playlist.
        if (!said.includes("Failed to set the 'duration'")) complain(`${kind}: ${said}`);
      };
    const debug = {
      ...{ trace: quiet, debug: quiet, log: quiet, info: quiet },
      ...{ warn: say("warning"), error: say("error") },
    };
    const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5, debug });
    hls.on(Hls.Events.ERROR, (_: unknown, data: { type: string; details: string }) =>
      complain(`hls.js: ${data.type} ${data.details}`),
    );
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (hls.subtitleTracks.length > 0) hls.subtitleTrack = 0;
    });
    // Told to play before it has gone to the live edge, it may take the way there for a hole, and say so.
    video.addEventListener("canplay", play, { once: true });
    latency = () => hls.latency;
    hls.loadSource(url);
    hls.attachMedia(video);
  } else if (player === "Shaka Player") {
    const { shaka } = page;
    const shakaPlayer = new shaka.Player();
    shakaPlayer.addEventListener("error", ({ detail }: { detail: { code: number } }) =>
      complain(`Shaka: error ${detail.code}`),
    );
    for (const name of ["stalldetected", "gapjumped"]) {
      // It finds its first picture so.
      shakaPlayer.addEventListener(name, () => told.isPlaying && complain(`Shaka: ${name}`));
    }
    // It sums durations up and takes 2 ** -50 for another place: then it leaves out pictures up to the
    // next sync sample, if nobody tells it to go by the times of the media.
    const hlsSettings = { ignoreManifestTimestampsInSegmentsMode: true };
    shakaPlayer.configure({
      streaming: { lowLatencyMode: true },
      manifest: { hls: hlsSettings },
    });
    latency = () => shakaPlayer.getStats().liveLatency;
    shakaPlayer
      .attach(video)
      .then(() => shakaPlayer.load(url))
      .then(play)
      .catch((error: { code: number }) => complain(`Shaka: load, error ${error.code}`));
  } else {
    video.src = url;
    play();
  }
}
