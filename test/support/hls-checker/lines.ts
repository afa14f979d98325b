import type { Say } from "./report.ts";

/** A line of a playlist: a tag with what stands behind its colon, or a URI. */
export type Line =
  | { readonly tag: string; readonly value: string; readonly text: string }
  | { readonly tag: undefined; readonly text: string };

/** Names and values; of quoted ones without their quotation marks. */
export type Attributes = ReadonlyMap<string, string>;

const BOTH = ["EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START"];

/** How often a tag may come: once, or as often as there is something to tell. */
export type KnownTags = { readonly once: readonly string[]; readonly many: readonly string[] };

export const MULTIVARIANT_TAGS: KnownTags = {
  once: BOTH,
  many: [
    ...["EXT-X-DEFINE", "EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"],
    ...["EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY", "EXT-X-CONTENT-STEERING"],
  ],
};

export const MEDIA_TAGS: KnownTags = {
  once: [
    ...[...BOTH, "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"],
    ...["EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL"],
    ...["EXT-X-SKIP", "EXT-X-I-FRAMES-ONLY"],
  ],
  many: [
    ...["EXT-X-DEFINE", "EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-KEY"],
    ...["EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-GAP", "EXT-X-BITRATE", "EXT-X-PART"],
    ...["EXT-X-DATERANGE", "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT"],
  ],
};

/** Cuts a playlist into lines, and says what is wrong with it as a text (§4.1). */
export function readLines(text: string, known: KnownTags, where: string, say: Say): Line[] {
  if (text.startsWith("\ufeff")) say("text-form", where, "it begins with a BOM");
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") say("text-form", where, `it begins with ${lines[0]}`);
  if (lines.at(-1) !== "") say("text-form", where, "the last line has no end");
  if (text.normalize("NFC") !== text) say("text-form", where, "it is not in NFC");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there (§4.1)
  const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(text.replaceAll("\r\n", "\n"));
  if (control !== null) say("text-form", where, `a control character at ${control.index}`);
  const counts = new Map<string, number>();
  return lines
    .filter((line) => line !== "" && (!line.startsWith("#") || line.startsWith("#EXT")))
    .map((line): Line => {
      if (!line.startsWith("#")) return { tag: undefined, text: line };
      const colon = line.indexOf(":");
      const tag = line.slice(1, colon < 0 ? undefined : colon);
      const count = (counts.get(tag) ?? 0) + 1;
      counts.set(tag, count);
      if (!known.once.includes(tag) && !known.many.includes(tag)) {
        say("text-tags", where, `${line} does not belong here`);
      } else if (count > 1 && known.once.includes(tag) && tag !== "EXT-X-VERSION") {
        say("text-tags", where, `${tag} comes ${count} times`);
      }
      return { tag, value: colon < 0 ? "" : line.slice(colon + 1), text: line };
    });
}

const ATTRIBUTE = /^([A-Z0-9-]+)=("[^"\r\n]*"|0[xX][0-9A-F]+|[^",\s]+)(?:,|$)/;
const QUOTED = [
  ...["URI", "CODECS", "SUPPLEMENTAL-CODECS", "AUDIO", "VIDEO", "SUBTITLES", "GROUP-ID", "NAME"],
  ...["LANGUAGE", "ASSOC-LANGUAGE", "CHANNELS", "INSTREAM-ID", "CHARACTERISTICS", "BYTERANGE"],
  ...["ID", "CLASS", "START-DATE", "END-DATE", "RECENTLY-REMOVED-DATERANGES"],
];
const DECIMAL = [
  ...["BANDWIDTH", "AVERAGE-BANDWIDTH", "BYTERANGE-START", "BYTERANGE-LENGTH"],
  ...["LAST-MSN", "LAST-PART", "SKIPPED-SEGMENTS"],
];
const FLOAT = [
  ...["DURATION", "PLANNED-DURATION", "PART-TARGET", "PART-HOLD-BACK", "HOLD-BACK"],
  ...["CAN-SKIP-UNTIL", "FRAME-RATE"],
];
const YES_NO = [
  ...["DEFAULT", "AUTOSELECT", "FORCED", "INDEPENDENT", "GAP", "CAN-BLOCK-RELOAD"],
  ...["CAN-SKIP-DATERANGES", "PRECISE", "END-ON-NEXT"],
];

