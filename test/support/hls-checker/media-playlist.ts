import {
  type Attributes,
  checkVersion,
  type Line,
  MEDIA_TAGS,
  readAttributes,
  readLines,
} from "./lines.ts";
import type { Say } from "./report.ts";

/** Where bytes lie: a whole resource, or a part of one. */
export type Resource = {
  readonly uri: string;
  /** `n@o` (§4.4.4.2); the offset is where the one before it ended where it is not told. */
  readonly range?: { readonly start: number; readonly length: number };
};

export type ListedPart = Resource & {
  readonly duration: number;
  readonly independent: boolean;
  readonly gap: boolean;
  /** As it stands in the playlist. */
  readonly text: string;
};

/** A segment: complete, or the open one at the end, which has parts only. */
export type ListedSegment = {
  readonly msn: number;
  /** undefined: it is not complete. */
  readonly resource: Resource | undefined;
  /** EXTINF, seconds; 0 while it is open. */
  readonly duration: number;
  readonly parts: readonly ListedPart[];
  readonly discontinuity: boolean;
  /** Discontinuities before it, and its own. */
  readonly discontinuityNumber: number;
  readonly map: Resource | undefined;
  /** ms since 1970, where it has a tag of its own. */
  readonly date: number | undefined;
  readonly gap: boolean;
};

export type Hint = { readonly type: string; readonly uri: string; readonly attributes: Attributes };

/** A media playlist, or a delta update of one. */
export type MediaPlaylist = {
  readonly version: number;
  readonly targetDuration: number;
  readonly partTarget: number | undefined;
  readonly serverControl: string | undefined;
  readonly control: Attributes;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number | undefined;
  readonly type: string | undefined;
  readonly isIndependent: boolean;
  readonly ended: boolean;
  /** Of a delta update: how many segments it leaves out at the start. */
  readonly skipped: number | undefined;
  /** The open one at the end, where it has parts. */
  readonly segments: readonly ListedSegment[];
  readonly hints: readonly Hint[];
  readonly reports: readonly Attributes[];
  readonly dateRanges: readonly Attributes[];
  /** Lines, to put a delta update and what it skipped together. */
  readonly lines: readonly Line[];
};

type Draft = {
  parts: ListedPart[];
  discontinuity: boolean;
  date: number | undefined;
  duration: number | undefined;
  range: string | undefined;
  gap: boolean;
};

const draft = (): Draft => ({
  ...{ parts: [], discontinuity: false, date: undefined, duration: undefined },
  ...{ range: undefined, gap: false },
});

