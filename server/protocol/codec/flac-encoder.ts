import { concat, NO_BYTES, type OwnBytes, u8, u16, u24, u32 } from "../bytes/bytes.ts";
import { crc8, crc16 } from "./flac-crc.ts";

/** Sound as FLAC shall hold it. */
export type FlacFormat = {
  /** Hz, up to 65535. */
  readonly sampleRate: number;
  /** 1 or 2. */
  readonly channels: number;
  readonly bitsPerSample: 8 | 16;
};

/** Samples of a channel in one frame: what RFC 9639 §8.2 demands of all frames but the last … */
export const MIN_FLAC_BLOCK = 16;
/** … and what any decoder of streams takes up to 48 kHz (§7). */
export const MAX_FLAC_BLOCK = 4608;

/** STREAMINFO (RFC 9639 §8.2) of what `FlacEncoder` makes: its length and MD5 are not known. */
export const flacStreamInfo = ({ sampleRate, channels, bitsPerSample }: FlacFormat): OwnBytes =>
  concat(
    u16(MIN_FLAC_BLOCK),
    u16(MAX_FLAC_BLOCK),
    u24(0), // sizes of frames
    u24(0),
    u32((sampleRate << 12) | ((channels - 1) << 9) | ((bitsPerSample - 1) << 4)),
    new Uint8Array(20),
  );

/**
 * Makes FLAC frames of sound (RFC 9639 §9), without loss: frames of varying size, each channel by
 * itself, as the shortest of a constant, a fixed predictor and the values as they are.
 */
export class FlacEncoder {
  readonly #format: FlacFormat;
  /** Number of the next sample in the stream. */
  #next: number;

  /** @param firstSample its number in the stream, below 2^36 */
  constructor(format: FlacFormat, firstSample = 0) {
    this.#format = format;
    this.#next = firstSample;
  }