/** Reads an attribute list (§4.2), and says where it is not one. */
export function readAttributes(
  { value, text }: Line & { value: string },
  where: string,
  say: Say,
): Attributes {
  const attributes = new Map<string, string>();
  const wrong = (what: string) => say("text-attributes", where, `${text.slice(0, 200)}: ${what}`);
  let rest = value;
  while (rest !== "") {
    const match = ATTRIBUTE.exec(rest);
    if (match === null) {
      wrong(`no attribute at ${rest.slice(0, 40)}`);
      break;
    }
    const [whole, name = "", raw = ""] = match;
    const isQuoted = raw.startsWith('"');
    const plain = isQuoted ? raw.slice(1, -1) : raw;
    if (attributes.has(name)) wrong(`${name} comes twice`);
    if (
      isQuoted !== QUOTED.includes(name) &&
      (isQuoted ? isUnquoted(name) : QUOTED.includes(name))
    ) {
      wrong(`${name} is ${isQuoted ? "" : "not "}quoted`);
    } else if (DECIMAL.includes(name) && !/^\d{1,20}$/.test(plain)) wrong(`${name} is no integer`);
    else if (FLOAT.includes(name) && !/^\d+(\.\d+)?$/.test(plain)) wrong(`${name} is no decimal`);
    else if (YES_NO.includes(name) && !/^(YES|NO)$/.test(plain)) wrong(`${name} is not YES or NO`);
    else if (name === "RESOLUTION" && !/^\d+x\d+$/.test(plain)) wrong("no resolution");
    attributes.set(name, plain);
    if (whole.endsWith(",") && whole.length === rest.length) wrong("it ends in a comma");
    rest = rest.slice(whole.length);
  }
  return attributes;
}

const isUnquoted = (name: string): boolean =>
  [...DECIMAL, ...FLOAT, ...YES_NO, "RESOLUTION", "TYPE", "VIDEO-RANGE"].includes(name);

/** Says where EXT-X-VERSION is not what is used (§8); @returns the version */
export function checkVersion(lines: readonly Line[], where: string, say: Say): number {
  const versions = lines.flatMap((line) => (line.tag === "EXT-X-VERSION" ? [line.value] : []));
  const version = Number(versions[0] ?? 1);
  if (versions.length > 1) say("version", where, "EXT-X-VERSION comes more than once");
  if (!Number.isInteger(version) || version < 1) say("version", where, `it is ${versions[0]}`);
  for (const line of lines) {
    const needed = versionFor(line, lines);
    if (needed > version) say("version", where, `${version}, but ${line.text} needs ${needed}`);
  }
  return version;
}

function versionFor({ tag, text }: Line, all: readonly Line[]): number {
  if (tag === "EXTINF" && text.includes(".")) return 3;
  if (tag === "EXT-X-BYTERANGE" || tag === "EXT-X-I-FRAMES-ONLY") return 4;
  if (tag === "EXT-X-MAP") return all.some((line) => line.tag === "EXT-X-I-FRAMES-ONLY") ? 5 : 6;
  if (tag === "EXT-X-MEDIA" && text.includes('INSTREAM-ID="SERVICE')) return 7;
  if (tag === "EXT-X-DEFINE") return text.includes("QUERYPARAM") ? 11 : 8;
  if (tag === "EXT-X-GAP") return 8;
  if (tag === "EXT-X-SKIP") return text.includes("RECENTLY-REMOVED-DATERANGES") ? 10 : 9;
  if (text.includes("REQ-") && tag !== undefined) return 12;
  return 1;
}
