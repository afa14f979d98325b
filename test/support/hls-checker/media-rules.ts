import {
  edgeOf,
  type ListedSegment,
  lengthOf,
  type MediaPlaylist,
  secondsOf,
} from "./media-playlist.ts";
import type { Say } from "./report.ts";

/** What a rendition carries. */
export type Kind = "video" | "audio" | "subtitles";

/** What a playlist is judged with. */
export type PlaylistPlace = {
  readonly where: string;
  readonly kind: Kind;
  /** URIs of the other renditions, resolved. */
  readonly others: readonly string[];
  /** Of this one. */
  readonly url: string;
  /** Whether it is to have parts and all that goes with them. */
  readonly isLowLatency: boolean;
};

/** Rounding of what is written with a few decimals; seconds. */
export const ROUNDING = 0.001;

/** A part may be this much shorter than PART-TARGET. */
const SHORTEST_PART = 0.85;

/** Shares of the part and target durations (§4.4.3.8; PART-HOLD-BACK as Apple's devices want it). */
const LEAST = { partHoldBack: 3, holdBack: 3, canSkipUntil: 6 } as const;

/** What one full playlist must be, by itself. */
export function checkMediaPlaylist(playlist: MediaPlaylist, place: PlaylistPlace, say: Say): void {
  checkHead(playlist, place, say);
  checkSegments(playlist, place, say);
  checkDates(playlist, place, say);
  checkParts(playlist, place, say);
  checkTail(playlist, place, say);
}

function checkHead(
  playlist: MediaPlaylist,
  { where, isLowLatency, kind }: PlaylistPlace,
  say: Say,
): void {
  const { mediaSequence, discontinuitySequence, partTarget, control, targetDuration } = playlist;
  // hls.js blocks only where the last number is not zero.
  if (mediaSequence < 1) say("media-sequence", where, `it is ${mediaSequence}`);
  if (discontinuitySequence === undefined) say("discontinuity-sequence", where, "it is missing");
  if (playlist.skipped !== undefined) say("skip", where, "a playlist that nobody wanted shortened");
  const hasParts = playlist.segments.some(({ parts }) => parts.length > 0);
  if (partTarget === undefined && (hasParts || (isLowLatency && kind !== "subtitles"))) {
    say("part-target", where, "EXT-X-PART-INF is missing");
  }
  const least = (name: string, unit: number | undefined, times: number, isNeeded: boolean) => {
    const value = control.get(name);
    if (value === undefined) {
      if (isNeeded) say("server-control", where, `${name} is missing`);
    } else if (unit !== undefined && Number(value) < times * unit - 1e-9) {
      say("server-control", where, `${name} is ${value}, less than ${times} times ${unit}`);
    }
  };
  if (isLowLatency && control.get("CAN-BLOCK-RELOAD") !== "YES") {
    say("server-control", where, "CAN-BLOCK-RELOAD is missing");
  }
  least("PART-HOLD-BACK", partTarget, LEAST.partHoldBack, partTarget !== undefined);
  least("HOLD-BACK", targetDuration, LEAST.holdBack, false);
  const skipsDates = control.get("CAN-SKIP-DATERANGES") === "YES";
  least("CAN-SKIP-UNTIL", targetDuration, LEAST.canSkipUntil, skipsDates);
}

function checkSegments(
  { segments, targetDuration, type }: MediaPlaylist,
  place: PlaylistPlace,
  say: Say,
): void {
  const uris = new Set<string>();
  for (const segment of segments) {
    const { msn, resource, duration, map, gap, parts } = segment;
    const where = `${place.where}, segment ${msn}`;
    if (resource !== undefined) {
      if (Math.round(duration) > targetDuration) {
        say("target-duration", where, `EXTINF ${duration}, target ${targetDuration}`);
      }
      if (!(duration > 0)) say("segment-form", where, `EXTINF is ${duration}`);
      const key = JSON.stringify(resource);
      if (uris.has(key)) say("segment-form", where, `${resource.uri} is listed before`);
      uris.add(key);
    }
    const uri = resource?.uri ?? parts[0]?.uri ?? "";
    if (map === undefined && !gap && uri !== "" && !needsNoMap(uri)) say("map", where, "none");
    if (gap && parts.some((part) => !part.gap)) say("gap", where, "it has parts");
    if (!gap && resource !== undefined && parts.some((part) => part.gap)) {
      say("gap", where, "a part is one, and the segment is not");
    }
  }
  if (type !== undefined && type !== "EVENT" && type !== "VOD") {
    say("playlist-type", place.where, `it is ${type}`);
  }
}

/** Packed audio and text. */
export const needsNoMap = (uri: string): boolean =>
  /\.(mp3|aac|ac3|ec3|ts|vtt|webvtt)(\?|$)/.test(uri);

