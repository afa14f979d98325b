import { type Bytes, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP } from "./chunk-decoder.ts";
import type { Message } from "./message.ts";

/** What was last written on a chunk stream. */
type Written = {
  timestamp: number;
  length: number;
  typeId: number;
  messageStreamId: number;
  /** The delta of a type 1, 2 or 3 chunk; undefined after type 0. */
  delta: number | undefined;
};

/**
 * A message as chunks that need nothing before them (type 0, then type 3): readable by every
 * client, in every place, and the same for all who want it.
 */
export const encodeWhole = (message: Message, chunkSize: number): OwnBytes =>
  writeChunks(message, chunkSize, 0, message.timestamp);

/**
 * The same message with the lengths of its chunks, between which others may go. Its chunk stream is
 * its own until its last chunk has gone.
 */
export type ChunkedMessage = {
  readonly chunkStreamId: number;
  readonly bytes: OwnBytes;
  /** Bytes of the first chunk, and of each that follows; the last one may be shorter. */
  readonly firstChunk: number;
  readonly laterChunk: number;
};

/**
 * Makes a chunked message of a payload in two parts, which are copied once.
 *
 * @param head a few bytes, less than a chunk, that `message.payload` follows
 */
export function chunkedMessage(message: Message, head: Bytes, chunkSize: number): ChunkedMessage {
  const { chunkStreamId, timestamp } = message;
  const bytes = writeChunks(message, chunkSize, 0, timestamp, head);
  const each = basicHeaderLength(chunkStreamId) + (timestamp >= EXTENDED_TIMESTAMP ? 4 : 0);
  const laterChunk = each + chunkSize;
  return { chunkStreamId, bytes, firstChunk: laterChunk + MESSAGE_HEADER_LENGTH[0], laterChunk };
}

/**
 * Cuts messages into chunks (RTMP 1.0 §5.3), with the shortest header that every reader agrees on:
 * never type 3 for a new message right after type 0 (readers differ in the delta it means), and
 * type 0 where time steps back or leaps.
 *
 * Chunk streams are the caller's choice, so they are few; each is remembered.
 */
export class ChunkEncoder {
  /** Bytes of payload in a chunk. The caller announces a change to the peer first (type 1). */
  chunkSize: number = DEFAULT_CHUNK_SIZE;
  readonly #streams = new Map<number, Written>();

  /**
   * @param head a few bytes, less than a chunk, that `message.payload` follows
   * @returns all chunks of the message, in memory of their own
   */
  encodeChunks(message: Message, head: Bytes = NO_BYTES): OwnBytes {
    const { chunkStreamId, timestamp, typeId, messageStreamId, payload } = message;
    const length = head.length + payload.length;
    const last = this.#streams.get(chunkStreamId);
    const delta = last === undefined ? -1 : timestamp - last.timestamp;
    const isRelative =
      last !== undefined &&
      last.messageStreamId === messageStreamId &&
      delta >= 0 &&
      delta < EXTENDED_TIMESTAMP;
    if (!isRelative) {
      const written = { timestamp, length, typeId, messageStreamId, delta: undefined };
      this.#streams.set(chunkStreamId, written);
      return writeChunks(message, this.chunkSize, 0, timestamp, head);
    }
    const isAlike = last.length === length && last.typeId === typeId;
    const fmt = !isAlike ? 1 : last.delta !== delta ? 2 : 3;
    Object.assign(last, { timestamp, length, typeId, delta });
    return writeChunks(message, this.chunkSize, fmt, delta, head);
  }
}

const MESSAGE_HEADER_LENGTH = [11, 7, 3, 0] as const;

const basicHeaderLength = (chunkStreamId: number): 1 | 2 | 3 =>
  chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;

/**
 * @param time the absolute timestamp (type 0) or the delta, which is then below 0xFFFFFF
 * @param head goes before the payload, in the first chunk
 */
function writeChunks(
  { chunkStreamId, typeId, messageStreamId, payload }: Message,
  chunkSize: number,
  fmt: 0 | 1 | 2 | 3,
  time: number,
  head: Bytes = NO_BYTES,
): OwnBytes {
  const isExtended = time >= EXTENDED_TIMESTAMP;
  const eachLength = basicHeaderLength(chunkStreamId) + (isExtended ? 4 : 0);
  const whole = head.length + payload.length;
  const chunks = Math.max(1, Math.ceil(whole / chunkSize));
  const length = MESSAGE_HEADER_LENGTH[fmt] + chunks * eachLength + whole;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = writeBasicHeader(bytes, 0, fmt, chunkStreamId);
  if (fmt < 3) at = writeU24(bytes, at, isExtended ? EXTENDED_TIMESTAMP : time);
  if (fmt < 2) {
    at = writeU24(bytes, at, whole);
    view.setUint8(at, typeId);
    at += 1;
  }
  if (fmt === 0) {
    view.setUint32(at, messageStreamId, true);
    at += 4;
  }
  for (let sent = 0, room = chunkSize - head.length; ; room = chunkSize) {
    if (isExtended) {
      view.setUint32(at, time);
      at += 4;
    }
    if (sent === 0) {
      bytes.set(head, at);
      at += head.length;
    }
    const end = Math.min(sent + room, payload.length);
    bytes.set(payload.subarray(sent, end), at);
    at += end - sent;
    sent = end;
    if (sent === payload.length) return bytes;
    at = writeBasicHeader(bytes, at, 3, chunkStreamId);
  }
}

/** Chunk basic header (§5.3.1.1), in its shortest form. */
function writeBasicHeader(bytes: OwnBytes, at: number, fmt: number, chunkStreamId: number): number {
  if (chunkStreamId < 64) {
    bytes[at] = (fmt << 6) | chunkStreamId;
    return at + 1;
  }
  const rest = chunkStreamId - 64;
  bytes[at] = (fmt << 6) | (rest < 256 ? 0 : 1);
  bytes[at + 1] = rest;
  if (rest < 256) return at + 2;
  bytes[at + 2] = rest >> 8;
  return at + 3;
}

function writeU24(bytes: OwnBytes, at: number, value: number): number {
  bytes[at] = value >> 16;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value;
  return at + 3;
}
