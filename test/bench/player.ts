import { counterClip } from "../support/counter-clip.ts";
import type { BrowserName, DrivenBrowser } from "../support/driven-browser.ts";
import { openBrowser } from "../support/open-browser.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";
import { broadcastClip, type PlayerBroadcast } from "./player-broadcast.ts";
import { measureDelay, type Shown, together } from "./player-delay.ts";
import { type BenchPlayer, servePlayers } from "./player-pages.ts";
import { measureCut, measureReplacement, measureReturn } from "./player-recovery.ts";
import { measureNavigation, measureStarts, type Starts } from "./player-start.ts";
import { type Effort, figure, median, type Report } from "./report.ts";

/** A line of the table of delays. */
type Scenario = {
  readonly name: string;
  readonly browser: BrowserName;
  readonly clip: "sound" | "silent" | "reordered";
  /** `instant`, `low` … of our player; else whose player it is. */
  readonly player: string;
  readonly muted?: true;
  /** The page works 60 ms of each 100. */
  readonly isBusy?: true;
  /** The live line has no worker, and lives on the page. */
  readonly hasNoWorker?: true;
  /** p50 and p95 that are asked for, ms. */
  readonly aim?: string;
};

const SCENARIOS: readonly Scenario[] = [
  { name: "low, no sound", browser: "chromium", clip: "silent", player: "low", aim: "100, 110" },
  { name: "low, audible", browser: "chromium", clip: "sound", player: "low", aim: "130, 165" },
  { name: "low, muted", browser: "chromium", clip: "sound", player: "low", muted: true },
  { name: "low, two B-frames", browser: "chromium", clip: "reordered", player: "low" },
  {
    ...{ name: "low, no sound, without worker", browser: "chromium", clip: "silent" },
    ...{ player: "low", hasNoWorker: true },
  },
  {
    ...{ name: "low, no sound, busy page", browser: "chromium", clip: "silent" },
    ...{ player: "low", isBusy: true, aim: "p95 160" },
  },
  {
    ...{ name: "low, no sound, busy page without worker", browser: "chromium", clip: "silent" },
    ...{ player: "low", isBusy: true, hasNoWorker: true },
  },
  { name: "balanced, audible", browser: "chromium", clip: "sound", player: "balanced" },
  { name: "smooth, audible", browser: "chromium", clip: "sound", player: "smooth" },
  {
    ...{ name: "instant, no sound", browser: "chromium", clip: "silent" },
    ...{ player: "instant", aim: "8, 15" },
  },
  { name: "instant, audible", browser: "chromium", clip: "sound", player: "instant" },
  { name: "low, no sound", browser: "firefox", clip: "silent", player: "low", aim: "110" },
  { name: "low, audible", browser: "firefox", clip: "sound", player: "low", aim: "110" },
  { name: "low, two B-frames", browser: "firefox", clip: "reordered", player: "low" },
  { name: "mpegts.js, tuned", browser: "chromium", clip: "sound", player: "mpegts.js tuned" },
  { name: "mpegts.js", browser: "chromium", clip: "sound", player: "mpegts.js" },
  { name: "hls.js, parts of 100 ms", browser: "chromium", clip: "sound", player: "hls.js" },
];

/** Chromium, Firefox: what a player takes to begin, how far behind it is, and how it comes back. */
export async function measurePlayer(effort: Effort): Promise<Report> {
  const { quick, tell, engine } = effort;
  const times = quick
    ? { starts: 3, runs: 1, seconds: 6, hidden: 5_000, recoveries: 1, clip: 60 }
    : { starts: 9, runs: 3, seconds: 20, hidden: 60_000, recoveries: 3, clip: 180 };
  tell("player: clips");
  const clips = {
    sound: await counterClip({ video: "h264", audio: "aac", seconds: times.clip }),
    silent: await counterClip({ video: "h264", audio: "none", seconds: times.clip }),
    reordered: await counterClip({
      ...{ video: "h264", audio: "none", seconds: times.clip, bFrames: 2 },
    }),
  };
  const other = { first: 1_000_000, size: { width: 320, height: 180 } };
  const otherClip = await counterClip({
    ...{ video: "h264", audio: "aac", seconds: 30, firstCounter: other.first },
    ...{ ...other.size, bFrames: 2 },
  });
  const server = await startSluice(["--hls-part", "100"]);
  const pages = await servePlayers();
  const playerOf = (
    { streamPath }: PlayerBroadcast,
    latency: string,
    {
      muted = false,
      base = server.httpUrl("/"),
      isBusy = false,
      hasNoWorker = false,
    }: { muted?: boolean; base?: string; isBusy?: boolean; hasNoWorker?: boolean } = {},
  ): string =>
    pages.url({
      name: "sluice",
      script: base,
      isBusy,
      hasNoWorker,
      attributes: {
        src: `${base}streams/${streamPath}`,
        autoplay: muted ? "muted" : "",
        latency,
        ...(engine !== undefined && { engine }),
      },
    });
  const browsers = new Map<BrowserName, DrivenBrowser>();
  const browserOf = async (name: BrowserName): Promise<DrivenBrowser> => {
    const known = browsers.get(name) ?? (await openBrowser(name, { autoplay: true }));
    browsers.set(name, known);
    return known;
  };
  const within = async <Result>(
    clip: keyof typeof clips,
    use: (broadcast: PlayerBroadcast) => Promise<Result>,
  ): Promise<Result> => {
    const broadcast = await broadcastClip(server, clips[clip]);
    try {
      return await use(broadcast);
    } finally {
      await broadcast.stop();
    }
  };
  try {
    tell("player: first picture");
    const chromium = await browserOf("chromium");
    const starts = await within("sound", async (broadcast) => ({
      navigation: await measureNavigation(
        server.httpUrl(`/watch/${broadcast.streamPath}`),
        times.starts,
      ),
      ...(await measureStarts(
        chromium,
        server.httpPort,
        (base) => playerOf(broadcast, "low", { base, muted: true }),
        times.starts,
      )),
    }));
    const delays: { scenario: Scenario; browser: string; shown: Shown | undefined }[] = [];
    for (const scenario of SCENARIOS) {
      tell(`player: ${scenario.browser}, ${scenario.name}`);
      const runs: Shown[] = [];
      const browser = await browserOf(scenario.browser);
      for (let run = 0; run < times.runs; run += 1) {
        const measure = within(scenario.clip, (broadcast) => {
          const { player } = scenario;
          const url = player.includes(".js")
            ? pages.url(rival(player, broadcast.streamPath, server))
            : playerOf(broadcast, player, scenario);
          return measureDelay(browser, url, broadcast, times.seconds);
        });
        const shown = await measure.catch((error: unknown) => {
          tell(`player: ${scenario.name} failed: ${String(error)}`);
        });
        if (shown !== undefined) runs.push(shown);
      }
      delays.push({
        scenario,
        browser: browser.version,
        shown: runs.length === 0 ? undefined : together(runs),
      });
    }
    const back: { hidden: number[]; cut: number[]; replaced: number[] } = {
      ...{ hidden: [], cut: [], replaced: [] },
    };
    for (let run = 0; run < times.recoveries; run += 1) {
      tell("player: coming back");
      back.hidden.push(
        await within("sound", (broadcast) =>
          measureReturn(playerOf(broadcast, "low"), broadcast, times.hidden),
        ),
      );
      back.cut.push(
        await within("sound", (broadcast) =>
          measureCut(
            chromium,
            {
              httpPort: server.httpPort,
              urlOf: (base) => playerOf(broadcast, "low", { base }),
            },
            broadcast,
            5_000,
          ),
        ),
      );
      back.replaced.push(
        await within("sound", (broadcast) =>
          measureReplacement(chromium, playerOf(broadcast, "low"), broadcast, {
            clip: otherClip,
            first: other.first,
          }),
        ),
      );
    }
    return report(starts, delays, { ...back, hiddenFor: times.hidden }, effort);
  } finally {
    for (const browser of browsers.values()) await browser.close();
    await pages.close();
    await server.stop();
  }
}

