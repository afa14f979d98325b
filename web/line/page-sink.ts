import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import type { LiveSink } from "../engine/live-feed.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { LineReport } from "./messages.ts";
import { PlannedSink } from "./planned-sink.ts";

/**
 * Media on its way to a page that decodes it itself: out of a worker it is copied, since what a new
 * playback begins with stays there. A few hundred kilobytes a second are nothing.
 */
export class PageSink extends PlannedSink implements LiveSink {
  readonly #id: number;
  readonly #report: (report: LineReport) => void;

  constructor(id: number, plan: readonly PlannedTrack[], report: (report: LineReport) => void) {
    super(plan);
    this.#id = id;
    this.#report = report;
  }

  init(planned: PlannedTrack, bytes: Bytes): void {
    this.take(planned);
    this.#report({ type: "init", id: this.#id, planned, bytes });
  }

  feed(frames: readonly Frame[], isHistory: boolean): void {
    this.#report({ type: "frames", id: this.#id, frames, isHistory });
  }

  endHistory(): void {
    this.#report({ type: "history-end", id: this.#id });
  }

  /** The picture stands by itself where none follows. */
  stretch(): void {}

  /** A page keeps nothing that could be trimmed. */
  trim(): void {}

  tick(): void {}

  close(): void {}
}
