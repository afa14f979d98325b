import { type Bytes, type OwnBytes, u32, u64 } from "../bytes/bytes.ts";
import type { MediaType } from "../media/track.ts";
import { box, fullBox } from "./box.ts";

/** What the head of a fragment with one sample is made from; times in ticks of the track. */
export type FragmentHeadOptions = {
  readonly trackId: number;
  /** Counts the track's fragments, from 1. */
  readonly sequenceNumber: number;
  /** 0 to 2^53 - 1. */
  readonly dts: number;
  /** Presentation minus decode time, signed. Audio: 0. */
  readonly compositionOffset: number;
  readonly duration: number;
  readonly isSync: boolean;
  readonly isDisposable: boolean;
  readonly mediaType: MediaType;
  /** Bytes of the sample. */
  readonly size: number;
};

/** One sample in the head of a fragment with many. */
export type SegmentSample = {
  readonly duration: number;
  readonly size: number;
  readonly isSync: boolean;
  readonly isDisposable: boolean;
  readonly compositionOffset: number;
};

/** What the head of a fragment with many samples is made from; times in ticks of the track. */
export type MediaSegmentHeadOptions = {
  readonly trackId: number;
  /** Counts the track's fragments, from 1. */
  readonly sequenceNumber: number;
  /** Decode time of the first sample: 0 to 2^53 - 1. */
  readonly baseMediaDecodeTime: number;
  readonly mediaType: MediaType;
  readonly samples: readonly SegmentSample[];
};

const MDAT_HEADER_LENGTH = 8;

// tfhd
const DEFAULT_SAMPLE_FLAGS = 0x02_0020; // default-base-is-moof, and flags for all samples
const DEFAULT_SAMPLE_VALUES = 0x02_0038; // … duration and size too
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
// trun
const DATA_OFFSET = 0x001;
const DURATION_AND_SIZE = 0x300;
const SAMPLE_FLAGS = 0x400;
const COMPOSITION_OFFSET = 0x800;

/**
 * sample_flags (ISO/IEC 14496-12 §8.8.3.1):
 *
 *     0 u4 | leading u2 | depends on u2 | depended on u2 | redundancy u2 | padding u3 | non-sync u1
 *     degradation u16
 */
export function sampleFlags(isSync: boolean, isDisposable: boolean): number {
  if (isSync) return 0x0200_0000; // depends on no other
  return isDisposable ? 0x0181_0000 : 0x0101_0000; // depends on others, is no sync sample
}

// Bytes of moof with one sample: mfhd 16, tfhd 28, tfdt 20, trun 20 and 4 for a composition offset.
const AUDIO_MOOF_LENGTH = 100;
const VIDEO_MOOF_LENGTH = 104;

/** Where the duration stands in a fragment of the live lane. */
const DURATION_AT = 48;

const MOOF = 0x6d6f_6f66;
const MFHD = 0x6d66_6864;
const TRAF = 0x7472_6166;
const TFHD = 0x7466_6864;
const TFDT = 0x7466_6474;
const TRUN = 0x7472_756e;
const MDAT = 0x6d64_6174;

/**
 * `moof` and the header of `mdat` for one sample, whose bytes follow it: the fragment of the live
 * lane. Written at fixed places, because it is made for every sample:
 *
 *     moof | mfhd sequence number u32
 *          | traf | tfhd track u32 duration u32 size u32 flags u32
 *                 | tfdt version 1: decode time u64
 *                 | trun version 1: count u32 data offset u32 (video: composition offset i32)
 *     mdat
 *
 * The sample's values stand in `tfhd`, as defaults of a run of one (ISO/IEC 14496-12 §8.8.4 to
 * §8.8.12).
 */
export function fragmentHead(options: FragmentHeadOptions): OwnBytes {
  const { dts, size } = options;
  const isVideo = options.mediaType === "video";
  const moofLength = isVideo ? VIDEO_MOOF_LENGTH : AUDIO_MOOF_LENGTH;
  const head = new Uint8Array(moofLength + MDAT_HEADER_LENGTH);
  const view = new DataView(head.buffer);
  view.setUint32(0, moofLength);
  view.setUint32(4, MOOF);
  view.setUint32(8, 16);
  view.setUint32(12, MFHD); // version and flags 0
  view.setUint32(20, options.sequenceNumber);
  view.setUint32(24, moofLength - 24);
  view.setUint32(28, TRAF);
  view.setUint32(32, 28);
  view.setUint32(36, TFHD);
  view.setUint32(40, DEFAULT_SAMPLE_VALUES);
  view.setUint32(44, options.trackId);
  view.setUint32(DURATION_AT, options.duration);
  view.setUint32(52, size);
  view.setUint32(56, sampleFlags(options.isSync, options.isDisposable));
  view.setUint32(60, 20);
  view.setUint32(64, TFDT);
  view.setUint32(68, 0x0100_0000); // version 1
  view.setUint32(72, Math.floor(dts / 2 ** 32));
  view.setUint32(76, dts % 2 ** 32);
  view.setUint32(80, moofLength - 80);
  view.setUint32(84, TRUN);
  view.setUint32(88, 0x0100_0000 | DATA_OFFSET | (isVideo ? COMPOSITION_OFFSET : 0));
  view.setUint32(92, 1);
  view.setUint32(96, moofLength + MDAT_HEADER_LENGTH);
  if (isVideo) view.setInt32(100, options.compositionOffset);
  view.setUint32(moofLength, MDAT_HEADER_LENGTH + size);
  view.setUint32(moofLength + 4, MDAT);
  return head;
}

