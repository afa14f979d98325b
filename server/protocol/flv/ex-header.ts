import type { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** What the header of an Enhanced RTMP message says once all extensions are read. */
export type ExPacket = {
  readonly packetType: number;
  /** To be added to the presentation time: 0 to 999,999 ns. */
  readonly nanoseconds: number;
};

/** One track's share of a message. */
export type TrackBody = {
  /** Four ASCII characters. */
  readonly fourCc: string;
  readonly trackIndex: number;
  readonly body: Bytes;
};

/** PacketType ModEx: the same number for audio and video. */
const MOD_EX = 7;

/** VideoPacketModExType and AudioPacketModExType: the only one there is. */
const TIMESTAMP_OFFSET_NANO = 0;

/**
 * ModEx elements, any number while the packet type is 7 (Enhanced RTMP v2, ExVideoTagHeader):
 *
 *     size - 1 u8, or 0xff and size - 1 u16 | data | ModEx type u4, next packet type u4
 *
 * Unknown types are passed over.
 */
export function readModEx(reader: ByteReader, firstPacketType: number): ExPacket {
  let packetType = firstPacketType;
  let nanoseconds = 0;
  for (let elements = 0; packetType === MOD_EX; elements += 1) {
    if (elements === LIMITS.modExElements) {
      const message = `Cannot take more than ${elements} ModEx elements in a message`;
      throw new ProtocolError("limit", "FLV_MOD_EX", message, { offset: reader.offset });
    }
    let size = reader.u8() + 1;
    if (size === 256) size = reader.u16() + 1;
    const data = reader.take(size);
    const typeAndNext = reader.u8();
    const [high = 0, middle = 0, low = 0] = data;
    if (typeAndNext >> 4 === TIMESTAMP_OFFSET_NANO && size >= 3) {
      nanoseconds = Math.min((high << 16) | (middle << 8) | low, 999_999);
    }
    packetType = typeAndNext & 15;
  }
  return { packetType, nanoseconds };
}

/** AvMultitrackType; 1 is ManyTracks, of one codec. */
const OneTrack = 0;
const ManyTracksManyCodecs = 2;

/**
 * Multitrack message, after its packet type (Enhanced RTMP v2, AvMultitrackType):
 *
 *     multitrack type u4, packet type u4 | FourCC, unless each track has its own
 *     then for each track:  FourCC (type 2) | track id u8 | size u24 (types 1 and 2) | body
 */
export function readMultitrack(
  reader: ByteReader,
  multitrackPacketType: number,
): { packetType: number; tracks: TrackBody[] } {
  const offset = reader.offset;
  const typeAndPacketType = reader.u8();
  const type = typeAndPacketType >> 4;
  const packetType = typeAndPacketType & 15;
  if (packetType === multitrackPacketType || packetType === MOD_EX) {
    const message = `Cannot read a multitrack message of packet type ${packetType}`;
    throw new ProtocolError("malformed", "FLV_MULTITRACK", message, { offset });
  }
  if (type > ManyTracksManyCodecs) {
    const message = `Cannot read a multitrack message of type ${type}`;
    throw new ProtocolError("unsupported", "FLV_MULTITRACK", message, { offset });
  }
  const commonFourCc = type === ManyTracksManyCodecs ? undefined : readFourCc(reader);
  if (type === OneTrack) {
    const trackIndex = reader.u8();
    return {
      packetType,
      tracks: [{ fourCc: commonFourCc ?? "", trackIndex, body: reader.rest() }],
    };
  }
  const tracks: TrackBody[] = [];
  while (reader.remaining > 0) {
    if (tracks.length === LIMITS.tracksInMessage) {
      const message = `Cannot take more than ${tracks.length} tracks in a message`;
      throw new ProtocolError("limit", "FLV_TRACKS", message, { offset: reader.offset });
    }
    const fourCc = commonFourCc ?? readFourCc(reader);
    const trackIndex = reader.u8();
    const size = reader.u24();
    tracks.push({ fourCc, trackIndex, body: reader.take(size) });
  }
  return { packetType, tracks };
}

/** FourCC: four printable ASCII characters. */
export function readFourCc(reader: ByteReader): string {
  const offset = reader.offset;
  const fourCc = String.fromCharCode(...reader.take(4));
  if (!/^[ -~]{4}$/.test(fourCc)) {
    const message = `Cannot read FourCC ${JSON.stringify(fourCc)}`;
    throw new ProtocolError("malformed", "FLV_FOURCC", message, { offset });
  }
  return fourCc;
}
