/** Whether the viewer wants it to play, and what the browser allows: with sound, or muted only. */
export class Starter {
  readonly #onRefused: () => void;
  readonly #asked = new WeakSet<HTMLVideoElement>();
  wantsPlay = true;
  /** The browser demanded silence. */
  soundBlocked = false;

  constructor(onRefused: () => void) {
    this.#onRefused = onRefused;
  }

  /** With sound if the browser lets us, muted if not; a refusal even so waits for a gesture. */
  start(video: HTMLVideoElement): void {
    if (this.#asked.has(video)) return;
    this.#asked.add(video);
    video
      .play()
      .catch((error: unknown) => {
        const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
        if (!isRefused || !this.wantsPlay) return;
        if (video.muted) this.wantsPlay = false;
        video.muted = true;
        this.soundBlocked = true;
        this.#onRefused();
      })
      .finally(() => this.#asked.delete(video));
  }
}
