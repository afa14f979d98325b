import type { Surface } from "../engine/surface.ts";

/** Whether the viewer wants it to play, and what the browser allows: with sound, or muted only. */
export class Starter {
  readonly #onRefused: () => void;
  readonly #asked = new WeakSet<Surface>();
  wantsPlay = true;
  /** The browser demanded silence. */
  soundBlocked = false;

  constructor(onRefused: () => void) {
    this.#onRefused = onRefused;
  }

  /** With sound if the browser lets us, muted if not; a refusal even so waits for a gesture. */
  start(surface: Surface): void {
    if (this.#asked.has(surface)) return;
    this.#asked.add(surface);
    const { muted } = surface;
    surface
      .play()
      .catch((error: unknown) => {
        const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
        if (!isRefused || !this.wantsPlay) return;
        // Silent only since it left the stage, or since somebody muted it: that was not refused.
        if (muted) this.wantsPlay = false;
        surface.muted = true;
        this.soundBlocked = true;
        this.#onRefused();
      })
      .finally(() => this.#asked.delete(surface));
  }
}
