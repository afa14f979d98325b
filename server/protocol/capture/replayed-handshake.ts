import { ByteQueue } from "../bytes/byte-queue.ts";
import { type Bytes, concat, type OwnBytes, u8 } from "../bytes/bytes.ts";
import {
  CLIENT_FULL_KEY,
  CLIENT_KEY,
  computeSignature,
  DIGEST_LENGTH,
  findDigest,
  HANDSHAKE_PACKET_LENGTH,
  type Hmac,
  SERVER_KEY,
} from "../rtmp/digest.ts";
import { HandshakeVersion } from "../rtmp/handshake-version.ts";
import { HANDSHAKE_LENGTH } from "./cleaned-stream.ts";

/** What the handshake of a replay needs from outside. */
export type ReplayedHandshakeOptions = {
  readonly hmac: Hmac;
  readonly random: (length: number) => Bytes;
};

/**
 * The handshake of a recorded client with another server: its own C1, whose digest holds anywhere,
 * and a C2 made anew. What was encrypted is played as plain RTMP: its key is not in the capture.
 */
export class ReplayedHandshake {
  readonly #options: ReplayedHandshakeOptions;
  readonly #clientPacket: Bytes;
  readonly #queue = new ByteQueue();

  /** @param firstPackets the recorded C0 and C1 */
  constructor(firstPackets: Bytes, options: ReplayedHandshakeOptions) {
    this.#options = options;
    this.#clientPacket = firstPackets.subarray(1);
  }

  /** C0 and C1. */
  start(): OwnBytes {
    return concat(u8(HandshakeVersion.Plain), this.#clientPacket);
  }

  /** @returns C2, once S0, S1 and S2 have come; undefined before, and after */
  receive(bytes: Bytes): OwnBytes | undefined {
    const before = this.#queue.length;
    if (before >= HANDSHAKE_LENGTH) return undefined;
    this.#queue.push(bytes);
    if (this.#queue.length < HANDSHAKE_LENGTH) return undefined;
    const serverPacket = this.#queue.peek(1 + HANDSHAKE_PACKET_LENGTH).subarray(1);
    return this.#answer(serverPacket);
  }

  #answer(serverPacket: Bytes): OwnBytes {
    const { hmac, random } = this.#options;
    const found = findDigest(serverPacket, SERVER_KEY, hmac);
    if (found === undefined || findDigest(this.#clientPacket, CLIENT_KEY, hmac) === undefined) {
      return new Uint8Array(serverPacket);
    }
    const data = random(HANDSHAKE_PACKET_LENGTH - DIGEST_LENGTH);
    return concat(data, computeSignature(CLIENT_FULL_KEY, found.digest, data, hmac));
  }
}
