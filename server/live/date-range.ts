import type { Milliseconds } from "../protocol/media/sample.ts";

/** A stretch of time that the encoder marked: a cue point, an advertisement (EXT-X-DATERANGE). */
export type DateRange = {
  /** Unique within the live stream's life; what is told of it later has the same one. */
  readonly id: string;
  /** On the live stream's timeline … */
  readonly at: Milliseconds;
  /** … and by the wall clock that EXT-X-PROGRAM-DATE-TIME uses: ms since 1970. */
  readonly startDate: Milliseconds;
  /** X-…, CLASS, DURATION, PLANNED-DURATION, SCTE35-…: as they are written, quotes included. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
};
