import { ascii, concat, NO_BYTES, type OwnBytes, u16, u32, utf8 } from "../bytes/bytes.ts";
import type { Track, VideoTrack } from "../media/track.ts";
import { box, fullBox, zeros } from "./box.ts";
import { trackLanguage } from "./language.ts";
import { pixelAspect, sampleEntry } from "./sample-entry.ts";

/** What an init segment is made from. */
export type InitSegmentOptions = {
  /** track_ID within the live stream: 1 or more. */
  readonly trackId: number;
  /** Ticks a second of the fragments' times. */
  readonly timescale: number;
  readonly track: Track;
  /** BCP 47 or ISO 639-2; absent or not understood: `und`. */
  readonly language?: string;
};

/**
 * The init segment of one track: `ftyp` and `moov` (ISO/IEC 14496-12, CMAF §7.2).
 *
 * It looks live: durations are 0 and there is no `mehd`. Chromium takes that for its low-delay
 * renderer. An AVC configuration that rules reordering out says so in its copy here
 * (`withBitstreamRestriction`).
 */
export const initSegment = (options: InitSegmentOptions): OwnBytes =>
  concat(ftyp("cmfc"), moov([options]));

/**
 * The init segment of several tracks that go together: of a file, or of one stream of bytes for all
 * of them. CMAF knows no such thing, so it does not claim to be that.
 *
 * @param tracks in the order in which players shall see them; their `trackId` differ
 */
export const initSegmentOf = (tracks: readonly InitSegmentOptions[]): OwnBytes =>
  concat(ftyp("mp42"), moov(tracks));

const ftyp = (brand: "cmfc" | "mp42"): OwnBytes =>
  box("ftyp", ascii("iso6"), u32(0x200), ascii("iso6"), ascii(brand), ascii("mp41"));

const moov = (tracks: readonly InitSegmentOptions[]): OwnBytes =>
  box("moov", mvhd(tracks), ...tracks.map(trak), box("mvex", ...tracks.map(trex)));

const MATRIX: OwnBytes = concat(
  ...[0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000].map(u32),
);

/** MovieHeaderBox (§8.2.2). */
const mvhd = (tracks: readonly InitSegmentOptions[]): OwnBytes =>
  fullBox(
    "mvhd",
    0,
    0,
    zeros(8), // creation_time, modification_time
    u32(1000), // timescale
    u32(0), // duration
    u32(0x0001_0000), // rate
    u16(0x0100), // volume
    zeros(10),
    MATRIX,
    zeros(24),
    u32(Math.max(...tracks.map(({ trackId }) => trackId)) + 1), // next_track_ID
  );

const trak = (options: InitSegmentOptions): OwnBytes => box("trak", tkhd(options), mdia(options));

/** TrackHeaderBox (§8.3.2), enabled and in the movie. */
function tkhd({ trackId, track }: InitSegmentOptions): OwnBytes {
  const isVideo = track.mediaType === "video";
  return fullBox(
    "tkhd",
    0,
    3,
    zeros(8), // creation_time, modification_time
    u32(trackId),
    zeros(4),
    u32(0), // duration
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

function mdia(options: InitSegmentOptions): OwnBytes {
  const { track, timescale } = options;
  const language = trackLanguage(options.language);
  const { extended } = language;
  const elng = extended === undefined ? NO_BYTES : fullBox("elng", 0, 0, utf8(`${extended}\0`));
  return box("mdia", mdhd(timescale, language.code), elng, hdlr(track), minf(track));
}

/** MediaHeaderBox (§8.4.2); a language is three letters of 5 bits, `a` being 1. */
const mdhd = (timescale: number, language: string): OwnBytes => {
  const [a = 0, b = 0, c = 0] = ascii(language).map((letter) => letter - 0x60);
  return fullBox(
    "mdhd",
    0,
    0,
    zeros(8), // creation_time, modification_time
    u32(timescale),
    u32(0), // duration
    u16((a << 10) | (b << 5) | c),
    zeros(2),
  );
};

/** HandlerBox (§8.4.3). */
const hdlr = ({ mediaType }: Track): OwnBytes => {
  const [handler, name] = mediaType === "video" ? ["vide", "Video"] : ["soun", "Audio"];
  return fullBox("hdlr", 0, 0, zeros(4), ascii(handler), zeros(12), utf8(`${name}\0`));
};

const minf = (track: Track): OwnBytes =>
  box(
    "minf",
    track.mediaType === "video"
      ? fullBox("vmhd", 0, 1, zeros(8)) // graphicsmode, opcolor
      : fullBox("smhd", 0, 0, zeros(4)), // balance
    box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1))), // in this file
    stbl(track),
  );

/** SampleTableBox (§8.5.1): what decodes, and no samples. */
const stbl = (track: Track): OwnBytes =>
  box(
    "stbl",
    fullBox("stsd", 0, 0, u32(1), sampleEntry(track)),
    fullBox("stts", 0, 0, u32(0)),
    fullBox("stsc", 0, 0, u32(0)),
    fullBox("stsz", 0, 0, u32(0), u32(0)),
    fullBox("stco", 0, 0, u32(0)),
  );

/** TrackExtendsBox (§8.8.3): fragments say everything themselves. */
const trex = ({ trackId }: InitSegmentOptions): OwnBytes =>
  fullBox("trex", 0, 0, u32(trackId), u32(1), u32(0), u32(0), u32(0));
