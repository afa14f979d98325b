import { locateSource } from "./address.ts";
import type { SluicePlayerElement } from "./element/sluice-player.ts";
import type { Player } from "./player/player.ts";
import type { PlayerStats } from "./player/player-stats.ts";
import { byId, setText } from "./ui/elements.ts";
import { formatBitrate, formatDelay, formatFrameRate } from "./ui/format.ts";
import { codecName } from "./ui/words.ts";

declare global {
  interface Window {
    /** For tests and the curious: `sluicePlayer.stats()`. */
    sluicePlayer?: Player;
  }
}

// The script is asynchronous: the page may still be on its way.
if (document.readyState === "loading") {
  await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
}
await customElements.whenDefined("sluice-player");
const element = byId("stage", HTMLElement) as SluicePlayerElement;
const source = locateSource(new URL(element.src, document.baseURI));
const { player } = element;
if (player === undefined || source === undefined) throw new Error("Cannot find the stream");
const { streamPath } = source;
window.sluicePlayer = player;

document.title = `${streamPath} · Sluice`;
setText(byId("stream-path", HTMLElement), streamPath);
player.addEventListener("change", () => showFacts(player.stats()));

function showFacts(stats: PlayerStats): void {
  const isOn = stats.state === "live";
  const wasOn = stats.state === "reconnecting" || stats.state === "ended";
  byId("facts", HTMLElement).hidden = !isOn && !(wasOn && stats.codecs.length > 0);
  const size = stats.width > 0 ? `${stats.width} × ${stats.height}` : "–";
  const codecs = stats.codecs.map(codecName).join(" + ");
  const via = { websocket: "WebSocket", hls: "HLS" };
  fact("fact-codec", codecs || "–", stats.codecs.join(", "));
  fact("fact-size", isOn ? size : "–");
  fact(
    "fact-rate",
    isOn && stats.frameRate > 0 ? formatFrameRate(Math.round(stats.frameRate)) : "–",
  );
  fact("fact-bitrate", isOn && stats.bitrate > 0 ? formatBitrate(stats.bitrate) : "–");
  fact("fact-delay", isOn && stats.delay !== undefined ? formatDelay(stats.delay) : "–");
  fact("fact-buffer", isOn ? `${Math.max(0, Math.round(stats.buffer / 10) * 10)} ms` : "–");
  const transport = stats.transport === undefined ? "–" : via[stats.transport];
  fact("fact-transport", transport, stats.engine ?? "");
}

function fact(id: string, text: string, title = ""): void {
  const element = byId(id, HTMLElement);
  setText(element, text);
  if (element.title !== title) element.title = title;
}
