/*
 * Names of what lies beside `index.m3u8`, all in one flat folder:
 *
 *     index.m3u8                multivariant playlist
 *     t2.m3u8                   media playlist of track 2
 *     t2-LIFE-i1.mp4            its init segment, first configuration
 *     t2-LIFE-15.m4s, .mp3      its segment 15; packed audio
 *
 * LIFE tells one life of a streamPath from another, since caches keep these files for long.
 */

/** What a name beside `index.m3u8` asks for. */
export type ResourceName =
  | { readonly type: "multivariant" }
  | { readonly type: "playlist"; readonly trackId: number }
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

/** Longer ones are nobody's: numbers stay exact and comparisons cheap. */
const MAX_NAME_LENGTH = 64;
const PLAYLIST = /^t(\d{1,9})\.m3u8$/;
const INIT = /^t(\d{1,9})-([0-9a-z]{1,16})-i(\d{1,9})\.mp4$/;
const SEGMENT = /^t(\d{1,9})-([0-9a-z]{1,16})-(\d{1,15})\.(m4s|mp3)$/;

/** Reads a name. @returns undefined where it is none of ours */
export function readResourceName(name: string): ResourceName | undefined {
  if (name === MULTIVARIANT_NAME) return { type: "multivariant" };
  if (name.length > MAX_NAME_LENGTH) return undefined;
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
  if (segment !== null) {
    const [, trackId, life = "", mediaSequence, extension] = segment;
    return {
      type: "segment",
      trackId: Number(trackId),
      life,
      mediaSequence: Number(mediaSequence),
      isPacked: extension === "mp3",
    };
  }
  return undefined;
}
