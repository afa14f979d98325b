import type { Milliseconds } from "../protocol/media/sample.ts";

/** Time as the hub needs it; `sluice.ts` fills it from the process, tests drive it by hand. */
export type Clock = {
  /** ms since 1970, with fractions; never steps back while the process lives. */
  now(): Milliseconds;
  /** Calls back once, not before `delay` has passed. @returns takes the call back */
  after(delay: Milliseconds, callback: () => void): () => void;
};
