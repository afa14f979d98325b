import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";

/** Where a box lies within the bytes it was read from. */
export type BoxPlace = {
  /** Four letters. */
  readonly type: string;
  readonly start: number;
  /** Where what is in it begins: behind its length and letters. */
  readonly body: number;
  readonly end: number;
};

/**
 * Finds the boxes that lie side by side from `start` up to `end` (ISO/IEC 14496-12 §4.2), of less than
 * 4 GiB each.
 *
 * @throws ProtocolError `MP4_BOX` where one is larger than what it lies in
 */
export function readBoxes(bytes: Bytes, start = 0, end: number = bytes.length): BoxPlace[] {
  const view = viewOf(bytes);
  const boxes: BoxPlace[] = [];
  for (let at = start; at < end; ) {
    const size = end - at >= 8 ? view.getUint32(at) : 0;
    if (size < 8 || at + size > end) {
      const message = `Cannot read a box of ${size} bytes where ${end - at} are left`;
      throw new ProtocolError("malformed", "MP4_BOX", message, { offset: at });
    }
    boxes.push({ type: letters(bytes, at + 4), start: at, body: at + 8, end: at + size });
    at += size;
  }
  return boxes;
}

/**
 * The only box of its type among its siblings.
 *
 * @throws ProtocolError `MP4_BOX` where there is none
 */
export function boxOf(boxes: readonly BoxPlace[], type: string): BoxPlace {
  const found = boxes.find((box) => box.type === type);
  if (found !== undefined) return found;
  throw new ProtocolError("malformed", "MP4_BOX", `Cannot find the box ${type}`);
}

/** The boxes in a box. @throws ProtocolError as `readBoxes` does */
export const childrenOf = (bytes: Bytes, { body, end }: BoxPlace): BoxPlace[] =>
  readBoxes(bytes, body, end);

/** A view of the same memory. */
export const viewOf = (bytes: Bytes): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const letters = (bytes: Bytes, at: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + 4));
