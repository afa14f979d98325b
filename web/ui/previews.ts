import type { SluicePlayerElement } from "../element/sluice-player.ts";
import { make } from "./elements.ts";

/**
 * Streams that play silently on the wall, in the place of their stills. The player's script is loaded
 * when the first one is to play.
 */
export class Previews {
  readonly #base: URL;
  readonly #previews = new Map<string, SluicePlayerElement>();
  #isLoading = false;

  constructor(base: URL) {
    this.#base = base;
  }

  /** Begins and ends what has to. @param places where each of them is to be shown, by streamPath */
  play(places: ReadonlyMap<string, HTMLElement>): void {
    for (const path of [...this.#previews.keys()]) if (!places.has(path)) this.#end(path);
    for (const [path, place] of places) if (!this.#previews.has(path)) this.#begin(path, place);
  }

  #begin(path: string, place: HTMLElement): void {
    this.#load();
    const element = document.createElement("sluice-player") as SluicePlayerElement;
    element.className = "preview";
    const parts = path.split("/").map(encodeURIComponent).join("/");
    element.setAttribute("src", new URL(`streams/${parts}`, this.#base).href);
    element.setAttribute("latency", "balanced");
    element.setAttribute("preview", "");
    element.setAttribute("muted", "");
    element.setAttribute("autoplay", "");
    // It is the card's picture, and nothing of its own: the card has the words and the link.
    element.setAttribute("aria-hidden", "true");
    element.inert = true;
    // Before its first picture, and where it has none, the still is better.
    element.addEventListener("playing", () => element.classList.add("on"));
    element.addEventListener("ended", () => element.classList.remove("on"));
    this.#previews.set(path, element);
    place.append(element);
  }

  #end(path: string): void {
    this.#previews.get(path)?.remove();
    this.#previews.delete(path);
  }

  #load(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const script = make("script");
    script.type = "module";
    script.src = new URL("player.js", this.#base).href;
    document.head.append(script);
  }
}
