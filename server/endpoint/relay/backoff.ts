import type { Milliseconds } from "../../protocol/media/sample.ts";

/** How long to wait after failures, ms. */
export type BackoffLimits = { readonly first: Milliseconds; readonly longest: Milliseconds };

/**
 * How long to wait before trying again: twice as long after each failure, up to the longest, less up
 * to half of it by chance, so that many who lost the same server do not come back together.
 *
 * @param failures in a row, 1 or more
 * @param chance 0 to 1
 */
export function backoff(
  failures: number,
  chance: number,
  { first, longest }: BackoffLimits,
): Milliseconds {
  const whole = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  return whole * (1 - chance / 2);
}
