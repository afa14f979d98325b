import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { AudioTrack } from "../media/track.ts";
import { attempt } from "./attempt.ts";
import { BitWriter } from "./bit-writer.ts";

/** AudioSpecificConfig, read (ISO/IEC 14496-3 §1.6.2.1). */
export type AudioSpecificConfig = {
  /** audioObjectType of what is in the frames: 2 for AAC-LC, also below SBR. */
  readonly objectType: number;
  /** The extension that is signalled explicitly: 5 is SBR (HE-AAC), 29 with PS (HE-AAC v2). */
  readonly extension?: 5 | 29;
  /** Hz, of the core. */
  readonly sampleRate: number;
  /** Channels that a decoder puts out. */
  readonly channels: number;
  /** Per frame, at `sampleRate`. */
  readonly samplesPerFrame: number;
  /** Bytes up to where the standard's structure ends; what follows is an encoder's own. */
  readonly length: number;
};

const SBR = 5;
const PS = 29;
const SAMPLE_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];
// By channelConfiguration; 0 is told by a program_config_element (ISO/IEC 23001-8 §8).
const CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];
// Object types whose own part is a GASpecificConfig (ISO/IEC 14496-3 table 1.15).
const GENERAL_AUDIO: readonly number[] = [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23];
const LOW_DELAY = 23;
const ENHANCED_LOW_DELAY = 39;
const SYNC_EXTENSION = 0x2b7;

/**
 * Reads the configuration that an encoder sends ahead of its sound.
 *
 * @returns the track (its configuration loses what is no part of the structure: some encoders append
 *   bytes of their own), and how many samples each frame is at the track's rate
 * @throws ProtocolError `AAC_CONFIGURATION` or `TRUNCATED` (malformed)
 */
export function aacTrack(
  trackIndex: number,
  audioSpecificConfig: Bytes,
): { track: AudioTrack; samplesPerFrame: number } {
  const config = readAudioSpecificConfig(audioSpecificConfig);
  const track: AudioTrack = {
    mediaType: "audio",
    trackIndex,
    codec: "aac",
    codecString: `mp4a.40.${config.extension ?? config.objectType}`,
    configuration: audioSpecificConfig.subarray(0, config.length),
    sampleRate: config.sampleRate,
    channels: config.channels,
  };
  return { track, samplesPerFrame: config.samplesPerFrame };
}

/**
 * AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1):
 *
 *     object type u5 (31: + u6) | rate index u4 (15: rate u24) | channels u4
 *     (object type 5 or 29: rate of the extension, object type of the core)
 *     GASpecificConfig: frame length u1 | depends u1 (delay u14) | extension u1 | …
 *     (2b7 u11 | object type u5 = 5 | SBR u1 …)
 *
 * @throws ProtocolError `AAC_CONFIGURATION` or `TRUNCATED` (malformed)
 */
export function readAudioSpecificConfig(bytes: Bytes): AudioSpecificConfig {
  const bits = new BitReader(bytes);
  let objectType = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channelConfiguration = bits.bits(4);
  let extension: 5 | 29 | undefined;
  if (objectType === SBR || objectType === PS) {
    extension = objectType;
    readSampleRate(bits); // of the extension: the timeline counts the core's samples
    objectType = readObjectType(bits);
  }
  if (objectType === 0) throw malformed("Cannot use AAC object type 0");
  let samplesPerFrame = 1024;
  let channels = CHANNELS[channelConfiguration];
  let end = bytes.length;
  if (GENERAL_AUDIO.includes(objectType)) {
    const isShort = bits.flag();
    samplesPerFrame = objectType === LOW_DELAY ? (isShort ? 480 : 512) : isShort ? 960 : 1024;
    if (bits.flag()) bits.skip(14); // coreCoderDelay
    bits.skip(1); // extensionFlag
    const told =
      channelConfiguration === 0 ? attempt(() => readProgramConfigElement(bits)) : channels;
    channels = told ?? 2;
    const position = bits.position;
    const tail = attempt(() => readSyncExtension(bits));
    extension ??= tail?.extension;
    const hasMore = told === undefined || objectType >= 17; // error resilient types have more fields
    if (tail === undefined && !hasMore) end = Math.ceil(position / 8);
  } else if (objectType === ENHANCED_LOW_DELAY) {
    samplesPerFrame = bits.flag() ? 480 : 512;
  }
  if (!channels) throw malformed(`Cannot use channel configuration ${channelConfiguration}`);
  return {
    objectType,
    ...(extension !== undefined && { extension }),
    sampleRate,
    channels: extension === PS && channels === 1 ? 2 : channels,
    samplesPerFrame,
    length: end,
  };
}

/**
 * The frames of a message without the ADTS headers that they should not have here.
 *
 * @returns views of `message`, in order; `message` itself where it is not frames of ADTS from end to
 *   end, with one raw data block in each
 * @throws ProtocolError `AAC_FRAMES` (limit)
 */
