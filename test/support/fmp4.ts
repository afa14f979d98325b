import { createHash } from "node:crypto";
import type { CodedFrame } from "./accounting.ts";

/*
 * Reads fragmented MP4 as a strict player does: a second implementation, which shares nothing with
 * the server's, so that the two cannot agree on a mistake.
 */

/** What an init segment says of its one track. */
export type Fmp4Init = {
  readonly trackId: number;
  readonly timescale: number;
  /** Four letters of the sample entry: `avc1`. */
  readonly sampleEntry: string;
  readonly defaults: { readonly duration: number; readonly size: number; readonly flags: number };
};

/** A sample of a fragment, in ticks. */
export type Fmp4Sample = {
  readonly dts: number;
  readonly compositionOffset: number;
  readonly duration: number;
  readonly isSync: boolean;
  readonly data: Uint8Array;
};

type Box = { readonly type: string; readonly start: number; readonly body: DataView };

/** MD5 in hex, as ffprobe prints it. */
export const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** The same sample in ms, with its hash, for `accountFor`. */
export const codedFrame = (sample: Fmp4Sample, timescale: number): CodedFrame => ({
  dts: (sample.dts / timescale) * 1000,
  compositionOffset: (sample.compositionOffset / timescale) * 1000,
  size: sample.data.length,
  isSync: sample.isSync,
  hash: md5(sample.data),
});

/** @throws Error where a box lies about its size, or one that must be there is missing */
export function readInit(bytes: Uint8Array): Fmp4Init {
  const top = boxes(bytes, 0, bytes.length);
  if (top[0]?.type !== "ftyp") throw new Error(`An init segment begins with ${top[0]?.type}`);
  const moov = one(top, "moov");
  const traks = children(bytes, moov).filter(({ type }) => type === "trak");
  if (traks.length !== 1) throw new Error(`An init segment has ${traks.length} tracks`);
  const trak = one(children(bytes, moov), "trak");
  const tkhd = one(children(bytes, trak), "tkhd").body;
  const trackId = tkhd.getUint32(tkhd.getUint8(0) === 1 ? 20 : 12);
  const mdia = one(children(bytes, trak), "mdia");
  const mdhd = one(children(bytes, mdia), "mdhd").body;
  const timescale = mdhd.getUint32(mdhd.getUint8(0) === 1 ? 20 : 12);
  const minf = one(children(bytes, mdia), "minf");
  const stbl = one(children(bytes, minf), "stbl");
  const stsd = one(children(bytes, stbl), "stsd");
  const entries = boxes(bytes, stsd.body.byteOffset - bytes.byteOffset + 8, end(bytes, stsd));
  if (entries.length !== 1) throw new Error(`stsd has ${entries.length} entries`);
  const trex = one(children(bytes, one(children(bytes, moov), "mvex")), "trex").body;
  if (trex.getUint32(4) !== trackId) throw new Error("trex is of another track");
  return {
    trackId,
    timescale,
    sampleEntry: entries[0]?.type ?? "",
    defaults: {
      duration: trex.getUint32(12),
      size: trex.getUint32(16),
      flags: trex.getUint32(20),
    },
  };
}

/**
 * Every sample of a media segment or fragment, in order.
 *
 * @throws Error where offsets and sizes do not fill the `mdat` they point into, exactly
 */
export function readSamples(bytes: Uint8Array, init: Fmp4Init): Fmp4Sample[] {
  const samples: Fmp4Sample[] = [];
  const top = boxes(bytes, 0, bytes.length);
  for (const [index, box] of top.entries()) {
    if (!["moof", "mdat", "styp", "sidx", "emsg", "prft"].includes(box.type)) {
      throw new Error(`A media segment has a box ${box.type}`);
    }
    if (box.type !== "moof") continue;
    const mdat = top[index + 1];
    if (mdat?.type !== "mdat") throw new Error(`moof is followed by ${mdat?.type}`);
    const trafs = children(bytes, box).filter(({ type }) => type === "traf");
    if (trafs.length !== 1) throw new Error(`moof has ${trafs.length} track fragments`);
    const found = readTrackFragment(bytes, box, one(trafs, "traf"), init);
    const used = found.reduce((sum, { data }) => sum + data.length, 0);
    if (used !== mdat.body.byteLength) {
      throw new Error(`trun names ${used} bytes of an mdat of ${mdat.body.byteLength}`);
    }
    samples.push(...found);
  }
  return samples;
}

