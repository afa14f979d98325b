import { ProtocolError, type ProtocolErrorScope } from "../errors.ts";
import type { Bytes } from "./bytes.ts";

/**
 * A cursor over one complete structure. Reading past the end throws `TRUNCATED` (malformed) in the
 * scope it was made with; what the socket may cut anywhere goes through a `ByteQueue` first.
 */
export class ByteReader {
  readonly bytes: Bytes;
  readonly #view: DataView;
  readonly #scope: ProtocolErrorScope;
  #offset = 0;

  constructor(bytes: Bytes, { scope = "message" }: { scope?: ProtocolErrorScope } = {}) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#scope = scope;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes left to read. */
  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u24(): number {
    const at = this.#take(3);
    return (this.#view.getUint8(at) << 16) | this.#view.getUint16(at + 1);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A value above 2^53 - 1 loses its low bits: meet a limit before using it as a length. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  i24(): number {
    return (this.u24() << 8) >> 8;
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  u16le(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  i16le(): number {
    return this.#view.getInt16(this.#take(2), true);
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** The next byte, left unread; undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.#offset];
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** A view of the next `length` bytes, in the memory of the structure itself. */
  take(length: number): Bytes {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A view of all that is left. */
  rest(): Bytes {
    return this.take(this.remaining);
  }

  #take(length: number): number {
    const at = this.#offset;
    if (length < 0 || at + length > this.bytes.length) {
      const message = `Cannot read ${length} bytes: ${this.remaining} are left of ${this.bytes.length}`;
      throw new ProtocolError("malformed", "TRUNCATED", message, {
        scope: this.#scope,
        offset: at,
      });
    }
    this.#offset = at + length;
    return at;
  }
}
