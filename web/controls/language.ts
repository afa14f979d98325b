import { loadSpoken, type WordFiles } from "../ui/spoken.ts";
import { type ControlWords, english } from "./words/en.ts";

const OTHERS: WordFiles<ControlWords> = {
  ar: () => import("./words/ar.ts"),
  de: () => import("./words/de.ts"),
  es: () => import("./words/es.ts"),
  fr: () => import("./words/fr.ts"),
  it: () => import("./words/it.ts"),
  ja: () => import("./words/ja.ts"),
  pt: () => import("./words/pt.ts"),
  zh: () => import("./words/zh.ts"),
};

/** Languages there are words in, by their tags. */
export const LANGUAGES: readonly string[] = ["en", ...Object.keys(OTHERS)];

const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ku|ps|sd|ug|ur|yi)\b/i;

/** What the controls speak: words, and how numbers and names are put into them. */
export class Language {
  /** BCP 47. */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
  readonly #words: ControlWords;

  constructor(tag: string, words: ControlWords) {
    this.tag = isTag(tag) ? tag : "en";
    this.direction = RIGHT_TO_LEFT.test(this.tag) ? "rtl" : "ltr";
    this.#words = words;
  }

  /** The words of this name, with `values` put in. */
  say(name: keyof ControlWords, values: Readonly<Record<string, string | number>> = {}): string {
    return this.#words[name].replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
  }

  /** "1 minute 5 seconds"; empty for less than half a second. */
  span(ms: number): string {
    const whole = Math.max(0, Math.round(ms / 1_000));
    const parts: string[] = [];
    for (const [count, unit] of [
      [Math.floor(whole / 3_600), "hour"],
      [Math.floor(whole / 60) % 60, "minute"],
      [whole % 60, "second"],
    ] as const) {
      if (count === 0) continue;
      const format = { style: "unit", unit, unitDisplay: "long" } as const;
      parts.push(new Intl.NumberFormat(this.tag, format).format(count));
    }
    return new Intl.ListFormat(this.tag, { type: "unit", style: "narrow" }).format(parts);
  }

  /** "A, B, and C" */
  list(names: readonly string[]): string {
    return new Intl.ListFormat(this.tag, { type: "conjunction" }).format(names);
  }

  /** What a language is called in this one; undefined where that is not known. */
  nameOf(language: string): string | undefined {
    if (language === "" || language === "und") return undefined;
    try {
      return new Intl.DisplayNames([this.tag], { type: "language" }).of(language);
    } catch {
      return undefined;
    }
  }
}

/** English, which is always there. */
export const ENGLISH: Language = new Language("en", english);

/**
 * The language an element is to speak: of its own `lang` or of what it is in, through shadow trees; where a
 * page names none, the viewer's.
 */
export function languageTagOf(element: Element): string {
  let at: Element | null = element;
  while (at !== null) {
    const named: Element | null = at.closest("[lang]");
    const tag = named?.getAttribute("lang")?.trim();
    if (tag) return tag;
    const root = (named ?? at).getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return navigator.language;
}

/**
 * Loads the words of a language.
 *
 * @param own words of the page's, over ours: so it also speaks a language that we have no words in
 * @returns English words where there are none, or they cannot be loaded
 */
export async function loadLanguage(
  tag: string,
  own: Partial<ControlWords> = {},
): Promise<Language> {
  const words = await loadSpoken(OTHERS, tag);
  const isKnown = words !== undefined || /^en\b/i.test(tag) || Object.keys(own).length > 0;
  return new Language(isKnown ? tag : "en", { ...english, ...words, ...own });
}

/** Words as they stand in an attribute: JSON, name by name. What is none of ours is left out. */
export function readWords(text: string | null): Partial<ControlWords> {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null) return {};
    const known = Object.entries(value).filter(
      ([name, words]) => Object.hasOwn(english, name) && typeof words === "string",
    );
    return Object.fromEntries(known);
  } catch {
    return {};
  }
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
