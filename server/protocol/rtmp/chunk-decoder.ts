import { type Bytes, concat, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Message, MessageType, messageLimit, readControlNumber } from "./message.ts";

/** What both sides begin with (RTMP 1.0 §5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

/** A timestamp field that says: the value follows in 4 bytes (§5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;

/**
 * A message may have this much memory when its first bytes are here: also after an Abort, which
 * shows that lengths are not to be believed.
 */
const FIRST_ALLOCATION = 65_536;

/** What a chunk stream carries over from one chunk to the next (§5.3.1.2). */
type ChunkStream = {
  readonly chunkStreamId: number;
  /** Of the message that is being read, or of the last one. */
  timestamp: number;
  /** What a type 3 chunk adds when it begins a message. */
  delta: number;
  length: number;
  typeId: number;
  messageStreamId: number;
  /** The extended timestamp of the last header that had one; undefined where that had none. */
  extended: number | undefined;
  /** A message has begun and lacks bytes. */
  isPartial: boolean;
  /** Memory of the message being read: grows with what comes, up to `length`. */
  payload: OwnBytes;
  received: number;
};

/** Where a chunk lies in the stream, in bytes since its beginning. */
export type ChunkPlace = {
  readonly fmt: number;
  readonly chunkStreamId: number;
  readonly typeId: number;
  /** Of the whole message. */
  readonly messageLength: number;
  /** Which of the message's bytes are the chunk's first: 0 begins a message. */
  readonly offset: number;
  /** What the message's time adds to that of the one before, as its headers say. */
  readonly delta: number;
  readonly headerAt: number;
  readonly payloadAt: number;
  readonly payloadLength: number;
};

/**
 * Puts messages together from chunks that a socket may cut anywhere (RTMP 1.0 §5.3).
 *
 * Set Chunk Size and Abort take effect here, in their place among the chunks, and are returned
 * like all other messages. Payload bytes are copied once, into memory of their message, which
 * begins small, or like the largest message so far, and grows only with bytes that came. What
 * lengths that lie can cost is bounded: by LIMITS.partialBytes at once, by LIMITS.aborts in time.
 *
 * What the standard forbids and encoders do: a fresh chunk stream may begin with type 1 (librtmp's
 * first control message), and type 3 chunks may lack the extended timestamp (OBS before 30.1).
 */
export class ChunkDecoder {
  #chunkSize = DEFAULT_CHUNK_SIZE;
  readonly #streams = new Map<number, ChunkStream>();
  /** The chunk whose payload comes next, and how much of it is still to come. */
  #stream: ChunkStream | undefined;
  #chunkLeft = 0;
  /** The beginning of a chunk header that the socket cut. */
  #cut: Bytes = NO_BYTES;
  #partialMessages = 0;
  #partialBytes = 0;
  /** The largest message so far: the next may take so much memory at once. */
  #largest = FIRST_ALLOCATION / 2;
  #aborts = 0;
  #failure: ProtocolError | undefined;
  readonly #onChunk: ((place: ChunkPlace) => void) | undefined;
  /** Bytes of all earlier pushes. */
  #pushed = 0;

  /** @param onChunk is told of each chunk when its header has been read */
  constructor({ onChunk }: { onChunk?: (place: ChunkPlace) => void } = {}) {
    this.#onChunk = onChunk;
  }

  /** The peer's chunk size as it stands. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** Why nothing can be read any more; messages that came before it have been returned. */
  get failure(): ProtocolError | undefined {
    return this.#failure;
  }

