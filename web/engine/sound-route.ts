import { outputHoldsSound } from "./platform.ts";

/** Speakers that are further away than this (seconds: Bluetooth) would be heard after the picture. */
const FARTHEST = 0.08;

/** What is known of the speakers' distance is not known at once, ms. */
const SETTLING = 400;

/** One for the page: an `AudioContext` costs a thread and a stream to the speakers. */
let shared: AudioContext | undefined;

/** Each `<video>` can be led once, and stays so; none where somebody else has led it. */
const routed = new WeakMap<HTMLVideoElement, MediaElementAudioSourceNode | "elsewhere">();

/**
 * Leads the sound of a `<video>` through an `AudioContext`. Chromium's own way to the speakers stops with
 * some 80 ms of sound left, twice that at any rate but 1; on this one 20 ms are enough
 * (`docs/decisions.md`). What it costs: the picture is not held back for speakers that are far away, so
 * such are left alone. The context runs only where sound may start at all: nothing is led before.
 */
export class SoundRoute {
  readonly #video: HTMLVideoElement;
  #runningSince: number | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Whether the sound takes this way. */
  get isOn(): boolean {
    return routed.get(this.#video) instanceof MediaElementAudioSourceNode;
  }

  /** To be called often while it is heard and little is held ahead. */
  seek(now: number): void {
    if (!outputHoldsSound() || routed.has(this.#video)) {
      if (this.isOn) this.keep();
      return;
    }
    shared ??= new AudioContext({ latencyHint: "interactive" });
    if (shared.state !== "running") {
      this.#runningSince = undefined;
      shared.resume().catch(() => undefined);
      return;
    }
    this.#runningSince ??= now;
    if (now - this.#runningSince < SETTLING || shared.outputLatency > FARTHEST) return;
    try {
      const source = shared.createMediaElementSource(this.#video);
      source.connect(shared.destination);
      routed.set(this.#video, source);
    } catch {
      routed.set(this.#video, "elsewhere");
    }
  }

  /** The clock of a led `<video>` stands still with the context. To be called often. */
  keep(): void {
    if (this.isOn && shared?.state !== "running") shared?.resume().catch(() => undefined);
  }
}
