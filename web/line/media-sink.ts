import type { Bytes } from "../../server/protocol/bytes/bytes.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import type { LiveSink } from "../engine/live-feed.ts";
import { MediaIntake, type MediaSample } from "../engine/media-intake.ts";
import type { MediaOpening } from "../engine/media-opening.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { LineReport } from "./messages.ts";
import { PlannedSink } from "./planned-sink.ts";

/** Samples that are told of at once, at most: all that a new playback can begin with, and some. */
const MOST_SAMPLES = 10_000;

/** A MediaSource that a line fills: the page hears how far it is, after each append. */
export class MediaSink extends PlannedSink implements LiveSink {
  readonly #id: number;
  readonly #opening: MediaOpening;
  readonly #report: (report: LineReport) => void;
  readonly #intake: MediaIntake;
  #samples: MediaSample[] = [];
  /** Where the page plays it, seconds. */
  #playhead = 0;
  #isClosed = false;

  /** Takes the opening over. */
  constructor(
    id: number,
    opening: MediaOpening,
    plan: readonly PlannedTrack[],
    report: (report: LineReport) => void,
  ) {
    super(plan);
    this.#id = id;
    this.#opening = opening;
    this.#report = report;
    this.#intake = new MediaIntake(opening, plan, {
      onSample: (sample) => {
        if (this.#samples.push(sample) >= MOST_SAMPLES) this.#tell();
      },
      onAppended: () => this.#tell(),
      onError: (error) => {
        if (!this.#isClosed) report({ type: "failed", id, reason: String(error) });
      },
      playhead: () => this.#playhead,
    });
  }

  init(planned: PlannedTrack, bytes: Bytes): void {
    this.take(planned);
    this.#intake.init(planned, bytes);
  }

  feed(frames: readonly Frame[], isHistory: boolean): void {
    this.#intake.feed(frames, isHistory);
  }

  endHistory(): void {
    this.#intake.endHistory();
    this.#tell();
  }

  tick(now: number): void {
    this.#intake.tick(now);
    if (this.#samples.length > 0) this.#tell();
  }

  /** Pictures may be missing soon, or may not. */
  stretch(isStretched: boolean): void {
    this.#intake.isStretched = isStretched;
  }

  trim(playhead: number, end: number | undefined): void {
    this.#playhead = playhead;
    if (end !== undefined) this.#intake.evict(end);
  }

  close(): void {
    this.#isClosed = true;
    this.#intake.close();
    this.#opening.drop();
  }

  #tell(): void {
    const { edge, isHistory, pictureInterval, reorderDelay, soundInterval } = this.#intake;
    const progress = { edge, isHistory, pictureInterval, reorderDelay, soundInterval };
    this.#report({ type: "progress", id: this.#id, progress, samples: this.#samples });
    this.#samples = [];
  }
}
