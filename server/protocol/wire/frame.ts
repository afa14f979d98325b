import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";

/** What a frame of the WebSocket protocol carries (`docs/wire.md`). */
export const FrameType = {
  /** `ftyp` and `moov` of a track: what `SourceBuffer` wants before the fragments that follow. */
  InitSegment: 1,
  /** `moof` and `mdat` with one sample. */
  Fragment: 2,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Bits of a frame's flags. */
export const FrameFlag = {
  /** Decoding can begin here. */
  Sync: 1,
  /** The track's timeline continues here after a break (publisher's return, encoder's jump). */
  Discontinuity: 2,
} as const;

/** One record of our WebSocket protocol; a binary WebSocket message carries one or more. */
export type Frame = {
  readonly type: FrameType;
  readonly flags: number;
  /** track_ID, as announced. */
  readonly trackId: number;
  /** Counts the track's fragments; a gap is what was left out for this viewer. */
  readonly sequenceNumber: number;
  /** Decode time in the track's timescale, up to 2^53 - 1. */
  readonly dts: number;
  /** Presentation minus decode time, signed, in the track's timescale. */
  readonly compositionOffset: number;
  /** Declared in the fragment, in the track's timescale: generous for video (`docs/wire.md`). */
  readonly duration: number;
  /** When the sample reached the server: ms since 1970 by the server's clock, with fractions. */
  readonly serverTime: number;
  /** Where the coded sample begins in `payload`. */
  readonly dataOffset: number;
  readonly payload: Bytes;
};

/** Bytes of a frame before its payload. */
export const FRAME_HEADER_LENGTH = 40;

/**
 * Frame header, 40 bytes, big-endian:
 *
 *     type u8 | flags u8 | track id u16 | payload length u32 | data offset u32 | sequence number u32
 *     dts u64 | composition offset i32 | duration u32 | server time f64 (ms)
 */
export function encodeFrameHeader(frame: Omit<Frame, "payload">, payloadLength: number): OwnBytes {
  const header = new Uint8Array(FRAME_HEADER_LENGTH);
  const view = new DataView(header.buffer);
  view.setUint8(0, frame.type);
  view.setUint8(1, frame.flags);
  view.setUint16(2, frame.trackId);
  view.setUint32(4, payloadLength);
  view.setUint32(8, frame.dataOffset);
  view.setUint32(12, frame.sequenceNumber);
  view.setUint32(16, Math.floor(frame.dts / 2 ** 32));
  view.setUint32(20, frame.dts % 2 ** 32);
  view.setInt32(24, frame.compositionOffset);
  view.setUint32(28, frame.duration);
  view.setFloat64(32, frame.serverTime);
  return header;
}

/** One frame as bytes of its own (tests and small messages; the lane writes many into one). */
export const encodeFrame = (frame: Frame): OwnBytes =>
  concat(encodeFrameHeader(frame, frame.payload.length), frame.payload);

/**
 * Reads one binary WebSocket message.
 *
 * @returns its frames; their payloads are views of `message`. Frames of a type not known here are
 *   left out, so that new ones can be added.
 * @throws ProtocolError `TRUNCATED` (malformed) where a length lies
 */
export function decodeFrames(message: Bytes): Frame[] {
  const reader = new ByteReader(message);
  const frames: Frame[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    const flags = reader.u8();
    const trackId = reader.u16();
    const payloadLength = reader.u32();
    const dataOffset = reader.u32();
    const sequenceNumber = reader.u32();
    const dts = reader.u64();
    const compositionOffset = reader.i32();
    const duration = reader.u32();
    const serverTime = reader.f64();
    const payload = reader.take(payloadLength);
    if (dataOffset > payloadLength) {
      const message = `Cannot place data at ${dataOffset} of a payload of ${payloadLength} bytes`;
      throw new ProtocolError("malformed", "WIRE_DATA_OFFSET", message, { offset: reader.offset });
    }
    if (type !== FrameType.InitSegment && type !== FrameType.Fragment) continue;
    frames.push({
      type,
      flags,
      trackId,
      sequenceNumber,
      dts,
      compositionOffset,
      duration,
      serverTime,
      dataOffset,
      payload,
    });
  }
  return frames;
}
