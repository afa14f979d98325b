import type { OpenSegment, Part, Segment } from "../../live/segment.ts";
import {
  type PlaylistPart,
  type PlaylistSegment,
  type PlaylistSegmentHead,
  type SegmentExtent,
  segmentText,
} from "../../protocol/hls/media-playlist.ts";
import { initName, partName, segmentName } from "../../protocol/hls/resource-name.ts";
import { isPacked, secondsOf } from "./track-facts.ts";

/**
 * The lines of one complete segment, written once for all playlists that list it: a window of hours
 * is put together five times a second.
 */
export class ListedSegment {
  /** Its init segment, where it has one. */
  readonly map: string | undefined;
  readonly #describe: () => PlaylistSegment;
  readonly #lines: (string | undefined)[] = [];

  constructor(map: string | undefined, describe: () => PlaylistSegment) {
    this.map = map;
    this.#describe = describe;
  }

  lines(extent: SegmentExtent): string {
    if (!extent.parts) this.#lines.length = 2; // those with parts come no more
    const index = (extent.map ? 1 : 0) + (extent.parts ? 2 : 0);
    const known = this.#lines[index];
    if (known !== undefined) return known;
    const lines = segmentText(this.#describe(), extent);
    this.#lines[index] = lines;
    return lines;
  }
}

/** A segment of a track as playlists list it. @param life of the live stream: its `id` */
export function listedSegment(segment: Segment, life: string): ListedSegment {
  const { track, mediaSequence } = segment;
  const map = mapOf(segment, life);
  return new ListedSegment(map, () => ({
    ...segmentHead(segment, life),
    uri: segmentName(track.id, life, mediaSequence, isPacked(track)),
    duration: secondsOf(segment),
    isGap: segment.isGap,
  }));
}

/** What of a segment stands before its end, and all that there is while it is open. */
export const segmentHead = (segment: Segment | OpenSegment, life: string): PlaylistSegmentHead => ({
  isDiscontinuity: segment.isDiscontinuity,
  programDateTime: segment.programDateTime,
  map: mapOf(segment, life),
  parts: segment.parts.map((part) => listedPart(part, segment, life)),
});

const listedPart = (part: Part, { track }: Segment | OpenSegment, life: string): PlaylistPart => ({
  uri: partName(track.id, life, part.number, isPacked(track)),
  duration: part.duration / track.timescale,
  isIndependent: part.isIndependent,
});

const mapOf = ({ track }: Segment | OpenSegment, life: string): string | undefined =>
  isPacked(track) ? undefined : initName(track.id, life, track.configuration);
