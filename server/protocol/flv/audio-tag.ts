import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Milliseconds } from "../media/sample.ts";
import type { ChannelLayout } from "../media/track.ts";
import { layoutOfMap, layoutOfMask } from "./channel-layout.ts";
import type { TagAudioCodec } from "./codec-reader.ts";
import { readFourCc, readModEx, readMultitrack } from "./ex-header.ts";

/** Whose bytes a packet holds: `codec` is there when we can wrap it, `codecName` is for people. */
export type AudioTagCodec = { readonly codec?: TagAudioCodec; readonly codecName: string };

/** What an audio message carries of one track. All bytes are views of the message. */
export type AudioPacket =
  | (AudioTagCodec & {
      readonly type: "configuration";
      readonly trackIndex: number;
      /** Empty for codecs that describe themselves, and from some senders of Opus. */
      readonly record: Bytes;
    })
  | (AudioTagCodec & {
      readonly type: "frame";
      readonly trackIndex: number;
      /** What ModEx adds to the message's time: less than 1 ms. */
      readonly timeOffset: Milliseconds;
      readonly data: Bytes;
    })
  | { readonly type: "end"; readonly trackIndex: number }
  | {
      readonly type: "multichannel";
      readonly trackIndex: number;
      readonly channels: number;
      /** Undefined when the sender does not say, or names another number of channels. */
      readonly layout: ChannelLayout | undefined;
    };

/**
 * Opens the body of an audio message or FLV tag, classic or Enhanced (v2).
 *
 * @returns a packet for each track; none for an empty body ("silence")
 * @throws ProtocolError `TRUNCATED`, `FLV_FOURCC`, `FLV_MULTITRACK` (malformed),
 *   `FLV_PACKET_TYPE`, `FLV_MULTITRACK` (unsupported), `FLV_MOD_EX`, `FLV_TRACKS` (limit)
 */
export function readAudioTag(body: Bytes): AudioPacket[] {
  const [first] = body;
  if (first === undefined) return [];
  const reader = new ByteReader(body);
  const soundFormat = first >> 4;
  if (soundFormat === EX_HEADER) return readExAudioTag(reader);
  if (soundFormat === AAC) return [readAacTag(reader)];
  reader.skip(1); // Rate, size and channels: MPEG audio frames tell it themselves, PCM's are read later.
  const codec = CODECS_BY_FORMAT.get(soundFormat) ?? { codecName: `audio format ${soundFormat}` };
  return [{ type: "frame", ...codec, trackIndex: 0, timeOffset: 0, data: reader.rest() }];
}

/**
 * Audio tag of AAC, 2 bytes and its data (Video File Format 10.1, §E.4.2.1):
 *
 *     sound format u4 (10), rate u2, size u1, type u1 | AAC packet type u8 | data
 */
function readAacTag(reader: ByteReader): AudioPacket {
  reader.skip(1); // The rest of it is always the same (0xaf) and to be ignored.
  const aacPacketType = reader.u8();
  switch (aacPacketType) {
    case AAC_SEQUENCE_HEADER:
      return { type: "configuration", ...AAC_CODEC, trackIndex: 0, record: reader.rest() };
    case AAC_RAW:
      return { type: "frame", ...AAC_CODEC, trackIndex: 0, timeOffset: 0, data: reader.rest() };
    default:
      throw unknownPacketType(aacPacketType);
  }
}

/**
 * ExAudioTagHeader (Enhanced RTMP v2), and what follows it for each track:
 *
 *     sound format u4 (9), packet type u4 | ModEx elements
 *     then  multitrack header and tracks  or  FourCC | body
 */
function readExAudioTag(reader: ByteReader): AudioPacket[] {
  const { packetType, nanoseconds } = readModEx(reader, reader.u8() & 15);
  if (packetType !== AudioPacketType.Multitrack) {
    const fourCc = readFourCc(reader);
    const share = { fourCc, trackIndex: 0, body: reader.rest() };
    return [readTrackBody(share, packetType, nanoseconds)];
  }
  const multitrack = readMultitrack(reader, AudioPacketType.Multitrack);
  return multitrack.tracks.map((share) => readTrackBody(share, multitrack.packetType, nanoseconds));
}

