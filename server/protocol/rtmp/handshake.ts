import { type Bytes, concat, NO_BYTES, type OwnBytes, u8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import {
  CLIENT_KEY,
  computeDigest,
  computeSignature,
  DIGEST_LENGTH,
  digestPosition,
  findDigest,
  HANDSHAKE_PACKET_LENGTH,
  type Hmac,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "./digest.ts";

/** Random bytes, given by the caller. */
export type Random = (length: number) => Bytes;

/** First byte of a handshake (RTMP 1.0 §5.2.2; the encrypted ones are Adobe's). */
export const HandshakeVersion = {
  Plain: 3,
  Encrypted: 6,
  EncryptedXtea: 8,
  EncryptedBlowfish: 9,
} as const;
export type HandshakeVersion = (typeof HandshakeVersion)[keyof typeof HandshakeVersion];

/** What a handshake did with the bytes it was given. */
export type HandshakeStep = {
  /** To be sent to the peer. */
  readonly send?: OwnBytes;
  /** Bytes behind the handshake, a view of what was given: the beginning of the chunk stream. */
  readonly rest?: Bytes;
  readonly done: boolean;
};

const WAIT: HandshakeStep = { done: false };

/** The first byte of a version no peer may have (§5.2.2): it tells text protocols apart. */
const FIRST_FORBIDDEN_VERSION = 32;

/** Version in a digest handshake's S1; players check the digest of any S1 that has one. */
const SERVER_VERSION = Uint8Array.of(4, 5, 0, 1);

/**
 * The server's side of the handshake (RTMP 1.0 §5.2), simple or with digests, as C1 asks for.
 *
 * It answers as soon as C1 is here, and takes any C2: FFmpeg and OBS echo S1, GStreamer changes
 * its time, players sign.
 */
export class ServerHandshake {
  readonly #hmac: Hmac;
  readonly #random: Random;
  /** C0 and C1, then C2: counted, and C1 kept. */
  readonly #collector = new Collector(1 + HANDSHAKE_PACKET_LENGTH);
  #secondPacketLeft = HANDSHAKE_PACKET_LENGTH;

  constructor({ hmac, random }: { hmac: Hmac; random: Random }) {
    this.#hmac = hmac;
    this.#random = random;
  }

  /**
   * @param bytes the next from the socket; once done, the handshake takes no more
   * @throws ProtocolError `RTMP_HANDSHAKE_VERSION` in connection scope: malformed where this is no
   *   RTMP at all, unsupported where it is encrypted
   */
  receive(bytes: Bytes): HandshakeStep {
    if (this.#collector.isComplete) return this.#receiveSecondPacket(bytes);
    const rest = this.#collector.take(bytes);
    if (this.#collector.length > 0) checkVersion(this.#collector.bytes[0] ?? 0);
    if (rest === undefined) return WAIT;
    const send = this.#answer(this.#collector.bytes.subarray(1));
    return { ...this.#receiveSecondPacket(rest), send };
  }

  #receiveSecondPacket(bytes: Bytes): HandshakeStep {
    const left = this.#secondPacketLeft;
    this.#secondPacketLeft = Math.max(0, left - bytes.length);
    return bytes.length < left ? WAIT : { done: true, rest: bytes.subarray(left) };
  }

  /** S0, S1 and S2 in one. */
  #answer(clientPacket: Bytes): OwnBytes {
    const version = u8(HandshakeVersion.Plain);
    const found = findDigest(clientPacket, CLIENT_KEY, this.#hmac);
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(this.#random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    // A version without a digest makes FFmpeg's player give up, so the simple S1 has none.
    if (found === undefined) return concat(version, packet, clientPacket);

    packet.set(SERVER_VERSION, 4);
    const digest = computeDigest(packet, found.scheme, SERVER_KEY, this.#hmac);
    packet.set(digest, digestPosition(packet, found.scheme));
    const data = this.#random(HANDSHAKE_PACKET_LENGTH - DIGEST_LENGTH);
    const signature = computeSignature(SERVER_FULL_KEY, found.digest, data, this.#hmac);
    return concat(version, packet, data, signature);
  }
}

/** The client's side of the handshake: simple, S1 echoed; that is what librtmp and OBS do. */
export class ClientHandshake {
  readonly #random: Random;
  readonly #collector = new Collector(1 + HANDSHAKE_PACKET_LENGTH);
  #secondPacketLeft = HANDSHAKE_PACKET_LENGTH;

  constructor({ random }: { random: Random }) {
    this.#random = random;
  }

  /** C0 and C1, to be sent first. */
  start(): OwnBytes {
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(this.#random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    return concat(u8(HandshakeVersion.Plain), packet);
  }

  /** @throws ProtocolError `RTMP_HANDSHAKE_VERSION` in connection scope */
  receive(bytes: Bytes): HandshakeStep {
    if (this.#collector.isComplete) return this.#receiveSecondPacket(bytes);
    const rest = this.#collector.take(bytes);
    if (this.#collector.length > 0) checkVersion(this.#collector.bytes[0] ?? 0);
    if (rest === undefined) return WAIT;
    const send = this.#collector.bytes.slice(1);
    return { ...this.#receiveSecondPacket(rest), send };
  }

  #receiveSecondPacket(bytes: Bytes): HandshakeStep {
    const left = this.#secondPacketLeft;
    this.#secondPacketLeft = Math.max(0, left - bytes.length);
    return bytes.length < left ? WAIT : { done: true, rest: bytes.subarray(left) };
  }
}

/** A packet of known length that arrives in pieces. */
class Collector {
  bytes: OwnBytes = NO_BYTES;
  length = 0;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get isComplete(): boolean {
    return this.length === this.#size;
  }

  /** @returns what is left of `bytes` once the packet is complete, undefined before */
  take(bytes: Bytes): Bytes | undefined {
    if (this.bytes.length === 0) this.bytes = new Uint8Array(this.#size);
    const part = bytes.subarray(0, this.#size - this.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
    return this.isComplete ? bytes.subarray(part.length) : undefined;
  }
}

function checkVersion(version: number): void {
  const scope = "connection";
  const code = "RTMP_HANDSHAKE_VERSION";
  if (version >= FIRST_FORBIDDEN_VERSION) {
    const text = `Cannot begin RTMP with version byte ${version}: this is another protocol`;
    throw new ProtocolError("malformed", code, text, { scope, offset: 0 });
  }
  switch (version) {
    case HandshakeVersion.Encrypted:
    case HandshakeVersion.EncryptedXtea:
    case HandshakeVersion.EncryptedBlowfish: {
      const text = `Cannot begin an encrypted session (version byte ${version}): use rtmp:// or rtmps://`;
      throw new ProtocolError("unsupported", code, text, { scope, offset: 0 });
    }
    default:
    // All other versions are obsolete or reserved: we answer 3, and the client decides (§5.2.2).
  }
}
