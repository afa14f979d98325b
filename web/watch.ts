import { locateSource } from "./address.ts";
import type { SluicePlayerElement } from "./element/sluice-player.ts";
import { seekTo } from "./embed/controller.ts";
import { readColour, readStart } from "./embed/switches.ts";
import type { Player } from "./player/player.ts";
import { byId } from "./ui/elements.ts";
import { capabilities } from "./watch/capabilities.ts";
import { showAdvice, showPlayerFacts, showServerFacts } from "./watch/facts.ts";
import { FlightLog } from "./watch/flight-log.ts";
import { type SupportReport, withoutSecrets } from "./watch/report.ts";
import { ServerFacts } from "./watch/server-facts.ts";
import { Tools } from "./watch/tools.ts";
import { english, type WatchWords } from "./watch/words/en.ts";
import { loadWords, putWords } from "./watch/words.ts";

declare global {
  interface Window {
    /** For tests and the curious: `sluicePlayer.stats()`. */
    sluicePlayer?: Player;
  }
}

/** How often the server is asked for what it alone knows, while somebody looks, ms. */
const ASK_EVERY = 5_000;

// The script is asynchronous: the page may still be on its way.
if (document.readyState === "loading") {
  await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
}
await customElements.whenDefined("sluice-player");
const element = byId("stage", HTMLElement) as SluicePlayerElement;
const source = locateSource(new URL(element.src, document.baseURI));
const { player } = element;
if (player === undefined || source === undefined) throw new Error("Cannot find the stream");
const { streamPath, base } = source;
window.sluicePlayer = player;

const query = new URLSearchParams(location.search);
const accent = readColour(query.get("accent"));
if (accent !== undefined) element.style.setProperty("--sluice-accent", accent);
const start = readStart(query.get("t"));
if (start !== undefined) {
  const go = () => void seekTo(element, start).catch(() => undefined);
  element.addEventListener("playing", go, { once: true });
}

let words: WatchWords = english;
const log = new FlightLog();
const server = new ServerFacts(base, streamPath);
const note = (what: string) => log.note(performance.now(), what);

player.addEventListener("change", () => showPlayerFacts(player.stats()));
keepLog();
showState();
element.addEventListener("statuschange", showState);
let asking: ReturnType<typeof setTimeout> | undefined;
element.addEventListener("statuschange", () => void askServer());
new Tools({ element, base, streamPath, words: () => words, capture });
void askServer();
words = await loadWords(document.documentElement.lang);
if (words !== english) {
  putWords(document, words);
  showState();
}

/** The state is in the tab, too. */
function showState(): void {
  const said = {
    ...{ playing: words.isLive, waiting: words.isWaiting, ended: words.isEnded },
    ...{ stalled: words.isOffline, offline: words.isOffline },
  };
  const state = Object.hasOwn(said, element.state) ? `${Reflect.get(said, element.state)} · ` : "";
  document.title = `${state}${streamPath} · Sluice`;
  document.body.dataset["state"] = element.state;
}

function keepLog(): void {
  note("the page was opened");
  let lastError = "";
  element.addEventListener("statuschange", ({ detail: { state, previous } }) => {
    note(`${previous} → ${state}`);
  });
  element.addEventListener("stall", ({ detail: { count } }) => note(`stall ${count}`));
  element.addEventListener("error", () => {
    note(`error ${element.error?.name}: ${element.error?.message}`);
  });
  element.addEventListener("trackschange", () => {
    const codecs = element.tracks.map(({ codec, isSelected }) => codec + (isSelected ? "*" : ""));
    note(`tracks ${codecs.join(" ") || "none"}`);
  });
  element.addEventListener("seeking", () => note("the viewer goes elsewhere in time"));
  document.addEventListener("visibilitychange", () => {
    note(document.hidden ? "the page is hidden" : "the page is seen");
  });
  for (const type of ["online", "offline"]) {
    addEventListener(type, () => note(`the browser is ${type}`));
  }
  setInterval(() => {
    const stats = element.stats();
    if (stats === undefined) return;
    log.measure(performance.now(), stats);
    if (stats.lastError !== undefined && stats.lastError !== lastError) note(stats.lastError);
    lastError = stats.lastError ?? "";
  }, 1_000);
}

async function askServer(): Promise<void> {
  if (!document.hidden) {
    const health = await healthNow();
    showServerFacts(health);
    showAdvice(health);
  }
  clearTimeout(asking);
  asking = setTimeout(() => void askServer(), ASK_EVERY);
}

/** Asked for only where somebody publishes: browsers write a 404 into their console each time. */
async function healthNow(): ReturnType<ServerFacts["health"]> {
  const { state } = element;
  const isOnAir =
    state === "playing" ||
    state === "paused" ||
    (state === "error" && (await server.listed())?.health !== undefined);
  return isOnAir ? server.health() : undefined;
}

async function capture(): Promise<SupportReport> {
  const [stream, health, version] = await Promise.all([
    server.listed(),
    healthNow(),
    server.version(),
  ]);
  const { latency, transport, engine, state, error, tracks } = element;
  const report: SupportReport = {
    ...{ kind: "sluice-support-report", version: 1, at: new Date().toISOString() },
    ...{ age: Math.round(performance.now()), server: { version }, streamPath },
    player: {
      ...{ asked: { latency, transport, engine }, state, isHidden: document.hidden },
      error: error === null ? undefined : { name: error.name, message: error.message },
      ...{ stats: element.stats(), tracks, textTracks: element.player?.textTracks ?? [] },
    },
    ...{ minute: log.moments, log: log.entries, stream, health, browser: capabilities() },
  };
  return withoutSecrets(report, [element.token]);
}
