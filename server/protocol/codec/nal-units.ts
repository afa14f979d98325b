import { type Bytes, NO_BYTES, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/**
 * Where the NAL unit behind a length of 4 bytes begins and ends is found by every per-picture
 * question (is it sync? does it carry parameter sets?), so this allocates nothing: `visit` gets the
 * unit's place in `data` and ends the walk by returning true. Lengths that point past the end stop it.
 *
 * @returns whether `visit` ended the walk
 */
export function someNalUnit(
  data: Bytes,
  visit: (data: Bytes, start: number, end: number) => boolean,
): boolean {
  let offset = 0;
  while (offset + 4 < data.length) {
    const start = offset + 4;
    const end = start + readLength(data, offset, 4);
    if (end > data.length) return false;
    if (end > start && visit(data, start, end)) return true;
    offset = end;
  }
  return false;
}

/**
 * The NAL units of a sample whose units have lengths of 4 bytes, without the lengths.
 *
 * @returns views of `data`, in order, empty ones left out; what a broken length points to is left out
 * @throws ProtocolError `NAL_UNITS` (limit)
 */
export function nalUnits(data: Bytes): Bytes[] {
  const units: Bytes[] = [];
  someNalUnit(data, (bytes, start, end) => {
    addUnit(units, bytes.subarray(start, end));
    return false;
  });
  return units;
}

/** Whether bytes begin with a start code, 000001 or 00000001 (ITU-T H.264 Annex B). */
export const isAnnexB = (data: Bytes): boolean =>
  data[0] === 0 && data[1] === 0 && (data[2] === 1 || (data[2] === 0 && data[3] === 1));

/**
 * The NAL units of a byte stream (ITU-T H.264 Annex B), without start codes and the zeros around
 * them.
 *
 * @returns views of `data`, in order, empty ones left out
 * @throws ProtocolError `NAL_UNITS` (limit)
 */
export function annexBNalUnits(data: Bytes): Bytes[] {
  const units: Bytes[] = [];
  let start = afterStartCode(data, 0);
  while (start !== -1) {
    const next = afterStartCode(data, start);
    let end = next === -1 ? data.length : next - 3;
    // A NAL unit never ends in a zero byte (§7.4.1): these are trailing_zero_8bits, or the first
    // byte of a start code of four.
    while (end > start && data[end - 1] === 0) end -= 1;
    if (end > start) addUnit(units, data.subarray(start, end));
    start = next;
  }
  return units;
}

/** NAL units, each behind its length in 4 bytes: what `mdat` holds (ISO/IEC 14496-15 §4.3.3). */
export function lengthPrefixed(units: readonly Bytes[]): OwnBytes {
  let length = 0;
  for (const unit of units) length += 4 + unit.length;
  const joined = new Uint8Array(length);
  const view = new DataView(joined.buffer);
  let offset = 0;
  for (const unit of units) {
    view.setUint32(offset, unit.length);
    joined.set(unit, offset + 4);
    offset += 4 + unit.length;
  }
  return joined;
}

/**
 * Makes the NAL units of one picture what `mdat` holds: each behind a length of 4 bytes. Nothing is
 * left out but units of no bytes.
 *
 * Lengths are tried before start codes, because 00000001 is also a length; a byte stream of
 * several units does not pass for lengths.
 *
 * @param nalLengthSize bytes of a length, as the configuration says: 1 to 4
 * Lengths that nearly add up, with fewer bytes behind the last unit than a length has, lose those.
 *
 * @returns `data` itself where it needs no change, or a view, else a copy; no bytes where no unit is
 *   left
 * @throws ProtocolError `NAL_LENGTH` (malformed) where bytes are neither one nor the other;
 *   `NAL_UNITS` (limit)
 */
export function toLengthPrefixed(data: Bytes, nalLengthSize: number): Bytes {
  let offset = 0;
  let empty = 0;
  let units = 0;
  while (offset + nalLengthSize <= data.length) {
    const length = readLength(data, offset, nalLengthSize);
    if (length === 0) empty += 1;
    else units += 1;
    offset += nalLengthSize + length;
  }
  const isWhole = offset === data.length;
  if (!isWhole && isAnnexB(data)) return lengthPrefixed(annexBNalUnits(data));
  // Behind the last unit, fewer bytes than a length has are nothing that anybody could mean.
  if (isWhole || (offset > 0 && offset < data.length)) {
    if (units === 0) return NO_BYTES;
    const read = isWhole ? data : data.subarray(0, offset);
    return empty === 0 && nalLengthSize === 4 ? read : rewriteLengths(read, nalLengthSize);
  }
  const message = `Cannot read NAL units: lengths of ${nalLengthSize} bytes lead to ${offset} of ${data.length}`;
  throw new ProtocolError("malformed", "NAL_LENGTH", message, { offset: data.length });
}

/**
 * A NAL unit as its bits are read: without the 03 of each 000003 (ITU-T H.264 §7.4.1).
 *
 * @returns `unit` itself where there is none, else a copy
 */
export function removeEmulationPrevention(unit: Bytes): Bytes {
  let zeros = 0;
  let written = 0;
  let rbsp: OwnBytes | undefined;
  for (let index = 0; index < unit.length; index += 1) {
    const byte = unit[index] ?? 0;
    if (zeros >= 2 && byte === 3) {
      rbsp ??= new Uint8Array(unit); // not slice(): a Buffer gives a view
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    if (rbsp !== undefined) rbsp[written] = byte;
    written += 1;
  }
  return rbsp === undefined ? unit : rbsp.subarray(0, written);
}

/** The other way: a 03 before each byte up to 03 that follows two zeros (ITU-T H.264 §7.4.1). */
export function addEmulationPrevention(rbsp: Bytes): OwnBytes {
  const unit: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      unit.push(3);
      zeros = 0;
    }
    unit.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(unit);
}

function addUnit(units: Bytes[], unit: Bytes): void {
  if (units.length === LIMITS.unitsInPicture) {
    const message = `Cannot take more than ${LIMITS.unitsInPicture} NAL units in a picture`;
    throw new ProtocolError("limit", "NAL_UNITS", message);
  }
  units.push(unit);
}

function rewriteLengths(data: Bytes, nalLengthSize: number): OwnBytes {
  const units: Bytes[] = [];
  let offset = 0;
  while (offset < data.length) {
    const start = offset + nalLengthSize;
    const end = start + readLength(data, offset, nalLengthSize);
    if (end > start) addUnit(units, data.subarray(start, end));
    offset = end;
  }
  return lengthPrefixed(units);
}

function readLength(data: Bytes, offset: number, size: number): number {
  let length = 0;
  for (let index = offset; index < offset + size; index += 1) {
    length = length * 256 + (data[index] ?? 0);
  }
  return length;
}

/** Index behind the next 000001 at or after `from`, or -1. */
function afterStartCode(data: Bytes, from: number): number {
  let index = data.indexOf(1, from + 2);
  while (index !== -1) {
    if (data[index - 1] === 0 && data[index - 2] === 0) return index + 1;
    index = data.indexOf(1, index + 1);
  }
  return -1;
}
