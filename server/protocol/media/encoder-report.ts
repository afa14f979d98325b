/**
 * What an encoder tells of itself with a picture. Times are ms since 1970 by its own clock; counters
 * are frames since its last report on the same track.
 */
export type EncoderReport = {
  readonly times: {
    /** The picture was put together. */
    readonly composed?: number;
    /** It was given to the encoder … */
    readonly encodeBegan?: number;
    /** … which took it. */
    readonly encodeEnded?: number;
    /** It was coded, and given to the output. */
    readonly sent?: number;
  };
  /** Of the whole broadcast. */
  readonly session?: {
    readonly rendered: number;
    /** Put together too late. */
    readonly lagged: number;
    /** Left out since the line was too slow. */
    readonly dropped: number;
    /** Given out, of all tracks together. */
    readonly output: number;
  };
  /** Of the picture's own track. */
  readonly rendition?: {
    readonly input: number;
    /** Not coded, since the encoder was too slow. */
    readonly skipped: number;
    readonly output: number;
  };
};
