import { ascii, type Bytes, concat, u8, u32 } from "../../server/protocol/bytes/bytes.ts";
import { addEmulationPrevention } from "../../server/protocol/codec/nal-units.ts";
import { hex } from "./hex.ts";

/*
 * Broadcast Performance Metrics as OBS Studio 31.0 to 32.1 writes them, constructed after its source
 * (shared/bpm/bpm.c): no OBS at hand has them.
 */

/** The four times of a picture, RFC 3339 with milliseconds. */
export type ReportTimes = readonly [composed: string, began: string, ended: string, sent: string];

/** What one report tells; counters are since the one before. */
export type ConstructedReport = {
  readonly times: ReportTimes;
  /** Rendered, lagged, dropped, output. */
  readonly session: readonly [number, number, number, number];
  /** Input, skipped, output. */
  readonly rendition: readonly [number, number, number];
};

const TIMESTAMPS = hex`0aecffe7 5272 4e2f a62f d19cd61a93b5`;
const SESSION = hex`ca60e71c 6a8b 4388 a377 151df7bf8ac2`;
const RENDITION = hex`f1fbc1d5 101e 4fb5 a61e b8ce3c07b8c0`;

const time = (event: number, text: string): Bytes =>
  concat(Uint8Array.of(1, event), ascii(text), u8(0));

const counters = (values: readonly number[]): Bytes =>
  concat(u8(values.length - 1), ...values.flatMap((value, index) => [u8(index + 1), u32(value)]));

/** The three messages: UUID and payload. */
export function reportMessages({ times, session, rendition }: ConstructedReport): Bytes[] {
  const sent = concat(u8(0), time(4, times[3]));
  return [
    concat(TIMESTAMPS, u8(3), ...times.map((text, index) => time(index + 1, text))),
    concat(SESSION, sent, counters(session)),
    concat(RENDITION, sent, counters(rendition)),
  ];
}

/** A SEI NAL unit with one message of user_data_unregistered. */
export const seiUnit = (header: Bytes, message: Bytes): Bytes =>
  concat(header, addEmulationPrevention(concat(u8(5), u8(message.length), message, u8(0x80))));

/** A metadata OBU of private type 6. */
export const metadataObu = (message: Bytes): Bytes =>
  concat(hex`2a`, leb128(message.length + 2), u8(6), message, u8(0x80));

const leb128 = (value: number): Bytes =>
  value < 128 ? u8(value) : Uint8Array.of((value & 127) | 128, value >> 7);
