import type { Bytes, OwnBytes } from "../bytes/bytes.ts";

/**
 * The RC4 stream cipher, one direction of an encrypted session (RFC 6229 has its vectors). Node's
 * OpenSSL no longer offers it, and it protects nobody: RTMPE needs it.
 */
export class Rc4 {
  readonly #state: OwnBytes = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** @param key 1 to 256 bytes */
  constructor(key: Bytes) {
    const state = this.#state;
    for (let i = 0; i < 256; i += 1) state[i] = i;
    for (let i = 0, j = 0; i < 256; i += 1) {
      const value = state[i] ?? 0;
      j = (j + value + (key[i % key.length] ?? 0)) & 0xff;
      state[i] = state[j] ?? 0;
      state[j] = value;
    }
  }

  /**
   * Encrypts or decrypts the next bytes of the stream; both are the same.
   *
   * @param into where the result is put, at its beginning; it may be `bytes` itself
   */
  apply(bytes: Bytes, into: Bytes): void {
    const state = this.#state;
    const { length } = bytes;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < length; at += 1) {
      i = (i + 1) & 0xff;
      const a = state[i] ?? 0;
      j = (j + a) & 0xff;
      const b = state[j] ?? 0;
      state[i] = b;
      state[j] = a;
      into[at] = (bytes[at] ?? 0) ^ (state[(a + b) & 0xff] ?? 0);
    }
    this.#i = i;
    this.#j = j;
  }

  /** Throws so many bytes of the key stream away. */
  skip(length: number): void {
    const waste = new Uint8Array(length);
    this.apply(waste, waste);
  }
}
