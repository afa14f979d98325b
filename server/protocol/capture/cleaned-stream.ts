import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { ChunkPlace } from "../rtmp/chunk-decoder.ts";
import { decodeCommand } from "../rtmp/command.ts";
import { HANDSHAKE_PACKET_LENGTH } from "../rtmp/digest.ts";
import { type Message, MessageType, splitAggregate } from "../rtmp/message.ts";
import type { Blanking } from "./blank.ts";
import { type PlacedMessage, PlacedMessages } from "./placed-messages.ts";
import { maskWords, type Secrets } from "./secrets.ts";

/** C0 to C2, and S0 to S2. */
export const HANDSHAKE_LENGTH: number = 1 + 2 * HANDSHAKE_PACKET_LENGTH;

/** A chunk's headers are no longer than this, the first of them no longer than that. */
const LONGEST_CHUNK_HEADER = 18;
const LONGEST_BASIC_HEADER = 3;

/** What a direction is cleaned of. */
export type Cleaning = {
  readonly sender: "client" | "server";
  readonly secrets: Secrets;
  /** Undefined: picture and sound stay. */
  readonly blanking: Blanking | undefined;
};

/** Bytes as they came, which may still be changed, and where they begin in the stream. */
type Piece = { readonly start: number; readonly bytes: OwnBytes };

/**
 * One direction of a connection without its secrets, all lengths as they were. The bytes of a
 * message are settled only when it is complete, however its chunks and the reads are cut.
 */
export class CleanedStream {
  readonly #cleaning: Cleaning;
  readonly #messages: PlacedMessages;
  #unsettled: Piece[] = [];
  #length = 0;
  #isLost = false;

  constructor(cleaning: Cleaning) {
    this.#cleaning = cleaning;
    this.#messages = new PlacedMessages((typeId) => this.#concerns(typeId));
  }

  /** Why the chunks cannot be read any more; nothing behind it is settled, or will be. */
  get failure(): ProtocolError | undefined {
    return this.#messages.failure;
  }

  /**
   * @param bytes the next of the stream, handshake included: they are changed in place, now or
   *   later, and are the stream's until they are settled
   * @returns how many bytes of the stream are settled
   * @throws ProtocolError `CAPTURE_SECRETS` (limit) in connection scope
   */
  push(bytes: OwnBytes): number {
    const start = this.#length;
    this.#length += bytes.length;
    if (this.#isLost) return this.#lose();
    this.#unsettled.push({ start, bytes });
    const handshake = Math.min(bytes.length, Math.max(0, HANDSHAKE_LENGTH - start));
    if (handshake < bytes.length) {
      for (const placed of this.#messages.push(bytes.subarray(handshake))) this.#clean(placed);
    }
    if (this.failure !== undefined) return this.#lose();
    return this.#settle();
  }

  /** Nothing more comes: what is incomplete is overwritten. @returns as `push` does */
  end(): number {
    if (this.failure === undefined) this.#overwrite(this.#messages.incomplete);
    this.#unsettled = [];
    return this.failure === undefined ? this.#length : this.#lose();
  }

  #settle(): number {
    let settled = this.#length;
    for (const { headerAt } of this.#messages.incomplete) {
      settled = Math.min(settled, headerAt + HANDSHAKE_LENGTH);
    }
    const kept = this.#unsettled.findIndex(({ start, bytes }) => start + bytes.length > settled);
    this.#unsettled = kept === -1 ? [] : this.#unsettled.slice(kept);
    return settled;
  }

  /**
   * The header that cannot be read is settled too: it is what one wants to see. It may be a piece
   * of a text, where chunks are longer than was said: only its first bytes stay what they are.
   */
  #lose(): number {
    const start = this.#messages.end + HANDSHAKE_LENGTH;
    const end = Math.min(this.#length, start + LONGEST_CHUNK_HEADER);
    if (this.#isLost) return end;
    this.#isLost = true;
    this.#overwrite(this.#messages.incomplete);
    for (const piece of this.#unsettled) {
      const from = Math.max(0, start + LONGEST_BASIC_HEADER - piece.start);
      maskWords(piece.bytes.subarray(from));
    }
    this.#unsettled = [];
    return end;
  }

  #concerns(typeId: number): boolean {
    switch (typeId) {
      case MessageType.Audio:
      case MessageType.Video:
        return this.#cleaning.blanking !== undefined;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.UserControl:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        return false;
      default:
        return true;
    }
  }

  #clean({ message, chunks, aborted }: PlacedMessage): void {
    this.#overwrite(aborted);
    if (!this.#concerns(message.typeId)) return;
    this.#cleanPayload(message);
    for (const { offset, payloadAt, payloadLength } of chunks) {
      const part = message.payload.subarray(offset, offset + payloadLength);
      this.#write(payloadAt + HANDSHAKE_LENGTH, part);
    }
  }

  /** In place: the payload is memory of the message's own. */
  #cleanPayload(message: Message): void {
    const { secrets, blanking, sender } = this.#cleaning;
    const { typeId, payload } = message;
    switch (typeId) {
      case MessageType.Audio:
        blanking?.audio(payload);
        return;
      case MessageType.Video:
        blanking?.video(payload);
        return;
      case MessageType.Aggregate:
        try {
          for (const part of splitAggregate(message)) this.#cleanPayload(part);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          maskWords(payload);
        }
        return;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        if (sender === "client" && !this.#learn(message)) {
          maskWords(payload);
          return;
        }
        secrets.removeFrom(payload, sender);
        return;
      default:
        secrets.removeFrom(payload, sender);
    }
  }

  /** @returns whether the command could be read */
  #learn(message: Message): boolean {
    try {
      this.#cleaning.secrets.learn(decodeCommand(message));
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope === "connection") throw error;
      return false;
    }
  }

  #overwrite(chunks: readonly ChunkPlace[]): void {
    for (const { payloadAt, payloadLength } of chunks) {
      const start = payloadAt + HANDSHAKE_LENGTH;
      const length = Math.min(payloadLength, this.#length - start);
      if (length > 0) this.#write(start, new Uint8Array(length));
    }
  }

  /** Puts bytes into the pieces that hold their place. */
  #write(at: number, bytes: Bytes): void {
    const end = at + bytes.length;
    for (let index = this.#pieceOf(at); ; index += 1) {
      const piece = this.#unsettled[index];
      if (piece === undefined || piece.start >= end) return;
      const from = Math.max(at, piece.start);
      const to = Math.min(end, piece.start + piece.bytes.length);
      piece.bytes.set(bytes.subarray(from - at, to - at), from - piece.start);
    }
  }

  /** Index of the last unsettled piece that begins at or before a place. */
  #pieceOf(at: number): number {
    let low = 0;
    let high = this.#unsettled.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#unsettled[middle]?.start ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
