/** Words of languages, each in a file of its own, loaded when somebody speaks it: by the tag's first part. */
export type WordFiles<Words> = Readonly<Record<string, () => Promise<{ readonly words: Words }>>>;

/**
 * Loads the words of a language, whatever region of it is spoken.
 *
 * @param tag BCP 47, or what somebody wrote for it
 * @returns undefined where there are none, or they cannot be loaded
 */
export async function loadSpoken<Words>(
  files: WordFiles<Words>,
  tag: string,
): Promise<Words | undefined> {
  const load = files[tag.toLowerCase().split(/[-_]/)[0] ?? ""];
  return (await load?.().catch(() => undefined))?.words;
}
