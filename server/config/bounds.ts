import type { Milliseconds } from "../protocol/media/sample.ts";

/** How long a publisher may be away, at most. */
export const LONGEST_GRACE_SECONDS = 3600;
/** Times of a recording's interval, in seconds. */
export const INTERVAL = { least: 0.2, most: 60 } as const;
/** Units of times, in ms. */
export const TIME_UNITS: { readonly [unit: string]: Milliseconds } = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** How far viewers may rewind, at most. */
export const LONGEST_DVR: Milliseconds = 48 * 3_600_000;
/** Units of sizes, in bytes. */
export const SIZE_UNITS: { readonly [unit: string]: number } = { MB: 1e6, GB: 1e9, TB: 1e12 };
/** Units of ages, in ms. */
export const AGE_UNITS: { readonly [unit: string]: Milliseconds } = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** Bytes that what is kept on disk may take, at least. */
export const SMALLEST_DISK = 10_000_000;

/** How long a part of HLS may be meant to be, in ms. */
export const PART = { least: 100, most: 1000 } as const;
/** EXT-X-TARGETDURATION, in seconds. */
export const TARGET_SECONDS = { least: 2, most: 60 } as const;
