import { concat, type OwnBytes, u16, u32, u64 } from "../bytes/bytes.ts";
import { fullBox } from "./box.ts";

/** A stretch of a file that begins with a sync sample of the track it is told by. */
export type Subsegment = {
  /** Bytes: of all tracks, up to where the next one begins. */
  readonly size: number;
  /** Ticks, from what it shows first to what the next one shows first. */
  readonly duration: number;
};

/** What an index of a file is made from. */
export type SegmentIndexOptions = {
  /** The track by which the stretches are told. */
  readonly trackId: number;
  readonly timescale: number;
  /** When the first of them begins to be shown. */
  readonly earliestPresentationTime: number;
  /** Bytes between the end of this box and the first of them. */
  readonly firstOffset: number;
  /** At least one, at most 65535. */
  readonly subsegments: readonly Subsegment[];
};

const FIXED_LENGTH = 40;
const REFERENCE_LENGTH = 12;

/** How many stretches an index of so many bytes has room for. */
export const subsegmentsWithin = (length: number): number =>
  Math.min(Math.floor((length - FIXED_LENGTH) / REFERENCE_LENGTH), 0xffff);

/**
 * SegmentIndexBox, version 1 (ISO/IEC 14496-12 §8.16.3): where in a file which time lies, so that a
 * player can go there with one request. Each stretch begins with a stream access point, whose type
 * is left open: the encoder's GOPs may be open or closed.
 */
export function segmentIndex(options: SegmentIndexOptions): OwnBytes {
  const { subsegments } = options;
  const references = new Uint8Array(REFERENCE_LENGTH * subsegments.length);
  for (const [index, { size, duration }] of subsegments.entries()) {
    const reference = concat(u32(size), u32(duration), u32(STARTS_WITH_SAP)); // reference_type 0: media
    references.set(reference, REFERENCE_LENGTH * index);
  }
  return fullBox(
    "sidx",
    1,
    0,
    u32(options.trackId),
    u32(options.timescale),
    u64(options.earliestPresentationTime),
    u64(options.firstOffset),
    u16(0), // reserved
    u16(subsegments.length),
    references,
  );
}

const STARTS_WITH_SAP = 0x8000_0000;