  /**
   * @returns the messages that became complete, in order; after them, `failure` may be set
   * @throws `failure`, where it leaves nothing to return: in connection scope, malformed
   *   (`RTMP_CHUNK_STREAM_UNKNOWN`, `RTMP_CHUNK_INTERLEAVED`, `RTMP_CHUNK_SIZE`, `RTMP_CONTROL`) or
   *   limit (`RTMP_MESSAGE_LENGTH`, `RTMP_CHUNK_STREAMS`, `RTMP_PARTIAL_MESSAGES`, `RTMP_ABORTS`)
   */
  push(bytes: Bytes): Message[] {
    if (this.#failure !== undefined) throw this.#failure;
    const messages: Message[] = [];
    try {
      this.#read(bytes, messages, this.#pushed);
      this.#pushed += bytes.length;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failure = error;
      if (messages.length === 0) throw error;
    }
    return messages;
  }

  /** @param position of the first byte in the stream */
  #read(bytes: Bytes, messages: Message[], position: number): void {
    let at = 0;
    for (;;) {
      if (this.#stream !== undefined) {
        at += this.#readPayload(this.#stream, bytes, at);
        if (this.#chunkLeft > 0) return;
        const stream = this.#stream;
        this.#stream = undefined;
        if (stream.received === stream.length) this.#complete(stream, messages);
        continue;
      }
      if (at === bytes.length) return;
      const cut = this.#cut.length;
      if (cut === 0) {
        const length = this.#readHeader(bytes, at);
        if (length === 0) {
          this.#cut = new Uint8Array(bytes.subarray(at)); // not slice(): a Buffer gives a view
          return;
        }
        this.#tell(bytes[at] ?? 0, position + at, length);
        at += length;
      } else {
        // 18 bytes are the longest header: 3 basic, 11 message, 4 extended timestamp.
        const header = concat(this.#cut, bytes.subarray(at, at + 18));
        const length = this.#readHeader(header, 0);
        if (length === 0) {
          this.#cut = header;
          return;
        }
        this.#cut = NO_BYTES;
        const start = position + at - cut;
        this.#tell(header[0] ?? 0, start, length);
        // Never less than what was cut off: with that much alone the header was incomplete, but
        // for an extended timestamp that turned out to be payload: its bytes go the same way.
        at += length - cut;
        if (at < 0) {
          this.#read(header.subarray(length, cut), messages, start + length);
          at = 0;
        }
      }
    }
  }

  /**
   * Reads one chunk's headers (§5.3.1) and gets ready for its payload.
   *
   *     fmt u2, csid u6 | csid - 64, 0 to 2 bytes | message header, 11, 7, 3 or 0 bytes | extended timestamp, 0 or 4
   *
   * @returns its length, or 0 while bytes are missing (nothing has changed then)
   */
  #readHeader(bytes: Bytes, start: number): number {
    const available = bytes.length - start;
    const first = bytes[start] ?? 0;
    const fmt = first >> 6;
    let chunkStreamId = first & 0x3f;
    let at = start + 1;
    if (chunkStreamId === 0) {
      if (available < 2) return 0;
      chunkStreamId = 64 + (bytes[start + 1] ?? 0);
      at += 1;
    } else if (chunkStreamId === 1) {
      if (available < 3) return 0;
      chunkStreamId = 64 + (bytes[start + 1] ?? 0) + (bytes[start + 2] ?? 0) * 256;
      at += 2;
    }
    const known = this.#streams.get(chunkStreamId);
    if (fmt === 3) {
      if (known === undefined) throw unknownStream(fmt, chunkStreamId);
      const length = extendedLength(bytes, at, known.extended);
      if (length < 0) return 0;
      if (!known.isPartial) {
        this.#begin(known, (known.timestamp + known.delta) >>> 0);
      }
      this.#expectPayload(known);
      return at + length - start;
    }

    const headerLength = fmt === 0 ? 11 : fmt === 1 ? 7 : 3;
    if (bytes.length < at + headerLength) return 0;
    let time = u24(bytes, at);
    const isExtended = time === EXTENDED_TIMESTAMP;
    const end = at + headerLength + (isExtended ? 4 : 0);
    if (bytes.length < end) return 0;
    if (isExtended) time = u32(bytes, at + headerLength);

    if (known === undefined && fmt === 2) throw unknownStream(fmt, chunkStreamId);
    const length = fmt === 2 ? (known?.length ?? 0) : u24(bytes, at + 3);
    const typeId = fmt === 2 ? (known?.typeId ?? 0) : (bytes[at + 6] ?? 0);
    const limit = messageLimit(typeId);
    if (length > limit) {
      const text = `Cannot take a message of ${length} bytes (type ${typeId}): the limit is ${limit}`;
      throw new ProtocolError("limit", "RTMP_MESSAGE_LENGTH", text, { scope: "connection" });
    }
    const stream = known ?? this.#open(chunkStreamId);
    if (stream.isPartial) {
      // Forbidden, but harmless where nothing else can be meant: SRS takes it for a continuation.
      if (fmt === 0 || length !== stream.length || typeId !== stream.typeId) {
        const text = `Cannot begin a message on chunk stream ${chunkStreamId}: ${stream.received} of ${stream.length} bytes of another are here`;
        throw new ProtocolError("malformed", "RTMP_CHUNK_INTERLEAVED", text, {
          scope: "connection",
        });
      }
      this.#expectPayload(stream);
      return end - start;
    }
    stream.extended = isExtended ? time : undefined;
    // A type 3 chunk after type 0 adds what the type 0 chunk's field says (§5.3.1.2.4).
    stream.delta = time;
    stream.length = length;
    stream.typeId = typeId;
    if (fmt === 0) stream.messageStreamId = u32le(bytes, at + 7);
    this.#begin(stream, fmt === 0 ? time : (stream.timestamp + time) >>> 0);
    this.#expectPayload(stream);
    return end - start;
  }

  /** Tells where the chunk lies whose header has just been read. */
  #tell(firstByte: number, headerAt: number, headerLength: number): void {
    const stream = this.#stream;
    if (this.#onChunk === undefined || stream === undefined) return;
    this.#onChunk({
      fmt: firstByte >> 6,
      chunkStreamId: stream.chunkStreamId,
      typeId: stream.typeId,
      messageLength: stream.length,
      offset: stream.received,
      delta: stream.delta,
      headerAt,
      payloadAt: headerAt + headerLength,
      payloadLength: this.#chunkLeft,
    });
  }

  #open(chunkStreamId: number): ChunkStream {
    if (this.#streams.size >= LIMITS.knownChunkStreams) {
      const text = `Cannot open chunk stream ${chunkStreamId}: the limit is ${LIMITS.knownChunkStreams}`;
      throw new ProtocolError("limit", "RTMP_CHUNK_STREAMS", text, { scope: "connection" });
    }
    const stream: ChunkStream = {
      chunkStreamId,
      timestamp: 0,
      delta: 0,
      length: 0,
      typeId: 0,
      messageStreamId: 0,
      extended: undefined,
      isPartial: false,
      payload: NO_BYTES,
      received: 0,
    };
    this.#streams.set(chunkStreamId, stream);
    return stream;
  }

  #begin(stream: ChunkStream, timestamp: number): void {
    stream.timestamp = timestamp;
    stream.received = 0;
    stream.isPartial = true;
    this.#partialMessages += 1;
    if (this.#partialMessages > LIMITS.partialMessages) {
      const text = `Cannot take ${this.#partialMessages} messages at once: the limit is ${LIMITS.partialMessages}`;
      throw new ProtocolError("limit", "RTMP_PARTIAL_MESSAGES", text, { scope: "connection" });
    }
  }

  #expectPayload(stream: ChunkStream): void {
    this.#stream = stream;
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.received);
  }

  /** Copies what `bytes` have of the present chunk's payload. */
  #readPayload(stream: ChunkStream, bytes: Bytes, at: number): number {
    const length = Math.min(this.#chunkLeft, bytes.length - at);
    if (length === 0) return 0;
    const end = stream.received + length;
    if (end > stream.payload.length) this.#grow(stream, end);
    if (at === 0 && length === bytes.length) stream.payload.set(bytes, stream.received);
    else stream.payload.set(bytes.subarray(at, at + length), stream.received);
    stream.received = end;
    this.#chunkLeft -= length;
    return length;
  }

  #grow(stream: ChunkStream, needed: number): void {
    const held = stream.payload.length;
    const capacity = Math.min(
      stream.length,
      Math.max(needed, held === 0 ? this.#largest * 2 : held * 4),
    );
    this.#partialBytes += capacity - held;
    if (this.#partialBytes > LIMITS.partialBytes) {
      const text = `Cannot hold ${this.#partialBytes} bytes of incomplete messages: the limit is ${LIMITS.partialBytes}`;
      throw new ProtocolError("limit", "RTMP_PARTIAL_MESSAGES", text, { scope: "connection" });
    }
    const grown = new Uint8Array(capacity);
    if (stream.received > 0) grown.set(stream.payload.subarray(0, stream.received));
    stream.payload = grown;
  }

  #complete(stream: ChunkStream, messages: Message[]): void {
    const { chunkStreamId, timestamp, typeId, messageStreamId, payload } = stream;
    if (payload.length > this.#largest) this.#largest = payload.length;
    this.#release(stream);
    const message = { chunkStreamId, timestamp, typeId, messageStreamId, payload };
    if (typeId === MessageType.SetChunkSize) this.#setChunkSize(readControlNumber(message));
    else if (typeId === MessageType.Abort) this.#abort(readControlNumber(message));
    messages.push(message);
  }

  #release(stream: ChunkStream): void {
    this.#partialMessages -= 1;
    this.#partialBytes -= stream.payload.length;
    stream.isPartial = false;
    stream.received = 0;
    stream.payload = NO_BYTES;
  }

  #setChunkSize(size: number): void {
    if (size === 0 || size > 0x7fffffff) {
      const text = `Cannot set a chunk size of ${size}: 1 to 2147483647 are allowed`;
      throw new ProtocolError("malformed", "RTMP_CHUNK_SIZE", text, { scope: "connection" });
    }
    // No message is longer than 2^24 - 1, so everything above means: one chunk a message.
    this.#chunkSize = Math.min(size, LIMITS.chunkSize);
  }

  #abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId);
    if (!stream?.isPartial) return;
    this.#release(stream);
    this.#largest = FIRST_ALLOCATION / 2;
    this.#aborts += 1;
    if (this.#aborts > LIMITS.aborts) {
      const text = `Cannot give up ${this.#aborts} messages: the limit is ${LIMITS.aborts}`;
      throw new ProtocolError("limit", "RTMP_ABORTS", text, { scope: "connection" });
    }
  }
}

