import { mediaSourceClass } from "./platform.ts";

/**
 * A MediaSource on its way to open in a `<video>`. Opening takes a turn of the browser's (30 to 60
 * ms on a busy machine): the first one is made while the connection is, and waits for its tracks.
 */
export class MediaOpening {
  readonly mediaSource: MediaSource;
  #isOpen = false;
  #onOpen: (() => void) | undefined;

  /** @throws where the browser has no MediaSource */
  constructor() {
    const MediaSourceClass = mediaSourceClass();
    if (MediaSourceClass === undefined) throw new Error("Cannot play here: no MediaSource");
    this.mediaSource = new MediaSourceClass();
    const onOpen = () => {
      this.#isOpen = true;
      this.#onOpen?.();
    };
    this.mediaSource.addEventListener("sourceopen", onOpen, { once: true });
  }

  /** What a `<video>` is to play: in a worker, what stands for the MediaSource (once, to be handed over). */
  get source(): MediaSource | MediaSourceHandle {
    const { handle } = this.mediaSource as { readonly handle?: MediaSourceHandle };
    return handle ?? this.mediaSource;
  }

  /** Calls once, when it is open: at once if it is. */
  whenOpen(action: () => void): void {
    if (this.#isOpen) action();
    else this.#onOpen = action;
  }

  /** Nobody waits for it any more. */
  drop(): void {
    this.#onOpen = undefined;
  }
}
