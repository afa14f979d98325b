import { type Bytes, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { HANDSHAKE_PACKET_LENGTH, type Hmac } from "./digest.ts";
import { Rc4 } from "./rc4.ts";

const KEY_LENGTH = 16;

/** So much memory is kept for decrypted bytes; what a socket gives at once is not longer. */
const SCRATCH_LENGTH = 65_536;

/** What both sides of an encrypted session know after the handshake. */
export type SessionSecret = {
  /** Of Diffie-Hellman, 128 bytes. */
  readonly secret: Bytes;
  /** Public keys, 128 bytes each. */
  readonly ownKey: Bytes;
  readonly peerKey: Bytes;
};

/**
 * The cipher of an encrypted session (RTMPE): RC4 in both directions, from the first byte behind
 * the handshake on. Not security: nothing shows who the peer is.
 */
export class SessionCipher {
  readonly #incoming: Rc4;
  readonly #outgoing: Rc4;
  #scratch: OwnBytes = NO_BYTES;
  /** Bytes of the handshake that are still to be sent: as they are. */
  #clearLeft: number;

  /** @param clear how many bytes of the handshake leave through `seal` after this */
  constructor({ secret, ownKey, peerKey }: SessionSecret, { hmac, clear }: SessionCipherOptions) {
    // What somebody sends is encrypted with a key made of the public key of who reads it.
    this.#incoming = new Rc4(hmac(secret, ownKey).subarray(0, KEY_LENGTH));
    this.#outgoing = new Rc4(hmac(secret, peerKey).subarray(0, KEY_LENGTH));
    this.#incoming.skip(HANDSHAKE_PACKET_LENGTH);
    this.#outgoing.skip(HANDSHAKE_PACKET_LENGTH);
    this.#clearLeft = clear;
  }

  /** Decrypts what came. @returns memory that the next call uses again */
  open(bytes: Bytes): Bytes {
    let scratch = this.#scratch;
    if (scratch.length < bytes.length) {
      scratch = new Uint8Array(bytes.length);
      if (bytes.length <= SCRATCH_LENGTH) this.#scratch = scratch;
    }
    this.#incoming.apply(bytes, scratch);
    return scratch.subarray(0, bytes.length);
  }

  /**
   * Encrypts what is sent, all of it and in the order of sending.
   *
   * @returns memory of its own: `bytes` may be shared with others and stay as they are
   */
  seal(bytes: Bytes): Bytes {
    const clear = Math.min(this.#clearLeft, bytes.length);
    this.#clearLeft -= clear;
    if (clear === bytes.length) return bytes;
    const sealed = new Uint8Array(bytes.length);
    sealed.set(bytes.subarray(0, clear));
    this.#outgoing.apply(bytes.subarray(clear), sealed.subarray(clear));
    return sealed;
  }
}

/** What the cipher needs beside the secret. */
export type SessionCipherOptions = { readonly hmac: Hmac; readonly clear: number };
