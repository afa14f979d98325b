import {
  type Attributes,
  checkVersion,
  type Line,
  MULTIVARIANT_TAGS,
  readAttributes,
  readLines,
} from "./lines.ts";
import type { Kind } from "./media-rules.ts";
import type { Say } from "./report.ts";

export type Variant = { readonly uri: string; readonly attributes: Attributes };

export type Multivariant = {
  readonly variants: readonly Variant[];
  readonly media: readonly Attributes[];
  readonly isIndependent: boolean;
};

const VIDEO_CODEC = /^(avc[13]|hvc1|hev1|vvc1|vvi1|av01|vp0[89]|dvh1)\b/;

/** Whether CODECS names pictures. */
export const hasVideo = ({ attributes }: Variant): boolean =>
  codecsOf(attributes).some((codec) => VIDEO_CODEC.test(codec));

export const codecsOf = (attributes: Attributes): string[] =>
  (attributes.get("CODECS") ?? "").split(",").filter((codec) => codec !== "");

/** Media playlists that it names, each once, with what they carry. */
export function renditionsOf(multivariant: Multivariant): { uri: string; kind: Kind }[] {
  const found = new Map<string, Kind>();
  for (const variant of multivariant.variants) {
    found.set(variant.uri, hasVideo(variant) ? "video" : "audio");
  }
  for (const media of multivariant.media) {
    const [uri, type] = [media.get("URI"), media.get("TYPE")];
    if (uri === undefined || found.has(uri)) continue;
    found.set(uri, type === "SUBTITLES" ? "subtitles" : type === "AUDIO" ? "audio" : "video");
  }
  return [...found].map(([uri, kind]) => ({ uri, kind }));
}

/** Reads a multivariant playlist; says what is wrong with it by itself. */
export function readMultivariant(text: string, where: string, say: Say): Multivariant {
  const lines = readLines(text, MULTIVARIANT_TAGS, where, say);
  checkVersion(lines, where, say);
  const variants: Variant[] = [];
  const media: Attributes[] = [];
  let waiting: Attributes | undefined;
  for (const line of lines) {
    if (line.tag === undefined) {
      if (waiting === undefined) say("variant-form", where, `${line.text} has no EXT-X-STREAM-INF`);
      else variants.push({ uri: line.text, attributes: waiting });
      waiting = undefined;
      continue;
    }
    if (waiting !== undefined) say("variant-form", where, `EXT-X-STREAM-INF before ${line.text}`);
    waiting = line.tag === "EXT-X-STREAM-INF" ? attributesOf(line, where, say) : undefined;
    if (line.tag === "EXT-X-MEDIA") media.push(attributesOf(line, where, say));
  }
  if (waiting !== undefined) say("variant-form", where, "the last EXT-X-STREAM-INF has no URI");
  if (variants.length === 0) say("variant-form", where, "no variants");
  for (const variant of variants) checkVariant(variant, variants, media, where, say);
  checkClosedCaptions(variants, where, say);
  for (const one of media) checkMedia(one, media, where, say);
  checkGroups(media, where, say);
  const isIndependent = lines.some(({ tag }) => tag === "EXT-X-INDEPENDENT-SEGMENTS");
  return { variants, media, isIndependent };
}

const attributesOf = (line: Line & { value: string }, where: string, say: Say): Attributes =>
  readAttributes(line, where, say);

function checkVariant(
  { uri, attributes }: Variant,
  variants: readonly Variant[],
  media: readonly Attributes[],
  playlist: string,
  say: Say,
): void {
  const where = `${playlist}, ${uri}`;
  const number = (name: string) => Number(attributes.get(name) ?? 0);
  const [peak, average] = [number("BANDWIDTH"), number("AVERAGE-BANDWIDTH")];
  if (!(peak > 0 && average > 0 && average <= peak)) {
    say("variant-bandwidth", where, `BANDWIDTH ${peak}, AVERAGE-BANDWIDTH ${average}`);
  }
  if (codecsOf(attributes).length === 0) say("variant-codecs", where, "none");
  const isVideo = hasVideo({ uri, attributes });
  const resolution = attributes.get("RESOLUTION");
  if (isVideo !== (resolution !== undefined)) say("variant-resolution", where, `${resolution}`);
  const rate = attributes.get("FRAME-RATE");
  if (isVideo ? !/^\d+\.\d{3}$/.test(rate ?? "") : rate !== undefined) {
    say("variant-frame-rate", where, `${rate}`);
  }
  const range = attributes.get("VIDEO-RANGE");
  const isKnown = range === undefined || ["SDR", "HLG", "PQ"].includes(range);
  const isNeeded = variants.some((other) => other.attributes.has("VIDEO-RANGE"));
  if (!isKnown || (isVideo && isNeeded && range === undefined)) {
    say("variant-video-range", where, `${range}`);
  }
  for (const type of ["AUDIO", "SUBTITLES", "VIDEO"]) {
    const group = attributes.get(type);
    if (group === undefined || hasGroup(media, type, group)) continue;
    say("variant-groups", where, `${type} ${group} has no members`);
  }
}

