import { ascii, type Bytes, concat, NO_BYTES, type OwnBytes, u8, u24 } from "../bytes/bytes.ts";
import { writeOpusHead } from "../codec/opus.ts";
import type { Milliseconds } from "../media/sample.ts";
import type {
  AudioCodec,
  AudioTrack,
  MediaType,
  Track,
  VideoCodec,
  VideoTrack,
} from "../media/track.ts";
import { writeColourInfo } from "./colour-info.ts";
import { FlvTagType } from "./tag.ts";
import { FrameType } from "./video-tag.ts";

/**
 * What a receiver can read: the headers of Video File Format 10.1 alone, or those of Enhanced RTMP
 * v2 too.
 */
export type FlvDialect = "classic" | "enhanced";

/** The body of a tag (of an RTMP message): `head` with `data` behind it. */
export type FlvBody = {
  readonly typeId: typeof FlvTagType.Audio | typeof FlvTagType.Video | typeof FlvTagType.Data;
  readonly head: OwnBytes;
  /** Not ours: the sample, or whatever it was made from. */
  readonly data: Bytes;
};

/** What the muxer needs of a sample. */
export type TagSample = {
  /** Presentation minus decode time, signed; a part of a millisecond is rounded. Audio: 0. */
  readonly compositionOffset: Milliseconds;
  readonly isSync: boolean;
  readonly isDisposable: boolean;
  /** As `mdat` holds it. */
  readonly data: Bytes;
};

/** Whether a dialect has a form for a track: classic FLV knows one of each kind, and few codecs. */
export const canCarry = (track: Track, dialect: FlvDialect): boolean =>
  dialect === "enhanced" || hasClassicForm(track);

/**
 * The configuration of a track, which goes ahead of its samples. AVC, AAC and MP3 of track 0 have
 * classic headers in both dialects, as OBS and FFmpeg write them.
 *
 * @returns undefined where the codec needs none, or the dialect has no form for the track
 */
export function configurationTag(track: Track, dialect: FlvDialect): FlvBody | undefined {
  if (!canCarry(track, dialect)) return undefined;
  const { mediaType, codec, configuration } = track;
  const typeId = typeIdOf(track);
  if (!hasClassicForm(track)) {
    const firstByte = mediaType === "video" ? EX_VIDEO | (FrameType.Key << 4) : EX_AUDIO;
    const data = track.mediaType === "video" ? configuration : sequenceStartBody(track);
    return { typeId, head: exHead(track, firstByte, PacketType.SequenceStart), data };
  }
  switch (codec) {
    case "avc":
      return {
        typeId,
        head: avcHead(FrameType.Key, AvcPacketType.SequenceHeader, 0),
        data: configuration,
      };
    case "aac":
      return { typeId, head: Uint8Array.of(AAC_FIRST_BYTE, 0), data: configuration };
    default:
      return undefined;
  }
}

/**
 * The colours of high dynamic range (VideoPacketType.Metadata), which go ahead of a track's
 * configuration, as OBS sends them. Not every reader of Enhanced headers goes past it.
 *
 * @returns undefined where the track has none to tell, or the dialect has no form for it; AVC of
 *   track 0 has classic headers
 */
export function colourTag(track: Track, dialect: FlvDialect): FlvBody | undefined {
  if (track.mediaType !== "video" || !canCarry(track, dialect)) return undefined;
  const data = hasClassicForm(track) ? undefined : writeColourInfo(track);
  return (
    data && { typeId: FlvTagType.Video, head: exHead(track, EX_VIDEO, PacketType.Metadata), data }
  );
}

/**
 * One sample of a track.
 *
 * @returns undefined where the dialect has no form for it; a composition offset of more than 24 bits
 *   has none
 */
export function sampleTag(
  track: Track,
  sample: TagSample,
  dialect: FlvDialect,
): FlvBody | undefined {
  if (!canCarry(track, dialect)) return undefined;
  const head = track.mediaType === "video" ? videoHead(track, sample) : audioHead(track);
  return head && { typeId: typeIdOf(track), head, data: sample.data };
}

/**
 * Script data: AMF0 values, the handler's name first. `onMetaData` goes at time 0: at any other, FFmpeg
 * takes it for a subtitle.
 */
