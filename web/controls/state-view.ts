import type { MediaFace } from "../element/media-face.ts";
import { setText } from "../ui/elements.ts";
import { icon } from "./icons.ts";
import type { Language } from "./language.ts";
import { type Layout, make } from "./layout.ts";
import { notePhrases, statePhrase } from "./phrases.ts";

/** What is over sooner (ms) is not said aloud: on the way back to live, the line is new for a moment. */
const SETTLED = 400;

/** Where the player stands, in words: over the picture, noted beside it, and said aloud. */
export class StateView {
  readonly #element: MediaFace;
  readonly #root: ShadowRoot;
  readonly #layout: Layout;
  #said = "";
  #saying: ReturnType<typeof setTimeout> | undefined;

  constructor(element: MediaFace, root: ShadowRoot, layout: Layout) {
    this.#element = element;
    this.#root = root;
    this.#layout = layout;
  }

  show(language: Language): void {
    const { player } = this.#element;
    const state = player?.state ?? { name: "idle" as const };
    const layout = this.#layout;
    const phrase = statePhrase(language, state);
    layout.overlay.hidden = phrase === undefined || this.#isToldByPage(state.name);
    if (phrase !== undefined && layout.overlay.dataset["sign"] !== phrase.sign) {
      layout.overlay.dataset["sign"] = phrase.sign;
      const sign = phrase.sign === "busy" ? [] : [icon(phrase.sign)];
      layout.sign.replaceChildren(...sign);
    }
    setText(layout.title, phrase?.title ?? "");
    setText(layout.detail, phrase?.detail ?? "");
    const { unsupported = [], unplayable = [] } = player?.left ?? {};
    const notes = state.name === "unplayable" ? [] : notePhrases(language, unsupported, unplayable);
    this.#note(notes);
    const isPast = player?.timeline?.isLive === false;
    const now = this.#element.paused ? "paused" : isPast ? "playingPast" : "live";
    this.#say([phrase?.title ?? language.say(now), ...notes].join(". "));
  }

  /** Nothing is said any more. */
  stop(): void {
    clearTimeout(this.#saying);
  }

  /** The page has words of its own for it. */
  #isToldByPage(state: string): boolean {
    const isError = state === "unplayable" || state === "forbidden";
    const own = isError ? "error" : "offline";
    const place = this.#root.querySelector<HTMLSlotElement>(`slot[name=${own}]`);
    return state !== "connecting" && (place?.assignedElements().length ?? 0) > 0;
  }

  #note(notes: readonly string[]): void {
    const place = this.#layout.notes;
    if (place.textContent === notes.join("")) return;
    const lines = notes.map((note) => {
      const line = make("p");
      line.textContent = note;
      return line;
    });
    place.replaceChildren(...lines);
  }

  #say(words: string): void {
    if (words === this.#said) return;
    this.#said = words;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => setText(this.#layout.status, words), SETTLED);
  }
}
