import { type Bytes, NO_BYTES } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { AudioTrack } from "../media/track.ts";

/** The header of an MPEG audio frame of layer III (ISO/IEC 11172-3 §2.4.1.3, 13818-3). */
export type MpegAudioHeader = {
  readonly version: 1 | 2 | 2.5;
  /** Bits a second; 0 is the free format, which does not tell its length. */
  readonly bitrate: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** 1152, or 576 below 32 kHz. */
  readonly samplesPerFrame: number;
  /** Bytes with the header; 0 in the free format. */
  readonly frameLength: number;
};

/** One MPEG audio frame: a view of the message it came in. */
export type MpegAudioFrame = { readonly header: MpegAudioHeader; readonly data: Bytes };

const HEADER_LENGTH = 4;
// kb/s by index, version 1 and versions 2 and 2.5.
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const;
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160] as const;
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const; // version 1; half in 2, a quarter in 2.5

/**
 * Cuts a message into its frames: it may hold several.
 *
 * @returns views of `bytes`, in order; the last one may be shorter than its header says. Bytes
 *   behind the last frame that are no frame (a tag) are left out
 * @throws ProtocolError `MP3_HEADER` (malformed; unsupported for layers I and II) where `bytes` do
 *   not begin with a frame; `MP3_FRAMES` (limit)
 */
export function splitMpegAudioFrames(bytes: Bytes): MpegAudioFrame[] {
  const frames: MpegAudioFrame[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const header = readMpegAudioHeader(bytes, offset);
    if (header === undefined) {
      if (frames.length > 0) break;
      throw notAFrame(bytes);
    }
    const length = header.frameLength > 0 ? header.frameLength : bytes.length;
    if (frames.length === LIMITS.audioFramesInMessage) {
      const message = `Cannot take more than ${LIMITS.audioFramesInMessage} MP3 frames in a message`;
      throw new ProtocolError("limit", "MP3_FRAMES", message, { offset });
    }
    frames.push({ header, data: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  return frames;
}

/** The track that frames with this header make. */
export const mp3Track = (trackIndex: number, header: MpegAudioHeader): AudioTrack => ({
  mediaType: "audio",
  trackIndex,
  codec: "mp3",
  codecString: "mp3",
  configuration: NO_BYTES,
  sampleRate: header.sampleRate,
  channels: header.channels,
});

/**
 * Frame header, 4 bytes:
 *
 *     sync u11 | version u2 layer u2 no CRC u1 | bitrate u4 sample rate u2 padding u1 private u1
 *     mode u2 mode extension u2 copyright u1 original u1 emphasis u2
 *
 * @returns undefined where there is none of layer III at `offset`
 */
export function readMpegAudioHeader(bytes: Bytes, offset = 0): MpegAudioHeader | undefined {
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  if (offset + HEADER_LENGTH > bytes.length || bytes[offset] !== 0xff) return undefined;
  if (second >> 5 !== 7 || layerOf(second) !== 3) return undefined;
  const version = ([2.5, undefined, 2, 1] as const)[(second >> 3) & 3];
  const kilobits = (version === 1 ? BITRATES_1 : BITRATES_2)[third >> 4];
  const fullRate = SAMPLE_RATES[(third >> 2) & 3];
  if (version === undefined || kilobits === undefined || fullRate === undefined) return undefined;
  const sampleRate = fullRate / (version === 1 ? 1 : version === 2 ? 2 : 4);
  const samplesPerFrame = version === 1 ? 1152 : 576;
  const bitrate = kilobits * 1000;
  const padding = (third >> 1) & 1;
  const frameLength =
    bitrate === 0 ? 0 : Math.floor(((samplesPerFrame / 8) * bitrate) / sampleRate) + padding;
  const channels = (bytes[offset + 3] ?? 0) >> 6 === 3 ? 1 : 2;
  return { version, bitrate, sampleRate, channels, samplesPerFrame, frameLength };
}

const layerOf = (second: number): number => 4 - ((second >> 1) & 3);

function notAFrame(bytes: Bytes): ProtocolError {
  const second = bytes[1] ?? 0;
  const layer = layerOf(second);
  if (bytes[0] === 0xff && second >> 5 === 7 && (layer === 1 || layer === 2)) {
    const message = `Cannot carry MPEG audio of layer ${layer}`;
    return new ProtocolError("unsupported", "MP3_HEADER", message);
  }
  const message = "Cannot find an MPEG audio frame at the beginning of the message";
  return new ProtocolError("malformed", "MP3_HEADER", message, { offset: 0 });
}
