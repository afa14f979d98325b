import type { Milliseconds } from "./sample.ts";

const HALF_OF_31_BITS = 2 ** 30;

/**
 * Places the timestamps of one publisher on a line that never wraps, by serial number arithmetic.
 *
 * Some senders wrap at 2^32 ms, and those that mask the high byte of an FLV timestamp (FFmpeg, OBS)
 * at 2^31: a step of more than 2^30 ms is taken for the wrap that lands nearer. All tracks of a
 * publisher share its clock, so they share one line.
 *
 * @see RTMP 1.0 §4; RFC 1982
 */
export class TimestampLine {
  #last: { timestamp: number; at: Milliseconds } | undefined;

  /**
   * @param timestamp as read from the chunk stream: 0 to 2^32 - 1 ms
   * @returns where it lies on the line: it continues past 2^32 and steps back when the encoder does
   */
  place(timestamp: number): Milliseconds {
    const at = this.peek(timestamp);
    this.#last = { timestamp, at };
    return at;
  }

  /**
   * Where a timestamp lies, without moving the line: for messages whose timestamps are arbitrary.
   *
   * @param timestamp as `place` takes it
   */
  peek(timestamp: number): Milliseconds {
    const last = this.#last;
    return last === undefined ? timestamp : last.at + nearestStep(timestamp - last.timestamp);
  }
}

function nearestStep(step: number): number {
  if (Math.abs(step) <= HALF_OF_31_BITS) return step;
  const candidates = [step - 2 ** 31, step + 2 ** 31, step - 2 ** 32, step + 2 ** 32];
  return candidates.reduce(
    (best, candidate) => (Math.abs(candidate) < Math.abs(best) ? candidate : best),
    step,
  );
}
