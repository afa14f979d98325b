/** Reads `t`: seconds on the stream's timeline, or, with a minus, behind the live edge. */
export function readStart(text: string | null): number | undefined {
  return text !== null && /^-?\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
}

/** Reads `accent`: a colour as `1db954`, `#1db954`, or by its name. */
export function readColour(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)) return `#${text.replace("#", "")}`;
  return /^[a-z]{3,20}$/i.test(text) ? text : undefined;
}

/**
 * Reads `origin`: the only one that may command the player and is told of it.
 *
 * @returns `*` where there is none; undefined where it is no origin: then nobody may
 */
export function readLock(text: string | null): string | undefined {
  if (text === null) return "*";
  return URL.canParse(text) && new URL(text).origin === text ? text : undefined;
}
