import { type Fmp4Init, readInit } from "../fmp4.ts";
import { type Box, boxAt, readBoxes, viewOf } from "./boxes.ts";
import type { Say } from "./report.ts";

/** What an init segment says, by itself. */
export type InitFacts = Fmp4Init & {
  readonly mediaType: "video" | "audio";
  /** RFC 6381, as far as the boxes tell: `avc1.64001f`, `av01.0.04M.08`, `Opus`. */
  readonly codec: string;
  /** As shown: tkhd. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** transfer_characteristics of `colr`. */
  readonly transfer: number | undefined;
  /** Bytes of a NAL unit's length. */
  readonly lengthSize: number;
};

/** Bytes of a sample entry before its boxes. */
const VISUAL = 78;
const AUDIO = 28;

/** Reads an init segment; says what is wrong with it. @returns undefined where it cannot be read */
export function checkInit(bytes: Uint8Array, where: string, say: Say): InitFacts | undefined {
  try {
    const top = readBoxes(bytes);
    const types = top.map(({ type }) => type).join(" ");
    if (types !== "ftyp moov") say("init-segment", where, `it has ${types}`);
    const ftyp = Buffer.from(boxAt(top, "ftyp")?.body ?? []).toString("latin1");
    const brands = [ftyp.slice(0, 4), ...(ftyp.slice(8).match(/.{4}/gs) ?? [])];
    if (!brands.some((brand) => /^(iso[6-9a]|cmf[c2])$/.test(brand))) {
      say("init-segment", where, `no brand of iso6 or later: ${brands.join(" ")}`);
    }
    for (const path of ["moov/mvhd", "moov/trak/tkhd", "moov/trak/mdia/mdhd"]) {
      const duration = durationOf(top, path);
      if (duration !== 0) say("init-segment", where, `the duration in ${path} is ${duration}`);
    }
    if (boxAt(top, "moov/mvex/mehd") !== undefined) say("init-segment", where, "it has mehd");
    const init = readInit(bytes);
    const facts = factsOf(top, init);
    if (!(init.timescale > 0)) say("init-segment", where, `timescale ${init.timescale}`);
    if (/^(hev1|avc3)$/.test(init.sampleEntry)) {
      say("init-segment", where, `${init.sampleEntry}: Apple's devices want parameter sets here`);
    }
    if (facts.mediaType === "video" && !(facts.width > 0 && facts.height > 0)) {
      say("init-segment", where, `${facts.width}x${facts.height}`);
    }
    return facts;
  } catch (error) {
    say("init-segment", where, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function durationOf(top: readonly Box[], path: string): number | undefined {
  const body = boxAt(top, path)?.body;
  if (body === undefined) return undefined;
  const isLong = body[0] === 1;
  // tkhd has its track's number and a gap where the others have their timescale.
  const place = (isLong ? 20 : 12) + (path.endsWith("tkhd") ? 8 : 4);
  return isLong ? Number(viewOf(body).getBigUint64(place)) : viewOf(body).getUint32(place);
}

function factsOf(top: readonly Box[], init: Fmp4Init): InitFacts {
  const tkhd = boxAt(top, "moov/trak/tkhd")?.body ?? new Uint8Array();
  const handler = boxAt(top, "moov/trak/mdia/hdlr")?.body ?? new Uint8Array();
  const isVideo = Buffer.from(handler.subarray(8, 12)).toString("latin1") === "vide";
  const stsd = boxAt(top, "moov/trak/mdia/minf/stbl/stsd")?.body ?? new Uint8Array();
  const entry = readBoxes(stsd.subarray(8))[0]?.body ?? new Uint8Array();
  const inside = readBoxes(entry.subarray(isVideo ? VISUAL : AUDIO));
  const bodyOf = (type: string) => inside.find((box) => box.type === type)?.body;
  const colr = bodyOf("colr");
  const size = viewOf(tkhd.subarray(tkhd.length - 8));
  const lengths = bodyOf("avcC")?.[4] ?? bodyOf("hvcC")?.[21];
  return {
    ...init,
    mediaType: isVideo ? "video" : "audio",
    codec: codecOf(init.sampleEntry, bodyOf),
    width: size.getUint32(0) / 0x1_0000,
    height: size.getUint32(4) / 0x1_0000,
    channels: isVideo ? 0 : channelsOf(entry, bodyOf),
    transfer: colr === undefined ? undefined : viewOf(colr).getUint16(6),
    lengthSize: lengths === undefined ? 4 : (lengths & 3) + 1,
  };
}

function channelsOf(entry: Uint8Array, bodyOf: (type: string) => Uint8Array | undefined): number {
  const opus = bodyOf("dOps");
  return opus?.[1] ?? viewOf(entry).getUint16(16);
}

const hexOf = (...bytes: readonly (number | undefined)[]): string =>
  bytes.map((byte = 0) => byte.toString(16).padStart(2, "0")).join("");
const two = (value: number): string => String(value).padStart(2, "0");

function codecOf(entry: string, bodyOf: (type: string) => Uint8Array | undefined): string {
  const avc = bodyOf("avcC");
  if (avc !== undefined) return `${entry}.${hexOf(avc[1], avc[2], avc[3])}`;
  const hevc = bodyOf("hvcC");
  if (hevc !== undefined) return `${entry}.${hevcParameters(hevc)}`;
  const av1 = bodyOf("av1C");
  if (av1 !== undefined) {
    const [, second = 0, third = 0] = av1;
    const depth = (third & 0x40) === 0 ? 8 : (third & 0x20) === 0 ? 10 : 12;
    const tier = (third & 0x80) === 0 ? "M" : "H";
    return `av01.${second >> 5}.${two(second & 31)}${tier}.${two(depth)}`;
  }
  const vp = bodyOf("vpcC");
  if (vp !== undefined)
    return `${entry}.${two(vp[4] ?? 0)}.${two(vp[5] ?? 0)}.${two((vp[6] ?? 0) >> 4)}`;
  const esds = bodyOf("esds");
  return esds === undefined ? entry : `mp4a.${mpeg4Parameters(esds)}`;
}

/** ISO/IEC 14496-15 Annex E. */
function hevcParameters(hvcc: Uint8Array): string {
  const view = viewOf(hvcc);
  const [, first = 0] = hvcc;
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if ((view.getUint32(2) >>> bit) & 1) reversed += 2 ** (31 - bit);
  }
  const constraints = [...hvcc.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const level = `${first & 0x20 ? "H" : "L"}${hvcc[12]}`;
  const space = ["", "A", "B", "C"][first >> 6];
  const flags = constraints.map((byte) => byte.toString(16).toUpperCase());
  return [`${space}${first & 31}`, reversed.toString(16).toUpperCase(), level, ...flags].join(".");
}

/** Object type, then what AudioSpecificConfig begins with. */
function mpeg4Parameters(esds: Uint8Array): string {
  let objectType = 0;
  let audioType = 0;
  const read = (from: number, end: number) => {
    for (let at = from; at < end; ) {
      const tag = esds[at];
      let length = 0;
      for (at += 1; at < end; ) {
        const byte = esds[at] ?? 0;
        length = (length << 7) | (byte & 127);
        at += 1;
        if (byte < 128) break;
      }
      if (tag === 3) read(at + 3, at + length);
      if (tag === 4) {
        objectType = esds[at] ?? 0;
        read(at + 13, at + length);
      }
      if (tag === 5) {
        const [first = 0, second = 0] = esds.subarray(at, at + 2);
        audioType = first >> 3;
        if (audioType === 31) audioType = 32 + (((first & 7) << 3) | (second >> 5));
      }
      at += length;
    }
  };
  read(4, esds.length);
  const type = objectType.toString(16);
  return objectType === 0x40 ? `${type}.${audioType}` : type;
}
