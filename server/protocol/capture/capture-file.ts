import { ByteQueue } from "../bytes/byte-queue.ts";
import {
  ascii,
  type Bytes,
  concat,
  equal,
  NO_BYTES,
  type OwnBytes,
  u8,
  u24,
  u32,
  utf8,
} from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** What one record of a capture is. */
export const RecordType = {
  /** JSON: what was captured, when and how. The first record. */
  Information: 0,
  /** Bytes from the client to the server, and the other way. */
  Client: 1,
  Server: 2,
  /** JSON: why it ended. The last record, unless whoever wrote it was killed. */
  End: 3,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** One record of a capture (docs/capture.md). */
export type CaptureRecord = {
  /** One of `RecordType`, or of a later version. */
  readonly type: number;
  /** ms since the connection was opened, to a tenth. */
  readonly at: number;
  readonly payload: Bytes;
};

/** What a capture says of itself. Later versions may say more. */
export type CaptureInformation = {
  /** Of the program that wrote it. */
  readonly sluice: string;
  /** ISO 8601. */
  readonly openedAt: string;
  readonly transport: string;
  /** Whether stream names were removed together with the keys. */
  readonly names: "kept" | "removed";
  /** Whether picture and sound were overwritten. */
  readonly blanked: boolean;
};

/** The first bytes of a capture, and its version. */
const MAGIC = concat(ascii("SLUICAP"), u8(1));
const MAGIC_TEXT_LENGTH = 7;
const HEADER_LENGTH = 8;
/** Times are written in tenths of ms. */
const PER_MS = 10;

/** A capture's first bytes: the magic and what it says of itself. */
export const writeCaptureHeader = (information: CaptureInformation): OwnBytes =>
  concat(MAGIC, writeText(RecordType.Information, 0, information));

/** Why a capture ended, for people; `lost` says of a side why it could not be read to its end. */
export type CaptureEnd = {
  readonly reason: string;
  readonly lost: { readonly client?: string; readonly server?: string };
};

/** The last record. @param at ms since the connection was opened */
export const writeCaptureEnd = (at: number, end: CaptureEnd): OwnBytes =>
  writeText(RecordType.End, at, end);

const writeText = (type: RecordType, at: number, value: object): OwnBytes =>
  writeRecord({ type, at, payload: utf8(JSON.stringify(value)) });

/**
 * One record, 8 bytes and its payload of at most LIMITS.captureRecord:
 *
 *     type u8 | payload length u24 | time u32, in tenths of ms | payload
 */
export function writeRecord({ type, at, payload }: CaptureRecord): OwnBytes {
  const time = Math.min(Math.round(at * PER_MS), 0xffffffff);
  return concat(u8(type), u24(payload.length), u32(time), payload);
}

/** Reads a capture out of a file that is cut anywhere; what lacks its end is left out. */
export class CaptureReader {
  readonly #queue = new ByteQueue();
  #isBegun = false;

  /**
   * @returns the records that became whole, in order; payloads may be views of `bytes`
   * @throws ProtocolError `CAPTURE_MAGIC` (malformed), `CAPTURE_VERSION` (unsupported),
   *   `CAPTURE_RECORD` (limit), in connection scope
   */
  push(bytes: Bytes): CaptureRecord[] {
    this.#queue.push(bytes);
    const records: CaptureRecord[] = [];
    if (!this.#isBegun) {
      if (this.#queue.length < MAGIC.length) return records;
      checkMagic(this.#queue.take(MAGIC.length));
      this.#isBegun = true;
    }
    while (this.#queue.length >= HEADER_LENGTH) {
      const header = this.#queue.peek(HEADER_LENGTH);
      const view = new DataView(header.buffer, header.byteOffset, HEADER_LENGTH);
      const length = view.getUint32(0) & 0xffffff;
      if (length > LIMITS.captureRecord) {
        const text = `Cannot read a record of ${length} bytes: the limit is ${LIMITS.captureRecord}`;
        throw new ProtocolError("limit", "CAPTURE_RECORD", text, { scope: "connection" });
      }
      if (this.#queue.length < HEADER_LENGTH + length) break;
      const record = { type: view.getUint8(0), at: view.getUint32(4) / PER_MS };
      this.#queue.skip(HEADER_LENGTH);
      records.push({ ...record, payload: length === 0 ? NO_BYTES : this.#queue.take(length) });
    }
    return records;
  }
}

function checkMagic(bytes: Bytes): void {
  if (equal(bytes, MAGIC)) return;
  if (equal(bytes.subarray(0, MAGIC_TEXT_LENGTH), MAGIC.subarray(0, MAGIC_TEXT_LENGTH))) {
    const text = `Cannot read a capture of version ${bytes[MAGIC_TEXT_LENGTH]}`;
    throw new ProtocolError("unsupported", "CAPTURE_VERSION", text, { scope: "connection" });
  }
  const text = "Cannot read this: it is no capture";
  throw new ProtocolError("malformed", "CAPTURE_MAGIC", text, { scope: "connection" });
}
