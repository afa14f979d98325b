import { concat, type OwnBytes, u8, u16, u32 } from "../bytes/bytes.ts";
import { sectionCrc } from "./crc.ts";

/** A splice_insert of a whole programme, that happens at once. */
export type SpliceInsertFields = {
  readonly eventId: number;
  readonly isCanceled: boolean;
  readonly isOut: boolean;
  /** Ticks of 90 kHz; the return is then automatic. */
  readonly duration: number | undefined;
  readonly programId: number;
  readonly avail: number;
  readonly availsExpected: number;
};

const PROGRAM_IMMEDIATE = 0b0101_0000;
const OUT = 0b1000_0000;
const HAS_DURATION = 0b0010_0000;
/** What is reserved is 1; so is event_id_compliance_flag. */
const RESERVED = 0b0000_1111;

/**
 * A section of what an encoder tells field by field (SCTE 35 §9.6, §9.7.3); its time is that of the
 * message, so the splice is immediate.
 */
export function writeSpliceInsert(fields: SpliceInsertFields): OwnBytes {
  const { eventId, isCanceled, isOut, duration, programId, avail, availsExpected } = fields;
  const flags =
    PROGRAM_IMMEDIATE | RESERVED | (isOut ? OUT : 0) | (duration === undefined ? 0 : HAS_DURATION);
  const breakDuration =
    duration === undefined
      ? []
      : [u8(0xfe | (duration >= 2 ** 32 ? 1 : 0)), u32(duration % 2 ** 32)];
  const scheduled = isCanceled
    ? []
    : [u8(flags), ...breakDuration, u16(programId), u8(avail), u8(availsExpected)];
  const command = concat(u32(eventId), u8(isCanceled ? 0xff : 0x7f), ...scheduled);
  const section = concat(
    u8(0xfc),
    u16(0x3000 | (11 + command.length + 2 + 4)),
    u8(0), // protocol version
    u8(0), // not encrypted, pts_adjustment 0
    u32(0),
    u8(0), // cw_index
    Uint8Array.of(0xff, 0xf0 | (command.length >> 8), command.length), // tier, length
    u8(0x05),
    command,
    u16(0), // no descriptors
  );
  return concat(section, u32(sectionCrc(section)));
}
