import { elementStateOf } from "./element-state.ts";
import { LiveTeller } from "./live-teller.ts";
import { eventsBetween, type MediaSnapshot, NOTHING } from "./media-events.ts";
import type { MediaFace } from "./media-face.ts";
import type { ElementState } from "./player-event-map.ts";

/** Who wants to know besides those who listen. */
export type TellerHost = {
  /** Loads so far, and 0 while nothing is loaded. */
  load(): number;
  /** It was looked at, and told. */
  onTold(now: MediaSnapshot): void;
};

/** Finds out what has become of an element, and fires its events: all from what it says of itself. */
export class Teller {
  readonly #element: MediaFace;
  readonly #host: TellerHost;
  readonly #live: LiveTeller;
  #internals: ElementInternals | undefined;
  #isPlanned = false;
  #told: MediaSnapshot = NOTHING;
  #state: ElementState = "idle";

  constructor(element: MediaFace, host: TellerHost) {
    this.#element = element;
    this.#host = host;
    this.#live = new LiveTeller(element);
  }

  /** Where the element stands, as told. */
  get state(): ElementState {
    return this.#state;
  }

  /** All else, as told. */
  get told(): MediaSnapshot {
    return this.#told;
  }

  /** From now on, states are told to styles as well. */
  style(): void {
    this.#internals = this.#element.attachInternals?.();
  }

  /** Looks, once, when what happens now has happened. */
  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#look();
    });
  }

  #look(): void {
    const element = this.#element;
    this.#lookAtState();
    const now = this.#snapshot();
    const before = this.#told;
    this.#told = now;
    for (const name of eventsBetween(before, now)) element.dispatchEvent(new Event(name));
    this.#host.onTold(now);
    this.#live.look();
  }

  #lookAtState(): void {
    const element = this.#element;
    const { error, player } = element;
    const previous = this.#state;
    const state = error === null ? elementStateOf(player?.state, player?.paused === true) : "error";
    if (state === previous) return;
    this.#state = state;
    element.dataset["state"] = state;
    try {
      this.#internals?.states.delete(previous);
      this.#internals?.states.add(state);
    } catch {
      // Chromium before 125 wants dashes before such a name; there is the attribute.
    }
    element.dispatchEvent(new CustomEvent("statuschange", { detail: { state, previous } }));
  }

  #snapshot(): MediaSnapshot {
    const element = this.#element;
    const { currentTime, readyState, paused, seeking, ended, muted, volume, buffered } = element;
    const load = this.#host.load();
    return {
      ...{ load, currentTime, readyState, paused, seeking, ended, muted, volume },
      reached: Math.max(readyState, load === this.#told.load ? this.#told.reached : 0),
      rate: element.playbackRate,
      width: element.videoWidth,
      height: element.videoHeight,
      buffered: buffered.length > 0 ? buffered.end(buffered.length - 1) : 0,
      error: element.error?.name,
    };
  }
}