export function splitAdts(message: Bytes): Bytes[] {
  const frames: Bytes[] = [];
  for (let offset = 0; offset < message.length; ) {
    const header = readAdtsHeader(message.subarray(offset));
    if (header === undefined) return [message];
    if (frames.length === LIMITS.audioFramesInMessage) {
      const text = `Cannot take more than ${LIMITS.audioFramesInMessage} AAC frames in a message`;
      throw new ProtocolError("limit", "AAC_FRAMES", text, { offset });
    }
    const end = offset + header.frameLength;
    frames.push(message.subarray(offset + header.length, end));
    offset = end;
  }
  return frames;
}

/**
 * The configuration that an ADTS header implies: for encoders that send such frames and no
 * configuration.
 *
 * @returns undefined where `frame` does not begin with a whole frame of ADTS
 */
export function audioSpecificConfigFromAdts(frame: Bytes): OwnBytes | undefined {
  const header = readAdtsHeader(frame);
  if (header === undefined) return undefined;
  const { objectType, rateIndex, channels } = header;
  // Channels 0: told by an element in the frame. Two is what nearly everybody has.
  const config = new BitWriter()
    .bits(5, objectType)
    .bits(4, rateIndex)
    .bits(4, channels || 2);
  return config.bits(3, 0).finish();
}

/**
 * ADTS header (ISO/IEC 14496-3 §1.A.2.2):
 *
 *     fff u12 | id u1 layer u2 = 0 no CRC u1 | profile u2 rate index u4 private u1 channels u3
 *     copy bits u4 | frame length u13 | fullness u11 | frames u2 | (CRC u16)
 */
function readAdtsHeader(frame: Bytes):
  | {
      objectType: number;
      rateIndex: number;
      channels: number;
      length: number;
      frameLength: number;
    }
  | undefined {
  // A raw frame never begins so: its first three bits would be the element that ends a frame.
  if (frame[0] !== 0xff || ((frame[1] ?? 0) & 0xf6) !== 0xf0) return undefined;
  const [, b = 0, c = 0, d = 0, e = 0, f = 0] = frame;
  const frameLength = ((d & 3) << 11) | (e << 3) | (f >> 5);
  const length = (b & 1) === 1 ? 7 : 9;
  if (frameLength > frame.length || frameLength < length) return undefined;
  const rateIndex = (c >> 2) & 15;
  if (SAMPLE_RATES[rateIndex] === undefined) return undefined;
  const channels = ((c & 1) << 2) | (d >> 6);
  return { objectType: (c >> 6) + 1, rateIndex, channels, length, frameLength };
}

function readObjectType(bits: BitReader): number {
  const objectType = bits.bits(5);
  return objectType === 31 ? 32 + bits.bits(6) : objectType;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const sampleRate = index === 15 ? bits.bits(24) : SAMPLE_RATES[index];
  if (!sampleRate) throw malformed(`Cannot use sample rate index ${index}`);
  return sampleRate;
}

/** program_config_element() (ISO/IEC 14496-3 §4.4.1.1): how many channels it adds up to. */
function readProgramConfigElement(bits: BitReader): number | undefined {
  bits.skip(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const elements = bits.bits(4) + bits.bits(4) + bits.bits(4); // front, side, back
  const lowFrequency = bits.bits(2);
  const associated = bits.bits(3);
  const coupling = bits.bits(4);
  if (bits.flag()) bits.skip(4); // mono_mixdown_element_number
  if (bits.flag()) bits.skip(4); // stereo_mixdown_element_number
  if (bits.flag()) bits.skip(3); // matrix_mixdown_idx, pseudo_surround_enable
  let channels = lowFrequency;
  for (let index = 0; index < elements; index += 1) {
    channels += bits.flag() ? 2 : 1; // is_cpe
    bits.skip(4);
  }
  bits.skip(4 * (lowFrequency + associated) + 5 * coupling);
  bits.skip((8 - (bits.position % 8)) % 8); // byte_alignment()
  bits.skip(8 * bits.bits(8)); // comment_field_data
  return channels > 0 ? channels : undefined;
}

/** The backward compatible way to say SBR and PS (ISO/IEC 14496-3 §1.6.5); undefined for other bytes. */
function readSyncExtension(bits: BitReader): { extension?: 5 | 29 } | undefined {
  if (bits.bits(11) !== SYNC_EXTENSION || readObjectType(bits) !== SBR) return undefined;
  if (!bits.flag()) return {};
  readSampleRate(bits);
  const hasPs = bits.remaining >= 12 && bits.bits(11) === 0x548 && bits.flag();
  return { extension: hasPs ? PS : SBR };
}

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "AAC_CONFIGURATION", message);
