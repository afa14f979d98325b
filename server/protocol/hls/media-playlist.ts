import type { Milliseconds } from "../media/sample.ts";
import { attribute, quoted, seconds, settingSeconds, tag, text, VERSION } from "./playlist-text.ts";

/*
 * Media playlists of HTTP Live Streaming in low latency, written (RFC 8216bis §4.4.3 to §4.4.5). Values
 * go in, text comes out; what is listed, and when, is for the caller to say.
 */

/** A partial segment (EXT-X-PART). */
export type PlaylistPart = {
  readonly uri: string;
  /** Seconds, exact, and never more than PART-TARGET. */
  readonly duration: number;
  /** It contains a picture that can be decoded without any other; sound always does. */
  readonly isIndependent: boolean;
};

/** What stands before the first part of a segment, or before its EXTINF where it has none. */
export type PlaylistSegmentHead = {
  readonly isDiscontinuity: boolean;
  /** Its init segment; undefined for packed audio and for text, which need none. */
  readonly map: string | undefined;
  /** Wall clock of its first sample, ms since 1970. */
  readonly programDateTime: Milliseconds;
  readonly parts: readonly PlaylistPart[];
};

/** One segment as a media playlist lists it. */
export type PlaylistSegment = PlaylistSegmentHead & {
  readonly uri: string;
  /** Seconds, exact. */
  readonly duration: number;
  /** Nothing lies behind `uri`: players are to go on without it. */
  readonly isGap: boolean;
};

/** What of a segment is written beside the segment itself. */
export type SegmentExtent = {
  /** EXT-X-MAP applies until the next one: it stands where it changes, and where a list begins. */
  readonly map: boolean;
  /** Only near the live edge. */
  readonly parts: boolean;
};

/** What a server promises of all playlists of a presentation alike. */
export type ServerControl = {
  /** Whole seconds; never changes. */
  readonly targetDuration: number;
  /** The longest a part may be; never changes. undefined: the presentation has no parts. */
  readonly partTarget: Milliseconds | undefined;
};

/** Which part or segment another media playlist of the presentation has come to. */
export type RenditionReport = {
  /** Relative to this playlist. */
  readonly uri: string;
  /** The segment of its last part; without parts, its last segment. */
  readonly lastMsn: number;
  /** undefined: it has no parts. */
  readonly lastPart: number | undefined;
};

