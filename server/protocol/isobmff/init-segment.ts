import { ascii, concat, type OwnBytes, u32 } from "../bytes/bytes.ts";
import type { Milliseconds } from "../media/sample.ts";
import { box, fullBox, zeros } from "./box.ts";
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

/** What the head of a file has besides its tracks. */
export type FileHeadOptions = {
  /** ms since 1970. */
  readonly createdAt: Milliseconds;
  /** Bytes behind `moov` for a `sidx`: 16 or more. */
  readonly indexRoom: number;
};

/**
 * The head of a file that grows by fragments: `ftyp`, `moov`, and room for what is known only in the
 * end, as `free` boxes (ISO/IEC 14496-12 §8.1.2): of a `mehd` in `mvex`, and of a `sidx` behind `moov`.
 * `finishedHead` fills them in.
 *
 * @param tracks in the order in which players shall see them; their `trackId` differ
 */
export const fileHead = (
  tracks: readonly MovieTrack[],
  { createdAt, indexRoom }: FileHeadOptions,
): OwnBytes =>
  concat(
    ftyp("mp42"),
    moov(tracks, { creationTime: Math.floor(createdAt / 1000) + SECONDS_1904_TO_1970 }),
    box("free", zeros(indexRoom - 8)),
  );

/** MP4 counts seconds from 1904. */
const SECONDS_1904_TO_1970 = 2_082_844_800;

/** Of a file that grows. */
type GrowingFile = { readonly creationTime: number };

const ftyp = (brand: "cmfc" | "mp42"): OwnBytes =>
  box("ftyp", ascii("iso6"), u32(0x200), ascii("iso6"), ascii(brand), ascii("mp41"));

const moov = (tracks: readonly MovieTrack[], file?: GrowingFile): OwnBytes =>
  box(
    "moov",
    mvhd(tracks, 0, file?.creationTime),
    ...tracks.map((track) => trak(track, IN_FRAGMENTS)),
    box("mvex", ...(file === undefined ? [] : [MEHD_ROOM]), ...tracks.map(trex)),
  );

const MEHD_ROOM: OwnBytes = box("free", zeros(12));

/** TrackExtendsBox (§8.8.3): fragments say everything themselves. */
const trex = ({ trackId }: MovieTrack): OwnBytes =>
  fullBox("trex", 0, 0, u32(trackId), u32(1), u32(0), u32(0), u32(0));