export const scriptDataTag = (body: Bytes): FlvBody => ({
  typeId: FlvTagType.Data,
  head: NO_BYTES,
  data: body,
});

/** A tag body that is passed on as it came (`Sample.original`, `OpaqueFrame.tag`). */
export const asItCame = (mediaType: MediaType, body: Bytes): FlvBody => ({
  typeId: typeIdOf({ mediaType }),
  head: NO_BYTES,
  data: body,
});

/** Whether a dialect has the form in which a tag body came. */
export function canPass(mediaType: MediaType, body: Bytes, dialect: FlvDialect): boolean {
  if (dialect === "enhanced") return true;
  const first = body[0] ?? 0;
  return mediaType === "video" ? first < EX_VIDEO : first >> 4 !== EX_AUDIO >> 4;
}

/** Bytes of a whole tag with its back-pointer. */
export const tagLength = ({ head, data }: FlvBody): number =>
  TAG_HEADER_LENGTH + head.length + data.length + PREVIOUS_TAG_SIZE_LENGTH;

/**
 * A whole tag with its back-pointer (Video File Format 10.1, §E.4.1), in one new piece of memory.
 *
 * @param timestamp ms; rounded, and its low 32 bits are written
 */
export function wrapTag(body: FlvBody, timestamp: Milliseconds): OwnBytes {
  const tag = new Uint8Array(tagLength(body));
  writeTag(tag, body, timestamp);
  return tag;
}

/**
 * The same into memory that is there: what is written is all of it.
 *
 * @param into `tagLength` bytes
 */
export function writeTag(into: Bytes, body: FlvBody, timestamp: Milliseconds): void {
  const { typeId, head, data } = body;
  const length = head.length + data.length;
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  const time = Math.round(timestamp) % 2 ** 32;
  view.setUint32(0, typeId * 2 ** 24 + length);
  // Its low 24 bits, then the byte above them; the stream id behind is 0.
  view.setUint32(4, ((time << 8) | (time >>> 24)) >>> 0);
  view.setUint16(8, 0);
  view.setUint8(10, 0);
  into.set(head, TAG_HEADER_LENGTH);
  into.set(data, TAG_HEADER_LENGTH + head.length);
  view.setUint32(TAG_HEADER_LENGTH + length, TAG_HEADER_LENGTH + length);
}

const hasClassicForm = ({ trackIndex, codec }: Track): boolean =>
  trackIndex === 0 && (codec === "avc" || codec === "aac" || codec === "mp3");

const typeIdOf = ({ mediaType }: { mediaType: MediaType }) =>
  mediaType === "video" ? FlvTagType.Video : FlvTagType.Audio;

function videoHead(track: VideoTrack, sample: TagSample): OwnBytes | undefined {
  const compositionTime = Math.round(sample.compositionOffset);
  const { isSync, isDisposable } = sample;
  const frameType = isSync
    ? FrameType.Key
    : isDisposable
      ? FrameType.DisposableInter
      : FrameType.Inter;
  const firstByte = EX_VIDEO | (frameType << 4);
  const isClassic = hasClassicForm(track);
  if (!isClassic && !TIMED_CODECS.has(track.codec)) {
    return exHead(track, firstByte, PacketType.CodedFrames);
  }
  if (Math.abs(compositionTime) > LARGEST_COMPOSITION_TIME) return undefined;
  if (isClassic) return avcHead(frameType, AvcPacketType.NalUnits, compositionTime);
  if (compositionTime === 0) return exHead(track, firstByte, PacketType.CodedFramesX);
  return exHead(track, firstByte, PacketType.CodedFrames, u24(compositionTime));
}

function audioHead(track: AudioTrack): OwnBytes {
  if (!hasClassicForm(track)) return exHead(track, EX_AUDIO, PacketType.CodedFrames);
  return track.codec === "aac" ? Uint8Array.of(AAC_FIRST_BYTE, 1) : u8(mp3FirstByte(track));
}

/**
 * Video tag header of AVC, 5 bytes (Video File Format 10.1, §E.4.3.1):
 *
 *     frame type u4, codec id u4 (7) | AVC packet type u8 | composition time i24
 */
