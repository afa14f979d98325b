import { ascii, type Bytes, concat, type OwnBytes, u8, utf8 } from "../bytes/bytes.ts";

/** scheme_id_uri of an `emsg` that holds an ID3v2 tag: what native players and hls.js look for. */
export const ID3_SCHEME = "https://aomedia.org/emsg/ID3";

const UTF_8 = 3;

/**
 * An ID3v2.4 tag with one frame (id3v2.4.0-structure §3, id3v2.4.0-frames §4.2.6):
 *
 *     "ID3" 4 0 flags u8 size u28 | "TXXX" size u28 flags u16 | 3 (UTF-8) description 0 text
 *
 * where the sizes are of 7 bits a byte, without the headers they stand in.
 *
 * @param description ASCII: TXXX may be anybody's
 */
export function id3Tag(description: string, text: string): OwnBytes {
  const body = concat(u8(UTF_8), ascii(description), u8(0), utf8(text));
  const frame = concat(ascii("TXXX"), syncsafe(body.length), u8(0), u8(0), body);
  return concat(ascii("ID3"), u8(4), u8(0), u8(0), syncsafe(frame.length), frame);
}

/**
 * Finds the text of a TXXX frame in an ID3v2.4 tag.
 *
 * @returns undefined where it is not there, not in UTF-8, or cut off
 */
export function readId3Text(tag: Bytes, description: string): string | undefined {
  if (textOf(tag.subarray(0, 3)) !== "ID3" || tag[3] !== 4) return undefined;
  const end = Math.min(tag.length, 10 + readSyncsafe(tag, 6));
  for (let at = 10; at + 10 < end; ) {
    const body = at + 10;
    const next = body + readSyncsafe(tag, at + 4);
    if (next > end || next === body) return undefined;
    const isText = textOf(tag.subarray(at, at + 4)) === "TXXX" && tag[body] === UTF_8;
    const separator = isText ? tag.indexOf(0, body + 1) : -1;
    if (separator > 0 && textOf(tag.subarray(body + 1, separator)) === description) {
      return textOf(tag.subarray(separator + 1, next));
    }
    at = next;
  }
  return undefined;
}

const syncsafe = (value: number): OwnBytes =>
  Uint8Array.of((value >> 21) & 0x7f, (value >> 14) & 0x7f, (value >> 7) & 0x7f, value & 0x7f);

const readSyncsafe = (bytes: Bytes, at: number): number =>
  [0, 1, 2, 3].reduce((value, index) => value * 128 + ((bytes[at + index] ?? 0) & 0x7f), 0);

const textOf = (bytes: Bytes): string => new TextDecoder().decode(bytes);
