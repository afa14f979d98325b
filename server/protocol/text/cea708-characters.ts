/*
 * What codes of CEA-708 are in Unicode (ANSI/CTA-708-E §7.1).
 */

/** G2: the extended miscellaneous characters, behind EXT1. */
const G2: { readonly [code: number]: string } = {
  32: " ",
  33: "\u00a0",
  37: "…",
  42: "Š",
  44: "Œ",
  48: "█",
  49: "‘",
  50: "’",
  51: "“",
  52: "”",
  53: "•",
  57: "™",
  58: "š",
  60: "œ",
  61: "℠",
  63: "Ÿ",
  118: "⅛",
  119: "⅜",
  120: "⅝",
  121: "⅞",
  122: "│",
  123: "┐",
  124: "└",
  125: "─",
  126: "┘",
  127: "┌",
};

/** @param code G0 (20 to 7f: ASCII and a note) or G1 (a0 to ff: ISO 8859-1) */
export const g0g1Character = (code: number): string =>
  code === 0x7f ? "♪" : String.fromCharCode(code);

/** @param code 20 to 7f: what is not there is an underline, as the standard has it */
export const g2Character = (code: number): string => G2[code] ?? "_";

/** G3 has one character: the closed captioning icon. */
export const g3Character = (code: number): string => (code === 0xa0 ? "[CC]" : "_");

/** P16: a character of two bytes; what is none, or would end a line, is replaced. */
export const p16Character = (code: number): string =>
  code < 0x20 || (code >= 0x7f && code < 0xa0) || isApart(code)
    ? "\ufffd"
    : String.fromCharCode(code);

/** Halves of characters, line and paragraph separators. */
const isApart = (code: number): boolean =>
  (code >= 0xd800 && code <= 0xdfff) || code === 0x2028 || code === 0x2029;
