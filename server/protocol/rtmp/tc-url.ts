import { LIMITS } from "../limits.ts";

/** What a URL of a server may have: a path and its query. */
const LONGEST: number = LIMITS.streamPath + LIMITS.streamQuery;

/** Scheme, then host and port. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s]+)/i;

/**
 * Resolves the address that a server names against the one it was reached by: absolute, `//HOST/APP`,
 * or `/APP` (Enhanced RTMP v2, "Reconnect Request").
 *
 * @returns undefined where it is none, or too long
 */
export function resolveTcUrl(present: string, named: string): string | undefined {
  if (named.length > LONGEST) return undefined;
  if (ABSOLUTE.test(named)) return named;
  const match = ABSOLUTE.exec(present);
  if (match === null) return undefined;
  const [origin, scheme] = match;
  const isWithoutScheme = named.startsWith("//");
  const absolute = isWithoutScheme ? `${scheme}:${named}` : `${origin}${named}`;
  return named.startsWith("/") && ABSOLUTE.test(absolute) ? absolute : undefined;
}
