import type { Milliseconds } from "../../protocol/media/sample.ts";

/** `Cache-Control` of answers that are no files (RFC 8216bis §6.2.5, appendix B), by target duration. */
export class CacheRules {
  readonly #targetDuration: number;

  /** @param targetDuration in ms */
  constructor(targetDuration: Milliseconds) {
    this.#targetDuration = Math.round(targetDuration / 1000);
  }

  /**
   * A playlist as it is now. The standard allows half a target duration; but that is 25 parts of age,
   * with which every player behind a cache would begin. A second is the least that can be said, and
   * leaves the origin one request a second.
   */
  readonly playlist = "public, max-age=1";

  /** Who waits for a broadcast behind a cache is not to wait longer than others. */
  readonly notOnAir = "public, max-age=1";

  /** A playlist that had what was asked for by number: its URL is never asked for again. */
  get blockedPlaylist(): string {
    return this.#of(6);
  }

  missingPlaylist(wasBlocking: boolean): string {
    return this.#of(wasBlocking ? 4 : 1);
  }

  get missingFile(): string {
    return this.#of(1);
  }

  #of(targetDurations: number): string {
    return `public, max-age=${targetDurations * this.#targetDuration}`;
  }
}
