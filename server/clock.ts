import type { Clock } from "./live/clock.ts";

/**
 * The process's clock: wall time as it was at the start, carried on by the monotonic timer, so
 * that it neither jumps nor steps back when the machine's time is set.
 */
export const processClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};
