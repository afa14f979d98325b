import type { MediaEvent, Milliseconds } from "../protocol/media/sample.ts";
import type { Clock } from "./clock.ts";
import type { Publication } from "./live-stream.ts";

/** What may wait for a handover; time in ms, `bytes` of samples. */
export type HandoverLimits = {
  readonly events: number;
  readonly bytes: number;
  readonly time: Milliseconds;
};

/** Where a publisher's events go. */
export type Feed = Pick<Publication, "input" | "end">;

/** What a handover is made of. */
export type HandoverParts = {
  /** Whether pictures are on air now. */
  readonly hasVideo: () => boolean;
  readonly clock: Clock;
  readonly limits: HandoverLimits;
  /** Takes the place of the present publisher. */
  readonly begin: () => Feed;
};

/**
 * A publisher that comes on another connection, while it still goes on over the first: what the new
 * one brings waits for a picture that can be begun with, and then takes over at once. So viewers get
 * every picture of the one up to there, and of the other from there on.
 *
 * It takes over earlier where more than the limits would wait, and where the first connection ends.
 */
export class Handover {
  readonly #parts: HandoverParts;
  #held: MediaEvent[] = [];
  #heldBytes = 0;
  #hasVideo = false;
  #inner: Feed | undefined;
  #isOver = false;
  readonly #cancel: () => void;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
    this.#cancel = parts.clock.after(parts.limits.time, () => this.begin());
  }

  /** @throws what the live stream throws at the event */
  input(event: MediaEvent): void {
    if (this.#isOver) return;
    if (this.#inner !== undefined) {
      this.#inner.input(event);
      return;
    }
    this.#held.push(event);
    if (event.type === "sample") this.#heldBytes += event.sample.data.length;
    if (event.type === "track" && event.track.mediaType === "video") this.#hasVideo = true;
    if (this.#isDue(event)) this.begin();
  }

  /** Takes over now, with what has come so far. */
  begin(): void {
    if (this.#inner !== undefined || this.#isOver) return;
    this.#cancel();
    this.#inner = this.#parts.begin();
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.#inner.input(event);
  }

  /** It leaves: before it took over, nobody notices. */
  end(reason: "clean" | "lost"): void {
    this.#cancel();
    this.#isOver = true;
    this.#held = [];
    this.#inner?.end(reason);
  }

  #isDue(event: MediaEvent): boolean {
    const { events, bytes } = this.#parts.limits;
    if (this.#held.length >= events || this.#heldBytes >= bytes) return true;
    if (event.type !== "sample") return false;
    const { mediaType, isSync } = event.sample;
    if (mediaType === "video") return isSync;
    return !this.#hasVideo && !this.#parts.hasVideo();
  }
}
