import type { TimedText } from "../control/text-cues.ts";
import { cueChange, type Texts } from "../engine/surface.ts";

/** Texts that are kept. */
const MOST = 300;

/** Texts over a picture that no `<video>` shows: the cues of one track, each while it is due. */
export class CanvasTexts implements Texts {
  /** Lies over the picture. */
  readonly element: HTMLElement;
  readonly #texts = new Map<string, TimedText>();
  #selected: string | undefined;
  #due: readonly TimedText[] = [];
  #isStale = false;

  constructor() {
    this.element = document.createElement("div");
    this.element.className = "texts";
  }

  announce(): void {}

  select(trackId: string | undefined): void {
    this.#selected = trackId;
    this.#isStale = true;
  }

  put(text: TimedText): void {
    this.#texts.set(keyOf(text), text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MOST) break;
      this.#texts.delete(oldest);
    }
    this.#isStale = true;
  }

  /** HLS is played on a `<video>`. */
  putCue(): void {}

  remove(text: TimedText): void {
    this.#texts.delete(keyOf(text));
    this.#isStale = true;
  }

  clear(): void {
    this.#texts.clear();
    this.show(0);
  }

  /** It is `time` (seconds): what is due now is seen, and nothing else. */
  show(time: number): void {
    const due: TimedText[] = [];
    if (this.#selected !== undefined) {
      for (const text of this.#texts.values()) {
        const { track, start, end } = text;
        if (track === this.#selected && start <= time && time < end) due.push(text);
      }
    }
    const isSame = due.length === this.#due.length && due.every((one, at) => one === this.#due[at]);
    if (isSame && !this.#isStale) return;
    this.element.dispatchEvent(cueChange(due.map(({ text }) => text)));
    this.#isStale = false;
    this.#due = due;
    if (due.length === 0) this.element.replaceChildren();
    else
      import("./text-layout.ts").then(
        ({ layOut }) => layOut(this.element, this.#due),
        () => {},
      );
  }
}

const keyOf = ({ track, key }: TimedText): string => `${track} ${key}`;
