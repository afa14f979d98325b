import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { readCounter } from "../support/counter.ts";
import { findAll, observeAll } from "../support/in-page.ts";
import { recordScreen } from "./screen-recorder.ts";

const require = createRequire(import.meta.url);

/** Who plays in a page of the bench, and what. Figures of its own are in `window.benchPlayer`. */
export type BenchPlayer =
  | {
      readonly name: "sluice";
      /** Where `/player.js` is, and the stream. */
      readonly script: string;
      readonly attributes: Readonly<Record<string, string>>;
      /** The page works 60 ms of each 100. */
      readonly isBusy?: boolean;
      /** No worker for the live line. */
      readonly hasNoWorker?: boolean;
    }
  | { readonly name: "mpegts.js"; readonly url: string; readonly isTuned: boolean }
  | { readonly name: "hls.js"; readonly url: string };

/** Serves pages with one player each, which record what is on the screen (`screen-recorder.ts`). */
export async function servePlayers(): Promise<{
  url(player: BenchPlayer): string;
  close(): Promise<void>;
}> {
  const scripts: Readonly<Record<string, string>> = {
    "/mpegts.js": require.resolve("mpegts.js/dist/mpegts.js"),
    "/hls.js": require.resolve("hls.js/dist/hls.min.js"),
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://page");
    const script = scripts[pathname];
    if (script !== undefined) {
      response.setHeader("Content-Type", "text/javascript");
      response.end(readFileSync(script));
      return;
    }
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(page(JSON.parse(searchParams.get("player") ?? "{}") as BenchPlayer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (player) =>
      `http://127.0.0.1:${port}/?player=${encodeURIComponent(JSON.stringify(player))}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const page = (player: BenchPlayer): string => `<!doctype html>
<meta charset="utf-8">
<title>Bench</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 } video, sluice-player { width: 640px; height: 360px }</style>
<script>(${recordScreen})(${readCounter}, ${findAll}, ${observeAll});</script>
<body>
${PLAYERS[player.name](player)}
`;

const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

const PLAYERS: Readonly<Record<BenchPlayer["name"], (player: BenchPlayer) => string>> = {
  /** The element is put in once its script is there: what is measured begins with it. */
  sluice: (player) =>
    player.name !== "sluice"
      ? ""
      : `<script type="module">
${player.hasNoWorker ? 'Object.defineProperty(MediaSource, "canConstructInDedicatedWorker", { value: false });' : ""}
await import(${json(`${player.script}player.js`)});
const element = document.createElement("sluice-player");
for (const [name, value] of Object.entries(${json(player.attributes)})) element.setAttribute(name, value);
window.benchConnectedAt = performance.timeOrigin + performance.now();
document.body.append(element);
window.benchPlayer = () => element.player.stats();
window.benchElement = element;
${player.isBusy ? "setInterval(() => { const end = performance.now() + 60; while (performance.now() < end); }, 100);" : ""}
</script>`,
  "mpegts.js": (player) =>
    player.name !== "mpegts.js"
      ? ""
      : `<script src="/mpegts.js"></script><video id="video" playsinline></video><script>
window.benchConnectedAt = performance.timeOrigin + performance.now();
const tuned = {
  enableStashBuffer: false, liveSync: true, liveSyncTargetLatency: 0.2, liveSyncMaxLatency: 0.3,
  liveSyncPlaybackRate: 1.1,
};
const player = mpegts.createPlayer(
  { type: "flv", isLive: true, url: ${json(player.url)} }, ${player.isTuned ? "tuned" : "{}"});
player.attachMediaElement(video);
player.load();
player.play();
window.benchPlayer = () => ({ delay: undefined, target: NaN, stalls: NaN, jumps: NaN, buffer: NaN });
</script>`,
  "hls.js": (player) =>
    player.name !== "hls.js"
      ? ""
      : `<script src="/hls.js"></script><video id="video" playsinline></video><script>
window.benchConnectedAt = performance.timeOrigin + performance.now();
const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
hls.loadSource(${json(player.url)});
hls.attachMedia(video);
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
window.benchPlayer = () => ({
  delay: hls.latency * 1000, target: hls.targetLatency * 1000, stalls: NaN, jumps: NaN, buffer: NaN });
</script>`,
};
