/*
 * What every playlist is written with (RFC 8216bis §4.1, §4.2): lines, attribute lists and numbers.
 */

/**
 * What the features that are used ask for (§8): 6 has EXT-X-MAP, 7 SERVICE as INSTREAM-ID, 8 EXT-X-GAP,
 * 9 EXT-X-SKIP, 10 date ranges that are skipped. The same in all playlists, and constant, since none may
 * change its version.
 */
export const VERSION = "#EXT-X-VERSION:10";

/** @returns one attribute of a list; `value` as it is written */
export const attribute = (name: string, value: string | number): string => `${name}=${value}`;

/** @returns a quoted string, without what none may hold: what is in it comes from encoders */
export const quoted = (value: string): string => `"${cleaned(value)}"`;

/** @returns the text with spaces in place of quotes and line ends */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
export const cleaned = (value: string): string => value.replace(/["\u0000-\u001f\u007f]/g, " ");

/** @returns a duration to the microsecond, which no rounding takes over a bound of whole ms */
export const seconds = (duration: number): string => duration.toFixed(6);

/** @returns a setting that is given in ms */
export const settingSeconds = (ms: number): string => String(Math.round(ms) / 1000);

/** @returns a tag with its attribute list */
export const tag = (name: string, attributes: readonly string[]): string =>
  `#${name}:${attributes.join(",")}`;

/** @returns the playlist of these lines */
export const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
