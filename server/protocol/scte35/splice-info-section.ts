import { BitReader } from "../bytes/bit-reader.ts";
import { type Bytes, toHex } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { sectionCrc } from "./crc.ts";

/** What a splice_info_section says, as far as it is told on. Times are ticks of 90 kHz, 33 bits. */
export type SpliceInfo = {
  readonly command: SpliceCommand;
  /** Its segmentation_descriptors, in order. */
  readonly segmentations: readonly Segmentation[];
};

/** The command of a section. */
export type SpliceCommand =
  | SpliceInsert
  /** When it happens, pts_adjustment included; undefined where it does not say. */
  | { readonly type: "time-signal"; readonly at: number | undefined }
  /** splice_null, splice_schedule, bandwidth_reservation, private_command, or one that is encrypted. */
  | { readonly type: "other" };

/** splice_insert (SCTE 35 §9.7.3). */
export type SpliceInsert = {
  readonly type: "splice-insert";
  readonly eventId: number;
  /** What was announced under this number is not going to happen; all else is as if unsaid then. */
  readonly isCanceled: boolean;
  /** Away from the programme, or back to it. */
  readonly isOut: boolean;
  /** When, pts_adjustment included; undefined: at once. */
  readonly at: number | undefined;
  /** How long it is meant to last, in ticks of 90 kHz. */
  readonly duration: number | undefined;
};

/** segmentation_descriptor (SCTE 35 §10.3.3). */
export type Segmentation = {
  readonly eventId: number;
  readonly isCanceled: boolean;
  /** segmentation_type_id: what begins or ends. 0 (not indicated) where it is canceled. */
  readonly typeId: number;
  /** In ticks of 90 kHz. */
  readonly duration: number | undefined;
};

const TABLE_ID = 0xfc;
const SPLICE_INSERT = 0x05;
const TIME_SIGNAL = 0x06;
/** splice_command_length of encoders from before it was one. */
const UNKNOWN_LENGTH = 0xfff;
const SEGMENTATION_DESCRIPTOR = 0x02;
const CUEI = 0x4355_4549;
const PTS_CYCLE = 2 ** 33;

/**
 * Reads a section (SCTE 35 §9.6):
 *
 *     table id u8 (0xfc) | syntax u1 private u1 sap u2 length u12 | protocol version u8
 *     encrypted u1 algorithm u6 pts_adjustment u33 | cw_index u8 | tier u12 command length u12
 *     command type u8 | command | descriptors length u16 | descriptors | stuffing | CRC_32 u32
 *
 * @throws ProtocolError `SCTE35_SECTION` (malformed), `SCTE35_CRC` (malformed), and `TRUNCATED`
 */
export function readSpliceInfoSection(bytes: Bytes): SpliceInfo {
  if (bytes.length > LIMITS.spliceInfoSection) {
    throw broken(`of ${bytes.length} bytes: the limit is ${LIMITS.spliceInfoSection}`);
  }
  const reader = new BitReader(bytes);
  const tableId = reader.bits(8);
  if (tableId !== TABLE_ID) throw broken(`with table_id ${tableId}`);
  reader.skip(4);
  const length = reader.bits(12);
  if (length + 3 !== bytes.length) throw broken(`that says ${length + 3} bytes of ${bytes.length}`);
  const crc = sectionCrc(bytes);
  if (crc !== 0) {
    const message = `Cannot trust a splice_info_section: its CRC_32 differs, of ${toHex(bytes.subarray(0, 16))} …`;
    throw new ProtocolError("malformed", "SCTE35_CRC", message);
  }
  const version = reader.bits(8);
  if (version !== 0) throw broken(`of protocol version ${version}`);
  const isEncrypted = reader.flag();
  reader.skip(6);
  const adjustment = reader.bits(33);
  reader.skip(8 + 12);
  const commandLength = reader.bits(12);
  const type = reader.bits(8);
  if (isEncrypted) return { command: { type: "other" }, segmentations: [] };
  const begin = reader.position;
  const command = readCommand(reader, type, adjustment);
  if (commandLength !== UNKNOWN_LENGTH) {
    const end = begin + commandLength * 8;
    if (end < reader.position)
      throw broken(`with a command longer than its ${commandLength} bytes`);
    reader.skip(end - reader.position);
  } else if (command.type === "other") {
    return { command, segmentations: [] };
  }
  return { command, segmentations: readDescriptors(reader) };
}

