import { loadSpoken, type WordFiles } from "../ui/spoken.ts";
import { english, type WatchWords } from "./words/en.ts";

const OTHERS: WordFiles<WatchWords> = {
  ar: () => import("./words/ar.ts"),
  de: () => import("./words/de.ts"),
  es: () => import("./words/es.ts"),
  fr: () => import("./words/fr.ts"),
  it: () => import("./words/it.ts"),
  ja: () => import("./words/ja.ts"),
  pt: () => import("./words/pt.ts"),
  zh: () => import("./words/zh.ts"),
};

/** The words of a language, English where there are none. */
export async function loadWords(tag: string): Promise<WatchWords> {
  return (await loadSpoken(OTHERS, tag)) ?? english;
}

/** Puts words where the page has a place for them. */
export function putWords(root: ParentNode, words: WatchWords): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-word]")) {
    const name = element.dataset["word"] ?? "";
    if (name in words) element.textContent = words[name as keyof WatchWords];
  }
}