function rival(player: string, streamPath: string, server: RunningSluice): BenchPlayer {
  const folder = `/streams/${streamPath}`;
  if (player === "hls.js") return { name: "hls.js", url: server.httpUrl(`${folder}/index.m3u8`) };
  const url = server.httpUrl(`${folder}/live.flv`).replace("http", "ws");
  return { name: "mpegts.js", url, isTuned: player.includes("tuned") };
}

function report(
  starts: Starts & { readonly navigation: readonly number[] },
  delays: readonly { scenario: Scenario; browser: string; shown: Shown | undefined }[],
  back: { hidden: number[]; cut: number[]; replaced: number[]; hiddenFor: number },
  { engine }: Effort,
): Report {
  const spread = (name: string, values: readonly number[], aim: string) => [
    ...[name, figure(median(values))],
    ...[figure(Math.min(...values)), figure(Math.max(...values))],
    ...[aim, String(values.length)],
  ];
  return {
    title: "Player",
    how:
      "Headless browsers; `ffmpeg -re` publishes 640×360 at 30/s, a sync sample a second, AAC where there is sound. " +
      "First picture: until the `expectedDisplayTime` of the first picture (navigation of `/watch` in a fresh " +
      "profile, muted as newcomers are; `<sluice-player>` put into a page that has its script; the answer that " +
      "opened the WebSocket). Delay: from the moment the server received a picture (the frame's server time, by a " +
      "viewer in Node) to the `expectedDisplayTime` of the picture that shows its number, or to the drawing of a " +
      "canvas; medians of several runs, after 6 s to settle. Freezes: gaps of more than 100 ms between shown " +
      `pictures.${engine === undefined ? "" : ` Engine: ${engine}.`}`,
    tables: [
      {
        columns: ["to first picture from", "p50, ms", "fastest", "slowest", "asked", "runs"],
        rows: [
          spread("navigation", starts.navigation, "500"),
          spread("element connected", starts.sinceConnected, "300"),
          spread("WebSocket open", starts.sinceOpen, "150"),
        ],
      },
      {
        columns: [
          ...["server to screen", "p50, ms", "p95, ms", "asked", "by the player", "target"],
          ...["freezes/min", "longest, ms", "stalls", "pictures shown"],
        ],
        rows: delays.map(({ scenario, browser, shown }) => [
          `${browser}: ${scenario.name}`,
          figure(shown?.p50 ?? Number.NaN),
          figure(shown?.p95 ?? Number.NaN),
          scenario.aim ?? "",
          figure(shown?.own.delay ?? Number.NaN),
          figure(shown?.own.target ?? Number.NaN),
          figure(((shown?.gaps ?? Number.NaN) * 60) / (shown?.seconds ?? 1), 1),
          figure(shown?.longestGap ?? Number.NaN),
          figure(shown?.own.stalls ?? Number.NaN),
          `${figure((shown?.share ?? Number.NaN) * 100, 1)} %`,
        ]),
      },
      {
        columns: ["live again, ms", "p50", "fastest", "slowest", "asked", "runs"],
        rows: [
          spread(`seen again after ${back.hiddenFor / 1_000} s hidden`, back.hidden, "500"),
          spread("line whole again after 5 s, at target", back.cut, "2000"),
          spread("publisher back with another size, first picture", back.replaced, "1000"),
        ],
      },
    ],
  };
}