/**
 * How long the extended timestamp of a type 3 chunk is: 4 where it repeats the one before, 0 where
 * it does not (some encoders leave it out: those bytes are payload), -1 while that is not known.
 */
function extendedLength(bytes: Bytes, at: number, extended: number | undefined): number {
  if (extended === undefined) return 0;
  const available = Math.min(4, bytes.length - at);
  for (let index = 0; index < available; index += 1) {
    const difference = (bytes[at + index] ?? 0) ^ ((extended >>> (24 - 8 * index)) & 0xff);
    // FFmpeg and OBS mask the top bit of times, not always in both places.
    if ((index === 0 ? difference & 0x7f : difference) !== 0) return 0;
  }
  return available === 4 ? 4 : -1;
}

function unknownStream(fmt: number, chunkStreamId: number): ProtocolError {
  const text = `Cannot read a type ${fmt} chunk: nothing came before it on chunk stream ${chunkStreamId}`;
  return new ProtocolError("malformed", "RTMP_CHUNK_STREAM_UNKNOWN", text, {
    scope: "connection",
  });
}

const u24 = (bytes: Bytes, at: number): number =>
  ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);

const u32 = (bytes: Bytes, at: number): number =>
  (((bytes[at] ?? 0) << 24) | u24(bytes, at + 1)) >>> 0;

const u32le = (bytes: Bytes, at: number): number =>
  ((bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)) >>>
  0;