/** A date range: its ID and what follows it, as it is written. */
export type PlaylistDateRange = {
  readonly id: string;
  /** ms since 1970. */
  readonly startDate: Milliseconds;
  /** Names and values, with quotes where they need some. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
};

/** The older part of a playlist that a delta update leaves out (§6.2.5.1). */
export type Skipped = {
  readonly segments: number;
  /** Where date ranges are left out, too: the ids of those that left the playlist lately. */
  readonly removedDateRanges: readonly string[] | undefined;
};

/** A sliding window of a live rendition, or what is left of it at its end. */
export type MediaPlaylist = {
  readonly control: ServerControl;
  /** Whether this playlist has parts. */
  readonly hasParts: boolean;
  /** Every segment listed can be decoded without the one before it. */
  readonly isIndependent: boolean;
  /** Number of the first segment, also where that is skipped. */
  readonly mediaSequence: number;
  /** Discontinuities that have left the window with their segments. */
  readonly discontinuitySequence: number;
  readonly skipped: Skipped | undefined;
  /** As `dateRangeText` wrote them. */
  readonly dateRanges: readonly string[];
  /** As `segmentText` and `openSegmentText` wrote them, oldest first. */
  readonly segments: readonly string[];
  /** URIs of what comes next; not at the end. */
  readonly hints: { readonly part?: string | undefined; readonly map?: string | undefined };
  readonly reports: readonly RenditionReport[];
  /** Nothing will follow. */
  readonly isEnded: boolean;
};

/** HOLD-BACK, PART-HOLD-BACK and CAN-SKIP-UNTIL in target durations of their kind: the least allowed. */
const HOLD_BACK = 3;
const SKIP = 6;

/** How long before the end of a playlist a delta update begins to leave out, by its target duration. */
export const skipBoundary = (targetDuration: number): number => targetDuration * SKIP;

/** A media playlist, or a delta update of it. */
export function mediaPlaylist(playlist: MediaPlaylist): string {
  const { control, skipped, hints } = playlist;
  const lines = ["#EXTM3U", VERSION];
  if (playlist.isIndependent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  lines.push(`#EXT-X-TARGETDURATION:${control.targetDuration}`, serverControl(control));
  if (playlist.hasParts && control.partTarget !== undefined) {
    const target = attribute("PART-TARGET", settingSeconds(control.partTarget));
    lines.push(tag("EXT-X-PART-INF", [target]));
  }
  lines.push(
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
  );
  if (skipped !== undefined) lines.push(skip(skipped));
  lines.push(...playlist.dateRanges, ...playlist.segments);
  if (playlist.isEnded) {
    lines.push("#EXT-X-ENDLIST");
    return text(lines);
  }
  if (hints.map !== undefined) lines.push(preloadHint("MAP", hints.map));
  if (hints.part !== undefined) lines.push(preloadHint("PART", hints.part));
  for (const report of playlist.reports) lines.push(renditionReport(report));
  return text(lines);
}

/** The lines of a complete segment. */
export function segmentText(segment: PlaylistSegment, extent: SegmentExtent): string {
  const lines = headLines(segment, extent);
  if (segment.isGap) lines.push("#EXT-X-GAP");
  lines.push(`#EXTINF:${seconds(segment.duration)},`, segment.uri);
  return lines.join("\n");
}

/** The lines of the segment that is being made, of which only parts are there. */
export const openSegmentText = (segment: PlaylistSegmentHead, { map }: { map: boolean }): string =>
  headLines(segment, { map, parts: true }).join("\n");

/** The line of a date range. */
export const dateRangeText = ({ id, startDate, attributes }: PlaylistDateRange): string =>
  tag("EXT-X-DATERANGE", [
    attribute("ID", quoted(id)),
    attribute("START-DATE", quoted(date(startDate))),
    ...attributes.map(([name, value]) => attribute(name, value)),
  ]);

/** In this order: what applies to a segment stands before its first part (§4.4.4.9). */
function headLines(segment: PlaylistSegmentHead, extent: SegmentExtent): string[] {
  const lines: string[] = [];
  if (segment.isDiscontinuity) lines.push("#EXT-X-DISCONTINUITY");
  if (extent.map && segment.map !== undefined) {
    lines.push(tag("EXT-X-MAP", [attribute("URI", quoted(segment.map))]));
  }
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${date(segment.programDateTime)}`);
  if (extent.parts) for (const part of segment.parts) lines.push(partLine(part));
  return lines;
}

const partLine = ({ uri, duration, isIndependent }: PlaylistPart): string =>
  tag("EXT-X-PART", [
    attribute("DURATION", seconds(duration)),
    attribute("URI", quoted(uri)),
    ...(isIndependent ? [attribute("INDEPENDENT", "YES")] : []),
  ]);

function serverControl({ targetDuration, partTarget }: ServerControl): string {
  const attributes = [
    attribute("CAN-BLOCK-RELOAD", "YES"),
    attribute("CAN-SKIP-UNTIL", skipBoundary(targetDuration)),
    attribute("CAN-SKIP-DATERANGES", "YES"),
    attribute("HOLD-BACK", targetDuration * HOLD_BACK),
  ];
  if (partTarget !== undefined) {
    attributes.push(attribute("PART-HOLD-BACK", settingSeconds(partTarget * HOLD_BACK)));
  }
  return tag("EXT-X-SERVER-CONTROL", attributes);
}

function skip({ segments, removedDateRanges }: Skipped): string {
  const attributes = [attribute("SKIPPED-SEGMENTS", segments)];
  if (removedDateRanges !== undefined) {
    // Tabs separate them here, so they pass the cleaning one by one.
    const ids = removedDateRanges.map((id) => quoted(id).slice(1, -1)).join("\t");
    attributes.push(attribute("RECENTLY-REMOVED-DATERANGES", `"${ids}"`));
  }
  return tag("EXT-X-SKIP", attributes);
}

const preloadHint = (type: "PART" | "MAP", uri: string): string =>
  tag("EXT-X-PRELOAD-HINT", [attribute("TYPE", type), attribute("URI", quoted(uri))]);

const renditionReport = ({ uri, lastMsn, lastPart }: RenditionReport): string =>
  tag("EXT-X-RENDITION-REPORT", [
    attribute("URI", quoted(uri)),
    attribute("LAST-MSN", lastMsn),
    ...(lastPart === undefined ? [] : [attribute("LAST-PART", lastPart)]),
  ]);

const date = (ms: Milliseconds): string => new Date(Math.round(ms)).toISOString();
