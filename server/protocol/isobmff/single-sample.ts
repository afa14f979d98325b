import { ascii, concat, type OwnBytes, u32 } from "../bytes/bytes.ts";
import type { VideoTrack } from "../media/track.ts";
import { box, fullBox } from "./box.ts";
import { type MovieTrack, mvhd, trak } from "./movie.ts";

/** How long the picture is shown, ms; a player that has come to the end goes on showing it. */
const DURATION = 1000;

/** What a file of one picture is made from. */
export type SingleSampleOptions = Omit<MovieTrack, "trackId"> & {
  readonly track: VideoTrack;
  /** Bytes of the sample: a sync sample. */
  readonly size: number;
};

/**
 * A whole file of one picture, up to the sample itself, which follows: `ftyp`, `moov` and the header
 * of `mdat` (ISO/IEC 14496-12). It has no fragments, so every player shows it as a still.
 *
 * It is shown at 0, whatever its composition offset was: there is nothing it could be late for.
 */
export function singleSampleHead({ size, ...track }: SingleSampleOptions): OwnBytes {
  const mdat = concat(u32(8 + size), ascii("mdat"));
  const ftyp = box("ftyp", ascii("isom"), u32(0x200), ascii("isom"), ascii("iso2"), ascii("mp41"));
  const { length } = moov(track, size, 0);
  return concat(ftyp, moov(track, size, ftyp.length + length + mdat.length), mdat);
}

/** @param offset of the sample in the file */
function moov(track: Omit<MovieTrack, "trackId">, size: number, offset: number): OwnBytes {
  const movie = { ...track, trackId: 1 };
  const duration = Math.round((DURATION * track.timescale) / 1000);
  const tables = [
    fullBox("stts", 0, 0, u32(1), u32(1), u32(duration)),
    fullBox("stsc", 0, 0, u32(1), u32(1), u32(1), u32(1)), // from chunk 1 on: one sample each
    fullBox("stsz", 0, 0, u32(0), u32(1), u32(size)),
    fullBox("stco", 0, 0, u32(1), u32(offset)),
  ];
  return box("moov", mvhd([movie], DURATION), trak(movie, { duration: DURATION, tables }));
}
