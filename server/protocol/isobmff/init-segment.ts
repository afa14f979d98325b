import { ascii, concat, type OwnBytes, u32 } from "../bytes/bytes.ts";
import { box, fullBox } from "./box.ts";
import { IN_FRAGMENTS, type MovieTrack, mvhd, trak } from "./movie.ts";

/**
 * The init segment of one track: `ftyp` and `moov` (ISO/IEC 14496-12, CMAF §7.2).
 *
 * It looks live: durations are 0 and there is no `mehd`. Chromium takes that for its low-delay
 * renderer. An AVC configuration that rules reordering out says so in its copy here
 * (`withBitstreamRestriction`).
 */
export const initSegment = (options: MovieTrack): OwnBytes => concat(ftyp("cmfc"), moov([options]));

/**
 * The init segment of several tracks that go together: of a file, or of one stream of bytes for all
 * of them. CMAF knows no such thing, so it does not claim to be that.
 *
 * @param tracks in the order in which players shall see them; their `trackId` differ
 */
export const initSegmentOf = (tracks: readonly MovieTrack[]): OwnBytes =>
  concat(ftyp("mp42"), moov(tracks));

const ftyp = (brand: "cmfc" | "mp42"): OwnBytes =>
  box("ftyp", ascii("iso6"), u32(0x200), ascii("iso6"), ascii(brand), ascii("mp41"));

const moov = (tracks: readonly MovieTrack[]): OwnBytes =>
  box(
    "moov",
    mvhd(tracks, 0),
    ...tracks.map((track) => trak(track, IN_FRAGMENTS)),
    box("mvex", ...tracks.map(trex)),
  );

/** TrackExtendsBox (§8.8.3): fragments say everything themselves. */
const trex = ({ trackId }: MovieTrack): OwnBytes =>
  fullBox("trex", 0, 0, u32(trackId), u32(1), u32(0), u32(0), u32(0));