/** Reads a media playlist; says what is wrong with its form. Nothing is compared with anything. */
export function readMediaPlaylist(text: string, where: string, say: Say): MediaPlaylist {
  const lines = readLines(text, MEDIA_TAGS, where, say);
  const version = checkVersion(lines, where, say);
  const first = (tag: string) => lines.find((line) => line.tag === tag);
  const whole = (tag: string) => {
    const line = first(tag);
    return line?.tag === undefined || !/^\d+$/.test(line.value) ? undefined : Number(line.value);
  };
  const targetDuration = whole("EXT-X-TARGETDURATION");
  if (targetDuration === undefined) {
    say("target-duration", where, `EXT-X-TARGETDURATION is ${first("EXT-X-TARGETDURATION")?.text}`);
  }
  const mediaSequence = whole("EXT-X-MEDIA-SEQUENCE") ?? 0;
  const discontinuitySequence = whole("EXT-X-DISCONTINUITY-SEQUENCE");
  const listOf = (line: Line | undefined): Attributes =>
    line?.tag === undefined ? new Map() : readAttributes(line, where, say);
  const partTarget = listOf(first("EXT-X-PART-INF")).get("PART-TARGET");
  const skip = listOf(first("EXT-X-SKIP")).get("SKIPPED-SEGMENTS");
  const skipped = skip === undefined ? undefined : Number(skip);
  const control = first("EXT-X-SERVER-CONTROL");

  const segments: ListedSegment[] = [];
  const hints: Hint[] = [];
  const reports: Attributes[] = [];
  const dateRanges: Attributes[] = [];
  let next = draft();
  let discontinuityNumber = discontinuitySequence ?? 0;
  let map: Resource | undefined;
  let rangeEnd = { uri: "", at: 0 };
  const resourceOf = (uri: string, range: string | undefined): Resource => {
    const [, length, offset] = /^(\d+)(?:@(\d+))?$/.exec(range ?? "") ?? [];
    if (length === undefined) return { uri };
    const start = offset === undefined && rangeEnd.uri === uri ? rangeEnd.at : Number(offset ?? 0);
    rangeEnd = { uri, at: start + Number(length) };
    return { uri, range: { start, length: Number(length) } };
  };
  const close = (resource: Resource | undefined, duration: number) => {
    segments.push({
      ...{ msn: mediaSequence + (skipped ?? 0) + segments.length, resource, duration, map },
      ...{ parts: next.parts, discontinuity: next.discontinuity, discontinuityNumber },
      ...{ date: next.date, gap: next.gap },
    });
    next = draft();
  };
  const segmentName = () => `${where}, segment ${mediaSequence + (skipped ?? 0) + segments.length}`;
  for (const line of lines) {
    if (line.tag === undefined) {
      if (next.duration === undefined) {
        say("segment-form", segmentName(), `${line.text} has no EXTINF`);
      }
      close(resourceOf(line.text, next.range), next.duration ?? 0);
      continue;
    }
    const late = () => {
      if (next.parts.length === 0) return;
      say("before-first-part", segmentName(), `${line.text} stands behind its first part`);
    };
    switch (line.tag) {
      case "EXTINF": {
        const [, seconds, comma] = /^(\d+(?:\.\d+)?)(,?)/.exec(line.value) ?? [];
        if (comma !== ",") say("segment-form", segmentName(), `it has ${line.text}`);
        next.duration = Number(seconds ?? 0);
        break;
      }
      case "EXT-X-BYTERANGE":
        next.range = line.value;
        break;
      case "EXT-X-GAP":
        next.gap = true;
        break;
      case "EXT-X-DISCONTINUITY":
        late();
        next.discontinuity = true;
        discontinuityNumber += 1;
        break;
      case "EXT-X-MAP": {
        late();
        const attributes = readAttributes(line, where, say);
        const uri = attributes.get("URI");
        if (uri === undefined) say("map", segmentName(), `${line.text} has no URI`);
        map = resourceOf(uri ?? "", attributes.get("BYTERANGE"));
        break;
      }
      case "EXT-X-PROGRAM-DATE-TIME":
        late();
        next.date = readDate(line.value);
        if (next.date === undefined)
          say("program-date-time", segmentName(), `no date: ${line.text}`);
        break;
      case "EXT-X-PART": {
        const attributes = readAttributes(line, where, say);
        const [uri, duration] = [attributes.get("URI"), Number(attributes.get("DURATION"))];
        if (uri === undefined || !(duration > 0)) {
          say("text-attributes", segmentName(), `${line.text} has no URI or DURATION`);
        }
        next.parts.push({
          ...resourceOf(uri ?? "", attributes.get("BYTERANGE")),
          independent: attributes.get("INDEPENDENT") === "YES",
          gap: attributes.get("GAP") === "YES",
          ...{ duration, text: line.text },
        });
        break;
      }
      case "EXT-X-PRELOAD-HINT": {
        const attributes = readAttributes(line, where, say);
        const [type, uri] = [attributes.get("TYPE"), attributes.get("URI")];
        if (uri === undefined || (type !== "PART" && type !== "MAP")) {
          say("hint-form", where, `${line.text} has no URI or no TYPE`);
        } else hints.push({ type, uri, attributes });
        break;
      }
      case "EXT-X-RENDITION-REPORT":
        reports.push(readAttributes(line, where, say));
        break;
      case "EXT-X-DATERANGE":
        dateRanges.push(readAttributes(line, where, say));
        break;
    }
  }
  if (next.duration !== undefined) say("segment-form", segmentName(), "EXTINF has no URI");
  if (next.parts.length > 0 || next.discontinuity) close(undefined, 0);
  const typeLine = first("EXT-X-PLAYLIST-TYPE");
  return {
    ...{ version, targetDuration: targetDuration ?? 0, mediaSequence, discontinuitySequence },
    partTarget: partTarget === undefined ? undefined : Number(partTarget),
    serverControl: control?.text,
    control: listOf(control),
    type: typeLine?.tag === undefined ? undefined : typeLine.value,
    isIndependent: first("EXT-X-INDEPENDENT-SEGMENTS") !== undefined,
    ended: first("EXT-X-ENDLIST") !== undefined,
    ...{ skipped, segments, hints, reports, dateRanges, lines },
  };
}

/** ISO 8601 with a zone and milliseconds (§4.4.4.6); @returns ms since 1970 */
function readDate(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date;
}

/** Where the playlist ends: the newest part, or the newest complete segment. */
export function edgeOf({
  segments,
}: MediaPlaylist): { msn: number; part: number | undefined } | undefined {
  const last = segments.at(-1);
  if (last === undefined) return undefined;
  const { msn, parts } = last;
  return { msn, part: parts.length === 0 ? undefined : parts.length - 1 };
}

/** Number of the newest complete segment. */
export const lastComplete = ({ segments, mediaSequence }: MediaPlaylist): number =>
  segments.findLast(({ resource }) => resource !== undefined)?.msn ?? mediaSequence - 1;

/** Seconds of a segment: EXTINF, or of its parts so far. */
export const secondsOf = ({ resource, duration, parts }: ListedSegment): number =>
  resource !== undefined ? duration : parts.reduce((sum, part) => sum + part.duration, 0);

/** Seconds of all segments. */
export const lengthOf = ({ segments }: MediaPlaylist): number =>
  segments.reduce((sum, segment) => sum + secondsOf(segment), 0);