const hasGroup = (media: readonly Attributes[], type: string, group: string): boolean =>
  media.some((one) => one.get("TYPE") === type && one.get("GROUP-ID") === group);

/** A plain NONE stands for all; a group in quotes is there (§4.4.6.2). */
function checkClosedCaptions(variants: readonly Variant[], where: string, say: Say): void {
  const told = variants.filter(hasVideo).map(({ attributes }) => attributes.get("CLOSED-CAPTIONS"));
  const nones = told.filter((value) => value === "NONE").length;
  if (nones > 0 && nones < told.length) say("variant-closed-captions", where, told.join(", "));
  if (told.includes(undefined)) {
    // Players then look for captions in the pictures, and offer what may not be there.
    say("variant-closed-captions", where, "it is not said whether there are any");
  }
}

function checkMedia(
  media: Attributes,
  all: readonly Attributes[],
  playlist: string,
  say: Say,
): void {
  const [type, group, name] = [media.get("TYPE"), media.get("GROUP-ID"), media.get("NAME")];
  const where = `${playlist}, ${type} ${group} ${name}`;
  const uri = media.get("URI");
  const wrong = (what: string) => say("media-form", where, what);
  if (!type || !group || !name) wrong("TYPE, GROUP-ID or NAME is missing");
  if (type === "CLOSED-CAPTIONS") {
    if (uri !== undefined) wrong("closed captions lie in the pictures, not behind a URI");
    const instream = media.get("INSTREAM-ID") ?? "";
    if (!/^(CC[1-4]|SERVICE([1-9]|[1-5]\d|6[0-3]))$/.test(instream))
      wrong(`INSTREAM-ID ${instream}`);
  } else if (media.has("INSTREAM-ID")) wrong("INSTREAM-ID is for closed captions");
  if (type === "SUBTITLES" && uri === undefined) wrong("no URI");
  if (type !== "SUBTITLES" && media.has("FORCED")) wrong("FORCED is for subtitles");
  const siblings = all.filter((one) => one.get("TYPE") === type && one.get("GROUP-ID") === group);
  const earlier = siblings.slice(0, siblings.indexOf(media));
  if (earlier.some((one) => one.get("NAME") === name)) say("media-name", where, "it comes twice");
  const isDefault = media.get("DEFAULT") === "YES";
  const isAutomatic = media.get("AUTOSELECT") === "YES";
  if (isDefault && media.get("AUTOSELECT") === "NO") say("media-default", where, "not AUTOSELECT");
  if (isDefault && earlier.some((one) => one.get("DEFAULT") === "YES")) {
    say("media-default", where, "another one is DEFAULT");
  }
  const language = media.get("LANGUAGE");
  if (language !== undefined && !isLanguage(language)) say("media-language", where, language);
  const same = (one: Attributes) =>
    one.get("AUTOSELECT") === "YES" &&
    ["LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS", "CHANNELS", "INSTREAM-ID"].every(
      (attribute) => one.get(attribute) === media.get(attribute),
    );
  if (isAutomatic && earlier.some(same)) {
    say("media-language", where, `two members for ${language} and AUTOSELECT`);
  }
  if (type === "AUDIO" && !/^\d+(\/|$)/.test(media.get("CHANNELS") ?? "")) {
    say("media-channels", where, `${media.get("CHANNELS")}`);
  }
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** Encodings of the same: what differs is only where they lie, and how (§4.4.6.1.1). */
function checkGroups(media: readonly Attributes[], where: string, say: Say): void {
  const groups = new Map<string, Map<string, string[]>>();
  for (const one of media) {
    const type = one.get("TYPE") ?? "";
    const ofType = groups.get(type) ?? new Map<string, string[]>();
    const group = one.get("GROUP-ID") ?? "";
    const attributes = [...one].filter(([name]) => !OWN.includes(name));
    const text = attributes
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(",");
    ofType.set(group, [...(ofType.get(group) ?? []), text]);
    groups.set(type, ofType);
  }
  for (const [type, ofType] of groups) {
    const [first, ...others] = [...ofType].map(([group, members]) => ({
      group,
      members: members.sort().join(" "),
    }));
    for (const { group, members } of others) {
      if (members === first?.members) continue;
      say(
        "media-members",
        where,
        `${type} ${group}: ${members}; ${first?.group}: ${first?.members}`,
      );
    }
  }
}

const OWN = ["GROUP-ID", "URI", "CHANNELS", "BIT-DEPTH", "SAMPLE-RATE"];
