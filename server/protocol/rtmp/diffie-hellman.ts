import { type Bytes, type OwnBytes, toHex } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";

/** Bytes of a public key and of a secret: numbers of 1024 bits, big-endian. */
export const DIFFIE_HELLMAN_LENGTH = 128;

/** One side of a key exchange in the 1024-bit MODP group with generator 2 (RFC 2409 §6.2). */
export type DiffieHellman = {
  /** Big-endian; leading zeros may be missing. */
  readonly publicKey: Bytes;
  /**
   * What both sides know then; leading zeros may be missing.
   *
   * @param peerKey a key that `checkPublicKey` let pass
   */
  secret(peerKey: Bytes): Bytes;
};

/** Makes a new key pair, given by the caller. */
export type NewDiffieHellman = () => DiffieHellman;

/** The prime of the group, p (RFC 2409 §6.2). */
export const PRIME: bigint = BigInt(
  "0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff",
);

/**
 * Lets a peer's public key y pass that can make a secret: 1 < y < p - 1. The others make one that
 * everybody knows.
 *
 * @throws ProtocolError `RTMP_DH_KEY` (malformed) in connection scope
 */
export function checkPublicKey(key: Bytes): void {
  const value = BigInt(`0x${toHex(key)}`);
  if (value > 1n && value < PRIME - 1n) return;
  const which = value > 1n ? "of p - 1 or more" : `of ${value}`;
  const text = `Cannot exchange keys with a Diffie-Hellman key ${which}`;
  throw new ProtocolError("malformed", "RTMP_DH_KEY", text, { scope: "connection" });
}

/** A number in its full 128 bytes, with the zeros in front. */
export function padded(number: Bytes): OwnBytes {
  const bytes = new Uint8Array(DIFFIE_HELLMAN_LENGTH);
  bytes.set(number, DIFFIE_HELLMAN_LENGTH - number.length);
  return bytes;
}
