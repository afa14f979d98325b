import type { Milliseconds } from "../../protocol/media/sample.ts";

/** The promptest arrival of each so many ms is compared with those of the others … */
const STRETCH: Milliseconds = 10_000;
/** … so many of them: ten minutes. */
const STRETCHES = 60;
/** Fewer say nothing: a minute. */
const ENOUGH = 6;

/** How fast the encoder's clock runs, compared with the server's. */
export type Drift = {
  /** Millionths; positive: the encoder's clock is fast. */
  readonly ppm: number;
  /** Measured over so long, ms. */
  readonly over: Milliseconds;
};

/**
 * Compares the clock of timestamps with the server's: the line through the promptest arrival of each
 * ten seconds.
 */
export class ClockDrift {
  #points: { readonly at: Milliseconds; readonly lag: Milliseconds }[] = [];
  #begun: Milliseconds | undefined;
  #promptest = { at: 0, lag: 0 };

  /** @param lag as `ArrivalJitter` has it */
  take(now: Milliseconds, lag: Milliseconds): void {
    if (this.#begun === undefined || now - this.#begun >= STRETCH) {
      if (this.#begun !== undefined) {
        this.#points.push(this.#promptest);
        if (this.#points.length > STRETCHES) this.#points.shift();
      }
      this.#begun = now;
      this.#promptest = { at: now, lag };
    } else if (lag < this.#promptest.lag) {
      this.#promptest = { at: now, lag };
    }
  }

  /** Undefined for the first minute. */
  get drift(): Drift | undefined {
    const points = this.#points;
    const [first, last] = [points[0], points.at(-1)];
    if (points.length < ENOUGH || first === undefined || last === undefined) return undefined;
    const mean = (of: (point: { at: number; lag: number }) => number) =>
      points.reduce((sum, point) => sum + of(point), 0) / points.length;
    const at = mean((point) => point.at - first.at);
    const lag = mean((point) => point.lag - first.lag);
    let covariance = 0;
    let variance = 0;
    for (const point of points) {
      const distance = point.at - first.at - at;
      covariance += distance * (point.lag - first.lag - lag);
      variance += distance * distance;
    }
    return { ppm: (-1e6 * covariance) / variance, over: last.at - first.at };
  }
}