/** Declares another duration (ticks of the track) in a fragment of the live lane, in its own memory. */
export function redeclare(fragment: Bytes, duration: number): void {
  new DataView(fragment.buffer, fragment.byteOffset).setUint32(DURATION_AT, duration);
}

/** Some samples of one track in the head of a fragment of several; times in ticks of the track. */
export type TrackRun = Omit<MediaSegmentHeadOptions, "sequenceNumber">;

/**
 * `moof` and the header of `mdat` for many samples, whose bytes follow it in order: a part of HLS.
 * Each video sample has its duration, size, flags and composition offset in `trun`; each sound its
 * duration and size.
 *
 * @param options.samples together less than 4 GiB
 */
export const mediaSegmentHead = ({ sequenceNumber, ...run }: MediaSegmentHeadOptions): OwnBytes =>
  movieFragmentHead(sequenceNumber, [run]);

/**
 * The same for samples of several tracks: their bytes follow it track by track, each track's in
 * order.
 *
 * @param runs of different tracks
 */
export function movieFragmentHead(sequenceNumber: number, runs: readonly TrackRun[]): OwnBytes {
  const trafs = runs.map(trackFragment);
  const moof = box("moof", fullBox("mfhd", 0, 0, u32(sequenceNumber)), ...trafs);
  const head = new Uint8Array(moof.length + MDAT_HEADER_LENGTH);
  const view = new DataView(head.buffer);
  head.set(moof);
  let end = moof.length - trafs.reduce((sum, traf) => sum + traf.length, 0);
  let dataOffset = head.length;
  for (const [index, { mediaType, samples }] of runs.entries()) {
    end += trafs[index]?.length ?? 0;
    // In trun, the last box of its track, behind the sample count.
    const runLength = 20 + samples.length * (mediaType === "video" ? 16 : 8);
    view.setUint32(end - runLength + 16, dataOffset);
    dataOffset += samples.reduce((sum, { size }) => sum + size, 0);
  }
  view.setUint32(moof.length, dataOffset - moof.length);
  view.setUint32(moof.length + 4, MDAT);
  return head;
}

/** TrackFragmentBox (ISO/IEC 14496-12 §8.8.6), its data offset left open. */
function trackFragment({ trackId, mediaType, samples, baseMediaDecodeTime }: TrackRun): OwnBytes {
  const isVideo = mediaType === "video";
  const tfhd = isVideo
    ? fullBox("tfhd", 0, DEFAULT_BASE_IS_MOOF, u32(trackId))
    : fullBox("tfhd", 0, DEFAULT_SAMPLE_FLAGS, u32(trackId), u32(sampleFlags(true, false)));
  const tfdt = fullBox("tfdt", 1, 0, u64(baseMediaDecodeTime));
  return box("traf", tfhd, tfdt, isVideo ? videoRun(samples) : audioRun(samples));
}

/** Where a head made by `movieFragmentHead` has its sequence number … */
const SEQUENCE_NUMBER_OFFSET = 20;
/** … its first track fragment … */
const FIRST_TRAF_OFFSET = 24;
/** … and a track fragment its `tfhd`. */
const TFHD_OFFSET = 8;

/**
 * The same head for another file: at other times, and with another number.
 *
 * @param head as `movieFragmentHead` made it
 * @param timeOf where a track's samples begin instead
 * @returns a copy
 */
export function movedFragmentHead(
  head: Bytes,
  sequenceNumber: number,
  timeOf: (trackId: number, baseMediaDecodeTime: number) => number,
): OwnBytes {
  const moved = new Uint8Array(head);
  const view = new DataView(moved.buffer);
  view.setUint32(SEQUENCE_NUMBER_OFFSET, sequenceNumber);
  const end = view.getUint32(0);
  for (let traf = FIRST_TRAF_OFFSET; traf < end; traf += view.getUint32(traf)) {
    const tfhd = traf + TFHD_OFFSET;
    const tfdt = tfhd + view.getUint32(tfhd);
    const time = view.getUint32(tfdt + 12) * 2 ** 32 + view.getUint32(tfdt + 16);
    const other = timeOf(view.getUint32(tfhd + 12), time);
    view.setUint32(tfdt + 12, Math.floor(other / 2 ** 32));
    view.setUint32(tfdt + 16, other % 2 ** 32);
  }
  return moved;
}

function videoRun(samples: readonly SegmentSample[]): OwnBytes {
  const values = new Uint8Array(16 * samples.length);
  const view = new DataView(values.buffer);
  for (const [index, sample] of samples.entries()) {
    view.setUint32(16 * index, sample.duration);
    view.setUint32(16 * index + 4, sample.size);
    view.setUint32(16 * index + 8, sampleFlags(sample.isSync, sample.isDisposable));
    view.setInt32(16 * index + 12, sample.compositionOffset);
  }
  const flags = DATA_OFFSET | DURATION_AND_SIZE | SAMPLE_FLAGS | COMPOSITION_OFFSET;
  return fullBox("trun", 1, flags, u32(samples.length), u32(0), values);
}

function audioRun(samples: readonly SegmentSample[]): OwnBytes {
  const values = new Uint8Array(8 * samples.length);
  const view = new DataView(values.buffer);
  for (const [index, { duration, size }] of samples.entries()) {
    view.setUint32(8 * index, duration);
    view.setUint32(8 * index + 4, size);
  }
  return fullBox("trun", 1, DATA_OFFSET | DURATION_AND_SIZE, u32(samples.length), u32(0), values);
}
