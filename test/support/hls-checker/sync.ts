import type { InitFacts } from "./init.ts";

/**
 * Whether a picture can be decoded alone, by its coding; undefined where this codec's is not read
 * here. Sound always can.
 */
export function isSyncByCoding(data: Uint8Array, init: InitFacts): boolean | undefined {
  if (init.mediaType === "audio") return true;
  switch (init.sampleEntry) {
    case "avc1":
    case "avc3":
      // An IDR picture (ISO/IEC 14496-10 §7.4.1.2.4): slices of type 5, none of type 1.
      return nalTypes(data, init.lengthSize, (head) => head & 31).includes(5);
    case "hvc1":
    case "hev1": {
      // An IRAP picture (ISO/IEC 23008-2 §7.4.2.2): 16 to 23.
      const types = nalTypes(data, init.lengthSize, (head) => (head >> 1) & 63);
      return types.some((type) => type >= 16 && type <= 23);
    }
    case "av01":
      return isAv1Key(data);
    case "vp09":
      return isVp9Key(data);
    case "vp08":
      return ((data[0] ?? 1) & 1) === 0;
    default:
      return undefined;
  }
}

function nalTypes(
  data: Uint8Array,
  lengthSize: number,
  typeOf: (head: number) => number,
): number[] {
  const types: number[] = [];
  for (let at = 0; at + lengthSize < data.length; ) {
    let length = 0;
    for (let index = 0; index < lengthSize; index += 1)
      length = length * 256 + (data[at + index] ?? 0);
    at += lengthSize;
    if (length === 0 || at + length > data.length) return [];
    types.push(typeOf(data[at] ?? 0));
    at += length;
  }
  return types;
}

/** A sequence header, then a shown key frame (AV1 §5.3, §5.5, §5.9.2). */
function isAv1Key(data: Uint8Array): boolean {
  let hasHeader = false;
  for (let at = 0; at < data.length; ) {
    const head = data[at] ?? 0;
    const type = (head >> 3) & 15;
    at += (head & 4) === 0 ? 1 : 2;
    let length = data.length - at;
    if ((head & 2) !== 0) {
      length = 0;
      for (let shift = 0; shift < 56; shift += 7) {
        const byte = data[at] ?? 0;
        at += 1;
        length += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
    }
    if (type === 1) hasHeader = true;
    // show_existing_frame 0, frame_type 0, show_frame 1
    if (type === 3 || type === 6) return hasHeader && ((data[at] ?? 255) & 0xf0) === 0x10;
    at += length;
  }
  return false;
}

/** frame_marker 2, profile low and high, (reserved), show_existing_frame 0, frame_type 0 (VP9 §6.2). */
function isVp9Key(data: Uint8Array): boolean {
  const [first = 0] = data;
  if (first >> 6 !== 2) return false;
  const isThird = ((first >> 4) & 3) === 3;
  return isThird ? (first & 0b110) === 0 : (first & 0b1100) === 0;
}
