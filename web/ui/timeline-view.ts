import { REWIND } from "../control/timeline.ts";
import type { Player } from "../player/player.ts";
import { byId, setText } from "./elements.ts";
import { formatSpan } from "./format.ts";
import { behindLiveWords } from "./words.ts";

/** Assumed before it is known how far back one can go, ms. */
const UNKNOWN = 120_000;

/** One press of a key, ms. */
const STEP = { small: 5_000, large: 10_000, page: 30_000 } as const;

/** While somebody is at it, the window is looked at this often (ms). */
const LOOK_EVERY = 6_000;

/**
 * The window one can go back in, as a slider: its right end is live. It counts in seconds behind the
 * live edge, and asks for the window's length only when somebody comes near.
 */
export class TimelineView {
  readonly #player: Player;
  readonly #box: HTMLElement = byId("timeline", HTMLElement);
  readonly #slider: HTMLInputElement = byId("seek", HTMLInputElement);
  readonly #hint: HTMLElement = byId("seek-hint", HTMLElement);
  #isDragged = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Where the last wish leads, ms on the timeline, until the player is on its way. */
  #wish: number | undefined;

  constructor(player: Player) {
    this.#player = player;
    const slider = this.#slider;
    for (const type of ["pointerenter", "pointerdown", "focus"]) {
      slider.addEventListener(type, () => this.#look());
    }
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
      this.#choose();
    });
    slider.addEventListener("keydown", (event) => {
      if (this.key(event)) event.preventDefault();
    });
  }

  /** Goes somewhere by a key. @returns whether it was one of these */
  key({ key }: KeyboardEvent): boolean {
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown":
        this.#move(-STEP.small);
        return true;
      case "ArrowRight":
      case "ArrowUp":
        this.#move(STEP.small);
        return true;
      case "j":
        this.#move(-STEP.large);
        return true;
      case "l":
        this.#move(STEP.large);
        return true;
      case "PageDown":
        this.#move(-STEP.page);
        return true;
      case "PageUp":
        this.#move(STEP.page);
        return true;
      case "Home":
        this.#move(Number.NEGATIVE_INFINITY);
        return true;
      case "End":
        this.#player.goLive();
        return true;
      default:
        return false;
    }
  }

  /** To be called when something changed. */
  show(isUsable: boolean): void {
    const { timeline } = this.#player;
    this.#box.hidden = !isUsable || timeline === undefined;
    if (timeline === undefined || this.#isDragged) return;
    const { start, end, isLive } = timeline;
    if (!isLive && this.#isUsed) this.#look();
    const window = start === undefined ? UNKNOWN : end - start;
    this.#box.classList.toggle("none", start !== undefined && window < REWIND.leastWindow);
    const position = this.#wish ?? timeline.position;
    const behind = isLive && this.#wish === undefined ? 0 : Math.max(0, end - position);
    const slider = this.#slider;
    slider.min = String(-Math.max(1, Math.round(window / 1_000)));
    slider.valueAsNumber = -Math.round(behind / 1_000);
    this.#say(behind);
  }

  get #isUsed(): boolean {
    return this.#slider.matches(":hover, :focus");
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY) return;
    this.#lookedAt = now;
    this.#player.openTimeline().catch(() => undefined);
  }

  /** Where the slider was left; a tap may be the first that is heard of the window. */
  #choose(): void {
    const { min, valueAsNumber } = this.#slider;
    const share = valueAsNumber / Number(min);
    this.#player
      .openTimeline()
      .then(() => {
        const { timeline } = this.#player;
        if (timeline?.start === undefined) return this.#player.goLive();
        return this.#go(timeline.end - share * (timeline.end - timeline.start));
      })
      .catch(() => undefined);
  }

  #move(step: number): void {
    const { timeline } = this.#player;
    if (timeline === undefined) return;
    const from = this.#wish ?? (timeline.isLive ? timeline.end : timeline.position);
    if (timeline.isLive && step > 0) return;
    this.#go(Math.max(from + step, 0)).catch(() => undefined);
  }

  async #go(time: number): Promise<void> {
    this.#wish = time;
    this.show(true);
    await this.#player.seek(time);
    if (this.#wish === time) this.#wish = undefined;
  }

  #say(behind: number): void {
    const slider = this.#slider;
    const words = behindLiveWords(behind);
    if (slider.getAttribute("aria-valuetext") !== words) {
      slider.setAttribute("aria-valuetext", words);
    }
    const share = 1 - behind / (-Number(slider.min) * 1_000);
    slider.style.setProperty("--played", `${Math.min(100, Math.max(0, share * 100))}%`);
  }

  #showHint({ offsetX }: PointerEvent): void {
    const slider = this.#slider;
    const share = Math.min(1, Math.max(0, offsetX / slider.clientWidth));
    const behind = (1 - share) * -Number(slider.min) * 1_000;
    const { timeline } = this.#player;
    this.#hint.hidden = timeline?.start === undefined;
    setText(this.#hint, behind < REWIND.nearLive ? "Live" : `−${formatSpan(behind)}`);
    this.#hint.style.insetInlineStart = `${share * 100}%`;
  }
}
