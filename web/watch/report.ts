import type { PlayerStats } from "../player/player-stats.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Entry, Moment } from "./flight-log.ts";

/** What somebody may send to who runs the server: all that helps to find a fault, and no secret. */
export type SupportReport = {
  readonly kind: "sluice-support-report";
  readonly version: 1;
  /** ISO 8601 */
  readonly at: string;
  /** ms since the page was opened. */
  readonly age: number;
  readonly server: { readonly version: string | undefined };
  readonly streamPath: string;
  /** What the player was asked for, and where it stands. */
  readonly player: {
    readonly asked: { readonly [name: string]: string | number };
    readonly state: string;
    readonly error: { readonly name: string; readonly message: string } | undefined;
    readonly isHidden: boolean;
    readonly stats: PlayerStats | undefined;
    readonly tracks: readonly unknown[];
    readonly textTracks: readonly unknown[];
  };
  /** The last minute, by the second. */
  readonly minute: readonly Moment[];
  readonly log: readonly Entry[];
  /** As `GET /api/v1/streams` lists it; undefined where it does not, or does not answer. */
  readonly stream: unknown;
  /** As `GET /api/v1/streams/APP/NAME/health` tells it. */
  readonly health: unknown;
  readonly browser: Capabilities;
};

/** What lies behind a question mark in an address may be a ticket: it never is in a report. */
const QUERY = /(\b(?:https?|wss?|blob):[^\s"'<>?]*|\/[\w./~%-]+)\?[^\s"'<>]*/g;

/**
 * Takes out of whatever is to be reported what nobody else is to know.
 *
 * @param secrets texts that must not occur
 */
export function withoutSecrets<Value>(value: Value, secrets: readonly string[]): Value {
  const known = secrets.filter((secret) => secret !== "");
  const clean = (text: string): string =>
    known.reduce((left, secret) => left.replaceAll(secret, "…"), text.replace(QUERY, "$1?…"));
  const walk = (one: unknown): unknown => {
    if (typeof one === "string") return clean(one);
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, walk(inner)]));
  };
  return walk(value) as Value;
}

/** A report for people to read, before they send it. */
export function reportText(report: SupportReport): string {
  const { player, minute, log, browser, server } = report;
  const { stats } = player;
  const lines = [
    `Sluice support report · ${report.at}`,
    `stream    ${report.streamPath}`,
    `server    ${server.version ?? "unknown version"}`,
    `browser   ${browser.userAgent}`,
    `asked     ${pairs(player.asked)}`,
    `state     ${player.state}${player.isHidden ? ", in the background" : ""}`,
  ];
  if (player.error !== undefined) {
    lines.push(`error     ${player.error.name}: ${player.error.message}`);
  }
  if (stats !== undefined) {
    const { transport = "none", engine = "none", codecs, width, height } = stats;
    lines.push(
      `plays     ${codecs.join(" + ") || "nothing"} ${width}×${height} by ${transport}, ${engine}`,
      `delay     ${ms(stats.delay)}, of ${ms(stats.target)} asked, buffer ${ms(stats.buffer)}`,
      `dropped   ${stats.droppedByBrowser} here, ${stats.droppedByServer} by the server; ${stats.stalls} stalls`,
    );
    if (stats.lastError !== undefined) lines.push(`last      ${stats.lastError}`);
  }
  lines.push("", `The last ${minute.length} seconds`);
  lines.push("   at  state         delay  buffer  rate   kbit/s   fps  dropped  stalls");
  for (const moment of minute) lines.push(row(moment));
  lines.push("", "What happened");
  for (const { at, what, times } of log) {
    const repeated = times === undefined ? "" : ` (${times} times)`;
    lines.push(`${seconds(at).padStart(9)}  ${what}${repeated}`);
  }
  const cannot = Object.entries({ ...browser.features, ...browser.mediaSource })
    .filter(([, is]) => !is)
    .map(([name]) => name);
  lines.push("", "What this browser lacks", ...cannot.map((name) => `  ${name}`));
  return lines.join("\n");
}

const ms = (value: number | undefined): string =>
  value === undefined ? "unknown" : `${Math.round(value)} ms`;

const seconds = (value: number): string => `${(value / 1_000).toFixed(1)} s`;

const pairs = (all: { readonly [name: string]: string | number }): string =>
  Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

function row(moment: Moment): string {
  const { at, state, delay, buffer, rate, bitrate, frameRate, dropped, stalls } = moment;
  return [
    String(Math.round(at / 1_000)).padStart(5),
    ` ${state.padEnd(12)}`,
    String(delay ?? "–").padStart(6),
    String(buffer).padStart(7),
    rate.toFixed(2).padStart(5),
    String(Math.round(bitrate / 1_000)).padStart(8),
    frameRate.toFixed(1).padStart(5),
    String(dropped).padStart(8),
    String(stalls).padStart(7),
  ].join(" ");
}
