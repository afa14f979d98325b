/** Why WebCodecs is given up, where it was tried: stable codes. */
export type FallbackReason =
  /** A codec that is not decoded here. */
  | "codec"
  /** Decoding failed again and again. */
  | "decode"
  /** The machine does not decode as fast as the pictures come. */
  | "slow"
  /** The browser refuses the worklet that sound comes from. */
  | "worklet"
  /** Its code could not be loaded. */
  | "code";

/** WebCodecs cannot go on with this broadcast: something else must play it. */
export class FallbackError extends Error {
  readonly reason: FallbackReason;

  constructor(reason: FallbackReason, cause?: unknown) {
    super(`Cannot play with WebCodecs: ${reason}${cause === undefined ? "" : ` (${cause})`}`);
    this.name = "FallbackError";
    this.reason = reason;
  }
}
