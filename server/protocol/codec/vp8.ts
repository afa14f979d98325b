import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { VideoTrack } from "../media/track.ts";
import { checkDimensions } from "./picture-format.ts";
import { vpConfiguration } from "./vp-configuration.ts";

/**
 * Reads the configuration that an encoder sends ahead of its pictures: see `vpConfiguration`. As of
 * VP9, the size is in the key frames.
 *
 * @param record vpcC without box header; made from the key frame where it is empty
 * @throws ProtocolError `VP8_CONFIGURATION`, `VP8_FRAME` or `TRUNCATED` (malformed)
 */
export function vp8Track(trackIndex: number, record: Bytes, keyFrame: Bytes): VideoTrack {
  const { version, width, height } = readVp8KeyFrameHeader(keyFrame);
  const { configuration, parameters, colour } = vpConfiguration(
    record,
    {
      ...{ profile: version, bitDepth: 8, chroma: 1, isFullRange: false, matrix: 2 },
      ...{ width, height },
    },
    "VP8_CONFIGURATION",
  );
  return {
    mediaType: "video",
    trackIndex,
    codec: "vp8",
    codecString: `vp08.${parameters}`,
    configuration,
    width,
    height,
    reorderDepth: 0,
    ...(colour && { colour }),
  };
}

/**
 * Frame tag and the beginning of a key frame, 10 bytes (RFC 6386 §9.1), little-endian:
 *
 *     first part's size u19, shown u1, version u3, not a key frame u1 (u24) | 9d012a
 *     scale u2, width u14 | scale u2, height u14
 *
 * @throws ProtocolError `VP8_FRAME` or `TRUNCATED` (malformed) for anything else
 */
function readVp8KeyFrameHeader(frame: Bytes): { version: number; width: number; height: number } {
  const reader = new ByteReader(frame);
  const [tag] = reader.take(3);
  const startCode = reader.u24();
  if (!isVp8Sync(frame) || startCode !== START_CODE) {
    const message = "Cannot read the size of a frame that is not a VP8 key frame";
    throw new ProtocolError("malformed", "VP8_FRAME", message);
  }
  const width = reader.u16le() & 0x3fff;
  const height = reader.u16le() & 0x3fff;
  checkDimensions("VP8_FRAME", width, height);
  return { version: ((tag ?? 0) >> 1) & 7, width, height };
}

/** Whether decoding can begin with this frame by its own words. */
export const isVp8Sync = (frame: Bytes): boolean => frame.length > 0 && ((frame[0] ?? 1) & 1) === 0;

const START_CODE = 0x9d012a;
