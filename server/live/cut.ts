import type { Milliseconds } from "../protocol/media/sample.ts";
import type { LiveSample } from "./live-sample.ts";
import { startOf, type TimedSample } from "./pending-samples.ts";
import type { Epoch } from "./timeline.ts";

/** The timeline is cut here for every track: the next segment of each begins at or after `at`. */
export type Cut = {
  readonly at: Milliseconds;
  readonly mediaSequence: number;
  readonly epoch: Epoch;
  readonly isDiscontinuity: boolean;
  /** Discontinuities before this cut, since the live stream began. */
  readonly discontinuitySequence: number;
};

/** How a track follows the cuts that another one made. */
export type Following = {
  /** So long behind a cut its own sync sample may come … */
  readonly patience: Milliseconds;
  /** … and so long before it. */
  readonly reach: Milliseconds;
  readonly longestSegment: Milliseconds;
  /** How far the leading track has come. */
  readonly leaderAt: Milliseconds;
  /** From here on it would cut at a sync sample. */
  readonly cutsFrom: Milliseconds;
};

/** Tracks are not stamped to the tick alike: a sample this close before a cut begins the segment. */
export const CUT_TOLERANCE: Milliseconds = 1;

/** What a track that follows has come to, when it asks where it passes a cut. */
export type Follower = {
  /** Samples that no part has yet. */
  readonly pending: readonly TimedSample[];
  /** Its newest sample, which is not among them, and when that is decoded. */
  readonly newest: LiveSample;
  readonly at: Milliseconds;
  /** How long that probably lasts. */
  readonly step: Milliseconds;
  /** Its last sync sample before the newest, and how far that was from the one before. */
  readonly sync: { readonly at: Milliseconds; readonly interval: Milliseconds } | undefined;
  /** Where its open segment begins. */
  readonly openedAt: Milliseconds;
  /** The open segment has no part, and there is one before it: it would become a gap. */
  readonly wouldLeaveGap: boolean;
};

/**
 * Where a size of the picture passes a cut of the one that leads: at the sync sample of its own that
 * is nearest, a little earlier (decode times differ where one has B-frames and another has none) or
 * later, as long as one is to be expected soon; else at the cut.
 *
 * @returns an index into `pending`, its length for `newest`; undefined: not yet
 */
export function passingOf(
  cut: Cut,
  { pending, newest, at, step, sync, openedAt, wouldLeaveGap }: Follower,
  { patience, reach, longestSegment }: Following,
): number | undefined {
  let nearest: number | undefined;
  let distance = Number.POSITIVE_INFINITY;
  const consider = (index: number, candidate: Milliseconds): void => {
    const away = Math.abs(candidate - cut.at);
    if (cut.at - candidate > reach || away >= distance) return;
    nearest = index;
    distance = away;
  };
  for (const [index, timed] of pending.entries()) {
    if (!timed.sample.isSync || (index === 0 && wouldLeaveGap)) continue;
    consider(index, startOf(timed));
  }
  if (newest.isSync) consider(pending.length, at);
  if (nearest !== undefined) return nearest;
  const isPast = at >= cut.at - CUT_TOLERANCE;
  if (!isPast) return undefined;
  if (sync !== undefined) {
    const { at: last, interval } = sync;
    // Of the first GOP it is not known how long it is: only that it is that long by now.
    const isSoon =
      interval === 0 ? cut.at - last <= 2 * patience : last + interval - cut.at <= patience;
    const isShort = at + step - openedAt <= longestSegment;
    if (isSoon && at - cut.at <= patience && isShort) return undefined;
  }
  return byTime(cut, pending);
}

/** Where a track passes a cut that it has come to: see `passingOf`. */
export function byTime(cut: Cut, pending: readonly TimedSample[]): number {
  const index = pending.findIndex((timed) => startOf(timed) >= cut.at - CUT_TOLERANCE);
  return index === -1 ? pending.length : index;
}

/**
 * Whether a sync sample among these may yet become the beginning of a segment: the leading track has
 * not come so far that it would have cut there.
 */
export function mayBeginSegment(
  samples: readonly TimedSample[],
  { leaderAt, cutsFrom, reach }: Following,
): boolean {
  return samples.some((timed) => {
    if (!timed.sample.isSync) return false;
    const at = startOf(timed);
    return at >= cutsFrom - reach && leaderAt < at + reach;
  });
}
