import { ascii, type Bytes, concat, join, NO_BYTES, type OwnBytes, u32 } from "../bytes/bytes.ts";
import type { Milliseconds } from "../media/sample.ts";
import { type BoxPlace, boxOf, childrenOf, readBoxes, viewOf } from "./box-reader.ts";
import { type Subsegment, segmentIndex, subsegmentsWithin } from "./segment-index.ts";

/** What is known of a file once it has grown. */
export type FileContents = {
  /** Of each track, by its number. */
  readonly durations: ReadonlyMap<number, Milliseconds>;
  /** Where which time lies; undefined where nothing can be told yet. */
  readonly index:
    | {
        readonly trackId: number;
        readonly timescale: number;
        readonly earliestPresentationTime: number;
        /** All of the file behind its head, without holes. */
        readonly subsegments: readonly Subsegment[];
      }
    | undefined;
};

/**
 * The head of a file with what is known of it by now: durations in `mvhd`, `tkhd` and `mehd`, and a
 * `sidx`. It is as long as before, so a file can get it in place, and a reader of a growing file at any
 * time.
 *
 * @param head as `fileHead` made it, or this function
 * @returns a copy
 * @throws ProtocolError `MP4_BOX` where it is no such head
 */
export function finishedHead(head: Bytes, { durations, index }: FileContents): OwnBytes {
  const copy = new Uint8Array(head);
  const view = viewOf(copy);
  const longest = Math.max(0, ...durations.values());
  const top = readBoxes(copy);
  const moov = childrenOf(copy, boxOf(top, "moov"));
  view.setUint32(boxOf(moov, "mvhd").body + MVHD_DURATION, Math.round(longest));
  for (const trak of moov.filter(({ type }) => type === "trak")) {
    const tkhd = boxOf(childrenOf(copy, trak), "tkhd").body;
    const duration = durations.get(view.getUint32(tkhd + TKHD_TRACK_ID)) ?? 0;
    view.setUint32(tkhd + TKHD_DURATION, Math.round(duration));
  }
  const room = childrenOf(copy, boxOf(moov, "mvex")).find(isRoomOr("mehd"));
  if (room !== undefined && room.end - room.start === MEHD_LENGTH) {
    copy.set(ascii("mehd"), room.start + 4);
    view.setUint32(room.body, 0x0100_0000); // version 1
    view.setUint32(room.body + 4, 0);
    view.setUint32(room.body + 8, Math.round(longest));
  }
  const behind = top.slice(top.findIndex(({ type }) => type === "moov") + 1);
  const start = behind.find(isRoomOr("sidx"))?.start;
  if (start !== undefined) copy.set(indexWithin(copy.length - start, index), start);
  return copy;
}

const isRoomOr =
  (type: string) =>
  (box: BoxPlace): boolean =>
    box.type === "free" || box.type === type;

const MVHD_DURATION = 16;
const TKHD_TRACK_ID = 12;
const TKHD_DURATION = 20;
const MEHD_LENGTH = 20;
const SMALLEST_FREE = 8;

/** An index and what is left of its room, with nothing in it. */
function indexWithin(length: number, index: FileContents["index"]): OwnBytes {
  const most = subsegmentsWithin(length - SMALLEST_FREE);
  if (index === undefined || index.subsegments.length === 0 || most < 1) return freeOf(length);
  const subsegments = gathered(index.subsegments, most);
  if (subsegments.some(({ size }) => size > LARGEST_REFERENCE)) return freeOf(length);
  const firstOffset = length - lengthOf(subsegments.length);
  return concat(segmentIndex({ ...index, subsegments, firstOffset }), freeOf(firstOffset));
}

const lengthOf = (count: number): number => 40 + 12 * count;

const freeOf = (length: number): OwnBytes =>
  concat(u32(length), ascii("free"), new Uint8Array(length - 8));

/** A reference has 31 bits for its bytes: a file with longer stretches gets no index. */
const LARGEST_REFERENCE = 2 ** 31 - 1;

/** No more than `most` of them: neighbours are put together, as evenly as their number allows. */
function gathered(subsegments: readonly Subsegment[], most: number): readonly Subsegment[] {
  const each = Math.ceil(subsegments.length / most);
  if (each === 1) return subsegments;
  const together: Subsegment[] = [];
  for (let at = 0; at < subsegments.length; at += each) {
    const some = subsegments.slice(at, at + each);
    together.push({
      size: some.reduce((sum, { size }) => sum + size, 0),
      duration: some.reduce((sum, { duration }) => sum + duration, 0),
    });
  }
  return together;
}

/**
 * The init segment of one track of a file: what its head says of that track, without durations. The
 * same bytes whether the file grows or is finished.
 *
 * @param head as `fileHead` or `finishedHead` made it
 * @returns undefined where there is no such track
 * @throws ProtocolError `MP4_BOX` where it is no such head
 */
export function trackInitSegment(head: Bytes, trackId: number): OwnBytes | undefined {
  const plain = finishedHead(head, { durations: new Map(), index: undefined });
  const view = viewOf(plain);
  const top = readBoxes(plain);
  const ftyp = boxOf(top, "ftyp");
  const moov = childrenOf(plain, boxOf(top, "moov"));
  const trak = moov.find(
    (box) =>
      box.type === "trak" &&
      view.getUint32(boxOf(childrenOf(plain, box), "tkhd").body + TKHD_TRACK_ID) === trackId,
  );
  const trex = childrenOf(plain, boxOf(moov, "mvex")).find(
    ({ type, body }) => type === "trex" && view.getUint32(body + 4) === trackId,
  );
  if (trak === undefined || trex === undefined) return undefined;
  const mvex = wrapped("mvex", [bytesOf(plain, trex)]);
  const mvhd = bytesOf(plain, boxOf(moov, "mvhd"));
  return concat(bytesOf(plain, ftyp), wrapped("moov", [mvhd, bytesOf(plain, trak), mvex]));
}

const bytesOf = (bytes: Bytes, { start, end }: BoxPlace): Bytes => bytes.subarray(start, end);

function wrapped(type: string, parts: readonly Bytes[]): OwnBytes {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return concat(u32(length), ascii(type), parts.length === 0 ? NO_BYTES : join(parts));
}
