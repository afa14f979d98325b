import { type Bytes, type OwnBytes, u8, u32, u64, utf8 } from "../bytes/bytes.ts";
import { fullBox } from "./box.ts";

/** What an event message box is made of. */
export type EventMessage = {
  /** Ticks a second of the times below: that of the track it lies in. */
  readonly timescale: number;
  /** On the track's timeline: 0 to 2^53 - 1. */
  readonly presentationTime: number;
  /** undefined: nobody knows. */
  readonly duration: number | undefined;
  /** Messages of one scheme with the same number are the same one. */
  readonly id: number;
  /** URI, without a zero in it. */
  readonly scheme: string;
  readonly value: string;
  readonly data: Bytes;
};

const UNKNOWN_DURATION = 0xffff_ffff;

/**
 * DASHEventMessageBox, version 1 (ISO/IEC 23009-1 §5.10.3.3), which stands before a `moof`:
 *
 *     timescale u32 | presentation time u64 | duration u32 | id u32 | scheme 0 | value 0 | data
 */
export const emsg = (message: EventMessage): OwnBytes =>
  fullBox(
    "emsg",
    1,
    0,
    u32(message.timescale),
    u64(message.presentationTime),
    u32(Math.min(message.duration ?? UNKNOWN_DURATION, UNKNOWN_DURATION)),
    u32(message.id),
    utf8(message.scheme),
    u8(0),
    utf8(message.value),
    u8(0),
    message.data,
  );
