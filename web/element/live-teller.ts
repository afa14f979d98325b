import type { MediaFace } from "./media-face.ts";

/** A delay that changed by less (ms) is not told. */
const DELAY_STEP = 10;

/** A window that changed by less (seconds) is not told. */
const WINDOW_STEP = 10;

/** Tells what there is to be told of a live stream beside what media elements tell. */
export class LiveTeller {
  readonly #element: MediaFace;
  #tracks = "";
  #texts = "";
  #window = Number.NaN;
  #latency: { target: number; delay: number } = { target: 0, delay: 0 };
  #stalls = 0;

  constructor(element: MediaFace) {
    this.#element = element;
  }

  /** To be called when something may have changed. */
  look(): void {
    const element = this.#element;
    const { player } = element;
    if (player === undefined) return;
    const tell = (name: string, detail?: unknown) =>
      element.dispatchEvent(new CustomEvent(name, { detail }));
    const tracks = JSON.stringify(player.tracks);
    if (tracks !== this.#tracks) tell("trackschange");
    this.#tracks = tracks;
    const texts = JSON.stringify(player.textTracks);
    if (texts !== this.#texts) {
      element.textTracks.follow(player.textTracks);
      tell("texttrackschange");
    }
    this.#texts = texts;
    const { targetLiveWindow } = element;
    const steps = (seconds: number) => Math.round(seconds / WINDOW_STEP);
    if (!Object.is(steps(targetLiveWindow), steps(this.#window))) {
      this.#window = targetLiveWindow;
      tell("targetlivewindowchange");
    }
    const { target, delay, stalls } = player.stats();
    const isFar = (one: number, other: number) => Math.abs(one - other) >= DELAY_STEP;
    if (isFar(target, this.#latency.target) || isFar(delay ?? 0, this.#latency.delay)) {
      this.#latency = { target, delay: delay ?? 0 };
      tell("latencychange", { latency: element.latency, target, delay });
    }
    if (stalls > this.#stalls) tell("stall", { count: stalls });
    this.#stalls = stalls;
  }
}
