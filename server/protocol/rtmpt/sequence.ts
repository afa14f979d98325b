/** What a request is to its session, by its number. */
export type SequencePlace =
  /** The one that is due. */
  | "next"
  /** The last one again: its answer was lost on the way. */
  | "repeated"
  /** Others are still on their way on another connection: it waits for them. */
  | "ahead"
  /** One that was answered long ago. */
  | "replayed"
  /** More are missing than may be. */
  | "beyond";

/**
 * Places a request of the tunnel in its session. A session may use several connections, so what was
 * sent in order may come out of it; FFmpeg and librtmp use one, and number from 0 without a gap.
 *
 * @param next the number that is due
 * @param window how many may be missing before it
 */
export function placeOf(sequence: number, next: number, window: number): SequencePlace {
  if (sequence === next) return "next";
  if (sequence > next) return sequence - next <= window ? "ahead" : "beyond";
  return sequence === next - 1 ? "repeated" : "replayed";
}
