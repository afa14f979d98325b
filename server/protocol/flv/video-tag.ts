import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Milliseconds } from "../media/sample.ts";
import type { VideoCodec } from "../media/track.ts";
import { readFourCc, readModEx, readMultitrack } from "./ex-header.ts";

/** Whose bytes a packet holds: `codec` is there when we can wrap it, `codecName` is for people. */
export type VideoTagCodec = { readonly codec?: VideoCodec; readonly codecName: string };

/** FrameType (Video File Format 10.1, §E.4.3.1). */
export const FrameType = {
  Key: 1,
  Inter: 2,
  DisposableInter: 3,
  GeneratedKey: 4,
  Command: 5,
} as const;

/** What a video message carries of one track. All bytes are views of the message. */
export type VideoPacket =
  | (VideoTagCodec & {
      readonly type: "configuration";
      readonly trackIndex: number;
      readonly record: Bytes;
    })
  | (VideoTagCodec & {
      readonly type: "frame";
      readonly trackIndex: number;
      /** One of `FrameType`, or a number without meaning. */
      readonly frameType: number;
      /** Presentation minus decode time, signed, with the nanoseconds of ModEx as a fraction. */
      readonly compositionTime: Milliseconds;
      readonly data: Bytes;
    })
  | { readonly type: "end"; readonly trackIndex: number }
  /** Name and value pairs in AMF, unread: `colorInfo` is the only one there is. */
  | { readonly type: "metadata"; readonly trackIndex: number; readonly values: Bytes }
  /** StartSeek 0, EndSeek 1: nothing to a live stream. */
  | { readonly type: "command"; readonly command: number };

/**
 * Opens the body of a video message or FLV tag, classic or Enhanced (v1 and v2).
 *
 * @returns a packet for each track; none for an empty body ("silence") and for the classic end of
 *   sequence, which FFmpeg sends but which ends nothing
 * @throws ProtocolError `TRUNCATED`, `FLV_FOURCC`, `FLV_MULTITRACK` (malformed),
 *   `FLV_PACKET_TYPE`, `FLV_MULTITRACK` (unsupported), `FLV_MOD_EX`, `FLV_TRACKS` (limit)
 */
export function readVideoTag(body: Bytes): VideoPacket[] {
  const [first] = body;
  if (first === undefined) return [];
  const reader = new ByteReader(body);
  if ((first & 0x80) !== 0) return readExVideoTag(reader);
  if (first >> 4 === FrameType.Command) return [readCommandFrame(reader)];
  const codecId = first & 15;
  const codec = CODECS_BY_ID.get(codecId) ?? { codecName: `video codec ${codecId}` };
  if (codec.codec !== undefined) return readAvcTag(reader, codec);
  const frameType = reader.u8() >> 4;
  const data = reader.rest();
  return [{ type: "frame", ...codec, trackIndex: 0, frameType, compositionTime: 0, data }];
}

/** Command frame: frame type u4 (5), codec id u4 | command u8 */
function readCommandFrame(reader: ByteReader): VideoPacket {
  reader.skip(1);
  return { type: "command", command: reader.remaining > 0 ? reader.u8() : 0 };
}

/**
 * Video tag of AVC, 5 bytes and its data (Video File Format 10.1, §E.4.3.1); HEVC under codec id 12
 * has the same form:
 *
 *     frame type u4, codec id u4 | AVC packet type u8 | composition time i24 | data
 */
function readAvcTag(reader: ByteReader, codec: VideoTagCodec): VideoPacket[] {
  const frameType = reader.u8() >> 4;
  const avcPacketType = reader.u8();
  if (avcPacketType === AVC_END_OF_SEQUENCE) return [];
  const compositionTime = reader.i24();
  switch (avcPacketType) {
    case AVC_SEQUENCE_HEADER:
      return [{ type: "configuration", ...codec, trackIndex: 0, record: reader.rest() }];
    case AVC_NAL_UNITS: {
      const data = reader.rest();
      return [{ type: "frame", ...codec, trackIndex: 0, frameType, compositionTime, data }];
    }
    default:
      throw unknownPacketType(avcPacketType);
  }
}

/**
 * ExVideoTagHeader (Enhanced RTMP v2), and what follows it for each track:
 *
 *     1 u1, frame type u3, packet type u4 | ModEx elements
 *     then  command u8  or  multitrack header and tracks  or  FourCC | body
 */
