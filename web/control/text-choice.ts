/** A text track as one chooses it. */
export type ChoosableText = {
  readonly id: string;
  readonly kind: "captions" | "subtitles";
  readonly language: string;
};

/** What the viewer chose last: kept from page to page. */
export type TextWish = Pick<ChoosableText, "id" | "language"> | undefined;

/** @returns the track that fits a wish: the very same, else one of its language */
export function fittingText(
  tracks: readonly ChoosableText[],
  wish: TextWish,
): ChoosableText | undefined {
  if (wish === undefined) return undefined;
  const same = tracks.find(({ id }) => id === wish.id);
  if (same !== undefined || wish.language === "und") return same;
  return tracks.find(({ language }) => language === wish.language);
}

/** Reads what was kept. @returns undefined where it is nothing of ours */
export function readTextWish(kept: string | null): TextWish {
  try {
    const value: unknown = JSON.parse(kept ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    if (!("id" in value && typeof value.id === "string")) return undefined;
    if (!("language" in value && typeof value.language === "string")) return undefined;
    return { id: value.id, language: value.language };
  } catch {
    return undefined;
  }
}
