import { type Bytes, concat, NO_BYTES, type OwnBytes, u8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { NewDiffieHellman } from "./diffie-hellman.ts";
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
  SERVER_VERSION,
} from "./digest.ts";
import { answerEncrypted, EncryptedClient } from "./encrypted-handshake.ts";
import { HandshakeVersion, spokenVersion } from "./handshake-version.ts";
import type { SessionCipher } from "./session-cipher.ts";

/** Random bytes, given by the caller. */
export type Random = (length: number) => Bytes;

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

const VERSION_CODE = "RTMP_HANDSHAKE_VERSION";

/** What a server's handshake needs from outside. */
export type ServerHandshakeOptions = {
  readonly hmac: Hmac;
  readonly random: Random;
  /** For encrypted sessions (RTMPE); without it they are refused. */
  readonly diffieHellman?: NewDiffieHellman | undefined;
};

/**
 * The server's side of the handshake (RTMP 1.0 §5.2), simple, with digests or encrypted, as C0 and
 * C1 ask for.
 *
 * It answers as soon as C1 is here, and takes any C2: FFmpeg and OBS echo S1, GStreamer changes
 * its time, players sign.
 */
export class ServerHandshake {
  readonly #options: ServerHandshakeOptions;
  #cipher: SessionCipher | undefined;
  /** C0 and C1, then C2: counted, and C1 kept. */
  readonly #collector = new Collector(1 + HANDSHAKE_PACKET_LENGTH);
  #secondPacketLeft = HANDSHAKE_PACKET_LENGTH;

  constructor(options: ServerHandshakeOptions) {
    this.#options = options;
  }

  /** Of an encrypted session, once C1 was answered: for all bytes from the answer on. */
  get cipher(): SessionCipher | undefined {
    return this.#cipher;
  }

  /**
   * @param bytes the next from the socket; once done, the handshake takes no more
   * @throws ProtocolError in connection scope: `RTMP_HANDSHAKE_VERSION`, malformed where this is no
   *   RTMP at all, unsupported where it is encrypted and may not be; `RTMP_HANDSHAKE_DIGEST` and
   *   `RTMP_DH_KEY` (malformed) where no key can be agreed upon
   */
  receive(bytes: Bytes): HandshakeStep {
    if (this.#collector.isComplete) return this.#receiveSecondPacket(bytes);
    const rest = this.#collector.take(bytes);
    if (this.#collector.length === 0) return WAIT;
    const version = this.#spokenVersion(this.#collector.bytes[0] ?? 0);
    if (rest === undefined) return WAIT;
    const send = this.#answer(version, this.#collector.bytes.subarray(1));
    return { ...this.#receiveSecondPacket(rest), send };
  }

  #receiveSecondPacket(bytes: Bytes): HandshakeStep {
    const left = this.#secondPacketLeft;
    this.#secondPacketLeft = Math.max(0, left - bytes.length);
    return bytes.length < left ? WAIT : { done: true, rest: bytes.subarray(left) };
  }

  /** All obsolete and reserved versions are answered 3, and the client decides (§5.2.2). */
  #spokenVersion(firstByte: number): HandshakeVersion {
    checkVersion(firstByte);
    const version = spokenVersion(firstByte);
    if (version === HandshakeVersion.Plain || this.#options.diffieHellman !== undefined) {
      return version;
    }
    const text = `Cannot begin an encrypted session (version byte ${version}): use rtmp:// or rtmps://`;
    throw new ProtocolError("unsupported", VERSION_CODE, text, { scope: "connection", offset: 0 });
  }

  /** S0, S1 and S2 in one. */
  #answer(version: HandshakeVersion, clientPacket: Bytes): OwnBytes {
    const { hmac, random, diffieHellman } = this.#options;
    if (version !== HandshakeVersion.Plain && diffieHellman !== undefined) {
      const answer = answerEncrypted(version, clientPacket, { hmac, random, diffieHellman });
      this.#cipher = answer.cipher;
      return answer.send;
    }
    const found = findDigest(clientPacket, CLIENT_KEY, hmac);
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    // A version without a digest makes FFmpeg's player give up, so the simple S1 has none.
    if (found === undefined) return concat(u8(version), packet, clientPacket);

    packet.set(SERVER_VERSION, 4);
    const digest = computeDigest(packet, found.scheme, SERVER_KEY, hmac);
    packet.set(digest, digestPosition(packet, found.scheme));
    const data = random(HANDSHAKE_PACKET_LENGTH - DIGEST_LENGTH);
    const signature = computeSignature(SERVER_FULL_KEY, found.digest, data, hmac);
    return concat(u8(version), packet, data, signature);
  }
}

