import { BitReader } from "../bytes/bit-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { VideoTrack } from "../media/track.ts";
import { checkDimensions } from "./picture-format.ts";
import { vpConfiguration } from "./vp-configuration.ts";

/** What the uncompressed header of a VP9 key frame says (VP9 §6.2). */
export type Vp9KeyFrameHeader = {
  readonly profile: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly colourSpace: number;
  readonly isFullRange: boolean;
  readonly subsamplingX: number;
  readonly subsamplingY: number;
  readonly width: number;
  readonly height: number;
};

const RGB = 7;

/**
 * Reads the configuration that an encoder sends ahead of its pictures: see `vpConfiguration`. It
 * knows no dimensions, so the track is known with the first key frame only; with each later one this
 * may be called again to notice a new size.
 *
 * @param record vpcC without box header; made from the key frame where it is empty
 * @throws ProtocolError `VP9_CONFIGURATION`, `VP9_FRAME` or `TRUNCATED` (malformed)
 */
export function vp9Track(trackIndex: number, record: Bytes, keyFrame: Bytes): VideoTrack {
  const header = readVp9KeyFrameHeader(keyFrame);
  const { profile, bitDepth, isFullRange, subsamplingX, subsamplingY, width, height } = header;
  const chroma = subsamplingX === 0 ? 3 : subsamplingY === 0 ? 2 : 1; // 4:2:0 is colocated
  const matrix = header.colourSpace === RGB ? 0 : 2; // unspecified but for identity
  const format = { profile, bitDepth, chroma, isFullRange, matrix, width, height };
  const { configuration, parameters, colour } = vpConfiguration(
    record,
    format,
    "VP9_CONFIGURATION",
  );
  return {
    mediaType: "video",
    trackIndex,
    codec: "vp9",
    codecString: `vp09.${parameters}`,
    configuration,
    width,
    height,
    reorderDepth: 0, // a superframe shows one picture, in decoding order
    ...(colour && { colour }),
  };
}

/**
 * uncompressed_header() of a key frame up to its size (VP9 §6.2, §6.2.1 to §6.2.3).
 *
 * @throws ProtocolError `VP9_FRAME` or `TRUNCATED` (malformed) for anything else
 */
export function readVp9KeyFrameHeader(frame: Bytes): Vp9KeyFrameHeader {
  const bits = new BitReader(frame);
  if (bits.bits(2) !== 2) throw malformed("VP9_FRAME", "Cannot read a frame without frame_marker");
  const profile = bits.bits(1) + bits.bits(1) * 2;
  if (profile === 3) bits.skip(1); // reserved_zero
  if (bits.flag() || bits.flag()) {
    throw malformed("VP9_FRAME", "Cannot read the size of a frame that is not a key frame");
  }
  bits.skip(2); // show_frame, error_resilient_mode
  const syncCode = bits.bits(24);
  if (syncCode !== 0x498342) {
    throw malformed("VP9_FRAME", `Cannot read a key frame with sync code ${syncCode}`);
  }
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
  const colourSpace = bits.bits(3);
  const isOdd = profile === 1 || profile === 3;
  let isFullRange = true;
  let subsamplingX = colourSpace === RGB ? 0 : 1;
  let subsamplingY = subsamplingX;
  if (colourSpace !== RGB) {
    isFullRange = bits.flag();
    if (isOdd) {
      subsamplingX = bits.bits(1);
      subsamplingY = bits.bits(1);
    }
  }
  if (isOdd) bits.skip(1); // reserved_zero
  const width = bits.bits(16) + 1;
  const height = bits.bits(16) + 1;
  checkDimensions("VP9_FRAME", width, height);
  return { profile, bitDepth, colourSpace, isFullRange, subsamplingX, subsamplingY, width, height };
}

/** Whether decoding can begin with this frame by its own words; false too for what is no frame. */
export function isVp9Sync(frame: Bytes): boolean {
  const first = frame[0] ?? 0;
  if (first >> 6 !== 2) return false;
  // marker u2 | profile low u1 high u1 | (profile 3: reserved u1) | show existing u1 | frame type u1
  const isProfile3 = (first & 0x30) === 0x30;
  return (first & (isProfile3 ? 0x06 : 0x0c)) === 0;
}

const malformed = (code: string, message: string): ProtocolError =>
  new ProtocolError("malformed", code, message);
