import type { Player } from "../player/player.ts";
import { byId, make, setIcon } from "./elements.ts";
import { textTrackWords } from "./words.ts";

/** The menu of captions and subtitles: there where a broadcast has some. */
export class TextMenu {
  readonly #player: Player;
  readonly #button: HTMLButtonElement = byId("captions", HTMLButtonElement);
  readonly #menu: HTMLElement = byId("captions-menu", HTMLElement);
  /** What the menu lists, to be made anew only when that changes. */
  #listed = "";
  /** What was shown last, for who turns it on and off by a key. */
  #last: string | undefined;

  constructor(player: Player) {
    this.#player = player;
    setIcon(this.#button, "captions");
    this.#button.onclick = () => (this.isOpen ? this.#close() : this.#open());
    this.#menu.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!(target instanceof Node) || !this.isOpen) return;
      if (!this.#menu.contains(target) && !this.#button.contains(target)) this.#close(false);
    });
  }

  get isOpen(): boolean {
    return !this.#menu.hidden;
  }

  /** Turns texts on and off. @returns whether there are any */
  toggle(): boolean {
    const { textTracks } = this.#player;
    const selected = textTracks.find(({ isSelected }) => isSelected);
    const last = textTracks.find(({ id }) => id === this.#last) ?? textTracks[0];
    this.#player.selectTextTrack(selected === undefined ? last?.id : undefined);
    return textTracks.length > 0;
  }

  /** To be called when something changed. */
  show(): void {
    const { textTracks } = this.#player;
    const selected = textTracks.find(({ isSelected }) => isSelected);
    this.#last = selected?.id ?? this.#last;
    this.#button.hidden = textTracks.length === 0;
    if (this.#button.hidden && this.isOpen) this.#close(false);
    this.#button.classList.toggle("on", selected !== undefined);
    const words = selected === undefined ? "off" : textTrackWords(selected);
    const label = `Captions and subtitles: ${words}`;
    if (this.#button.ariaLabel !== label) this.#button.ariaLabel = label;
    this.#button.title = `${label} (c)`;
    const listed = JSON.stringify(textTracks.map(({ id, name, language }) => [id, name, language]));
    if (listed !== this.#listed) {
      this.#listed = listed;
      this.#menu.replaceChildren(
        this.#item(undefined, "Off"),
        ...textTracks.map((track) => this.#item(track.id, textTrackWords(track))),
      );
    }
    for (const item of this.#items) {
      item.ariaChecked = String(item.dataset["id"] === (selected?.id ?? ""));
    }
  }

  get #items(): HTMLButtonElement[] {
    return [...this.#menu.querySelectorAll("button")];
  }

  #item(id: string | undefined, words: string): HTMLButtonElement {
    const item = make("button", "", words);
    item.type = "button";
    item.role = "menuitemradio";
    item.tabIndex = -1;
    item.dataset["id"] = id ?? "";
    item.onclick = () => {
      this.#player.selectTextTrack(id);
      this.#close();
    };
    return item;
  }

  #open(): void {
    this.#menu.hidden = false;
    this.#button.ariaExpanded = "true";
    const checked = this.#items.find(({ ariaChecked }) => ariaChecked === "true");
    (checked ?? this.#items[0])?.focus();
  }

  #close(takesFocus = true): void {
    this.#menu.hidden = true;
    this.#button.ariaExpanded = "false";
    if (takesFocus) this.#button.focus();
  }

  #key(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.findIndex((item) => item.matches(":focus"));
    switch (event.key) {
      case "ArrowDown":
        items[(at + 1) % items.length]?.focus();
        break;
      case "ArrowUp":
        items.at(at <= 0 ? -1 : at - 1)?.focus();
        break;
      case "Home":
        items[0]?.focus();
        break;
      case "End":
        items.at(-1)?.focus();
        break;
      case "Escape":
        this.#close();
        break;
      case "Tab":
        this.#close();
        return;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
