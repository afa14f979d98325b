import { formatSpan } from "../ui/format.ts";
import type { Commands } from "./commands.ts";
import type { Language } from "./language.ts";
import { behindLivePhrase } from "./phrases.ts";

/** A window shorter than this (ms) is not worth a bar. */
const LEAST = 30_000;

/** Nearer to the edge than this (ms) is live. */
const NEAR_LIVE = 2_000;

/** While somebody is near, the window is looked at this often (ms). */
const LOOK_EVERY = 6_000;

/**
 * The window one can go back in, as a slider: its right end is live, in every language. It counts in
 * seconds behind the live edge.
 */
export class TimelineBar {
  readonly element: HTMLElement;
  readonly slider: HTMLInputElement;
  readonly #hint: HTMLElement;
  readonly #commands: Commands;
  readonly #language: () => Language;
  #isDragged = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(commands: Commands, language: () => Language) {
    this.#commands = commands;
    this.#language = language;
    this.element = document.createElement("div");
    this.element.className = "timeline";
    this.element.dir = "ltr";
    this.element.hidden = true;
    const slider = document.createElement("input");
    this.slider = slider;
    slider.type = "range";
    slider.id = "seek";
    slider.part.add("timeline");
    slider.max = "0";
    slider.min = "-1";
    slider.step = "1";
    this.#hint = document.createElement("output");
    this.#hint.className = "hint";
    this.#hint.ariaHidden = "true"; // it follows the pointer
    this.#hint.hidden = true;
    this.element.append(slider, this.#hint);
    slider.addEventListener("pointermove", (event) => this.#showHint(event));
    slider.addEventListener("pointerleave", () => {
      this.#hint.hidden = true;
    });
    slider.addEventListener("input", () => {
      this.#isDragged = true;
      this.#say(-slider.valueAsNumber * 1_000);
    });
    slider.addEventListener("change", () => {
      this.#isDragged = false;
      commands.seekToShare(1 - slider.valueAsNumber / Number(slider.min));
    });
    slider.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Somebody is near: the server is asked how far one can go back. */
  approach(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY || this.#commands.player?.timeline === undefined) return;
    this.#lookedAt = now;
    this.#commands.player.openTimeline().catch(() => undefined);
  }

  /** Another broadcast. */
  forget(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  /** To be called when something changed. */
  show(): void {
    const timeline = this.#commands.player?.timeline;
    const window = timeline?.start === undefined ? 0 : timeline.end - timeline.start;
    const isPast = timeline?.isLive === false;
    this.element.hidden = timeline === undefined || (window < LEAST && !isPast);
    if (timeline === undefined || this.#isDragged) return;
    if (isPast && this.slider.matches(":hover, :focus")) this.approach();
    const behind = Math.max(0, timeline.end - (this.#commands.position ?? timeline.end));
    this.slider.min = String(-Math.max(1, Math.round(window / 1_000)));
    this.slider.valueAsNumber = -Math.round(behind / 1_000);
    this.#say(behind);
  }

  /** What it has for the arrows, as long as it has the focus: up and down go back and forward too. */
  #key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -5,
      ArrowDown: -5,
      ArrowRight: 5,
      ArrowUp: 5,
      PageDown: -30,
      PageUp: 30,
    };
    const step = steps[event.key];
    if (step !== undefined) this.#commands.seekBy(step);
    else if (event.key === "Home") this.#commands.seekToShare(0);
    else if (event.key === "End") this.#commands.goLive();
    else return;
    event.preventDefault();
    this.show();
  }

  #say(behind: number): void {
    const { slider } = this;
    const words = behindLivePhrase(this.#language(), behind);
    if (slider.ariaValueText !== words) slider.ariaValueText = words;
    const share = 1 - behind / (-Number(slider.min) * 1_000);
    slider.style.setProperty("--played", `${Math.min(100, Math.max(0, share * 100))}%`);
  }

  #showHint({ offsetX }: PointerEvent): void {
    const { slider } = this;
    const share = Math.min(1, Math.max(0, offsetX / slider.clientWidth));
    const behind = (1 - share) * -Number(slider.min) * 1_000;
    this.#hint.hidden = false;
    this.#hint.textContent =
      behind < NEAR_LIVE ? this.#language().say("live") : `−${formatSpan(behind)}`;
    this.#hint.style.insetInlineStart = `${share * 100}%`;
  }
}
