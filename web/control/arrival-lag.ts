/** Two clocks part by less than this, ms of each ms. */
const DRIFT = 1e-4;

/**
 * How late media comes, above the line at its best. The two clocks need not agree, only run alike. Times
 * are inputs, ms.
 */
export class ArrivalLag {
  #least: number | undefined;
  #at = 0;
  #newest = 0;

  /** @param now arrival, by our clock; @param sent by the server's */
  push(now: number, sent: number): void {
    const lag = now - sent;
    const least = this.#least;
    const drifted = least === undefined ? lag : least + DRIFT * Math.max(0, now - this.#at);
    this.#least = Math.min(lag, drifted);
    this.#at = now;
    this.#newest = lag;
  }

  /** Of the newest, ms; 0 before any came. */
  get value(): number {
    return this.#newest - (this.#least ?? this.#newest);
  }
}
