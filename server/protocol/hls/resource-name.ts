/*
 * Names of what lies beside `index.m3u8`, all in one flat folder:
 *
 *     index.m3u8                multivariant playlist
 *     t2.m3u8                   media playlist of track 2
 *     t2-LIFE-i1.mp4            its init segment, first configuration
 *     t2-LIFE-15.m4s, .mp3      its segment 15; packed audio
 *     t2-LIFE-p37.m4s, .mp3     its part 37, counted across segments, so that the name of the next part
 *                               is known before it is known to which segment it belongs
 *     text-cc1.m3u8             media playlist of the text track cc1
 *     text-cc1-LIFE-15.vtt      its text for the time of segment 15
 *     text-cc1-LIFE-t2p37.vtt   its text for the time of part 37 of track 2
 *
 * LIFE tells one life of a streamPath from another, since caches keep these files for long.
 */

/** What a name beside `index.m3u8` asks for. */
export type ResourceName =
  | { readonly type: "multivariant" }
  | { readonly type: "playlist"; readonly trackId: number }
  | { readonly type: "text-playlist"; readonly textId: string }
  | {
      readonly type: "init";
      readonly trackId: number;
      readonly life: string;
      readonly configuration: number;
    }
  | {
      readonly type: "segment";
      readonly trackId: number;
      readonly life: string;
      readonly mediaSequence: number;
      readonly isPacked: boolean;
    }
  | {
      readonly type: "part";
      readonly trackId: number;
      readonly life: string;
      readonly number: number;
      readonly isPacked: boolean;
    }
  | {
      readonly type: "text-segment";
      readonly textId: string;
      readonly life: string;
      readonly mediaSequence: number;
    }
  | {
      readonly type: "text-part";
      readonly textId: string;
      readonly life: string;
      /** Of the track whose part it goes with. */
      readonly trackId: number;
      readonly number: number;
    };

/** The multivariant playlist's name: what people are given. */
export const MULTIVARIANT_NAME = "index.m3u8";

/** @returns the name of a track's media playlist */
export const playlistName = (trackId: number): string => `t${trackId}.m3u8`;

/** @returns the name of an init segment: never used again for other bytes */
export const initName = (trackId: number, life: string, configuration: number): string =>
  `t${trackId}-${life}-i${configuration}.mp4`;

/** @returns the name of a segment: never used again for other bytes */
export const segmentName = (
  trackId: number,
  life: string,
  mediaSequence: number,
  isPacked: boolean,
): string => `t${trackId}-${life}-${mediaSequence}.${isPacked ? "mp3" : "m4s"}`;

/** @returns the name of a part: never used again for other bytes */
export const partName = (
  trackId: number,
  life: string,
  number: number,
  isPacked: boolean,
): string => `t${trackId}-${life}-p${number}.${isPacked ? "mp3" : "m4s"}`;

/** @returns the name of a text track's media playlist */
export const textPlaylistName = (textId: string): string => `text-${textId}.m3u8`;

/** @returns the name of a segment of text: never used again for other text */
export const textSegmentName = (textId: string, life: string, mediaSequence: number): string =>
  `text-${textId}-${life}-${mediaSequence}.vtt`;

/** @returns the name of a part of text: never used again for other text */
export const textPartName = (
  textId: string,
  life: string,
  trackId: number,
  number: number,
): string => `text-${textId}-${life}-t${trackId}p${number}.vtt`;

/** Longer ones are nobody's: numbers stay exact and comparisons cheap. */
const MAX_NAME_LENGTH = 96;
const PLAYLIST = /^t(\d{1,9})\.m3u8$/;
const INIT = /^t(\d{1,9})-([0-9a-z]{1,16})-i(\d{1,9})\.mp4$/;
const SEGMENT = /^t(\d{1,9})-([0-9a-z]{1,16})-(p?)(\d{1,15})\.(m4s|mp3)$/;
const TEXT_PLAYLIST = /^text-([0-9A-Za-z-]{1,48})\.m3u8$/;
const TEXT_PART = /^text-([0-9A-Za-z-]{1,48})-([0-9a-z]{1,16})-t(\d{1,9})p(\d{1,15})\.vtt$/;
const TEXT_SEGMENT = /^text-([0-9A-Za-z-]{1,48})-([0-9a-z]{1,16})-(\d{1,15})\.vtt$/;

/** Reads a name. @returns undefined where it is none of ours */
export function readResourceName(name: string): ResourceName | undefined {
  if (name === MULTIVARIANT_NAME) return { type: "multivariant" };
  if (name.length > MAX_NAME_LENGTH) return undefined;
  return name.startsWith("text-") ? readTextName(name) : readTrackName(name);
}

function readTrackName(name: string): ResourceName | undefined {
  const playlist = PLAYLIST.exec(name);
  if (playlist !== null) return { type: "playlist", trackId: Number(playlist[1]) };
  const init = INIT.exec(name);
  if (init !== null) {
    const [, trackId, life = "", configuration] = init;
    return {
      type: "init",
      trackId: Number(trackId),
      life,
      configuration: Number(configuration),
    };
  }
  const segment = SEGMENT.exec(name);
  if (segment === null) return undefined;
  const [, trackId, life = "", part, number, extension] = segment;
  const common = { trackId: Number(trackId), life, isPacked: extension === "mp3" };
  return part === "p"
    ? { type: "part", ...common, number: Number(number) }
    : { type: "segment", ...common, mediaSequence: Number(number) };
}

function readTextName(name: string): ResourceName | undefined {
  const playlist = TEXT_PLAYLIST.exec(name);
  if (playlist !== null) return { type: "text-playlist", textId: playlist[1] ?? "" };
  const part = TEXT_PART.exec(name);
  if (part !== null) {
    const [, textId = "", life = "", trackId, number] = part;
    return { type: "text-part", textId, life, trackId: Number(trackId), number: Number(number) };
  }
  const segment = TEXT_SEGMENT.exec(name);
  if (segment === null) return undefined;
  const [, textId = "", life = "", mediaSequence] = segment;
  return { type: "text-segment", textId, life, mediaSequence: Number(mediaSequence) };
}
