import { ByteReader } from "../bytes/byte-reader.ts";
import { ascii, type Bytes, equal, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { AudioTrack } from "../media/track.ts";
import { crc8, crc16 } from "./flac-crc.ts";

const MAGIC: OwnBytes = ascii("fLaC");
const STREAM_INFO_LENGTH = 34;

/** One FLAC frame: a view of the message it came in, and how many samples of sound it is. */
export type FlacFrame = { readonly data: Bytes; readonly samples: number };

/**
 * Reads the configuration that an encoder sends ahead of its sound: STREAMINFO (RFC 9639 §8.2) alone
 * (FFmpeg), behind its block header, or behind `fLaC` and that, with or without further blocks.
 *
 *     block sizes u16 u16 | frame sizes u24 u24 | rate u20 channels - 1 u3 bits - 1 u5
 *     samples u36 | MD5 16 bytes
 *
 * @throws ProtocolError `FLAC_STREAMINFO` or `TRUNCATED` (malformed)
 */
export function flacTrack(trackIndex: number, body: Bytes): AudioTrack {
  const streamInfo = findStreamInfo(body);
  const reader = new ByteReader(streamInfo);
  reader.skip(10);
  const rateAndChannels = reader.u32();
  const sampleRate = rateAndChannels >>> 12;
  if (sampleRate === 0) throw malformed("FLAC_STREAMINFO", "Cannot use a sample rate of 0");
  return {
    mediaType: "audio",
    trackIndex,
    codec: "flac",
    codecString: "flac",
    configuration: streamInfo,
    sampleRate,
    channels: ((rateAndChannels >> 9) & 7) + 1,
  };
}

function findStreamInfo(body: Bytes): Bytes {
  if (body.length === STREAM_INFO_LENGTH) return body;
  const reader = new ByteReader(body);
  if (equal(body.subarray(0, MAGIC.length), MAGIC)) reader.skip(MAGIC.length);
  const blockType = reader.u8() & 127;
  const length = reader.u24();
  if (blockType !== 0 || length !== STREAM_INFO_LENGTH) {
    const message = `Cannot read a block of type ${blockType} and ${length} bytes as STREAMINFO`;
    throw malformed("FLAC_STREAMINFO", message);
  }
  return reader.take(length);
}

/**
 * Cuts a message into its frames: it may hold several, though FFmpeg sends one. Frames do not tell
 * their length, so the next one is looked for: where a header with a good CRC and the next number
 * follows bytes that end in their frame's CRC.
 *
 * @param streamInfo the 34 bytes of STREAMINFO: frames are not shorter than it says
 * @returns views of `message`, in order; together they are all of it
 * @throws ProtocolError `FLAC_FRAME` (malformed) where it does not begin with a frame; `FLAC_FRAMES`
 *   (limit)
 */
export function splitFlacFrames(message: Bytes, streamInfo: Bytes): FlacFrame[] {
  const leastLength = Math.max(
    ((streamInfo[4] ?? 0) << 16) | ((streamInfo[5] ?? 0) << 8) | (streamInfo[6] ?? 0),
    8,
  );
  const frames: FlacFrame[] = [];
  let start = 0;
  let header = readFrameHeader(message, 0);
  if (header === undefined) {
    throw malformed("FLAC_FRAME", `Cannot find a FLAC frame in ${message.length} bytes`);
  }
  // Grows with `at`, so that a message full of false headers costs no more than a walk.
  let crc = 0;
  let crcEnd = 0;
  let at = message.indexOf(0xff, leastLength);
  while (at !== -1) {
    const next = readFrameHeader(message, at);
    const follows =
      next?.blocking === header.blocking &&
      next.number === header.number + (header.blocking === 0 ? 1 : header.samples);
    let searchFrom = at + 1;
    if (next !== undefined && follows) {
      crc = crc16(crc, message, crcEnd, at);
      crcEnd = at;
      if (crc === 0) {
        addFrame(frames, message.subarray(start, at), header);
        start = at;
        header = next;
        searchFrom = start + leastLength;
      }
    }
    at = message.indexOf(0xff, searchFrom);
  }
  addFrame(frames, message.subarray(start), header);
  return frames;
}

function addFrame(frames: FlacFrame[], data: Bytes, { samples }: FrameHeader): void {
  if (frames.length === LIMITS.audioFramesInMessage) {
    const message = `Cannot take more than ${LIMITS.audioFramesInMessage} FLAC frames in a message`;
    throw new ProtocolError("limit", "FLAC_FRAMES", message);
  }
  frames.push({ data, samples });
}

type FrameHeader = {
  /** 0: frames are numbered and of one size; 1: their first samples are. */
  readonly blocking: number;
  readonly number: number;
  readonly samples: number;
};

/**
 * Frame header (RFC 9639 §9.1); undefined where there is none at `offset`:
 *
 *     sync u15 blocking u1 | block size u4 rate u4 | channels u4 bits u3 0 | number 1 to 7 bytes
 *     (block size - 1 u8 or u16) | (rate u8 or u16) | CRC u8
 */
function readFrameHeader(bytes: Bytes, offset: number): FrameHeader | undefined {
  const second = bytes[offset + 1] ?? 0;
  if (bytes[offset] !== 0xff || (second & 0xfe) !== 0xf8) return undefined;
  const third = bytes[offset + 2] ?? 0;
  const sizeCode = third >> 4;
  const rateCode = third & 15;
  if (sizeCode === 0 || rateCode === 15) return undefined;
  let at = offset + 4;
  const lead = bytes[at] ?? 0;
  // Like UTF-8, but up to seven bytes (§9.1.5): leading ones count the bytes.
  const length = lead < 0x80 ? 1 : Math.clz32(~(lead << 24));
  if (lead >= 0x80 && (length < 2 || length > 7)) return undefined;
  let number = lead < 0x80 ? lead : lead & (0x7f >> length);
  for (let index = 1; index < length; index += 1) {
    number = number * 64 + ((bytes[at + index] ?? 0) & 63);
  }
  at += length;
  let samples = sizeCode < 6 ? (sizeCode === 1 ? 192 : 144 << sizeCode) : 1 << sizeCode;
  if (sizeCode === 6 || sizeCode === 7) {
    const high = sizeCode === 7 ? (bytes[at] ?? 0) : 0;
    at += sizeCode - 6;
    samples = ((high << 8) | (bytes[at] ?? 0)) + 1;
    at += 1;
  }
  if (rateCode >= 12) at += rateCode === 12 ? 1 : 2;
  if (at >= bytes.length || crc8(bytes, offset, at) !== bytes[at]) return undefined;
  return { blocking: second & 1, number, samples };
}

const malformed = (code: string, message: string): ProtocolError =>
  new ProtocolError("malformed", code, message);
