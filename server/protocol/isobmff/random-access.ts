import { concat, type OwnBytes, u8, u32, u64 } from "../bytes/bytes.ts";
import { box, fullBox } from "./box.ts";

/** A fragment that begins with a sync sample. */
export type RandomAccessPoint = {
  /** When that sample is shown, in ticks of its track. */
  readonly time: number;
  /** Where its `moof` lies, from the beginning of the file. */
  readonly moofOffset: number;
};

/** Where a player may begin with a track. */
export type TrackRandomAccess = {
  readonly trackId: number;
  /** In order of their times. */
  readonly points: readonly RandomAccessPoint[];
};

/**
 * What a fragmented file may end with: where its tracks can be entered (MovieFragmentRandomAccessBox,
 * ISO/IEC 14496-12 §8.8.9). Its last four bytes say how long it is, so that players find it.
 */
export function movieFragmentRandomAccess(tracks: readonly TrackRandomAccess[]): OwnBytes {
  const tables = tracks.map(trackFragmentRandomAccess);
  const length = 8 + tables.reduce((sum, table) => sum + table.length, 0) + MFRO_LENGTH;
  return box("mfra", ...tables, fullBox("mfro", 0, 0, u32(length)));
}

const MFRO_LENGTH = 16;

/**
 * TrackFragmentRandomAccessBox, version 1 (§8.8.10): the sample is the first of the first run of the
 * first track in each fragment, and those numbers take a byte each.
 */
function trackFragmentRandomAccess({ trackId, points }: TrackRandomAccess): OwnBytes {
  const entries = new Uint8Array(ENTRY_LENGTH * points.length);
  for (const [index, { time, moofOffset }] of points.entries()) {
    const entry = concat(u64(time), u64(moofOffset), u8(1), u8(1), u8(1));
    entries.set(entry, ENTRY_LENGTH * index);
  }
  return fullBox("tfra", 1, 0, u32(trackId), u32(0), u32(points.length), entries);
}

const ENTRY_LENGTH = 19;
