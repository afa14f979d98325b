/** Bytes we read: they may lie in memory shared with another thread. */
export type Bytes = Uint8Array<ArrayBufferLike>;

/** Bytes we made: memory of our own, as `SourceBuffer.appendBuffer` wants it. */
export type OwnBytes = Uint8Array<ArrayBuffer>;

/** No bytes at all. */
export const NO_BYTES: OwnBytes = new Uint8Array(0);

/** Joins pieces into one new piece of memory, in order. */
export const concat = (...pieces: readonly Bytes[]): OwnBytes => join(pieces);

/** Joins any number of pieces into one new piece of memory, in order. */
export function join(pieces: readonly Bytes[]): OwnBytes {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

/** Whether both hold the same bytes. Not for secrets: it stops at the first difference. */
export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}

/** Big-endian unsigned integer of 1 byte. Takes the low 8 bits of `value`, as all of these do. */
export const u8 = (value: number): OwnBytes => Uint8Array.of(value);

/** Big-endian unsigned integer of 2 bytes. */
export const u16 = (value: number): OwnBytes => Uint8Array.of(value >>> 8, value);

/** Little-endian unsigned integer of 2 bytes (Opus). */
export const u16le = (value: number): OwnBytes => Uint8Array.of(value, value >>> 8);

/** Big-endian unsigned integer of 3 bytes. */
export const u24 = (value: number): OwnBytes => Uint8Array.of(value >>> 16, value >>> 8, value);

/** Big-endian integer of 4 bytes; a negative value becomes its two's complement. */
export const u32 = (value: number): OwnBytes =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** Little-endian unsigned integer of 4 bytes (RTMP's message stream id). */
export const u32le = (value: number): OwnBytes =>
  Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);

/** Big-endian unsigned integer of 8 bytes, of a safe integer (up to 2^53 - 1). */
export const u64 = (value: number): OwnBytes =>
  concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32));

/** Big-endian IEEE 754 double. */
export function f64(value: number): OwnBytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

/** One byte for each character of an ASCII text (box types, FourCCs). */
export const ascii = (text: string): OwnBytes =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** UTF-8 of a text. */
export const utf8 = (text: string): OwnBytes => new TextEncoder().encode(text);

/** Hexadecimal digits of bytes, for logs and messages. */
export const toHex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
