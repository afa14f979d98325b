import type { ListedStreamHealth } from "../../server/protocol/wire/stream-health.ts";
import type { PlayerStats } from "../player/player-stats.ts";
import { DoctorView } from "../ui/doctor-view.ts";
import { byId, setText } from "../ui/elements.ts";
import { formatBitrate, formatDelay, formatFrameRate, formatUptime } from "../ui/format.ts";
import { codecName } from "../ui/words.ts";

const UNKNOWN = "–";

let doctor: DoctorView | undefined;

/** What the player says of the stream, on the page. */
export function showPlayerFacts(stats: PlayerStats): void {
  const isOn = stats.state === "live";
  const wasOn = stats.state === "reconnecting" || stats.state === "ended";
  byId("facts", HTMLElement).hidden = !isOn && !(wasOn && stats.codecs.length > 0);
  const codecs = stats.codecs.map(codecName).join(" + ");
  const via = { websocket: "WebSocket", hls: "HLS" };
  const size = stats.width > 0 ? `${stats.width} × ${stats.height}` : undefined;
  fact("fact-codec", codecs || undefined, stats.codecs.join(", "));
  fact("fact-size", isOn ? size : undefined);
  const { frameRate, bitrate, delay } = stats;
  fact("fact-rate", isOn && frameRate > 0 ? formatFrameRate(Math.round(frameRate)) : undefined);
  fact("fact-bitrate", isOn && bitrate > 0 ? formatBitrate(bitrate) : undefined);
  fact("fact-delay", isOn && delay !== undefined ? formatDelay(delay) : undefined);
  const transport = stats.transport === undefined ? undefined : via[stats.transport];
  fact("fact-transport", transport, stats.engine ?? "");
}

/** What the server says of it; undefined while nobody publishes. */
export function showServerFacts(health: ListedStreamHealth["health"] | undefined): void {
  const { keyframes, viewers, age } = health ?? {};
  const interval = keyframes?.last;
  fact("fact-keyframes", interval === undefined ? undefined : formatDelay(interval));
  fact("fact-viewers", viewers === undefined ? undefined : String(viewers));
  fact("fact-since", age === undefined ? undefined : formatUptime(age / 1_000));
}

/** What the stream doctor says, for who broadcasts; hints are left to the dashboard. */
export function showAdvice(health: ListedStreamHealth["health"] | undefined): void {
  const findings = (health?.findings ?? []).filter(({ severity }) => severity !== "info");
  const section = byId("advice", HTMLElement);
  if (doctor === undefined) {
    doctor = new DoctorView();
    // Its sentences are English on every page.
    doctor.element.lang = "en";
    doctor.element.dir = "ltr";
    section.append(doctor.element);
  }
  doctor.show(findings);
  section.hidden = findings.length === 0;
}

function fact(id: string, text: string | undefined, title = ""): void {
  const element = byId(id, HTMLElement);
  setText(element, text ?? UNKNOWN);
  if (element.title !== title) element.title = title;
}
