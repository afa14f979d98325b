/** Languages that pages and players have words in, by their tags. */
const LANGUAGES: readonly string[] = ["en", "ar", "de", "es", "fr", "it", "ja", "pt", "zh"];

/** Preferences that are looked at: browsers send a handful. */
const MOST = 20;

/**
 * Chooses the language of a page: what its address asks for, else what the browser prefers
 * (`Accept-Language`, RFC 9110 §12.5.4) among those there are words in.
 *
 * @returns a tag without a region: English where nothing fits
 */
export function pageLanguage(asked: string | undefined, accepted: string | undefined): string {
  const preferred = (accepted ?? "")
    .split(",", MOST)
    .map((one) => {
      const [tag = "", q] = one.split(";").map((part) => part.trim());
      const weight = q === undefined ? 1 : Number(/^q=([01](?:\.\d{0,3})?)$/.exec(q)?.[1] ?? 0);
      return { tag, weight };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const tag of [...(asked === undefined ? [] : [asked]), ...preferred.map(({ tag }) => tag)]) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (LANGUAGES.includes(language)) return language;
  }
  return "en";
}