const avcHead = (frameType: number, avcPacketType: number, compositionTime: number): OwnBytes =>
  Uint8Array.of(
    (frameType << 4) | AVC_CODEC_ID,
    avcPacketType,
    compositionTime >> 16,
    compositionTime >> 8,
    compositionTime,
  );

/**
 * Audio tag header of MP3, 1 byte (§E.4.2.1); readers take the rate from the frames:
 *
 *     sound format u4 (2, or 14 at 8 kHz) | rate u2 (11, 22, 44 kHz) | 16 bits u1 (1) | stereo u1
 */
function mp3FirstByte({ sampleRate, channels }: AudioTrack): number {
  const format = sampleRate === 8000 ? MP3_8_KHZ_FORMAT : MP3_FORMAT;
  // MPEG-1 has 32 kHz and more, MPEG-2 half of that; 2.5 a quarter, of which 8 kHz has its format.
  const rate = sampleRate >= 32_000 ? 3 : sampleRate >= 16_000 ? 2 : sampleRate > 8000 ? 1 : 0;
  return (format << 4) | (rate << 2) | 2 | (channels > 1 ? 1 : 0);
}

/**
 * ExVideoTagHeader, ExAudioTagHeader (Enhanced RTMP v2):
 *
 *     first byte with the packet type | FourCC
 *     first byte with Multitrack | OneTrack u4 (0), packet type u4 | FourCC | track id u8
 */
function exHead(
  track: Track,
  firstByte: number,
  packetType: number,
  rest: Bytes = NO_BYTES,
): OwnBytes {
  const fourCc = FOUR_CCS[track.codec];
  if (track.trackIndex === 0) return concat(u8(firstByte | packetType), fourCc, rest);
  const multitrack =
    track.mediaType === "video" ? PacketType.VideoMultitrack : PacketType.AudioMultitrack;
  return concat(u8(firstByte | multitrack), u8(packetType), fourCc, u8(track.trackIndex), rest);
}

/** What SequenceStart of sound holds: nothing, where each frame tells it. */
function sequenceStartBody({ codec, configuration }: AudioTrack): Bytes {
  switch (codec) {
    case "opus":
      return writeOpusHead(configuration);
    case "flac":
      // A last metadata block (80) of type STREAMINFO. FFmpeg writes STREAMINFO alone, and reads both.
      return concat(FLAC_MAGIC, u8(0x80), u24(configuration.length), configuration);
    case "aac":
      return configuration;
    case "mp3":
    case "ac-3":
    case "ec-3":
      return NO_BYTES;
  }
}

const TAG_HEADER_LENGTH = 11;
const PREVIOUS_TAG_SIZE_LENGTH = 4;

const EX_VIDEO = 0x80;
const EX_AUDIO = 0x90;
const AVC_CODEC_ID = 7;
/** AAC, 44 kHz, 16 bits, stereo: the same whatever the sound is (§E.4.2.1). */
const AAC_FIRST_BYTE = 0xaf;
const MP3_FORMAT = 2;
const MP3_8_KHZ_FORMAT = 14;

const AvcPacketType = { SequenceHeader: 0, NalUnits: 1 } as const;

/** VideoPacketType and AudioPacketType, which share what they have in common. */
const PacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  CodedFramesX: 3,
  Metadata: 4,
  AudioMultitrack: 5,
  VideoMultitrack: 6,
} as const;

/** SI24, without its one value that has no opposite. */
const LARGEST_COMPOSITION_TIME = 2 ** 23 - 1;

const FLAC_MAGIC: OwnBytes = ascii("fLaC");

const FOUR_CCS: { readonly [codec in VideoCodec | AudioCodec]: OwnBytes } = {
  avc: ascii("avc1"),
  hevc: ascii("hvc1"),
  vvc: ascii("vvc1"),
  av1: ascii("av01"),
  vp9: ascii("vp09"),
  vp8: ascii("vp08"),
  aac: ascii("mp4a"),
  mp3: ascii(".mp3"),
  opus: ascii("Opus"),
  flac: ascii("fLaC"),
  "ac-3": ascii("ac-3"),
  "ec-3": ascii("ec-3"),
};

/** Codecs whose CodedFrames begin with a composition time, and whose CodedFramesX has none. */
const TIMED_CODECS: ReadonlySet<VideoCodec> = new Set<VideoCodec>(["avc", "hevc", "vvc"]);