/** Every segment's date follows from the one before it, if no discontinuity lies between. */
function checkDates(
  { segments, dateRanges }: MediaPlaylist,
  { where }: PlaylistPlace,
  say: Say,
): void {
  let due: number | undefined;
  for (const segment of segments) {
    const { date, discontinuity, msn } = segment;
    if (discontinuity) due = undefined;
    if (date === undefined && due === undefined) {
      say("program-date-time", `${where}, segment ${msn}`, "none, and none to count from");
    } else if (date !== undefined && due !== undefined && Math.abs(date - due) > 1.5) {
      const by = `${(date - due).toFixed(1)} ms`;
      say("program-date-time", `${where}, segment ${msn}`, `${by} off the sum of EXTINF`);
    }
    // Counted on from the first of the run: what drifts is seen, what is rounded is not.
    const from = due ?? date;
    if (from !== undefined) due = from + secondsOf(segment) * 1000;
  }
  const known = new Map<string, ReadonlyMap<string, string>>();
  for (const range of dateRanges) {
    const [id, start] = [range.get("ID"), range.get("START-DATE")];
    if (id === undefined || start === undefined || Number.isNaN(Date.parse(start))) {
      say("date-range", where, `ID ${id}, START-DATE ${start}`);
      continue;
    }
    const end = range.get("END-DATE");
    if (end !== undefined && !(Date.parse(end) >= Date.parse(start))) {
      say("date-range", `${where}, ${id}`, `END-DATE ${end}`);
    }
    if (range.get("END-ON-NEXT") === "YES" && range.get("CLASS") === undefined) {
      say("date-range", `${where}, ${id}`, "END-ON-NEXT without CLASS");
    }
    sameDateRange(known.get(id), range, where, say);
    known.set(id, new Map([...(known.get(id) ?? []), ...range]));
  }
}

/** What was told of a date range stays (§4.4.5.1); more may be told. */
export function sameDateRange(
  before: ReadonlyMap<string, string> | undefined,
  now: ReadonlyMap<string, string>,
  where: string,
  say: Say,
): void {
  for (const [name, value] of before ?? []) {
    const other = now.get(name);
    if (other !== undefined && other !== value) {
      say("date-range", `${where}, ${now.get("ID")}`, `${name} was ${value} and is ${other}`);
    }
  }
}

function checkParts(playlist: MediaPlaylist, place: PlaylistPlace, say: Say): void {
  const { partTarget, segments, targetDuration } = playlist;
  const end = lengthOf(playlist);
  let at = 0;
  for (const segment of segments) {
    const { msn, parts, resource, gap } = segment;
    const where = `${place.where}, segment ${msn}`;
    const isWhole = at >= end - 3 * targetDuration - ROUNDING;
    if (isWhole && partTarget !== undefined && parts.length === 0 && !gap) {
      say("parts-listed", where, `${(end - at).toFixed(3)} s from the end, no parts`);
    }
    checkDurations(segment, place, partTarget, say);
    const sum = parts.reduce((total, { duration }) => total + duration, 0);
    const isComplete = resource !== undefined && parts.length > 0 && isWhole;
    if (isComplete && Math.abs(sum - segment.duration) > ROUNDING) {
      say("part-sum", where, `parts ${sum.toFixed(5)} s, EXTINF ${segment.duration} s`);
    }
    at += secondsOf(segment);
    if (parts.length > 0 && end - at > 4 * targetDuration) {
      say("parts-removed", where, `its parts end ${(end - at).toFixed(3)} s before the end`);
    }
  }
}

function checkDurations(
  { parts, resource, msn }: ListedSegment,
  place: PlaylistPlace,
  partTarget: number | undefined,
  say: Say,
): void {
  if (partTarget === undefined) return;
  for (const [index, part] of parts.entries()) {
    const where = `${place.where}, segment ${msn}, part ${index}`;
    if (part.duration > partTarget + 1e-9) {
      say("part-target", where, `${part.duration} s, target ${partTarget} s`);
    }
    // Of an open segment the last part so far may be its last. Sound is always independent: that is
    // no reason for it to come in crumbs.
    const isFree = (part.independent && place.kind === "video") || part.gap;
    const isLast = index === parts.length - 1;
    if (isFree || isLast || parts[index + 1]?.gap === true) continue;
    if (part.duration < SHORTEST_PART * partTarget - 1e-9) {
      const share = `${((100 * part.duration) / partTarget).toFixed(1)} %`;
      say("part-minimum", where, `${share} of ${partTarget} s${resource ? "" : " (open)"}`);
    }
  }
}

function checkTail(playlist: MediaPlaylist, place: PlaylistPlace, say: Say): void {
  const { hints, ended, reports, segments, partTarget } = playlist;
  const { where, isLowLatency } = place;
  const types = hints.map(({ type }) => type);
  if (new Set(types).size < types.length) say("hint-form", where, `hints of ${types.join(", ")}`);
  if (ended && types.length > 0) say("hint-form", where, "a hint together with EXT-X-ENDLIST");
  const hasParts = partTarget !== undefined && segments.length > 0;
  if (hasParts && !ended && !types.includes("PART")) say("hint-present", where, "none");

  const reported = reports.map((report) => {
    const uri = report.get("URI");
    if (uri === undefined || /^[a-z]+:/i.test(uri)) say("report-form", where, `URI is ${uri}`);
    const needs = ["LAST-MSN", ...(partTarget === undefined ? [] : ["LAST-PART"])];
    const lacks = needs.filter((name) => !report.has(name));
    // Left out: the same as in the playlist that has the report (§4.4.5.4).
    if (lacks.length > 0 && edgeOf(playlist) === undefined) {
      say("report-form", where, `${uri} has no ${lacks.join(", ")}`);
    }
    return new URL(uri ?? "", place.url).href;
  });
  if (!isLowLatency || ended) return;
  for (const other of place.others) {
    const count = reported.filter((url) => url === other).length;
    if (count !== 1) say("report-present", where, `${other} has ${count}`);
  }
  for (const url of reported) {
    if (!place.others.includes(url)) say("report-present", where, `${url} is none of the others`);
  }
}