  /**
   * @param channels as many as the format says, of the same length (`MIN_FLAC_BLOCK` to
   *   `MAX_FLAC_BLOCK`); values have the format's bits and a sign
   * @returns one frame
   */
  encode(channels: readonly Int32Array[]): OwnBytes {
    const samples = channels[0]?.length ?? 0;
    const header = frameHeader(this.#format, samples, this.#next);
    this.#next = (this.#next + samples) % SAMPLE_NUMBERS;
    const subframes = channels.map((values) => planSubframe(values, this.#format.bitsPerSample));
    const bits = subframes.reduce((sum, subframe) => sum + subframe.length, 0);
    const end = header.length + Math.ceil(bits / 8);
    const frame = new Uint8Array(end + 2);
    frame.set(header);
    const writer = new FrameWriter(frame, header.length);
    for (const subframe of subframes) writeSubframe(writer, subframe);
    writer.align();
    const crc = crc16(0, frame, 0, end);
    frame.set([crc >> 8, crc & 0xff], end);
    return frame;
  }
}

/** Sample numbers have 36 bits: after half a year of 44.1 kHz they begin anew. */
const SAMPLE_NUMBERS = 2 ** 36;

/** Rates that have a code of their own (RFC 9639 §9.1.2); others are written out. */
const RATE_CODES: ReadonlyMap<number, number> = new Map([
  [8_000, 4],
  [16_000, 5],
  [22_050, 6],
  [24_000, 7],
  [32_000, 8],
  [44_100, 9],
  [48_000, 10],
]);
const RATE_IN_HZ = 13;
const SIZE_IN_16_BITS = 7;

/**
 * Frame header (RFC 9639 §9.1):
 *
 *     sync u15 (0x7ffc), varying sizes u1 | block size u4 rate u4 | channels - 1 u4 bits u3 0
 *     sample number 1 to 7 bytes | block size - 1 u16 | rate in Hz u16, where it has no code | CRC u8
 */
function frameHeader(
  { sampleRate, channels, bitsPerSample }: FlacFormat,
  samples: number,
  sampleNumber: number,
): OwnBytes {
  const rateCode = RATE_CODES.get(sampleRate);
  const bitsCode = bitsPerSample === 8 ? 1 : 4;
  const header = concat(
    u16(0xfff9),
    u8((SIZE_IN_16_BITS << 4) | (rateCode ?? RATE_IN_HZ)),
    u8(((channels - 1) << 4) | (bitsCode << 1)),
    codedNumber(sampleNumber),
    u16(samples - 1),
    rateCode === undefined ? u16(sampleRate) : NO_BYTES,
    u8(0),
  );
  header[header.length - 1] = crc8(header, 0, header.length - 1);
  return header;
}

/** A number of up to 36 bits, like UTF-8 but up to seven bytes (RFC 9639 §9.1.5). */
function codedNumber(value: number): OwnBytes {
  if (value < 0x80) return u8(value);
  let length = 2;
  while (length < 7 && value >= 2 ** (5 * length + 1)) length += 1;
  const bytes = new Uint8Array(length);
  let left = value;
  for (let index = length - 1; index > 0; index -= 1) {
    bytes[index] = 0x80 | (left % 64);
    left = Math.floor(left / 64);
  }
  bytes[0] = ((0xff00 >> length) & 0xff) | left;
  return bytes;
}

/** How a channel of one frame is written; `length` in bits, `values` without their wasted bits. */
type Subframe = {
  readonly values: Int32Array;
  /** Low bits that are 0 in every value: G.711 has up to 3, and silence all. */
  readonly wasted: number;
  /** Bits of each value that are left. */
  readonly bits: number;
  readonly length: number;
} & (
  | { readonly type: "constant" }
  | { readonly type: "verbatim" }
  | {
      readonly type: "fixed";
      readonly order: number;
      /** From index `order` on: differences, folded to be positive. */
      readonly residual: Uint32Array;
      readonly riceParameter: number;
    }
);

const HIGHEST_ORDER = 4;
/** Of 4 bits, the highest means something else. */
const HIGHEST_RICE_PARAMETER = 14;

/** Finds the shortest way to write a channel. */
function planSubframe(given: Int32Array, bitsPerSample: number): Subframe {
  const first = given[0] ?? 0;
  if (given.every((value) => value === first)) {
    const length = 8 + bitsPerSample;
    return { type: "constant", values: given, wasted: 0, bits: bitsPerSample, length };
  }
  let used = 0;
  for (const value of given) used |= value;
  const wasted = 31 - Math.clz32(used & -used);
  const values = wasted === 0 ? given : given.map((value) => value >> wasted);
  const bits = bitsPerSample - wasted;
  const common = { values, wasted, bits };
  const verbatim = 8 + wasted + bits * values.length;

  const order = bestOrder(values);
  const residual = foldedResidual(values, order);
  const { riceParameter, length: coded } = bestRiceParameter(residual, order);
  // Coding method u2, partition order u4 (0: there is one) and its parameter u4 come before.
  const fixed = 8 + wasted + order * bits + 10 + coded;
  return fixed < verbatim
    ? { type: "fixed", ...common, order, residual, riceParameter, length: fixed }
    : { type: "verbatim", ...common, length: verbatim };
}

/** The predictor that leaves the least; predictor n is what is left of n differences in a row. */
function bestOrder(values: Int32Array): number {
  const left = Int32Array.from(values);
  let best = 0;
  let leastSum = Number.POSITIVE_INFINITY;
  for (let order = 0; order <= HIGHEST_ORDER; order += 1) {
    if (order > 0) differentiate(left, order);
    let sum = 0;
    for (let at = HIGHEST_ORDER; at < left.length; at += 1) sum += Math.abs(left[at] ?? 0);
    if (sum >= leastSum) continue;
    leastSum = sum;
    best = order;
  }
  return best;
}

/** Replaces each value from `order` on by its distance from the one before it. */
function differentiate(values: Int32Array, order: number): void {
  for (let at = values.length - 1; at >= order; at -= 1) {
    values[at] = (values[at] ?? 0) - (values[at - 1] ?? 0);
  }
}

/** What predictor `order` leaves, folded: 0, -1, 1, -2 … become 0, 1, 2, 3 … (RFC 9639 §9.2.7.2). */
function foldedResidual(values: Int32Array, order: number): Uint32Array {
  const left = Int32Array.from(values);
  for (let done = 1; done <= order; done += 1) differentiate(left, done);
  return Uint32Array.from(left, (value) => (value << 1) ^ (value >> 31));
}

function bestRiceParameter(
  residual: Uint32Array,
  order: number,
): { riceParameter: number; length: number } {
  const count = residual.length - order;
  let sum = 0;
  for (let at = order; at < residual.length; at += 1) sum += residual[at] ?? 0;
  const guess = Math.floor(Math.log2(Math.max(1, sum / count)));
  let best = { riceParameter: 0, length: Number.POSITIVE_INFINITY };
  for (let parameter = guess - 1; parameter <= guess + 1; parameter += 1) {
    if (parameter < 0 || parameter > HIGHEST_RICE_PARAMETER) continue;
    let length = count * (parameter + 1);
    for (let at = order; at < residual.length; at += 1) length += (residual[at] ?? 0) >>> parameter;
    if (length < best.length) best = { riceParameter: parameter, length };
  }
  return best;
}

/**
 * Subframe (RFC 9639 §9.2):
 *
 *     0 u1, type u6, has wasted bits u1 | [wasted bits - 1, unary]
 *     constant: value | verbatim: values | fixed: values of the order's number, residual
 */
function writeSubframe(writer: FrameWriter, subframe: Subframe): void {
  const { values, wasted, bits } = subframe;
  writer.bits(8, (subframeType(subframe) << 1) | (wasted > 0 ? 1 : 0));
  if (wasted > 0) writer.unary(wasted - 1);
  switch (subframe.type) {
    case "constant":
      writer.bits(bits, values[0] ?? 0);
      return;
    case "verbatim":
      for (const value of values) writer.bits(bits, value);
      return;
    case "fixed": {
      const { order, residual, riceParameter } = subframe;
      for (let at = 0; at < order; at += 1) writer.bits(bits, values[at] ?? 0);
      writer.bits(10, riceParameter);
      for (let at = order; at < residual.length; at += 1) {
        const folded = residual[at] ?? 0;
        writer.unary(folded >>> riceParameter);
        writer.bits(riceParameter, folded);
      }
    }
  }
}

function subframeType(subframe: Subframe): number {
  switch (subframe.type) {
    case "constant":
      return 0;
    case "verbatim":
      return 1;
    case "fixed":
      return 8 + subframe.order;
  }
}

/** Writes bits, most significant first, into memory that was measured before. */
class FrameWriter {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #heldBits = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The low `count` bits (at most 24) of an integer. */
  bits(count: number, value: number): void {
    this.#held = (this.#held << count) | (value & ((1 << count) - 1));
    this.#heldBits += count;
    while (this.#heldBits >= 8) {
      this.#heldBits -= 8;
      this.#bytes[this.#at] = this.#held >>> this.#heldBits;
      this.#at += 1;
    }
    this.#held &= (1 << this.#heldBits) - 1;
  }

  /** So many zeros, and a one. */
  unary(zeros: number): void {
    let left = zeros;
    for (; left > 23; left -= 24) this.bits(24, 0);
    this.bits(left + 1, 1);
  }

  /** Fills the last byte up with zeros. */
  align(): void {
    if (this.#heldBits > 0) this.bits(8 - this.#heldBits, 0);
  }
}
