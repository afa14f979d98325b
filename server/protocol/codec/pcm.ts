import type { Bytes } from "../bytes/bytes.ts";
import { A_LAW, MU_LAW } from "./g711.ts";

/** Sound without compression, or with that of telephones (G.711). */
export type PcmFormat = {
  readonly coding: "u8" | "s16le" | "alaw" | "mulaw";
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
};

/** Whether both are heard in the same way. */
export const isSamePcm = (a: PcmFormat, b: PcmFormat): boolean =>
  a.coding === b.coding && a.sampleRate === b.sampleRate && a.channels === b.channels;

/** Bits of each value that `readPcm` gives. */
export const pcmBits = ({ coding }: PcmFormat): 8 | 16 => (coding === "u8" ? 8 : 16);

/** Bytes of one moment: a value of each channel. */
export const pcmFrameLength = ({ coding, channels }: PcmFormat): number =>
  coding === "s16le" ? 2 * channels : channels;

/**
 * The values of sound, signed, channel by channel.
 *
 * @param data whole moments: the channels' values in turn
 * @param from number of the first moment that is wanted
 * @param count of moments
 */
export function readPcm(
  format: PcmFormat,
  data: Bytes,
  from: number,
  count: number,
): Int32Array<ArrayBuffer>[] {
  const { channels } = format;
  const read = READERS[format.coding];
  return Array.from({ length: channels }, (_, channel) => {
    const values = new Int32Array(count);
    let index = from * channels + channel;
    for (let at = 0; at < count; at += 1) {
      values[at] = read(data, index);
      index += channels;
    }
    return values;
  });
}

const READERS: {
  readonly [coding in PcmFormat["coding"]]: (data: Bytes, index: number) => number;
} = {
  u8: (data, index) => (data[index] ?? 0) - 128,
  s16le: (data, index) => (((data[2 * index + 1] ?? 0) << 24) >> 16) | (data[2 * index] ?? 0),
  alaw: (data, index) => A_LAW[data[index] ?? 0] ?? 0,
  mulaw: (data, index) => MU_LAW[data[index] ?? 0] ?? 0,
};
