import type { Milliseconds } from "../protocol/media/sample.ts";
import type { StreamWarning } from "./live-observer.ts";

/** What a publisher can better at present, and what was warned of before in this broadcast. */
export class StreamWarnings {
  readonly #longestSegment: Milliseconds;
  readonly #onWarning: (warning: StreamWarning) => void;
  readonly #warnedOf = new Set<StreamWarning["code"]>();
  #list: readonly StreamWarning[] = [];

  /** @param onWarning called when there is something to warn of that was not there before */
  constructor(longestSegment: Milliseconds, onWarning: (warning: StreamWarning) => void) {
    this.#longestSegment = longestSegment;
    this.#onWarning = onWarning;
  }

  get list(): readonly StreamWarning[] {
    return this.#list;
  }

  /** @returns whether there is more, or less, to warn of now */
  look(isGopLong: boolean): boolean {
    if (isGopLong === this.#list.length > 0) return false;
    this.#list = isGopLong ? [longGop(this.#longestSegment)] : [];
    return true;
  }

  /** Whoever watches has been told: whoever runs the server is, once in a broadcast. */
  report(): void {
    for (const warning of this.#list) {
      if (!this.#warnedOf.has(warning.code)) this.#onWarning(warning);
      this.#warnedOf.add(warning.code);
    }
  }

  /** The broadcast is over. */
  clear(): void {
    this.#list = [];
    this.#warnedOf.clear();
  }
}

const longGop = (longest: Milliseconds): StreamWarning => ({
  code: "LONG_GOP",
  message:
    `Key frames are more than ${longest / 1000} s apart: HLS segments are cut between them, and ` +
    "viewers begin late. Set the key frame interval to 2 s (OBS: Settings, Output, Keyframe " +
    "Interval 2 s; ffmpeg: -g, twice the frame rate, or -force_key_frames)",
});
