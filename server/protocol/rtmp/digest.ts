import { ascii, type Bytes, concat, equal, type OwnBytes } from "../bytes/bytes.ts";

/** HMAC-SHA256, given by the caller: 32 bytes. */
export type Hmac = (key: Bytes, data: Bytes) => Bytes;

/** Bytes of C1, S1, C2 and S2 each (RTMP 1.0 §5.2). */
export const HANDSHAKE_PACKET_LENGTH = 1536;

/** Bytes of a digest. */
export const DIGEST_LENGTH = 32;

/** Where a packet keeps its digest and its Diffie-Hellman key: which of the two comes first. */
export type DigestScheme = "digest-first" | "key-first";

/** The schemes in the order in which they are tried: encoders of today use the first. */
export const DIGEST_SCHEMES: readonly DigestScheme[] = ["digest-first", "key-first"];

const GENUINE = Uint8Array.of(
  ...[
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
  ],
  ...[
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
  ],
);

/** Key of C1's digest. */
export const CLIENT_KEY: OwnBytes = ascii("Genuine Adobe Flash Player 001");

/** Key of C2's signature. */
export const CLIENT_FULL_KEY: OwnBytes = concat(CLIENT_KEY, GENUINE);

/** Key of S1's digest. */
export const SERVER_KEY: OwnBytes = ascii("Genuine Adobe Flash Media Server 001");

/** Key of S2's signature. */
export const SERVER_FULL_KEY: OwnBytes = concat(SERVER_KEY, GENUINE);

/** Version in an S1 with a digest; players check the digest of any S1 that has a version. */
export const SERVER_VERSION: OwnBytes = Uint8Array.of(4, 5, 0, 1);

/** Where the 32 bytes of digest lie in C1 or S1. */
export const digestPosition = (packet: Bytes, scheme: DigestScheme): number =>
  scheme === "digest-first" ? (sum(packet, 8) % 728) + 12 : (sum(packet, 772) % 728) + 776;

/** Where the 128 bytes of Diffie-Hellman key lie in C1 or S1 (encrypted sessions). */
export const keyPosition = (packet: Bytes, scheme: DigestScheme): number =>
  scheme === "digest-first" ? (sum(packet, 1532) % 632) + 772 : (sum(packet, 768) % 632) + 8;

/** The digest that belongs into C1 or S1: over all its bytes but the digest's own place. */
export function computeDigest(packet: Bytes, scheme: DigestScheme, key: Bytes, hmac: Hmac): Bytes {
  const position = digestPosition(packet, scheme);
  return hmac(key, concat(packet.subarray(0, position), packet.subarray(position + DIGEST_LENGTH)));
}

/** Finds a valid digest in C1 or S1; undefined means the simple handshake. */
export function findDigest(
  packet: Bytes,
  key: Bytes,
  hmac: Hmac,
): { scheme: DigestScheme; digest: Bytes } | undefined {
  for (const scheme of DIGEST_SCHEMES) {
    const position = digestPosition(packet, scheme);
    const digest = packet.subarray(position, position + DIGEST_LENGTH);
    if (equal(digest, computeDigest(packet, scheme, key, hmac))) return { scheme, digest };
  }
  return undefined;
}

/**
 * Signature at the end of S2 or C2: proves that the peer's digest was read. Its key is the HMAC of
 * the full key over that digest.
 *
 * @param fullKey SERVER_FULL_KEY or CLIENT_FULL_KEY
 * @param digest of the peer's packet
 * @param data the 1504 bytes before the signature
 */
export const computeSignature = (fullKey: Bytes, digest: Bytes, data: Bytes, hmac: Hmac): Bytes =>
  hmac(hmac(fullKey, digest), data);

const sum = (packet: Bytes, at: number): number =>
  (packet[at] ?? 0) + (packet[at + 1] ?? 0) + (packet[at + 2] ?? 0) + (packet[at + 3] ?? 0);