function readCommand(reader: BitReader, type: number, adjustment: number): SpliceCommand {
  switch (type) {
    case SPLICE_INSERT:
      return readSpliceInsert(reader, adjustment);
    case TIME_SIGNAL:
      return { type: "time-signal", at: readSpliceTime(reader, adjustment) };
    default:
      return { type: "other" };
  }
}

/**
 *     event id u32 | canceled u1 reserved u7
 *     out u1 program u1 has duration u1 immediate u1 compliance u1 reserved u3
 *     program: [time] | components: count u8 (tag u8 [time])… | [auto return u1 reserved u6 duration u33]
 *     unique program id u16 | avail u8 | avails expected u8
 */
function readSpliceInsert(reader: BitReader, adjustment: number): SpliceInsert {
  const type = "splice-insert";
  const eventId = reader.bits(32);
  const isCanceled = reader.flag();
  reader.skip(7);
  if (isCanceled) {
    return { type, eventId, isCanceled, isOut: false, at: undefined, duration: undefined };
  }
  const isOut = reader.flag();
  const isProgram = reader.flag();
  const hasDuration = reader.flag();
  const isImmediate = reader.flag();
  reader.skip(4);
  let at: number | undefined;
  if (isProgram) {
    if (!isImmediate) at = readSpliceTime(reader, adjustment);
  } else {
    const count = reader.bits(8);
    for (let index = 0; index < count; index += 1) {
      reader.skip(8);
      const time = isImmediate ? undefined : readSpliceTime(reader, adjustment);
      at ??= time; // of the first component: the others follow it closely
    }
  }
  let duration: number | undefined;
  if (hasDuration) {
    reader.skip(7);
    duration = reader.bits(33);
  }
  reader.skip(32);
  return { type, eventId, isCanceled, isOut, at, duration };
}

/** splice_time (SCTE 35 §9.8.1): specified u1, then reserved u6 and time u33, or reserved u7. */
function readSpliceTime(reader: BitReader, adjustment: number): number | undefined {
  if (!reader.flag()) {
    reader.skip(7);
    return undefined;
  }
  reader.skip(6);
  return (reader.bits(33) + adjustment) % PTS_CYCLE;
}

function readDescriptors(reader: BitReader): Segmentation[] {
  const end = reader.bits(16) * 8 + reader.position;
  const segmentations: Segmentation[] = [];
  while (reader.position < end) {
    const tag = reader.bits(8);
    const length = reader.bits(8);
    const next = reader.position + length * 8;
    if (next > end) throw broken(`with a descriptor of ${length} bytes past the end of its loop`);
    const isOurs = tag === SEGMENTATION_DESCRIPTOR && length >= 9 && reader.bits(32) === CUEI;
    if (isOurs) segmentations.push(readSegmentation(reader));
    if (reader.position > next) throw broken(`with a descriptor longer than its ${length} bytes`);
    reader.skip(next - reader.position);
  }
  return segmentations;
}

/**
 * Behind its identifier:
 *
 *     event id u32 | canceled u1 reserved u7 | program u1 has duration u1 restrictions u6
 *     components: count u8 (48 bits)… | [duration u40] | upid type u8 length u8 upid | type id u8
 *     segment u8 | segments expected u8
 */
function readSegmentation(reader: BitReader): Segmentation {
  const eventId = reader.bits(32);
  const isCanceled = reader.flag();
  reader.skip(7);
  if (isCanceled) return { eventId, isCanceled, typeId: 0, duration: undefined };
  const isProgram = reader.flag();
  const hasDuration = reader.flag();
  reader.skip(6);
  if (!isProgram) reader.skip(reader.bits(8) * 48);
  const duration = hasDuration ? reader.bits(40) : undefined;
  reader.skip(8);
  reader.skip(reader.bits(8) * 8);
  const typeId = reader.bits(8);
  reader.skip(16);
  return { eventId, isCanceled, typeId, duration };
}

const broken = (what: string): ProtocolError =>
  new ProtocolError("malformed", "SCTE35_SECTION", `Cannot read a splice_info_section ${what}`);