function readTrackBody(
  { fourCc, trackIndex, body }: { fourCc: string; trackIndex: number; body: Bytes },
  packetType: number,
  nanoseconds: number,
): AudioPacket {
  const codec = CODECS_BY_FOURCC.get(fourCc) ?? { codecName: fourCc };
  switch (packetType) {
    case AudioPacketType.SequenceStart:
      return { type: "configuration", ...codec, trackIndex, record: body };
    case AudioPacketType.CodedFrames:
      return { type: "frame", ...codec, trackIndex, timeOffset: nanoseconds / 1e6, data: body };
    case AudioPacketType.SequenceEnd:
      return { type: "end", trackIndex };
    case AudioPacketType.MultichannelConfig:
      return readMultichannelConfig(new ByteReader(body), trackIndex);
    default:
      throw unknownPacketType(packetType);
  }
}

/**
 * MultichannelConfig (Enhanced RTMP v2, ExAudioTagBody):
 *
 *     order u8 | channels u8 | order 1: mask u32, order 2: speaker u8 of each channel
 */
function readMultichannelConfig(reader: ByteReader, trackIndex: number): AudioPacket {
  const order = reader.u8();
  const channels = reader.u8();
  let layout: ChannelLayout | undefined;
  if (order === 1) layout = layoutOfMask(reader.u32());
  if (order === 2) layout = layoutOfMap(reader.take(channels));
  if (layout?.length !== channels) layout = undefined;
  return { type: "multichannel", trackIndex, channels, layout };
}

const EX_HEADER = 9;
const AAC = 10;

const AAC_SEQUENCE_HEADER = 0;
const AAC_RAW = 1;

/** AudioPacketType. */
const AudioPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  MultichannelConfig: 4,
  Multitrack: 5,
} as const;

const AAC_CODEC: AudioTagCodec = { codec: "aac", codecName: "AAC" };
const MP3_CODEC: AudioTagCodec = { codec: "mp3", codecName: "MP3" };

/** SoundFormat (Video File Format 10.1, §E.4.2.1). */
const CODECS_BY_FORMAT: ReadonlyMap<number, AudioTagCodec> = new Map<number, AudioTagCodec>([
  [0, { codec: "pcm", codecName: "linear PCM" }],
  [1, { codecName: "ADPCM" }],
  [2, MP3_CODEC],
  [3, { codec: "pcm", codecName: "linear PCM" }],
  [4, { codecName: "Nellymoser (16 kHz)" }],
  [5, { codecName: "Nellymoser (8 kHz)" }],
  [6, { codecName: "Nellymoser" }],
  [7, { codec: "pcm", codecName: "G.711 A-law" }],
  [8, { codec: "pcm", codecName: "G.711 µ-law" }],
  [11, { codecName: "Speex" }],
  [14, MP3_CODEC],
  [15, { codecName: "device-specific sound" }],
]);

const CODECS_BY_FOURCC: ReadonlyMap<string, AudioTagCodec> = new Map<string, AudioTagCodec>([
  ["mp4a", AAC_CODEC],
  [".mp3", MP3_CODEC],
  ["Opus", { codec: "opus", codecName: "Opus" }],
  ["fLaC", { codec: "flac", codecName: "FLAC" }],
  ["ac-3", { codec: "ac-3", codecName: "AC-3" }],
  ["ec-3", { codec: "ec-3", codecName: "E-AC-3" }],
]);

function unknownPacketType(packetType: number): ProtocolError {
  const message = `Cannot read an audio packet of type ${packetType}`;
  return new ProtocolError("unsupported", "FLV_PACKET_TYPE", message);
}
