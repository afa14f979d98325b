import {
  ascii,
  type Bytes,
  concat,
  NO_BYTES,
  type OwnBytes,
  u16,
  u32,
  utf8,
} from "../bytes/bytes.ts";
import type { Track, VideoTrack } from "../media/track.ts";
import { box, fullBox, zeros } from "./box.ts";
import { trackLanguage } from "./language.ts";
import { pixelAspect, sampleEntry } from "./sample-entry.ts";

/** A track of a movie: what its header is made from. */
export type MovieTrack = {
  /** track_ID within the live stream: 1 or more. */
  readonly trackId: number;
  /** Ticks a second of its times. */
  readonly timescale: number;
  readonly track: Track;
  /** BCP 47 or ISO 639-2; absent or not understood: `und`. */
  readonly language?: string;
};

/** What of a track lies in the file itself, and not in fragments. */
export type MovieSamples = {
  /** ms, whole. */
  readonly duration: number;
  /** stts, stsc, stsz, stco, in this order (ISO/IEC 14496-12 §8.6, §8.7). */
  readonly tables: readonly Bytes[];
};

/** All samples lie in fragments; a duration of 0 makes it look live. */
export const IN_FRAGMENTS: MovieSamples = {
  duration: 0,
  tables: [
    fullBox("stts", 0, 0, u32(0)),
    fullBox("stsc", 0, 0, u32(0)),
    fullBox("stsz", 0, 0, u32(0), u32(0)),
    fullBox("stco", 0, 0, u32(0)),
  ],
};

/** Ticks a second of the movie's own header. */
const MOVIE_TIMESCALE = 1000;

const MATRIX: OwnBytes = concat(
  ...[0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000].map(u32),
);

/**
 * MovieHeaderBox (§8.2.2).
 *
 * @param duration of the longest of them, ms
 * @param creationTime seconds since 1904
 */
export const mvhd = (tracks: readonly MovieTrack[], duration: number, creationTime = 0): OwnBytes =>
  fullBox(
    "mvhd",
    0,
    0,
    u32(creationTime),
    u32(creationTime), // modification_time
    u32(MOVIE_TIMESCALE),
    u32(duration),
    u32(0x0001_0000), // rate
    u16(0x0100), // volume
    zeros(10),
    MATRIX,
    zeros(24),
    u32(Math.max(...tracks.map(({ trackId }) => trackId)) + 1), // next_track_ID
  );

/** TrackBox (§8.3.1). */
export const trak = (options: MovieTrack, samples: MovieSamples): OwnBytes =>
  box("trak", tkhd(options, samples.duration), mdia(options, samples));

/** TrackHeaderBox (§8.3.2), enabled and in the movie. */
function tkhd({ trackId, track }: MovieTrack, duration: number): OwnBytes {
  const isVideo = track.mediaType === "video";
  return fullBox(
    "tkhd",
    0,
    3,
    zeros(8), // creation_time, modification_time
    u32(trackId),
    zeros(4),
    u32(duration),
    zeros(8),
    u16(0), // layer
    u16(0), // alternate_group
    u16(isVideo ? 0 : 0x0100), // volume
    zeros(2),
    MATRIX,
    u32(isVideo ? displayWidth(track) * 0x1_0000 : 0),
    u32(isVideo ? track.height * 0x1_0000 : 0),
  );
}

/** Width of a track's pictures in square pixels; their height stays as it is. */
export function displayWidth(track: VideoTrack): number {
  const aspect = pixelAspect(track);
  if (aspect === undefined) return track.width;
  return Math.min(Math.round((track.width * aspect.width) / aspect.height), 0xffff);
}

function mdia(options: MovieTrack, samples: MovieSamples): OwnBytes {
  const { track, timescale } = options;
  const duration = Math.round((samples.duration * timescale) / MOVIE_TIMESCALE);
  const language = trackLanguage(options.language);
  const { extended } = language;
  const elng = extended === undefined ? NO_BYTES : fullBox("elng", 0, 0, utf8(`${extended}\0`));
  const header = mdhd(timescale, duration, language.code);
  return box("mdia", header, elng, hdlr(track), minf(track, samples));
}

/** MediaHeaderBox (§8.4.2); a language is three letters of 5 bits, `a` being 1. */
const mdhd = (timescale: number, duration: number, language: string): OwnBytes => {
  const [a = 0, b = 0, c = 0] = ascii(language).map((letter) => letter - 0x60);
  return fullBox(
    "mdhd",
    0,
    0,
    zeros(8), // creation_time, modification_time
    u32(timescale),
    u32(duration),
    u16((a << 10) | (b << 5) | c),
    zeros(2),
  );
};

/** HandlerBox (§8.4.3). */
const hdlr = ({ mediaType }: Track): OwnBytes => {
  const [handler, name] = mediaType === "video" ? ["vide", "Video"] : ["soun", "Audio"];
  return fullBox("hdlr", 0, 0, zeros(4), ascii(handler), zeros(12), utf8(`${name}\0`));
};

const minf = (track: Track, { tables }: MovieSamples): OwnBytes =>
  box(
    "minf",
    track.mediaType === "video"
      ? fullBox("vmhd", 0, 1, zeros(8)) // graphicsmode, opcolor
      : fullBox("smhd", 0, 0, zeros(4)), // balance
    box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1))), // in this file
    box("stbl", fullBox("stsd", 0, 0, u32(1), sampleEntry(track)), ...tables),
  );
