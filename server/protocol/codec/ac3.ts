import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { AudioTrack } from "../media/track.ts";
import { BitWriter } from "./bit-writer.ts";

const SYNC_WORD = 0x0b77;
const SAMPLE_RATES: readonly number[] = [48_000, 44_100, 32_000];
/** Full channels by acmod; 0 is two independent ones. */
const CHANNELS: readonly number[] = [2, 1, 2, 3, 3, 4, 4, 5];
const BITRATES: readonly number[] = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
const AC3_SAMPLES = 1536;
const BLOCK_SAMPLES = 256;
const BLOCKS: readonly number[] = [1, 2, 3, 6];

/**
 * The track that an AC-3 sync frame describes; its configuration is the body of `dac3` (ETSI
 * TS 102 366 §F.4):
 *
 *     rate u2 | bsid u5 | bsmod u3 | acmod u3 | low frequency u1 | bit rate u5 | 00000
 *
 * @throws ProtocolError `AC3_SYNC_FRAME` or `TRUNCATED` (malformed)
 */
export function ac3Track(trackIndex: number, syncFrame: Bytes): AudioTrack {
  const { rateCode, bsid, bsmod, acmod, hasLowFrequency, sizeCode, sampleRate } =
    readAc3Header(syncFrame);
  const configuration = new BitWriter()
    .bits(2, rateCode)
    .bits(5, bsid)
    .bits(3, bsmod)
    .bits(3, acmod)
    .bits(1, hasLowFrequency)
    .bits(5, sizeCode >> 1)
    .bits(5, 0)
    .finish();
  const channels = (CHANNELS[acmod] ?? 2) + hasLowFrequency;
  return track(trackIndex, "ac-3", configuration, sampleRate, channels);
}

/** What one sample of a track holds: a view of the message it came in, and how long it sounds. */
export type DolbyUnit = { readonly data: Bytes; readonly samples: number };

/**
 * Cuts a message of AC-3 into its sync frames, each of 1536 samples of sound.
 *
 * @returns views of `data`, in order; what follows the last frame is left out
 * @throws ProtocolError `AC3_SYNC_FRAME` or `TRUNCATED` (malformed) where it does not begin with
 *   one, or the last is cut; `AC3_SYNC_FRAME` (limit)
 */
export function splitAc3Frames(data: Bytes): DolbyUnit[] {
  const units: DolbyUnit[] = [];
  for (let offset = 0; offset === 0 || isSyncFrame(data, offset); ) {
    const end = offset + readAc3Header(data.subarray(offset)).frameLength;
    checkFrame("AC3_SYNC_FRAME", data, end, units.length);
    units.push({ data: data.subarray(offset, end), samples: AC3_SAMPLES });
    offset = end;
  }
  return units;
}

/**
 * The track that E-AC-3 sync frames describe, all substreams of one moment; its configuration is the
 * body of `dec3` (ETSI TS 102 366 §F.6):
 *
 *     data rate u13 (kb/s) | independent substreams - 1 u3
 *     (rate u2 | bsid u5 | 0 | asvc u1 = 0 | bsmod u3 | acmod u3 | low frequency u1 | 000
 *      dependent substreams u4 | (locations u9, or 0))*
 *
 * @throws ProtocolError `EAC3_SYNC_FRAME` or `TRUNCATED` (malformed)
 */
export function eac3Track(trackIndex: number, syncFrame: Bytes): AudioTrack {
  const moment = firstMoment(syncFrame);
  const [first] = moment;
  if (first === undefined)
    throw malformed("EAC3_SYNC_FRAME", "Cannot find an independent substream");
  const bytes = moment.reduce((sum, { frameLength }) => sum + frameLength, 0);
  const dataRate = nominalRate((bytes * 8 * first.sampleRate) / first.samples / 1000);
  const independent = moment.filter(({ isDependent }) => !isDependent);
  const writer = new BitWriter().bits(13, dataRate).bits(3, independent.length - 1);
  let channels = 0;
  for (const [index, substream] of moment.entries()) {
    if (substream.isDependent) continue;
    const dependents = dependentsOf(moment, index);
    const locations = dependents.reduce((all, { locations }) => all | locations, 0);
    writer.bits(2, substream.rateCode).bits(5, substream.bsid).bits(2, 0).bits(3, 0);
    writer.bits(3, substream.acmod).bits(1, substream.hasLowFrequency).bits(3, 0);
    writer.bits(4, dependents.length);
    if (dependents.length > 0) writer.bits(9, locations);
    else writer.bits(1, 0);
    // Further independent substreams are other programs.
    if (index === 0) channels = fullChannels(substream) + locatedChannels(locations);
  }
  return track(trackIndex, "ec-3", writer.finish(), first.sampleRate, channels);
}

