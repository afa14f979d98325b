import type { LiveTrack } from "../../live/live-track.ts";
import type { Rendition, Segment } from "../../live/segment.ts";

/** MP3 travels as bare frames: no browser-wide wrapping in MP4 exists for it. */
export const isPacked = (track: LiveTrack): boolean => track.track.codec === "mp3";

/** What a track's files are served as. */
export const contentType = (track: LiveTrack): string =>
  isPacked(track) ? "audio/mpeg" : `${track.track.mediaType}/mp4`;

/** How long a segment lasts. */
export const secondsOf = ({ duration, track }: Pick<Segment, "duration" | "track">): number =>
  duration / track.timescale;

/** What a newcomer will play: the newest segment's configuration, not that of older ones. */
export const newestTrack = ({ open, segments, track }: Rendition): LiveTrack =>
  open?.track ?? segments.at(-1)?.track ?? track;
