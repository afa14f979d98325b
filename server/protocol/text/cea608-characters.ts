/*
 * What bytes of CEA-608 are in Unicode (ANSI/CTA-608-E §4.2, annexes; 47 CFR 15.119).
 */

/** Where the basic set is not ASCII. */
const BASIC: { readonly [code: number]: string } = {
  42: "á",
  92: "é",
  94: "í",
  95: "ó",
  96: "ú",
  123: "ç",
  124: "÷",
  125: "Ñ",
  126: "ñ",
  127: "█",
};

/** 11 30 to 11 3f; 39 is a space that lets the picture through. */
const SPECIAL = "®°½¿™¢£♪à\u00a0èâêîôû";
/** 12 20 to 12 3f: Spanish, miscellaneous, French. */
const EXTENDED_12 = "ÁÉÓÚÜü‘¡*’—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»";
/** 13 20 to 13 3f: Portuguese, German, Danish. */
const EXTENDED_13 = "ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤│ÅåØø┌┐└┘";

/** @param code 20 to 7f */
export const basicCharacter = (code: number): string => BASIC[code] ?? String.fromCharCode(code);

/** @param code 30 to 3f, behind 11 */
export const specialCharacter = (code: number): string => SPECIAL[code - 0x30] ?? " ";

/** @param set 12 or 13; @param code 20 to 3f */
export const extendedCharacter = (set: number, code: number): string =>
  (set === 0x12 ? EXTENDED_12 : EXTENDED_13)[code - 0x20] ?? " ";