/**
 * Cuts a message of E-AC-3 into access units: all substreams of one moment, which hold 256 samples
 * of sound for each block of the first. Frames of fewer than 6 blocks stay together until they are 6,
 * as a sample of `ec-3` is.
 *
 * @returns views of `data`, in order; what follows the last frame is left out
 * @throws ProtocolError `EAC3_SYNC_FRAME` or `TRUNCATED` (malformed) where it does not begin with an
 *   independent sync frame, or the last is cut; `EAC3_SYNC_FRAME` (limit)
 */
export function splitEac3Frames(data: Bytes): DolbyUnit[] {
  const units: DolbyUnit[] = [];
  let frames = 0;
  let start = 0;
  let samples = 0;
  let offset = 0;
  for (; offset === 0 || isSyncFrame(data, offset); frames += 1) {
    const header = readEac3Header(data.subarray(offset));
    const end = offset + header.frameLength;
    checkFrame("EAC3_SYNC_FRAME", data, end, frames);
    if (!header.isDependent && header.substreamId === 0) {
      if (samples >= AC3_SAMPLES) {
        units.push({ data: data.subarray(start, offset), samples });
        start = offset;
        samples = 0;
      }
      samples += header.samples;
    }
    offset = end;
  }
  if (samples === 0) throw malformed("EAC3_SYNC_FRAME", "Cannot find an independent substream");
  units.push({ data: data.subarray(start, offset), samples });
  return units;
}

const RATES: readonly number[] = [...BITRATES, 768, 896, 1024, 1536, 2048, 3072, 4096, 6144];

/** The nearest usual rate: at 44.1 kHz frames of one rate differ, and are no new configuration. */
const nominalRate = (rate: number): number =>
  RATES.reduce((best, usual) => (Math.abs(usual - rate) < Math.abs(best - rate) ? usual : best), 0);

type Ac3Header = {
  readonly rateCode: number;
  readonly sizeCode: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly hasLowFrequency: number;
  readonly sampleRate: number;
  readonly frameLength: number;
};

/**
 * syncinfo() and the beginning of bsi() (ETSI TS 102 366 §4.3.1, §4.3.2):
 *
 *     0b77 | CRC u16 | rate u2 size u6 | bsid u5 bsmod u3 | acmod u3 (mix levels) low frequency u1
 */
function readAc3Header(frame: Bytes): Ac3Header {
  const bits = new BitReader(frame);
  checkSyncWord("AC3_SYNC_FRAME", bits);
  bits.skip(16); // crc1
  const rateCode = bits.bits(2);
  const sizeCode = bits.bits(6);
  const bsid = bits.bits(5);
  const bsmod = bits.bits(3);
  const acmod = bits.bits(3);
  if (acmod > 1 && (acmod & 1) === 1) bits.skip(2); // cmixlev
  if ((acmod & 4) !== 0) bits.skip(2); // surmixlev
  if (acmod === 2) bits.skip(2); // dsurmod
  const hasLowFrequency = bits.bits(1);
  const fullRate = SAMPLE_RATES[rateCode];
  const kilobits = BITRATES[sizeCode >> 1];
  if (fullRate === undefined || kilobits === undefined || bsid > 10) {
    const message = `Cannot take an AC-3 frame of rate ${rateCode}, size ${sizeCode}, bsid ${bsid}`;
    throw malformed("AC3_SYNC_FRAME", message);
  }
  // Words of 16 bits in 1536 samples; at 44.1 kHz every other frame has one more.
  const words = Math.floor((kilobits * 96_000) / fullRate) + (rateCode === 1 ? sizeCode & 1 : 0);
  const sampleRate = fullRate >> Math.max(bsid - 8, 0); // bsid 9 and 10: half, quarter
  return {
    rateCode,
    sizeCode,
    bsid,
    bsmod,
    acmod,
    hasLowFrequency,
    sampleRate,
    frameLength: words * 2,
  };
}

type Eac3Header = {
  readonly isDependent: boolean;
  readonly substreamId: number;
  readonly frameLength: number;
  readonly rateCode: number;
  readonly sampleRate: number;
  readonly samples: number;
  readonly acmod: number;
  readonly hasLowFrequency: number;
  readonly bsid: number;
  /** chan_loc: channels beyond 5.1 that a dependent substream adds (§F.6.2.14). */
  readonly locations: number;
};

/** Sync word, the shortest bsi and audfrm, and the CRC: less is no frame. */
const LEAST_LENGTH = 10;

const DEPENDENT = 1;
const RESERVED = 3;

/**
 * syncinfo() and the beginning of bsi() (ETSI TS 102 366 §E.1.2.1, §E.1.2.2):
 *
 *     0b77 | type u2 substream u3 size u11 | rate u2 (3: half rate u2, else blocks u2) | acmod u3
 *     low frequency u1 | bsid u5 | dialnorm u5 | compression u1 (u8) | (acmod 0: both again)
 *     (dependent: channel map u1 (u16))
 */
