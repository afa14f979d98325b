/** hls.js's fatal errors that may be mended: so many within so many ms, then another playback is made. */
const MOST = 3;
const WINDOW = 20_000;

/** What to do about a fatal error of hls.js. */
export type Cure = "load-again" | "reset-media" | "give-up";

/** What is known of the error. */
export type HlsFailure = { readonly type: string; readonly details: string };

/**
 * Chooses a cure for each fatal error of hls.js. Without playlists nothing is to be mended: whoever
 * waits for the stream asks for them anew.
 */
export class HlsRecovery {
  #cures: number[] = [];

  /** @param now ms */
  cureFor({ type, details }: HlsFailure, now: number): Cure {
    if (details.startsWith("manifest")) return "give-up";
    const cure = type === "networkError" ? "load-again" : "reset-media";
    if (type !== "networkError" && type !== "mediaError") return "give-up";
    this.#cures = this.#cures.filter((at) => at > now - WINDOW);
    if (this.#cures.length >= MOST) return "give-up";
    this.#cures.push(now);
    return cure;
  }
}
