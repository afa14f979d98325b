import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { ChunkDecoder, type ChunkPlace } from "../rtmp/chunk-decoder.ts";
import { type Message, MessageType, readControlNumber } from "../rtmp/message.ts";

/** A message, and where its chunks lie in the stream. */
export type PlacedMessage = {
  readonly message: Message;
  readonly chunks: readonly ChunkPlace[];
  /** Bytes of payload in a chunk, as it was when the message ended. */
  readonly chunkSize: number;
  /** Of an Abort: the chunks of the message that it gave up. */
  readonly aborted: readonly ChunkPlace[];
};

/** Messages of a chunk stream together with their places in its bytes. */
export class PlacedMessages {
  readonly #concerns: (typeId: number) => boolean;
  readonly #onChunk: ((place: ChunkPlace) => void) | undefined;
  /** Chunks of messages that have not been given out, by chunk stream; each message its own list. */
  readonly #open = new Map<number, ChunkPlace[][]>();
  readonly #decoder = new ChunkDecoder({ onChunk: (place) => this.#place(place) });
  #chunkSize: number = this.#decoder.chunkSize;
  /** Chunks that are kept. */
  #kept = 0;
  #end = 0;

  /**
   * @param concerns of which types all chunks are wanted: of others only the first is kept
   * @param onChunk is told of each chunk as its header is read
   */
  constructor(concerns: (typeId: number) => boolean, onChunk?: (place: ChunkPlace) => void) {
    this.#concerns = concerns;
    this.#onChunk = onChunk;
  }

  /** Why nothing can be read any more. */
  get failure(): ProtocolError | undefined {
    return this.#decoder.failure;
  }

  /** Where the last chunk ends whose header was read: the next header is there. */
  get end(): number {
    return this.#end;
  }

  /** The chunks of messages that concern, have begun and lack bytes. */
  get incomplete(): ChunkPlace[] {
    const chunks = [...this.#open.values()].flat(2);
    return chunks.filter(({ typeId }) => this.#concerns(typeId));
  }

  /**
   * @returns the messages that became complete, in order; `failure` may be set then
   */
  push(bytes: Bytes): PlacedMessage[] {
    let messages: Message[] = [];
    try {
      messages = this.#decoder.push(bytes);
    } catch (error) {
      if (this.#decoder.failure === undefined) throw error;
    }
    return messages.map((message) => this.#complete(message));
  }

  #place(place: ChunkPlace): void {
    this.#end = place.payloadAt + place.payloadLength;
    const lists = this.#open.get(place.chunkStreamId) ?? [];
    this.#open.set(place.chunkStreamId, lists);
    const begins = place.offset === 0 || lists.length === 0;
    if (begins || this.#concerns(place.typeId)) {
      if (begins) lists.push([]);
      lists.at(-1)?.push(place);
      this.#kept += 1;
      if (this.#kept > LIMITS.captureChunks) throw tooManyChunks(this.#kept);
    }
    this.#onChunk?.(place);
  }

  #complete(message: Message): PlacedMessage {
    let aborted: readonly ChunkPlace[] = [];
    const chunks = this.#take(message.chunkStreamId);
    if (message.typeId === MessageType.SetChunkSize) {
      this.#chunkSize = Math.min(readControlNumber(message), LIMITS.chunkSize);
    } else if (message.typeId === MessageType.Abort) {
      const given = this.#open.get(readControlNumber(message));
      // What began after the Abort is not meant by it.
      const begun = given?.[0]?.[0]?.headerAt ?? Number.POSITIVE_INFINITY;
      if (begun < (chunks.at(-1)?.payloadAt ?? 0)) aborted = this.#take(readControlNumber(message));
    }
    return { message, chunks, chunkSize: this.#chunkSize, aborted };
  }

  #take(chunkStreamId: number): readonly ChunkPlace[] {
    const chunks = this.#open.get(chunkStreamId)?.shift() ?? [];
    this.#kept -= chunks.length;
    return chunks;
  }
}

function tooManyChunks(count: number): ProtocolError {
  const text = `Cannot keep the places of ${count} chunks: the limit is ${LIMITS.captureChunks}`;
  return new ProtocolError("limit", "CAPTURE_CHUNKS", text, { scope: "connection" });
}
