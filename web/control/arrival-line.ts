/** Looked back on: so many stretches of so long (ms of the server's clock). */
const STRETCH = 1_000;
const STRETCHES = 10;

/**
 * Where a stream's timeline lies on the server's clock: by the samples that came soonest, so that neither
 * jitter nor a burst moves it. It follows an encoder whose clock drifts.
 */
export class ArrivalLine {
  /** The least of each stretch: server's clock minus decode time, ms. */
  #stretches: { readonly index: number; least: number }[] = [];

  /** @param decodedAt decode time, seconds; @param serverTime of its arrival there, ms since 1970 */
  push(decodedAt: number, serverTime: number): void {
    const offset = serverTime - decodedAt * 1_000;
    const index = Math.floor(serverTime / STRETCH);
    const last = this.#stretches.at(-1);
    if (last?.index === index) {
      last.least = Math.min(last.least, offset);
      return;
    }
    this.#stretches.push({ index, least: offset });
    if (this.#stretches.length > STRETCHES) this.#stretches.shift();
  }

  /** When the server received what is decoded at `mediaTime` (seconds), ms; undefined before any came. */
  moment(mediaTime: number): number | undefined {
    if (this.#stretches.length === 0) return undefined;
    return mediaTime * 1_000 + Math.min(...this.#stretches.map(({ least }) => least));
  }

  /** The timeline breaks. */
  reset(): void {
    this.#stretches = [];
  }
}
