import { icon } from "./icons.ts";
import type { Language } from "./language.ts";

/** Keys and what they do, as a panel over the picture. */
export function makeShortcuts(language: Language, onClose: () => void): HTMLElement {
  const say = language.say.bind(language);
  const lines: readonly (readonly [keys: readonly string[], words: string])[] = [
    [["Space", "K"], say("keyPlay")],
    [["M"], say("keySound")],
    [["↑", "↓"], say("keyVolume")],
    [["←", "→"], say("keySeek", { count: 5 })],
    [["J", "L"], say("keySeek", { count: 10 })],
    [["0", "…", "9"], say("keyTenths")],
    [["Home"], say("keyOldest")],
    [["End", "."], say("goLive")],
    [["C"], say("keyCaptions")],
    [["F"], say("fullscreen")],
    [["P"], say("pip")],
    [["I"], say("statistics")],
    [["?"], say("keyHelp")],
  ];
  const panel = document.createElement("section");
  panel.className = "panel shortcuts";
  panel.part.add("shortcuts");
  panel.ariaLabel = say("shortcuts");
  const head = document.createElement("div");
  head.className = "head";
  const title = document.createElement("h2");
  title.textContent = say("shortcuts");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.ariaLabel = say("close");
  close.append(icon("close"));
  close.onclick = onClose;
  head.append(title, close);
  const list = document.createElement("dl");
  for (const [keys, words] of lines) {
    const line = document.createElement("div");
    const term = document.createElement("dt");
    term.dir = "ltr";
    for (const key of keys) {
      const cap = document.createElement(key === "…" ? "span" : "kbd");
      cap.textContent = key;
      term.append(cap);
    }
    const detail = document.createElement("dd");
    detail.textContent = words;
    line.append(term, detail);
    list.append(line);
  }
  panel.append(head, list);
  return panel;
}
