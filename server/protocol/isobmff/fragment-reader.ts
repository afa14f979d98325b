import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { boxOf, childrenOf, readBoxes, viewOf } from "./box-reader.ts";

/** What the head of a fragment of one track says; times in ticks of the track. */
export type ReadFragment = {
  readonly trackId: number;
  /** Decode time of its first sample. */
  readonly time: number;
  /** The sum of its samples' durations. */
  readonly duration: number;
  readonly samples: number;
  /** Of its first sample. */
  readonly isSync: boolean;
  readonly compositionOffset: number;
  readonly firstSize: number;
  /** Bytes up to the first sample. */
  readonly headLength: number;
  /** Bytes of `moof` and `mdat` together. */
  readonly length: number;
};

/** How long the head of a fragment is, told by the first eight bytes of its `moof`, `mdat`'s included. */
export function fragmentHeadLength(bytes: Bytes): number | undefined {
  if (bytes.length < 8) return undefined;
  const view = viewOf(bytes);
  return view.getUint32(4) === MOOF ? view.getUint32(0) + 8 : undefined;
}

const MOOF = 0x6d6f_6f66;
const MDAT = 0x6d64_6174;

const DATA_OFFSET = 0x001;
const DURATION = 0x100;
const SIZE = 0x200;
const FLAGS = 0x400;
const COMPOSITION_OFFSET = 0x800;
const NON_SYNC = 0x0001_0000;

/**
 * Reads the head of a fragment as `mediaSegmentHead` writes it: `moof` with one track and one run that
 * says each sample's duration and size, and the beginning of its `mdat`.
 *
 * @param bytes as many as `fragmentHeadLength` said
 * @throws ProtocolError `MP4_BOX`, `MP4_FRAGMENT` where it is no such head
 */
export function readFragmentHead(bytes: Bytes): ReadFragment {
  const view = viewOf(bytes);
  const moofLength = bytes.length - 8;
  const [moof] = readBoxes(bytes, 0, moofLength);
  if (moof?.type !== "moof" || view.getUint32(moofLength + 4) !== MDAT) throw strange();
  const traf = childrenOf(bytes, boxOf(childrenOf(bytes, moof), "traf"));
  const tfhd = boxOf(traf, "tfhd").body;
  const tfdt = boxOf(traf, "tfdt").body;
  const trun = boxOf(traf, "trun");
  const present = view.getUint32(trun.body) & 0xff_ffff;
  const count = view.getUint32(trun.body + 4);
  const fields = [DURATION, SIZE, FLAGS, COMPOSITION_OFFSET].filter((bit) => present & bit);
  const needed = DATA_OFFSET | DURATION | SIZE;
  const entries = trun.body + 12;
  if ((present & needed) !== needed || trun.end - entries !== 4 * fields.length * count) {
    throw strange();
  }
  let duration = 0;
  let size = 0;
  for (let at = entries; at < trun.end; at += 4 * fields.length) {
    duration += view.getUint32(at);
    size += view.getUint32(at + 4);
  }
  const length = moofLength + view.getUint32(moofLength);
  if (count === 0 || size !== length - bytes.length) throw strange();
  const flags = fields.includes(FLAGS) ? view.getUint32(entries + 8) : 0;
  return {
    trackId: view.getUint32(tfhd + 4),
    time: view.getUint32(tfdt + 4) * 2 ** 32 + view.getUint32(tfdt + 8),
    duration,
    samples: count,
    isSync: (flags & NON_SYNC) === 0,
    compositionOffset: fields.includes(COMPOSITION_OFFSET) ? view.getInt32(entries + 12) : 0,
    firstSize: view.getUint32(entries + 4),
    headLength: bytes.length,
    length,
  };
}

const strange = (): ProtocolError =>
  new ProtocolError("malformed", "MP4_FRAGMENT", "Cannot read a fragment that is none of ours");
