import { ascii, type Bytes, concat, type OwnBytes, u8, u24, u32 } from "../bytes/bytes.ts";

/**
 * A box: its length, its four letters, its parts in order (ISO/IEC 14496-12 §4.2).
 *
 * @param type four ASCII characters
 */
export function box(type: string, ...parts: readonly Bytes[]): OwnBytes {
  let size = 8;
  for (const part of parts) size += part.length;
  return concat(u32(size), ascii(type), ...parts);
}

/** A box with version and flags before its parts (ISO/IEC 14496-12 §4.2). */
export const fullBox = (
  type: string,
  version: number,
  flags: number,
  ...parts: readonly Bytes[]
): OwnBytes => box(type, u8(version), u24(flags), ...parts);

/** `count` bytes of 0, for what the standard reserves. */
export const zeros = (count: number): OwnBytes => new Uint8Array(count);
