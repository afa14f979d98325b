import { icon } from "./icons.ts";

/** One line of a menu. */
export type MenuItem = {
  readonly label: string;
  /** What is chosen behind it, or a key. */
  readonly hint?: string;
  /** One of several, and whether it is the one. */
  readonly isChosen?: boolean;
  /** Does it, and closes the menu unless it is one of several. */
  readonly run?: () => void;
  /** Leads to another page of the menu. */
  readonly opens?: () => MenuPage;
  readonly part?: string;
};

/** Lines under a title. */
export type MenuPage = { readonly title: string; readonly items: readonly MenuItem[] };

/** A menu with pages, as ARIA has menus: arrows move, Escape goes back and closes. */
export class Menu {
  readonly element: HTMLElement;
  readonly #button: HTMLElement;
  readonly #root: () => MenuPage;
  readonly #backWord: () => string;
  readonly #onToggle: () => void;
  /** How one came here: the last is shown. */
  #pages: (() => MenuPage)[] = [];
  /** What is shown, to be made anew only when that changes. */
  #shown = "";

  /**
   * @param button opens and closes it
   * @param root its first page, as it is now
   * @param onToggle is called when it opened or closed
   */
  constructor(
    button: HTMLElement,
    root: () => MenuPage,
    { back, onToggle }: { back: () => string; onToggle: () => void },
  ) {
    this.#button = button;
    this.#root = root;
    this.#backWord = back;
    this.#onToggle = onToggle;
    this.element = document.createElement("div");
    this.element.className = "menu";
    this.element.part = "menu";
    this.element.role = "menu";
    this.element.hidden = true;
    this.element.addEventListener("keydown", (event) => this.#key(event));
    button.ariaHasPopup = "menu";
    button.ariaExpanded = "false";
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  open(): void {
    this.#pages = [this.#root];
    this.element.hidden = false;
    this.#button.ariaExpanded = "true";
    this.#onToggle();
    this.show();
    this.#focusChosen();
  }

  close(takesFocus = true): void {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.#shown = "";
    this.#button.ariaExpanded = "false";
    if (takesFocus) this.#button.focus();
    this.#onToggle();
  }

  /** To be called when something changed. */
  show(): void {
    const page = this.#pages.at(-1)?.();
    if (!this.isOpen || page === undefined) return;
    const shown = JSON.stringify(page);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const at = this.#items.findIndex((item) => item.matches(":focus"));
    this.element.ariaLabel = page.title;
    const items = page.items.map((item) => this.#line(item));
    this.element.replaceChildren(
      ...(this.#pages.length > 1 ? [this.#backLine(page)] : []),
      ...items,
    );
    if (at >= 0) (this.#items[at] ?? this.#items[0])?.focus();
  }

  /** Those that can be seen: a narrow player has others than a wide one. */
  get #items(): HTMLButtonElement[] {
    const items = [...this.element.querySelectorAll("button")];
    return items.filter((item) => item.getClientRects().length > 0);
  }

  #line({ label, hint, isChosen, run, opens, part }: MenuItem): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.part.add("menu-item");
    if (part !== undefined) button.classList.add(part);
    button.role = isChosen === undefined ? "menuitem" : "menuitemradio";
    if (isChosen !== undefined) {
      button.ariaChecked = String(isChosen);
      button.append(icon("check"));
    }
    button.append(spanOf("label", label));
    if (hint !== undefined) button.append(spanOf("hint", hint));
    if (opens !== undefined) {
      button.ariaHasPopup = "menu";
      button.append(icon("next"));
    }
    button.onclick = () => {
      if (opens !== undefined) {
        this.#turnTo([...this.#pages, opens]);
        return;
      }
      run?.();
      if (this.#pages.length > 1 && isChosen !== undefined) this.#turnTo(this.#pages.slice(0, -1));
      else this.close();
    };
    return button;
  }

  #backLine({ title }: MenuPage): HTMLButtonElement {
    const button = this.#line({ label: title, part: "back" });
    button.prepend(icon("back"));
    button.ariaLabel = `${this.#backWord()}: ${title}`;
    button.onclick = () => this.#turnTo(this.#pages.slice(0, -1));
    return button;
  }

  #turnTo(pages: (() => MenuPage)[]): void {
    const from = this.element.ariaLabel;
    const isBack = pages.length < this.#pages.length;
    this.#pages = pages;
    this.element.focus();
    this.#shown = "";
    this.show();
    const line = this.#items.find((item) => item.querySelector(".label")?.textContent === from);
    if (isBack && line !== undefined) line.focus();
    else this.#focusChosen();
  }

  #focusChosen(): void {
    const items = this.#items;
    const chosen = items.find(({ ariaChecked }) => ariaChecked === "true");
    const first = items.find((item) => !item.classList.contains("back"));
    (chosen ?? first)?.focus();
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
      case "ArrowRight":
      case "ArrowLeft": {
        const isRtl = this.element.matches(":dir(rtl)");
        const isForward = (event.key === "ArrowRight") !== isRtl;
        if (!isForward && this.#pages.length > 1) this.#turnTo(this.#pages.slice(0, -1));
        else if (isForward && items[at]?.ariaHasPopup === "menu") items[at]?.click();
        break;
      }
      case "Escape":
        if (this.#pages.length > 1) this.#turnTo(this.#pages.slice(0, -1));
        else this.close();
        break;
      case "Tab":
        this.close();
        return;
      case " ":
      case "Enter":
        event.stopPropagation();
        return;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function spanOf(className: string, text: string): HTMLSpanElement {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  span.dir = "auto";
  return span;
}
