import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { attempt } from "../codec/attempt.ts";
import { ObuType, someObu } from "../codec/av1-obu.ts";
import { someNalUnit } from "../codec/nal-units.ts";
import { seiMessages } from "../codec/sei.ts";
import { LIMITS } from "../limits.ts";
import type { VideoCodec } from "../media/track.ts";

/** What a triplet of caption data carries: the two low bits of its first byte (CTA-708 §4.3.5). */
export const CcType = { Field1: 0, Field2: 1, DtvccData: 2, DtvccStart: 3 } as const;

/** Bytes of a triplet: 11111 valid u1 type u2 | data u8 | data u8. */
export const TRIPLET = 3;

const VALID = 4;
const COUNTRY_USA = 0xb5;
const PROVIDER_ATSC = 0x31;
/** "GA94" and user_data_type_code 3, cc_data (ATSC A/53 Part 4 §6.2.3). */
const GA94 = [0x47, 0x41, 0x39, 0x34, 3] as const;
const PROCESS_CC = 0x40;

/** user_data_registered_itu_t_t35, of SEI; metadata_type ITUT_T35 of AV1 has the same number. */
const REGISTERED_T35 = 4;

/**
 * Finds the caption data of pictures: cc_data in messages of ITU-T T.35 among the NAL units (AVC,
 * HEVC, VVC) or metadata OBUs (AV1) of a picture, in any number of them. A picture without any costs
 * a look at the units' headers, and at the bytes of SEI.
 */
export class CcDataFinder {
  readonly #codec: VideoCodec;
  readonly #found: OwnBytes = new Uint8Array(LIMITS.captionBytes);
  #length = 0;
  #last: Bytes | undefined;
  readonly #visit: (data: Bytes, start: number, end: number) => boolean;

  constructor(codec: VideoCodec) {
    this.#codec = codec;
    const { isSei, headerLength } = SEI[codec] ?? NO_SEI;
    // Made once: this is asked of every picture.
    this.#visit = (data, start, end) => {
      if (isSei(data[start] ?? 0, data[start + 1] ?? 0)) {
        this.#takeSei(data, start, end, headerLength);
      }
      return false;
    };
  }

  /**
   * @param data a sample, as `mdat` holds it
   * @returns the valid triplets of the picture in order, the padding of CEA-608 left out; a copy.
   *   undefined where there are none
   */
  find(data: Bytes): OwnBytes | undefined {
    this.#length = 0;
    this.#last = undefined;
    if (this.#codec === "av1") this.#findInObus(data);
    else if (this.#codec in SEI) someNalUnit(data, this.#visit);
    return this.#length === 0 ? undefined : this.#found.slice(0, this.#length);
  }

  #takeSei(data: Bytes, start: number, end: number, headerLength: number): void {
    if (end - start > LIMITS.captionUnitBytes || !hasCountryAndProvider(data, start, end)) return;
    for (const { payloadType, payload } of seiMessages(data.subarray(start, end), headerLength)) {
      if (payloadType === REGISTERED_T35) this.#takeT35(payload);
    }
  }

  #findInObus(data: Bytes): void {
    attempt(() =>
      someObu(data, (type, _offset, start, end) => {
        const isT35 = type === ObuType.Metadata && data[start] === REGISTERED_T35;
        if (isT35 && end - start <= LIMITS.captionUnitBytes)
          this.#takeT35(data.subarray(start + 1, end));
        return false;
      }),
    );
  }

  #takeT35(payload: Bytes): void {
    const triplets = tripletsOfT35(payload);
    if (triplets === undefined) return;
    // Some encoders write the same message before each slice.
    if (this.#last !== undefined && isSame(this.#last, triplets)) return;
    this.#last = triplets;
    for (let offset = 0; offset + TRIPLET <= triplets.length; offset += TRIPLET) {
      const [head = 0, first = 0, second = 0] = triplets.subarray(offset, offset + TRIPLET);
      if (!isOfUse(head, first, second) || this.#length + TRIPLET > this.#found.length) continue;
      this.#found[this.#length] = head;
      this.#found[this.#length + 1] = first;
      this.#found[this.#length + 2] = second;
      this.#length += TRIPLET;
    }
  }
}

/**
 * Caption data as script data carries it (onCaptionInfo of type 708): the whole message with its
 * country code, from "GA94" on, or bare cc_data().
 *
 * @returns triplets, a view; undefined where it is none of them
 */
export function readCcData(bytes: Bytes): Bytes | undefined {
  const ofT35 = tripletsOfT35(bytes) ?? tripletsBehindGa94(bytes, 0);
  if (ofT35 !== undefined) return ofT35;
  const isTyped = bytes[0] === GA94[4] && ((bytes[1] ?? 0) & PROCESS_CC) !== 0;
  return tripletsOf(bytes, isTyped ? 1 : 0);
}

type SeiForm = {
  readonly headerLength: number;
  readonly isSei: (first: number, second: number) => boolean;
};

const SEI: { readonly [codec in VideoCodec]?: SeiForm } = {
  avc: { headerLength: 1, isSei: (first) => (first & 31) === 6 },
  hevc: { headerLength: 2, isSei: (first) => first >> 1 === 39 || first >> 1 === 40 },
  vvc: { headerLength: 2, isSei: (_first, second) => second >> 3 === 23 || second >> 3 === 24 },
};

const NO_SEI: SeiForm = { headerLength: 1, isSei: () => false };

/** Before anything is taken apart: emulation prevention cannot fall between these bytes. */
function hasCountryAndProvider(data: Bytes, start: number, end: number): boolean {
  for (let index = start; index + 2 < end; index += 1) {
    if (data[index] === COUNTRY_USA && data[index + 1] === 0 && data[index + 2] === PROVIDER_ATSC) {
      return true;
    }
  }
  return false;
}

/** b5 0031 "GA94" 03 | cc_data() */
function tripletsOfT35(payload: Bytes): Bytes | undefined {
  const isAtsc = payload[0] === COUNTRY_USA && payload[1] === 0 && payload[2] === PROVIDER_ATSC;
  return isAtsc ? tripletsBehindGa94(payload, 3) : undefined;
}

function tripletsBehindGa94(bytes: Bytes, start: number): Bytes | undefined {
  if (GA94.some((byte, index) => bytes[start + index] !== byte)) return undefined;
  return tripletsOf(bytes, start + GA94.length);
}

/** process_em u1 | process_cc u1 | additional u1 | count u5 | em_data u8 | count × triplet | ff */
function tripletsOf(bytes: Bytes, start: number): Bytes | undefined {
  const head = bytes[start] ?? 0;
  const from = start + 2;
  const end = from + (head & 31) * TRIPLET;
  if ((head & PROCESS_CC) === 0 || end > bytes.length) return undefined;
  return bytes.subarray(from, end);
}

function isOfUse(head: number, first: number, second: number): boolean {
  if ((head & VALID) === 0) return false;
  const isPadding = (first & 0x7f) === 0 && (second & 0x7f) === 0;
  return (head & 3) >= CcType.DtvccData || !isPadding;
}

const isSame = (a: Bytes, b: Bytes): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
