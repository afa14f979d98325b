import { ascii, type Bytes, concat, type OwnBytes, u8, u64 } from "../bytes/bytes.ts";

const OWNER = "com.apple.streaming.transportStreamTimestamp";

/** Ticks a second of an MPEG-2 transport stream's clock, which packed audio borrows. */
const TRANSPORT_CLOCK = 90_000;
const TRANSPORT_WRAP = 2 ** 33;

/**
 * What a packed audio segment begins with (RFC 8216bis §3.1.4): an ID3v2.4 tag with one PRIV frame
 * that says when its first sample is heard, since bare MPEG frames have no times.
 *
 *     "ID3" | version 4.0 | flags u8 | size, 4 × 7 bits
 *     "PRIV" | size, 4 × 7 bits | flags u16 | owner, NUL ended | 33 bits of a 90 kHz clock in a u64
 *
 * @param start decode time of the first frame, in `timescale` ticks
 * @see https://id3.org/id3v2.4.0-structure, §3.1 and §4.27 of its frames
 */
export function packedAudioTag(start: number, timescale: number): OwnBytes {
  const clock = Math.round((start / timescale) * TRANSPORT_CLOCK) % TRANSPORT_WRAP;
  const body = concat(ascii(OWNER), u8(0), u64(clock));
  const frame = concat(ascii("PRIV"), syncsafe(body.length), Uint8Array.of(0, 0), body);
  return concat(ascii("ID3"), Uint8Array.of(4, 0, 0), syncsafe(frame.length), frame);
}

/** ID3's integers: four bytes of seven bits. */
const syncsafe = (value: number): Bytes =>
  Uint8Array.of((value >> 21) & 0x7f, (value >> 14) & 0x7f, (value >> 7) & 0x7f, value & 0x7f);