function readEac3Header(frame: Bytes): Eac3Header {
  const bits = new BitReader(frame);
  checkSyncWord("EAC3_SYNC_FRAME", bits);
  const type = bits.bits(2);
  const substreamId = bits.bits(3);
  const frameLength = (bits.bits(11) + 1) * 2;
  const rateCode = bits.bits(2);
  const second = bits.bits(2);
  const isHalfRate = rateCode === 3;
  const sampleRate = (SAMPLE_RATES[isHalfRate ? second : rateCode] ?? 0) / (isHalfRate ? 2 : 1);
  const samples = BLOCK_SAMPLES * (isHalfRate ? 6 : (BLOCKS[second] ?? 0));
  const acmod = bits.bits(3);
  const hasLowFrequency = bits.bits(1);
  const bsid = bits.bits(5);
  const isShort = frameLength < LEAST_LENGTH;
  if (type === RESERVED || sampleRate === 0 || bsid <= 10 || bsid > 16 || isShort) {
    const message = `Cannot take an E-AC-3 frame of type ${type}, rate ${rateCode}, bsid ${bsid}, ${frameLength} bytes`;
    throw malformed("EAC3_SYNC_FRAME", message);
  }
  const isDependent = type === DEPENDENT;
  let locations = 0;
  if (isDependent) {
    for (let program = acmod === 0 ? 2 : 1; program > 0; program -= 1) {
      bits.skip(5); // dialnorm
      if (bits.flag()) bits.skip(8); // compr
    }
    if (bits.flag()) locations = locationsOf(bits.bits(16));
  }
  return {
    ...{ isDependent, substreamId, frameLength, rateCode, sampleRate, samples },
    ...{ acmod, hasLowFrequency, bsid, locations },
  };
}

/** chanmap, whose first bit is left, to chan_loc: from Lc/Rc to Cvh, and LFE2 (table F.6.1). */
function locationsOf(channelMap: number): number {
  let locations = (channelMap & 2) === 0 ? 0 : 1 << 8; // LFE2
  for (let bit = 0; bit < 8; bit += 1) {
    if ((channelMap & (1 << (10 - bit))) !== 0) locations |= 1 << bit;
  }
  return locations;
}

/** Pairs of channels stand at bits 0, 1, 4, 5 and 6 of chan_loc, single ones at the others. */
function locatedChannels(locations: number): number {
  let channels = 0;
  for (let bit = 0; bit < 9; bit += 1) {
    if ((locations & (1 << bit)) !== 0) channels += [0, 1, 4, 5, 6].includes(bit) ? 2 : 1;
  }
  return channels;
}

/** The sync frames up to the next one of the first substream. */
function firstMoment(data: Bytes): Eac3Header[] {
  const moment: Eac3Header[] = [];
  for (let offset = 0; offset === 0 || isSyncFrame(data, offset); ) {
    const header = readEac3Header(data.subarray(offset));
    if (moment.length === 0 && header.isDependent) break;
    if (moment.length > 0 && !header.isDependent && header.substreamId === 0) break;
    moment.push(header);
    if (moment.length === 64) break; // 8 programs with 7 dependents each
    offset += header.frameLength;
  }
  const independent = moment.filter(({ isDependent }) => !isDependent).length;
  if (independent > 8) throw malformed("EAC3_SYNC_FRAME", `Cannot take ${independent} substreams`);
  return moment;
}

function dependentsOf(moment: readonly Eac3Header[], index: number): Eac3Header[] {
  const next = moment.findIndex(({ isDependent }, at) => at > index && !isDependent);
  return moment.slice(index + 1, next === -1 ? undefined : next).slice(0, 15);
}

const fullChannels = ({ acmod, hasLowFrequency }: Eac3Header): number =>
  (CHANNELS[acmod] ?? 2) + hasLowFrequency;

const isSyncFrame = (data: Bytes, offset: number): boolean =>
  data[offset] === SYNC_WORD >> 8 && data[offset + 1] === (SYNC_WORD & 0xff);

const track = (
  trackIndex: number,
  codec: "ac-3" | "ec-3",
  configuration: OwnBytes,
  sampleRate: number,
  channels: number,
): AudioTrack => {
  const codecString = codec;
  return {
    mediaType: "audio",
    trackIndex,
    codec,
    codecString,
    configuration,
    sampleRate,
    channels,
  };
};

function checkFrame(code: string, data: Bytes, end: number, before: number): void {
  if (end > data.length) {
    throw malformed(code, `Cannot read a frame up to ${end}: ${data.length} bytes are here`);
  }
  if (before === LIMITS.audioFramesInMessage) {
    const message = `Cannot take more than ${LIMITS.audioFramesInMessage} frames in a message`;
    throw new ProtocolError("limit", code, message, { offset: end });
  }
}

function checkSyncWord(code: string, bits: BitReader): void {
  if (bits.bits(16) !== SYNC_WORD) throw malformed(code, "Cannot find the sync word of a frame");
}

const malformed = (code: string, message: string): ProtocolError =>
  new ProtocolError("malformed", code, message);
