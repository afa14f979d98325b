/*
 * What a page and its worklet tell each other. All times are seconds; media times are those of the
 * stream's timeline.
 */

/** The name the processor is registered under. */
export const PROCESSOR = "sluice-sound";

/** Decoded sound, one array a channel. */
export type SoundBlock = {
  /** Of its first frame, on the media timeline. */
  readonly time: number;
  /** Hz */
  readonly rate: number;
  /** As long as each other; they change hands. */
  readonly planes: readonly Float32Array[];
};

/** From page to worklet. */
export type SoundCommand =
  | ({ readonly type: "block" } & SoundBlock)
  /** So much is to be held ahead; `isNow`: what is too much is skipped. */
  | { readonly type: "target"; readonly target: number; readonly isNow: boolean }
  /** What is held is thrown away; what comes next is played once the target is there. */
  | { readonly type: "reset" }
  | { readonly type: "close" };

/** From worklet to page, some twenty times a second. */
export type SoundReport = {
  /** What is played next … */
  readonly time: number;
  /** … and when, by the context's clock. */
  readonly at: number;
  /** It sounds: otherwise it waits until enough is there. */
  readonly isPlaying: boolean;
  /** Held ahead. */
  readonly fill: number;
  /** Media seconds a second. */
  readonly speed: number;
  /** It ran dry, and skipped what was too much, so many times. */
  readonly underruns: number;
  readonly skips: number;
};
