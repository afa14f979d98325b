import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Presentation } from "./presentation.ts";

/** What bounds them; times in ms. */
export type EndedLimits = {
  readonly endedStreams: number;
  /** How long what was listed last can still be had. */
  readonly endedTime: Milliseconds;
};

/**
 * Broadcasts that nobody will continue, with the end of their playlists: who is behind the edge plays
 * on to the end, and is told that it is one.
 */
export class EndedPresentations {
  readonly #clock: Clock;
  readonly #limits: EndedLimits;
  /** The oldest first. */
  readonly #kept = new Map<string, { readonly presentation: Presentation; cancel(): void }>();

  constructor(clock: Clock, limits: EndedLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  keep(streamPath: string, presentation: Presentation): void {
    this.#forget(streamPath);
    const { endedStreams, endedTime } = this.#limits;
    if (this.#kept.size >= endedStreams) {
      for (const oldest of this.#kept.keys()) {
        this.#forget(oldest);
        break;
      }
    }
    const cancel = this.#clock.after(endedTime, () => this.#forget(streamPath));
    this.#kept.set(streamPath, { presentation, cancel });
  }

  find(streamPath: string): Presentation | undefined {
    return this.#kept.get(streamPath)?.presentation;
  }

  clear(): void {
    for (const streamPath of [...this.#kept.keys()]) this.#forget(streamPath);
  }

  #forget(streamPath: string): void {
    this.#kept.get(streamPath)?.cancel();
    this.#kept.delete(streamPath);
  }
}
