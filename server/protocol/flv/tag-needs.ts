import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import type { MediaType } from "../media/track.ts";
import { readModEx } from "./ex-header.ts";

/** What a reader must know beyond Video File Format 10.1 to read a tag body. */
export type TagNeeds = {
  /** The codec, or the first of several; undefined for a command frame, which names none. */
  readonly fourCc: string | undefined;
  readonly isMultitrack: boolean;
  readonly hasModEx: boolean;
};

const MOD_EX = 7;
const MULTITRACK = { video: 6, audio: 5 } as const;
const COMMAND_FRAME = 5;
const VIDEO_METADATA = 4;

/**
 * Finds out who can read the body of an audio or video tag (Enhanced RTMP v2, ExVideoTagHeader and
 * ExAudioTagHeader).
 *
 * @param body its first bytes: the whole header, at least
 * @returns undefined where the header is classic, which everybody reads
 * @throws ProtocolError as `ByteReader` and `readModEx` do
 */
export function tagNeeds(mediaType: MediaType, body: Bytes): TagNeeds | undefined {
  if (body.length === 0) return undefined;
  const reader = new ByteReader(body);
  const first = reader.u8();
  const isEnhanced = mediaType === "video" ? first >= 0x80 : first >> 4 === 9;
  if (!isEnhanced) return undefined;
  const hasModEx = (first & 15) === MOD_EX;
  const { packetType } = readModEx(reader, first & 15);
  const isVideo = mediaType === "video";
  const frameType = (first >> 4) & 7;
  if (isVideo && frameType === COMMAND_FRAME && packetType !== VIDEO_METADATA) {
    return { fourCc: undefined, isMultitrack: false, hasModEx };
  }
  const isMultitrack = packetType === MULTITRACK[mediaType];
  // Of each of its layouts the FourCC comes next: the only one, or that of the first track.
  if (isMultitrack) reader.skip(1);
  return { fourCc: String.fromCharCode(...reader.take(4)), isMultitrack, hasModEx };
}
