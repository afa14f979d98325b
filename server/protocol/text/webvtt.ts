import type { Milliseconds } from "../media/sample.ts";

/** A cue as a file lists it; times in ms from where LOCAL lies. */
export type VttCue = {
  readonly start: Milliseconds;
  readonly end: Milliseconds;
  /** WebVTT cue text: escaped, without empty lines. */
  readonly text: string;
  /** WebVTT cue settings; may be empty. */
  readonly settings: string;
};

/** Ticks a second of an MPEG-2 transport stream's clock, and where it wraps. */
const TRANSPORT_CLOCK = 90_000;
const TRANSPORT_WRAP = 2 ** 33;

/**
 * A segment of WebVTT (RFC 8216bis §3.1.4): cues on the timeline that `tfdt` has.
 *
 * X-TIMESTAMP-MAP says where its own time 0 lies on the clock of MPEG-2 transport streams: ticks of
 * 90 kHz, which wrap at 2^33. It names a whole number of ms (90 ticks), so that nothing is rounded.
 * Cues have no identifiers: players take two of one name for the same, and here a text that goes on is
 * another one in each segment.
 *
 * @param start of the segment on the live stream's timeline, ms
 * @param cues with times on the same timeline
 */
export function webVttSegment(start: Milliseconds, cues: readonly VttCue[]): string {
  const base = Math.floor(start);
  const ticks = (base * (TRANSPORT_CLOCK / 1000)) % TRANSPORT_WRAP;
  const lines = ["WEBVTT", `X-TIMESTAMP-MAP=MPEGTS:${ticks},LOCAL:00:00:00.000`, ""];
  for (const cue of cues) {
    const settings = cue.settings === "" ? "" : ` ${cue.settings}`;
    lines.push(
      `${timestamp(cue.start - base)} --> ${timestamp(cue.end - base)}${settings}`,
      cue.text,
      "",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** WebVTT timestamp, hours included (§4.1). */
export function timestamp(time: Milliseconds): string {
  const ms = Math.max(0, Math.round(time));
  const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.floor(ms / 1000) % 60;
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(ms % 1000, 3)}`;
}

const ESCAPES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\u00a0": "&nbsp;",
};

/** Characters as WebVTT cue text; line ends are left as they are. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>\u00a0]/g, (character) => ESCAPES[character] ?? character);

/**
 * Text by strangers as WebVTT cue text: a cue ends at an empty line, and knows no control characters.
 *
 * @param longest characters, before escaping
 */
export function cueText(text: string, longest: number): string {
  const lines = text
    .slice(0, longest)
    .replace(/[\ud800-\udbff]$/, "") // half of a character
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
    .map((line) => line.replace(/[\u0000-\u001f\u007f]/g, " ").trim());
  return escapeText(lines.filter((line) => line !== "").join("\n"));
}

/** A percentage of cue settings, within the picture. */
export const percentage = (value: number): string =>
  `${Math.round(Math.min(100, Math.max(0, value)) * 100) / 100}%`;
