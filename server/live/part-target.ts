import type { Milliseconds } from "../protocol/media/sample.ts";

/** How long the frames of a track last. */
export type FrameTiming = {
  readonly frame: Milliseconds;
  /** Every one of them, but for a clock that counts in whole ms. */
  readonly isEven: boolean;
};

/** A part lasts at least this much of PART-TARGET, but for the last of a segment (RFC 8216bis §4.4.4.9). */
export const SHORTEST_OF_TARGET = 0.85;

/** Where frames do not come evenly, a part may be that much longer. */
const ROOM_FOR_UNEVEN = 1.05;

/** Targets up to this are tried, so that the frames of all tracks fit. */
const LONGEST_TRIED: Milliseconds = 1000;

/** Neither a slower pace nor a pause makes it longer than this. */
const LONGEST_TARGET: Milliseconds = 2000;

/** Pictures a second that encoders are set to; NTSC's are 1000/1001 of a whole number. */
const USUAL_RATES = [
  ...[1, 2, 5, 8, 10, 12, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240],
  ...[15, 24, 30, 48, 60, 120, 240].map((rate) => (rate * 1000) / 1001),
];

/** How far, in ms, both ends of what was measured may be off together; the longest frames first. */
const UNUSUAL = [1, 0.75, 0.5, 0.25, 0, -0.25, -0.5, -0.75, -1];

const EPSILON = 1e-6;

/**
 * Measures frame times by the first decode times of a track.
 *
 * A clock of whole ms is a ms off at most: frames that keep to a line within that are even. Several
 * usual rates may explain them (29.97 and 30); the slowest is taken, whose frames are the longest.
 *
 * @param times ms, as many as are known
 * @param claimedRate frames a second by configuration or metadata, believed where `times` agree
 * @returns undefined where nothing is known
 */
export function frameTiming(
  times: readonly Milliseconds[],
  claimedRate?: number,
): FrameTiming | undefined {
  const first = times[0] ?? 0;
  const steps = times.length - 1;
  const claimed = claimedRate !== undefined && claimedRate > 0 ? 1000 / claimedRate : undefined;
  if (steps < 1) return claimed === undefined ? undefined : { frame: claimed, isEven: false };
  const span = (times[steps] ?? first) - first;
  const mean = span / steps;
  if (claimed !== undefined && isOnLine(times, claimed)) return { frame: claimed, isEven: true };
  if (steps < 2) return { frame: mean, isEven: false };
  const usual = USUAL_RATES.map((rate) => 1000 / rate).filter((frame) => isOnLine(times, frame));
  if (usual.length > 0) return { frame: Math.max(...usual), isEven: true };
  const others = UNUSUAL.map((off) => (span + off) / steps);
  const longest = others.find((frame) => isOnLine(times, frame));
  return { frame: longest ?? mean, isEven: longest !== undefined };
}

function isOnLine(times: readonly Milliseconds[], frame: Milliseconds): boolean {
  const [first = 0] = times;
  let least = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    const deviation = time - first - index * frame;
    least = Math.min(least, deviation);
    most = Math.max(most, deviation);
  }
  return most - least <= 1 + EPSILON;
}

/**
 * Chooses PART-TARGET: the smallest whole number of the leading track's frame times that is at least
 * 85 % of the nominal part, rounded up to a ms, with 5 % on top where they are uneven or unknown. Where
 * the frames of another track do not fit into it by the 85 % rule, it is the next longer one where all
 * do.
 *
 * @returns whole ms
 */
export function choosePartTarget(
  nominal: Milliseconds,
  leading: FrameTiming | undefined,
  others: readonly FrameTiming[],
): Milliseconds {
  const { frame, isEven } = leading ?? { frame: nominal, isEven: false };
  const frames = Math.max(1, Math.ceil((SHORTEST_OF_TARGET * nominal) / frame - EPSILON));
  const wanted = frames * frame * (isEven ? 1 : ROOM_FOR_UNEVEN);
  const target = Math.min(Math.ceil(wanted - EPSILON), LONGEST_TARGET);
  const timings = leading === undefined ? others : [leading, ...others];
  for (let tried = target; tried <= LONGEST_TRIED; tried += 1) {
    if (timings.every((timing) => fits(timing.frame, tried))) return tried;
  }
  return target;
}

/** Whether as many frames as go into a part last long enough for one. */
function fits(frame: Milliseconds, target: Milliseconds): boolean {
  const most = Math.floor(target / frame + EPSILON) * frame;
  return most >= SHORTEST_OF_TARGET * target - EPSILON;
}
