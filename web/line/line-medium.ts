import type { MediaSample } from "../engine/media-intake.ts";
import type { LineCommand, MediaProgress, MediaProviding } from "./messages.ts";

/** Who plays a medium. */
export type MediumListener = {
  onSample(sample: MediaSample): void;
  /** Something was appended, or the history is complete. */
  onProgress(): void;
  onError(error: unknown): void;
};

/** What a page has of a MediaSource that its line fills. */
export class LineMedium {
  readonly id: number;
  readonly source: MediaProviding;
  readonly #send: (command: LineCommand) => void;
  readonly #onClosed: (medium: LineMedium) => void;
  #listener: MediumListener | undefined;
  #progress: MediaProgress = {
    edge: undefined,
    isHistory: true,
    pictureInterval: 0,
    reorderDelay: 0,
    soundInterval: 0,
  };

  constructor(
    { id, source }: { readonly id: number; readonly source: MediaProviding },
    send: (command: LineCommand) => void,
    onClosed: (medium: LineMedium) => void,
  ) {
    this.id = id;
    this.source = source;
    this.#send = send;
    this.#onClosed = onClosed;
  }

  /** How far it is. */
  get progress(): MediaProgress {
    return this.#progress;
  }

  /** One plays it from now on. */
  listen(listener: MediumListener): void {
    this.#listener = listener;
  }

  /** The line told of it. */
  advance(progress: MediaProgress, samples: readonly MediaSample[]): void {
    this.#progress = progress;
    for (const sample of samples) this.#listener?.onSample(sample);
    this.#listener?.onProgress();
  }

  /** It takes nothing more. */
  fail(error: unknown): void {
    this.#listener?.onError(error);
  }

  /** Where it is played (seconds), and until where it may be forgotten. */
  trim(playhead: number, end: number | undefined): void {
    this.#send({ type: "trim", id: this.id, playhead, end });
  }

  /** Nobody plays it any more. */
  close(): void {
    this.#listener = undefined;
    this.#send({ type: "close", id: this.id });
    this.#onClosed(this);
  }
}
