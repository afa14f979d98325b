import { ByteReader } from "../bytes/byte-reader.ts";
import {
  ascii,
  type Bytes,
  concat,
  equal,
  type OwnBytes,
  u8,
  u16,
  u16le,
  u32,
  u32le,
} from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { AudioTrack } from "../media/track.ts";

/** Hz: Opus counts at this rate whatever was recorded (RFC 7845 §4). */
export const OPUS_RATE = 48_000;

const MAGIC: OwnBytes = ascii("OpusHead");
const MAX_PACKET_SAMPLES = 5760; // 120 ms

/**
 * Reads the identification header that an encoder sends ahead of its sound (RFC 7845 §5.1), and
 * turns it into the body of `dOps` (Opus in ISOBMFF §4.3.2), which has the other byte order.
 *
 *     "OpusHead" | version u8 = 1 | channels u8 | pre-skip u16le | input rate u32le | gain i16le
 *     family u8 | (family ≠ 0: streams u8 | coupled u8 | mapping u8 × channels)
 *
 * @param opusHead may be empty: then `otherwise` counts
 * @param otherwise the number of channels, where it is known, else the first packet, which tells one
 *   from two
 * @throws ProtocolError `OPUS_HEAD` or `TRUNCATED` (malformed)
 */
export function opusTrack(
  trackIndex: number,
  opusHead: Bytes,
  otherwise: { readonly packet?: Bytes; readonly channels?: number | undefined } = {},
): AudioTrack {
  const isTold = opusHead.length > 0;
  const configuration = isTold
    ? readOpusHead(opusHead)
    : defaultConfiguration(otherwise.channels ?? channelsOf(otherwise.packet));
  return {
    mediaType: "audio",
    trackIndex,
    codec: "opus",
    codecString: "opus",
    configuration,
    sampleRate: OPUS_RATE,
    channels: configuration[1] ?? 2,
  };
}

/**
 * The identification header (RFC 7845 §5.1) that says what the body of `dOps` says: for outputs that
 * speak FLV.
 *
 * @throws ProtocolError `TRUNCATED` (malformed) where `configuration` is no body of `dOps`
 */
export function writeOpusHead(configuration: Bytes): OwnBytes {
  const reader = new ByteReader(configuration);
  reader.skip(1); // version 0; the header has 1
  const channels = reader.u8();
  const preSkip = reader.u16();
  const inputRate = reader.u32();
  const gain = reader.u16();
  return concat(
    MAGIC,
    u8(1),
    u8(channels),
    u16le(preSkip),
    u32le(inputRate),
    u16le(gain),
    reader.rest(),
  );
}

/**
 * How many samples of sound a packet is, at 48 kHz (RFC 6716 §3.1): by the table-of-contents byte,
 * and by the count byte of packets with any number of frames.
 *
 *     configuration u5 | stereo u1 | code u2 (0: 1 frame, 1, 2: 2 frames, 3: as counted)
 *
 * @throws ProtocolError `OPUS_PACKET` (malformed) for no bytes, no frames, or more than 120 ms
 */
export function opusPacketSamples(packet: Bytes): number {
  const [first] = packet;
  const code = (first ?? 0) & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  const samples = frameSamples((first ?? 0) >> 3) * frames;
  if (first === undefined || samples === 0 || samples > MAX_PACKET_SAMPLES) {
    const message = `Cannot take an Opus packet of ${packet.length} bytes with ${samples} samples`;
    throw new ProtocolError("malformed", "OPUS_PACKET", message);
  }
  return samples;
}

/** RFC 6716 table 2. */
function frameSamples(configuration: number): number {
  if (configuration < 12) return [480, 960, 1920, 2880][configuration % 4] ?? 0; // SILK
  if (configuration < 16) return [480, 960][configuration % 2] ?? 0; // hybrid
  return [120, 240, 480, 960][configuration % 4] ?? 0; // CELT
}

function readOpusHead(opusHead: Bytes): OwnBytes {
  const reader = new ByteReader(opusHead);
  if (!equal(reader.take(MAGIC.length), MAGIC)) {
    throw malformed("Cannot read an Opus header that does not begin with OpusHead");
  }
  const version = reader.u8();
  if (version >= 16) throw malformed(`Cannot read version ${version} of an Opus header`);
  const channels = reader.u8();
  const preSkip = reader.u16le();
  const inputRate = reader.u32le();
  const gain = reader.i16le();
  const family = reader.u8();
  if (channels === 0 || (family === 0 && channels > 2)) {
    throw malformed(`Cannot map ${channels} Opus channels with family ${family}`);
  }
  const mapping = family === 0 ? new Uint8Array(0) : reader.take(2 + channels);
  return dOps(channels, preSkip, inputRate, gain, family, mapping);
}

const channelsOf = (packet: Bytes | undefined): number =>
  packet !== undefined && ((packet[0] ?? 4) & 4) === 0 ? 1 : 2;

// Encoders that leave the header out are not known to say a pre-skip elsewhere.
function defaultConfiguration(channels: number): OwnBytes {
  if (channels === 1 || channels === 2) {
    return dOps(channels, 0, OPUS_RATE, 0, 0, new Uint8Array(0));
  }
  const mapping = SURROUND_MAPPINGS.get(channels);
  if (mapping === undefined)
    throw malformed(`Cannot map ${channels} Opus channels without a header`);
  return dOps(channels, 0, OPUS_RATE, 0, 1, Uint8Array.from(mapping));
}

/** Streams, coupled streams, and the map of family 1 as libopus codes it (RFC 7845 §5.1.1.2). */
const SURROUND_MAPPINGS: ReadonlyMap<number, readonly number[]> = new Map([
  [3, [2, 1, 0, 2, 1]],
  [4, [2, 2, 0, 1, 2, 3]],
  [5, [3, 2, 0, 4, 1, 2, 3]],
  [6, [4, 2, 0, 4, 1, 2, 3, 5]],
  [7, [4, 3, 0, 4, 1, 2, 3, 5, 6]],
  [8, [5, 3, 0, 6, 1, 2, 3, 4, 5, 7]],
]);

const dOps = (
  channels: number,
  preSkip: number,
  inputRate: number,
  gain: number,
  family: number,
  mapping: Bytes,
): OwnBytes =>
  concat(u8(0), u8(channels), u16(preSkip), u32(inputRate), u16(gain), u8(family), mapping);

const malformed = (message: string): ProtocolError =>
  new ProtocolError("malformed", "OPUS_HEAD", message);
