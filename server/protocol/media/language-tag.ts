import type { DataValue } from "./sample.ts";

const LANGUAGE = /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$/;

/** `eng`, `ger`, `en_us` and `en-US` as BCP 47 has them; what is no language, and `und`, is nothing. */
export function languageTag(value: DataValue | undefined): string | undefined {
  if (typeof value !== "string" || !LANGUAGE.test(value)) return undefined;
  try {
    const [tag] = Intl.getCanonicalLocales(value.replaceAll("_", "-"));
    return tag === "und" ? undefined : tag;
  } catch {
    return undefined;
  }
}