/** What a client's handshake needs from outside. */
export type ClientHandshakeOptions = {
  readonly random: Random;
  /** Encrypts the session (RTMPE). */
  readonly encryption?: Encryption | undefined;
};

/** How a client wants its session encrypted. */
export type Encryption = {
  readonly hmac: Hmac;
  readonly diffieHellman: NewDiffieHellman;
  /** 6 by default: 8 and 9 differ in their signatures only. */
  readonly version?: Exclude<HandshakeVersion, typeof HandshakeVersion.Plain>;
};

/**
 * The client's side of the handshake: simple, S1 echoed, which is what librtmp and OBS do; or
 * encrypted, in the manner of librtmp and FFmpeg.
 */
export class ClientHandshake {
  readonly #random: Random;
  readonly #encrypted: EncryptedClient | undefined;
  #cipher: SessionCipher | undefined;
  readonly #collector = new Collector(1 + HANDSHAKE_PACKET_LENGTH);
  #secondPacketLeft = HANDSHAKE_PACKET_LENGTH;

  constructor({ random, encryption }: ClientHandshakeOptions) {
    this.#random = random;
    if (encryption !== undefined) this.#encrypted = new EncryptedClient({ random, ...encryption });
  }

  /** Of an encrypted session, once S2 is here: for all bytes from C2 on. */
  get cipher(): SessionCipher | undefined {
    return this.#cipher;
  }

  /** C0 and C1, to be sent first. */
  start(): OwnBytes {
    if (this.#encrypted !== undefined) return this.#encrypted.start();
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(this.#random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    return concat(u8(HandshakeVersion.Plain), packet);
  }

  /**
   * @throws ProtocolError in connection scope: `RTMP_HANDSHAKE_VERSION` (malformed, or unsupported
   *   where the server does not encrypt and is to), `RTMP_HANDSHAKE_DIGEST`, `RTMP_DH_KEY`
   */
  receive(bytes: Bytes): HandshakeStep {
    if (this.#collector.isComplete) return this.#receiveSecondPacket(bytes);
    const rest = this.#collector.take(bytes);
    if (this.#collector.length > 0) this.#checkVersion(this.#collector.bytes[0] ?? 0);
    if (rest === undefined) return WAIT;
    const send = this.#answer(this.#collector.bytes.subarray(1));
    return { ...this.#receiveSecondPacket(rest), send };
  }

  /** An encrypted session must not become a plain one, nor the other way round. */
  #checkVersion(firstByte: number): void {
    checkVersion(firstByte);
    const isEncrypted = spokenVersion(firstByte) !== HandshakeVersion.Plain;
    if (isEncrypted === (this.#encrypted !== undefined)) return;
    const text = `Cannot go on with a server that answers with version byte ${firstByte}`;
    throw new ProtocolError("unsupported", VERSION_CODE, text, { scope: "connection", offset: 0 });
  }

  /** C2. */
  #answer(serverPacket: Bytes): OwnBytes {
    if (this.#encrypted === undefined) return new Uint8Array(serverPacket);
    const answer = this.#encrypted.answer(this.#collector.bytes[0] ?? 0, serverPacket);
    this.#cipher = answer.cipher;
    return answer.send;
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

/** Lets everything pass but text and other protocols. */
function checkVersion(version: number): void {
  if (version < FIRST_FORBIDDEN_VERSION) return;
  const text = `Cannot begin RTMP with version byte ${version}: this is another protocol`;
  throw new ProtocolError("malformed", VERSION_CODE, text, { scope: "connection", offset: 0 });
}
