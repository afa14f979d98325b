import type { OpenSegment, Segment } from "../../live/segment.ts";
import type { DeliveryDirectives, PlaylistEdge } from "../../protocol/hls/delivery-directives.ts";
import {
  type MediaPlaylist,
  mediaPlaylist,
  openSegmentText,
  type PlaylistSegmentHead,
  type RenditionReport,
  type ServerControl,
  skipBoundary,
} from "../../protocol/hls/media-playlist.ts";
import type { ListedDateRanges } from "./date-range-list.ts";
import type { ListedSegment } from "./listed-segment.ts";
import { secondsOf } from "./track-facts.ts";

/** What one media playlist has to list at present. */
export type MediaListing = {
  readonly hasParts: boolean;
  /** Complete segments, oldest first, without holes in their numbers. */
  readonly segments: readonly Segment[];
  /** How one of them is written. */
  readonly listed: (segment: Segment) => ListedSegment;
  readonly open: { readonly segment: OpenSegment; readonly head: PlaylistSegmentHead } | undefined;
  readonly discontinuitySequence: number;
  readonly hints: MediaPlaylist["hints"];
};

/** What all media playlists of a presentation have alike. */
export type Presented = {
  readonly control: ServerControl;
  readonly dateRanges: ListedDateRanges;
  readonly reports: readonly RenditionReport[];
  readonly isEnded: boolean;
};

/** Parts are listed as long as the end of their segment is nearer than this, in target durations. */
const LISTED_PARTS = 3;

/** The text of a media playlist, or of a delta update where one was asked for and saves anything. */
export function listingText(
  listing: MediaListing,
  { control, dateRanges, reports, isEnded }: Presented,
  skip: DeliveryDirectives["skip"],
): string {
  const { segments, open, hasParts } = listing;
  const boundary = skipBoundary(control.targetDuration);
  let skipped = 0;
  let firstWithParts = segments.length;
  // Seconds between the end of a segment and that of the playlist.
  let behind = open === undefined ? 0 : openDuration(open.segment);
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index];
    if (segment === undefined) break;
    if (behind <= LISTED_PARTS * control.targetDuration) firstWithParts = index;
    if (behind >= boundary && skip !== undefined && !isEnded) skipped = index + 1;
    if (behind >= boundary) break;
    behind += secondsOf(segment);
  }
  const isDelta = skipped > 0;
  const skipsRanges = isDelta && skip === "v2";
  const [first] = segments;
  return mediaPlaylist({
    control,
    hasParts,
    isIndependent: isIndependent(listing),
    mediaSequence: first?.mediaSequence ?? open?.segment.mediaSequence ?? 1,
    discontinuitySequence: listing.discontinuitySequence,
    skipped: isDelta
      ? {
          segments: skipped,
          removedDateRanges: skipsRanges ? dateRanges.removed : undefined,
        }
      : undefined,
    dateRanges: skipsRanges ? dateRanges.recent : dateRanges.all,
    segments: segmentLines(listing, skipped, hasParts ? firstWithParts : segments.length),
    hints: listing.hints,
    reports,
    isEnded,
  });
}

function segmentLines(listing: MediaListing, from: number, firstWithParts: number): string[] {
  const { segments, open, listed } = listing;
  const lines: string[] = [];
  const before = segments[from - 1];
  let map = before === undefined ? undefined : listed(before).map;
  for (let index = from; index < segments.length; index += 1) {
    const segment = segments[index];
    if (segment === undefined) break;
    const written = listed(segment);
    const isNew = segment.isDiscontinuity || written.map !== map;
    lines.push(written.lines({ map: isNew, parts: index >= firstWithParts }));
    map = written.map;
  }
  if (open !== undefined) {
    const isNew = open.head.isDiscontinuity || open.head.map !== map;
    lines.push(openSegmentText(open.head, { map: isNew }));
  }
  return lines;
}

const openDuration = ({ parts, track }: OpenSegment): number =>
  parts.reduce((sum, part) => sum + part.duration, 0) / track.timescale;

/** Of the open segment its first part is all that is known. */
function isIndependent({ segments, open }: MediaListing): boolean {
  const first = open?.segment.parts[0];
  if (first !== undefined && !first.isIndependent) return false;
  return segments.every((segment) => segment.isGap || segment.isIndependent);
}

/** How far a media playlist has come. */
export function edgeOf({ segments, open, hasParts }: MediaListing): PlaylistEdge {
  const last = segments.at(-1);
  return {
    lastMsn: last?.mediaSequence ?? (open === undefined ? 0 : open.segment.mediaSequence - 1),
    partsOfLast: last === undefined || last.isGap ? undefined : last.parts.length,
    openParts: open?.segment.parts.length ?? 0,
    hasParts,
  };
}

/** What other playlists report of this one; undefined where there is nothing to tell yet. */
export function reportOf(listing: MediaListing, uri: string): RenditionReport | undefined {
  const { segments, open, hasParts } = listing;
  const last = segments.at(-1);
  const withParts = open?.segment ?? segments.findLast(({ parts }) => parts.length > 0);
  if (hasParts && withParts !== undefined) {
    return { uri, lastMsn: withParts.mediaSequence, lastPart: withParts.parts.length - 1 };
  }
  return last && { uri, lastMsn: last.mediaSequence, lastPart: undefined };
}
