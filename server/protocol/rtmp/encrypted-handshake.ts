import { type Bytes, concat, type OwnBytes, u8 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import {
  checkPublicKey,
  DIFFIE_HELLMAN_LENGTH,
  type DiffieHellman,
  type NewDiffieHellman,
  padded,
} from "./diffie-hellman.ts";
import {
  CLIENT_FULL_KEY,
  CLIENT_KEY,
  computeDigest,
  DIGEST_LENGTH,
  DIGEST_SCHEMES,
  type DigestScheme,
  digestPosition,
  findDigest,
  HANDSHAKE_PACKET_LENGTH,
  type Hmac,
  keyPosition,
  SERVER_FULL_KEY,
  SERVER_KEY,
  SERVER_VERSION,
} from "./digest.ts";
import { HandshakeVersion, spokenVersion } from "./handshake-version.ts";
import { SessionCipher } from "./session-cipher.ts";
import { scrambleSignature } from "./signature-cipher.ts";

/** What an encrypted handshake needs from outside. */
export type EncryptedHandshakeOptions = {
  readonly hmac: Hmac;
  readonly random: (length: number) => Bytes;
  readonly diffieHellman: NewDiffieHellman;
};

/** What is sent, and the cipher of all that follows. */
export type EncryptedAnswer = { readonly send: OwnBytes; readonly cipher: SessionCipher };

/** Version in C1, as librtmp and FFmpeg have it. */
const CLIENT_VERSION = Uint8Array.of(0x80, 0, 3, 2);

/** Their C1 has its key before its digest. */
const CLIENT_SCHEME: DigestScheme = "key-first";

/** A key pair fails one time in 128, random bytes one time in four: this is never reached. */
const ATTEMPTS = 64;

/** The places in which the positions of the two keys are written. */
const KEY_SELECTORS: readonly Range[] = [
  { from: 768, to: 772 },
  { from: 1532, to: 1536 },
];

type Range = { readonly from: number; readonly to: number };

/**
 * Answers an encrypted C1 with S0, S1 and S2, in one. S1 has the scheme of C1, for librtmp, and our
 * key in the key places of both schemes: FFmpeg as a publisher reads the one of digest-first,
 * whatever scheme its own C1 has.
 *
 * @throws ProtocolError in connection scope: `RTMP_HANDSHAKE_DIGEST` (malformed) where no digest
 *   says where the client's key lies, `RTMP_DH_KEY` where that key is none
 */
export function answerEncrypted(
  version: HandshakeVersion,
  clientPacket: Bytes,
  { hmac, random, diffieHellman }: EncryptedHandshakeOptions,
): EncryptedAnswer {
  const found = findDigest(clientPacket, CLIENT_KEY, hmac);
  if (found === undefined) throw noDigest();
  const peerKey = keyIn(clientPacket, found.scheme);
  checkPublicKey(peerKey);
  const { ownKey, secret } = agree(peerKey, diffieHellman);
  const packet = packetWithKeys(ownKey, found.scheme, random);
  const digest = computeDigest(packet, found.scheme, SERVER_KEY, hmac);
  packet.set(digest, digestPosition(packet, found.scheme));
  const proof = signed(version, hmac(SERVER_FULL_KEY, found.digest), { hmac, random });
  const send = concat(u8(version), packet, proof);
  const cipher = new SessionCipher({ secret, ownKey, peerKey }, { hmac, clear: send.length });
  return { send, cipher };
}

/** The client's side of an encrypted handshake, in the manner of librtmp and FFmpeg. */
export class EncryptedClient {
  readonly #options: EncryptedHandshakeOptions;
  readonly #version: HandshakeVersion;
  readonly #keys: DiffieHellman;
  readonly #ownKey: OwnBytes;

  constructor({
    version = HandshakeVersion.Encrypted,
    ...options
  }: EncryptedHandshakeOptions & { version?: HandshakeVersion }) {
    this.#options = options;
    this.#version = version;
    this.#keys = options.diffieHellman();
    this.#ownKey = padded(this.#keys.publicKey);
  }

  /** C0 and C1. */
  start(): OwnBytes {
    const { hmac, random } = this.#options;
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    packet.set(CLIENT_VERSION, 4);
    packet.set(this.#ownKey, keyPosition(packet, CLIENT_SCHEME));
    const digest = computeDigest(packet, CLIENT_SCHEME, CLIENT_KEY, hmac);
    packet.set(digest, digestPosition(packet, CLIENT_SCHEME));
    return concat(u8(this.#version), packet);
  }

  /**
   * C2, signed.
   *
   * @param firstByte S0: the server may answer with another of the encrypted versions
   * @throws ProtocolError `RTMP_HANDSHAKE_DIGEST`, `RTMP_DH_KEY` in connection scope
   */
  answer(firstByte: number, serverPacket: Bytes): EncryptedAnswer {
    const { hmac, random } = this.#options;
    const found = findDigest(serverPacket, SERVER_KEY, hmac);
    if (found === undefined) throw noDigest();
    const peerKey = keyIn(serverPacket, found.scheme);
    checkPublicKey(peerKey);
    const secret = padded(this.#keys.secret(peerKey));
    const signingKey = hmac(CLIENT_FULL_KEY, found.digest);
    const send = signed(spokenVersion(firstByte), signingKey, { hmac, random });
    const ownKey = this.#ownKey;
    const cipher = new SessionCipher({ secret, ownKey, peerKey }, { hmac, clear: send.length });
    return { send, cipher };
  }
}

/**
 * A key pair whose public key and secret begin with no zero: clients differ in which side of the
 * 128 bytes they put a shorter number on (librtmp with OpenSSL: the left).
 */
function agree(
  peerKey: Bytes,
  diffieHellman: NewDiffieHellman,
): { ownKey: OwnBytes; secret: OwnBytes } {
  for (let attempt = 1; ; attempt += 1) {
    const keys = diffieHellman();
    const ownKey = padded(keys.publicKey);
    const secret = padded(keys.secret(peerKey));
    if (attempt === ATTEMPTS || (ownKey[0] !== 0 && secret[0] !== 0)) return { ownKey, secret };
  }
}

/** S1 with our key in both places, and a place for the digest that is clear of them. */
function packetWithKeys(
  key: Bytes,
  scheme: DigestScheme,
  random: EncryptedHandshakeOptions["random"],
): OwnBytes {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const packet = new Uint8Array(HANDSHAKE_PACKET_LENGTH);
    packet.set(random(HANDSHAKE_PACKET_LENGTH - 8), 8);
    packet.set(SERVER_VERSION, 4);
    const keys = DIGEST_SCHEMES.map((each) => keyPosition(packet, each)).map((from) => ({
      from,
      to: from + DIFFIE_HELLMAN_LENGTH,
    }));
    for (const { from } of keys) packet.set(key, from);
    const position = digestPosition(packet, scheme);
    const digest = { from: position, to: position + DIGEST_LENGTH };
    if (![...keys, ...KEY_SELECTORS].some((range) => overlap(range, digest))) return packet;
  }
  throw new Error(`Cannot make S1: ${ATTEMPTS} times the same random bytes`);
}

const overlap = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;

const keyIn = (packet: Bytes, scheme: DigestScheme): Bytes => {
  const position = keyPosition(packet, scheme);
  return packet.subarray(position, position + DIFFIE_HELLMAN_LENGTH);
};

/** S2 or C2: random bytes and their signature. */
function signed(
  version: HandshakeVersion,
  signingKey: Bytes,
  { hmac, random }: Pick<EncryptedHandshakeOptions, "hmac" | "random">,
): OwnBytes {
  const data = random(HANDSHAKE_PACKET_LENGTH - DIGEST_LENGTH);
  return concat(data, scrambleSignature(version, hmac(signingKey, data), signingKey));
}

function noDigest(): ProtocolError {
  const text = "Cannot begin an encrypted session: no digest says where the peer's key lies";
  return new ProtocolError("malformed", "RTMP_HANDSHAKE_DIGEST", text, { scope: "connection" });
}
