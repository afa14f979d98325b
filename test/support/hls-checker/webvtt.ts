import type { Say } from "./report.ts";

export type Cue = { readonly start: number; readonly end: number; readonly text: string };

/** What a subtitle segment is judged with; times in seconds of the media's timeline. */
export type WebVttPlace = {
  readonly where: string;
  /** Where its segment lies; undefined where nobody knows. */
  readonly start: number | undefined;
  readonly duration: number;
};

const TIME = /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/;
const MAP = /^X-TIMESTAMP-MAP=(?:MPEGTS:(\d+),LOCAL:([\d:.]+)|LOCAL:([\d:.]+),MPEGTS:(\d+))$/;

/** Judges a WebVTT segment (§3.1.5); @returns its cues, in seconds of the media's timeline */
export function checkWebVtt(bytes: Uint8Array, place: WebVttPlace, say: Say): Cue[] {
  const { where } = place;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    say("webvtt", where, "it is not UTF-8");
    return [];
  }
  const blocks = text.replaceAll("\r\n", "\n").split(/\n{2,}/);
  const [header = "", ...rest] = blocks;
  const [first = "", ...headerLines] = header.split("\n");
  if (!/^WEBVTT([ \t].*)?$/.test(first)) say("webvtt", where, `it begins with ${first}`);
  const maps = headerLines.filter((line) => line.startsWith("X-TIMESTAMP-MAP"));
  const match = MAP.exec(maps[0] ?? "");
  if (maps.length !== 1 || match === null) {
    say("webvtt", where, `X-TIMESTAMP-MAP: ${maps.join(" and ") || "none"}`);
    return [];
  }
  const ticks = Number(match[1] ?? match[4]);
  const local = secondsOf(match[2] ?? match[3] ?? "");
  if (ticks >= 2 ** 33 || local === undefined) {
    say("webvtt", where, `${maps[0]}: more than 33 bits, or no time`);
    return [];
  }
  const cues: Cue[] = [];
  for (const block of rest) {
    const lines = block.split("\n").filter((line) => line !== "");
    if (lines.length === 0 || /^(NOTE|STYLE|REGION)\b/.test(lines[0] ?? "")) continue;
    const at = lines.findIndex((line) => line.includes("-->"));
    const [from, to] = (lines[at] ?? "").split("-->");
    const start = secondsOf((from ?? "").trim());
    const end = secondsOf((to ?? "").trim().split(/\s/)[0] ?? "");
    if (at < 0 || at > 1 || start === undefined || end === undefined || end <= start) {
      say("webvtt-cues", where, `no cue: ${JSON.stringify(block.slice(0, 100))}`);
      continue;
    }
    if (lines.slice(at + 1).some((line) => /-->/.test(line))) {
      say("webvtt-cues", where, "an arrow in a cue's text");
    }
    cues.push({
      start: start - local + ticks / 90_000,
      end: end - local + ticks / 90_000,
      text: lines.slice(at + 1).join("\n"),
    });
  }
  for (const [index, cue] of cues.entries()) {
    if (cue.start < (cues[index - 1]?.start ?? 0))
      say("webvtt-cues", where, "starts are not in order");
    checkBounds(cue, place, say);
  }
  return cues;
}

/** On the media's timeline, 33 bits of 90 kHz wide. */
function checkBounds(
  { start, end }: Cue,
  { where, start: from, duration }: WebVttPlace,
  say: Say,
): void {
  if (from === undefined) return;
  const turn = 2 ** 33 / 90_000;
  const shift = Math.round((from - start) / turn) * turn;
  const isWithin = start + shift < from + duration + 0.001 && end + shift > from - 0.001;
  if (isWithin) return;
  const cue = `${start.toFixed(3)} to ${end.toFixed(3)}`;
  say(
    "webvtt-cues",
    where,
    `${cue}, its segment ${from.toFixed(3)} to ${(from + duration).toFixed(3)}`,
  );
}

function secondsOf(text: string): number | undefined {
  const [, hours = "0", minutes, seconds, ms] = TIME.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(ms) / 1000;
}
