import type { StreamAddress } from "../address.ts";
import { listedTime, trackPlaylist } from "./hls-playlist.ts";

/** What was learned is good for this long, ms. */
const FRESH = 5_000;

/** A server that does not answer within this long (ms) has no window. */
const PATIENCE = 4_000;

/**
 * How far back one can go, asked of the server's media playlist: only when somebody wants to know,
 * since over the WebSocket nothing else needs HLS.
 */
export class DvrWindow {
  readonly #address: StreamAddress;
  #length: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<number | undefined> | undefined;

  constructor(address: StreamAddress) {
    this.#address = address;
  }

  /** ms, as it was last told; undefined before, and where there is none. */
  get length(): number | undefined {
    return this.#length;
  }

  /** @param trackId whose playlist is read: any that plays @returns what `length` is now */
  look(trackId: number): Promise<number | undefined> {
    const isFresh = performance.now() - this.#askedAt < FRESH;
    if (isFresh && this.#length !== undefined) return Promise.resolve(this.#length);
    this.#asking ??= this.#ask(trackId).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(trackId: number): Promise<number | undefined> {
    this.#askedAt = performance.now();
    try {
      const response = await fetch(trackPlaylist(this.#address.playlist, trackId), {
        signal: AbortSignal.timeout(PATIENCE),
      });
      this.#length = response.ok ? listedTime(await response.text()) : undefined;
    } catch {
      this.#length = undefined;
    }
    return this.#length;
  }
}