function readExVideoTag(reader: ByteReader): VideoPacket[] {
  const first = reader.u8();
  const frameType = (first >> 4) & 7;
  const { packetType, nanoseconds } = readModEx(reader, first & 15);
  // Metadata comes with any frame type: FFmpeg writes 5 there, OBS 0.
  if (packetType !== VideoPacketType.Metadata && frameType === FrameType.Command) {
    return [{ type: "command", command: reader.u8() }];
  }
  if (packetType !== VideoPacketType.Multitrack) {
    const fourCc = readFourCc(reader);
    const share = { fourCc, trackIndex: 0, body: reader.rest() };
    return [readTrackBody(share, packetType, frameType, nanoseconds)];
  }
  const multitrack = readMultitrack(reader, VideoPacketType.Multitrack);
  return multitrack.tracks.map((share) =>
    readTrackBody(share, multitrack.packetType, frameType, nanoseconds),
  );
}

/** ExVideoTagBody of one track: [composition time i24 of avc1, hvc1, vvc1] | data */
function readTrackBody(
  { fourCc, trackIndex, body }: { fourCc: string; trackIndex: number; body: Bytes },
  packetType: number,
  frameType: number,
  nanoseconds: number,
): VideoPacket {
  const codec = CODECS_BY_FOURCC.get(fourCc) ?? { codecName: fourCc };
  const offset = nanoseconds / 1e6;
  switch (packetType) {
    case VideoPacketType.SequenceStart:
      return { type: "configuration", ...codec, trackIndex, record: body };
    case VideoPacketType.CodedFrames: {
      const reader = new ByteReader(body);
      const compositionTime = (TIMED_FOURCCS.has(fourCc) ? reader.i24() : 0) + offset;
      const data = reader.rest();
      return { type: "frame", ...codec, trackIndex, frameType, compositionTime, data };
    }
    case VideoPacketType.CodedFramesX:
      return {
        type: "frame",
        ...codec,
        trackIndex,
        frameType,
        compositionTime: offset,
        data: body,
      };
    case VideoPacketType.SequenceEnd:
      return { type: "end", trackIndex };
    case VideoPacketType.Metadata:
      return { type: "metadata", trackIndex, values: body };
    default:
      throw unknownPacketType(packetType);
  }
}

const AVC_SEQUENCE_HEADER = 0;
const AVC_NAL_UNITS = 1;
const AVC_END_OF_SEQUENCE = 2;

/** VideoPacketType. MPEG2TSSequenceStart (5) is sent by nobody. */
const VideoPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  CodedFramesX: 3,
  Metadata: 4,
  Multitrack: 6,
} as const;

const CODECS_BY_ID: ReadonlyMap<number, VideoTagCodec> = new Map<number, VideoTagCodec>([
  [2, { codecName: "Sorenson H.263" }],
  [3, { codecName: "Screen video" }],
  [4, { codecName: "On2 VP6" }],
  [5, { codecName: "On2 VP6 with alpha" }],
  [6, { codecName: "Screen video 2" }],
  [7, { codec: "avc", codecName: "H.264" }],
  [8, { codecName: "H.263" }], // FFmpeg only
  [9, { codecName: "MPEG-4 Part 2" }], // FFmpeg only
  [12, { codec: "hevc", codecName: "H.265" }], // Larix, IP cameras, SDKs from China
]);

const CODECS_BY_FOURCC: ReadonlyMap<string, VideoTagCodec> = new Map<string, VideoTagCodec>([
  ["avc1", { codec: "avc", codecName: "H.264" }],
  ["hvc1", { codec: "hevc", codecName: "H.265" }],
  ["av01", { codec: "av1", codecName: "AV1" }],
  ["vp09", { codec: "vp9", codecName: "VP9" }],
  ["vp08", { codec: "vp8", codecName: "VP8" }],
  ["vvc1", { codec: "vvc", codecName: "H.266" }],
]);

/** Codecs whose CodedFrames begin with a composition time. */
const TIMED_FOURCCS: ReadonlySet<string> = new Set(["avc1", "hvc1", "vvc1"]);

function unknownPacketType(packetType: number): ProtocolError {
  const message = `Cannot read a video packet of type ${packetType}`;
  return new ProtocolError("unsupported", "FLV_PACKET_TYPE", message);
}