function readTrackFragment(bytes: Uint8Array, moof: Box, traf: Box, init: Fmp4Init): Fmp4Sample[] {
  const inside = children(bytes, traf);
  const tfhd = one(inside, "tfhd").body;
  const tfhdFlags = tfhd.getUint32(0) & 0xffffff;
  if (tfhd.getUint32(4) !== init.trackId) throw new Error("tfhd is of another track");
  if ((tfhdFlags & 0x020001) !== 0x020000) throw new Error("tfhd is not default-base-is-moof");
  let at = 8;
  if (tfhdFlags & 0x02) at += 4;
  const optional = (present: number, otherwise: number): number => {
    if ((tfhdFlags & present) === 0) return otherwise;
    at += 4;
    return tfhd.getUint32(at - 4);
  };
  const duration = optional(0x08, init.defaults.duration);
  const size = optional(0x10, init.defaults.size);
  const flags = optional(0x20, init.defaults.flags);

  const tfdt = one(inside, "tfdt").body;
  let dts = tfdt.getUint8(0) === 1 ? Number(tfdt.getBigUint64(4)) : tfdt.getUint32(4);

  const samples: Fmp4Sample[] = [];
  for (const { body: trun } of inside.filter(({ type }) => type === "trun")) {
    const version = trun.getUint8(0);
    const present = trun.getUint32(0) & 0xffffff;
    if ((present & 0x01) === 0) throw new Error("trun has no data offset");
    const count = trun.getUint32(4);
    let data = moof.start + trun.getInt32(8);
    let cursor = 12;
    const field = (bit: number, otherwise: number): number => {
      if ((present & bit) === 0) return otherwise;
      cursor += 4;
      return trun.getUint32(cursor - 4);
    };
    const firstFlags = field(0x04, flags);
    for (let index = 0; index < count; index += 1) {
      const sampleDuration = field(0x100, duration);
      const sampleSize = field(0x200, size);
      const sampleFlags = field(0x400, index === 0 ? firstFlags : flags);
      const offset = field(0x800, 0);
      if (data + sampleSize > bytes.length) throw new Error("trun points behind the end");
      samples.push({
        dts,
        compositionOffset: version === 1 ? offset | 0 : offset,
        duration: sampleDuration,
        isSync: (sampleFlags & 0x10000) === 0,
        data: bytes.subarray(data, data + sampleSize),
      });
      data += sampleSize;
      dts += sampleDuration;
    }
    if (cursor !== trun.byteLength) throw new Error("trun is longer than its samples");
  }
  return samples;
}

function boxes(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Box[] = [];
  for (let at = from; at < to; ) {
    if (at + 8 > to) throw new Error(`${to - at} bytes are left where a box should begin`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const short = view.getUint32(at);
    const header = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < header || at + size > to) throw new Error(`Box ${type} has a size of ${size}`);
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + header, size - header);
    found.push({ type, start: at, body });
    at += size;
  }
  return found;
}

const end = (bytes: Uint8Array, box: Box): number =>
  box.body.byteOffset - bytes.byteOffset + box.body.byteLength;

const children = (bytes: Uint8Array, box: Box): Box[] =>
  boxes(bytes, box.body.byteOffset - bytes.byteOffset, end(bytes, box));

function one(among: readonly Box[], type: string): Box {
  const box = among.find((candidate) => candidate.type === type);
  if (box === undefined) throw new Error(`Box ${type} is missing`);
  return box;
}
