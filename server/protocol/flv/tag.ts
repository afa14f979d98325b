import { ByteQueue } from "../bytes/byte-queue.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, type OwnBytes, u8, u24, u32 } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";

/** What a tag carries; the same numbers as RTMP's message type ids. */
export const FlvTagType = {
  Audio: 8,
  Video: 9,
  /** Script data in AMF3's flavour: not in the specification, written by old Flash servers. */
  DataAmf3: 15,
  Data: 18,
} as const;

/** One tag of an FLV file: what RTMP carries as one message. */
export type FlvTag = {
  /** One of `FlvTagType`, or something to pass over. */
  readonly typeId: number;
  /** ms, 32 bits. */
  readonly timestamp: number;
  /** A view of what was pushed where it lay in one piece. */
  readonly payload: Bytes;
};

/** Reads an FLV file or endless FLV stream, however it is cut. Holds one tag (16 MiB) at most. */
export class FlvTagReader {
  readonly #queue = new ByteQueue();
  #expects: "file header" | "tags" = "file header";
  #skip = 0;

  /**
   * @returns the tags that became complete, in order
   * @throws ProtocolError `FLV_HEADER` (malformed) when this is no FLV, `FLV_ENCRYPTED`
   *   (unsupported) for tags under a filter; both in connection scope
   */
  push(bytes: Bytes): FlvTag[] {
    this.#queue.push(bytes);
    const tags: FlvTag[] = [];
    if (this.#expects === "file header" && !this.#readFileHeader()) return tags;
    while (this.#skipped()) {
      const tag = this.#readTag();
      if (tag === undefined) break;
      tags.push(tag);
    }
    return tags;
  }

  /**
   * File header, 9 bytes and more, and the first back-pointer (Video File Format 10.1, §E.2, §E.3):
   *
   *     "FLV" | version u8 | has audio, has video u8 | data offset u32 | … | previous tag size u32
   */
  #readFileHeader(): boolean {
    if (this.#queue.length < FILE_HEADER_LENGTH) return false;
    const reader = new ByteReader(this.#queue.take(FILE_HEADER_LENGTH));
    const signature = reader.u24();
    reader.skip(2); // The flags promise tracks that never come, and conceal some that do.
    const dataOffset = reader.u32();
    if (signature !== FLV_SIGNATURE || dataOffset < FILE_HEADER_LENGTH || dataOffset > 0xffff) {
      const message = `Cannot read an FLV file that begins with 0x${signature.toString(16)}`;
      throw new ProtocolError("malformed", "FLV_HEADER", message, {
        scope: "connection",
        offset: 0,
      });
    }
    this.#expects = "tags";
    this.#skip = dataOffset - FILE_HEADER_LENGTH + PREVIOUS_TAG_SIZE_LENGTH;
    return true;
  }

  /** Whether all that lies before the next tag is passed. */
  #skipped(): boolean {
    const length = Math.min(this.#skip, this.#queue.length);
    this.#queue.skip(length);
    this.#skip -= length;
    return this.#skip === 0;
  }

  /**
   * Tag, 11 bytes and its data (§E.4.1):
   *
   *     reserved u2, filter u1, type u5 | data size u24 | timestamp u24 | its high byte u8
   *     stream id u24 | data | previous tag size u32
   */
  #readTag(): FlvTag | undefined {
    if (this.#queue.length < TAG_HEADER_LENGTH) return undefined;
    const reader = new ByteReader(this.#queue.peek(TAG_HEADER_LENGTH));
    const filterAndType = reader.u8();
    const size = reader.u24();
    if (this.#queue.length < TAG_HEADER_LENGTH + size) return undefined;
    const timestampLow = reader.u24();
    const timestampHigh = reader.u8();
    if ((filterAndType & 0x20) !== 0) {
      const message = `Cannot read FLV tag of type ${filterAndType & 0x1f}: it is encrypted`;
      throw new ProtocolError("unsupported", "FLV_ENCRYPTED", message, { scope: "connection" });
    }
    this.#queue.skip(TAG_HEADER_LENGTH);
    const payload = this.#queue.take(size);
    this.#skip = PREVIOUS_TAG_SIZE_LENGTH;
    const timestamp = timestampHigh * 2 ** 24 + timestampLow;
    return { typeId: filterAndType & 0x1f, timestamp, payload };
  }
}

/** File header and first back-pointer (§E.2, §E.3), as a stream begins. */
export const flvHeader = (has: { audio: boolean; video: boolean }): OwnBytes =>
  concat(
    u24(FLV_SIGNATURE),
    u8(1),
    u8((has.audio ? 4 : 0) | (has.video ? 1 : 0)),
    u32(FILE_HEADER_LENGTH),
    u32(0),
  );

/** A tag with its back-pointer (§E.4.1); the timestamp's low 32 bits are written. */
export const flvTag = ({ typeId, timestamp, payload }: FlvTag): OwnBytes =>
  concat(
    u8(typeId),
    u24(payload.length),
    u24(timestamp),
    u8(timestamp >>> 24),
    u24(0),
    payload,
    u32(TAG_HEADER_LENGTH + payload.length),
  );

const FLV_SIGNATURE = 0x46_4c_56; // "FLV"
const FILE_HEADER_LENGTH = 9;
const TAG_HEADER_LENGTH = 11;
const PREVIOUS_TAG_SIZE_LENGTH = 4;
