import { canLeadSound, tellsOutputLatency } from "./platform.ts";

/** Speakers that are further away than this (seconds: Bluetooth) would be heard after the picture. */
const FARTHEST = 0.08;

/** Where nobody tells how far they are: the own way comes no nearer than this (seconds), and they add to it. */
const FARTHEST_OWN = 0.3;

/** What is known of the speakers' distance is not known at once, ms. */
const SETTLING = 400;

/** One for the page: an `AudioContext` costs a thread and a stream to the speakers. */
let shared: AudioContext | undefined;
let runningSince: number | undefined;

/** Whether the speakers were found to be near, where only the own way told. */
let areNear = false;

/** Those that wanted it: without any, the context rests. */
const wanting = new Set<HTMLVideoElement>();

/** Each `<video>` can be led once, and stays so; none where somebody else has led it. */
const routed = new WeakMap<HTMLVideoElement, MediaElementAudioSourceNode | "elsewhere">();

/**
 * Leads the sound of a `<video>` through an `AudioContext`. Chromium's own way to the speakers stops with
 * some 80 ms of sound left, twice that at any rate but 1, and Firefox's comes no nearer than some 200 ms; on
 * this one 20 ms are enough (`docs/decisions.md`). What it costs: the picture is not held back for speakers
 * that are far away, so such are left alone. The context runs only where sound may start at all: nothing is
 * led before.
 */
export class SoundRoute {
  readonly #video: HTMLVideoElement;
  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Whether the sound takes this way. */
  get isOn(): boolean {
    return routed.get(this.#video) instanceof MediaElementAudioSourceNode;
  }

  /**
   * To be called often while it is heard and little is held ahead.
   *
   * @param least seconds that the own way was seen not to come nearer than
   * @returns whether it was led there now
   */
  seek(now: number, least?: number): boolean {
    if (least !== undefined && least < FARTHEST_OWN) areNear = true;
    const isOpen = tellsOutputLatency() || areNear;
    if (!canLeadSound() || !isOpen || routed.has(this.#video)) {
      this.keep();
      return false;
    }
    wanting.add(this.#video);
    shared ??= new AudioContext({ latencyHint: "interactive" });
    if (shared.state !== "running") {
      runningSince = undefined;
      shared.resume().catch(() => undefined);
      return false;
    }
    runningSince ??= now;
    if (now - runningSince < SETTLING) return false;
    if (tellsOutputLatency() && shared.outputLatency > FARTHEST) return false;
    try {
      const source = shared.createMediaElementSource(this.#video);
      source.connect(shared.destination);
      routed.set(this.#video, source);
    } catch {
      routed.set(this.#video, "elsewhere");
    }
    return this.isOn;
  }

  /** The clock of a led `<video>` stands still with the context. To be called often. */
  keep(): void {
    if (this.isOn && shared?.state !== "running") shared?.resume().catch(() => undefined);
  }
}

/** A `<video>` is gone for good: the speakers are let go with the last one. */
export function leaveSoundRoute(video: HTMLVideoElement): void {
  if (wanting.delete(video) && wanting.size === 0) shared?.suspend().catch(() => undefined);
}
