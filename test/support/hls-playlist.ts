/*
 * Reads playlists as a strict client does (RFC 8216bis): a second opinion on what the server
 * writes, which shares nothing with it. Tags of low latency are passed over.
 */

export type MultivariantPlaylist = {
  readonly variants: readonly {
    readonly uri: string;
    readonly codecs: string;
    readonly hasVideo: boolean;
    readonly bandwidth: number;
    readonly resolution: string | undefined;
    readonly frameRate: number | undefined;
    readonly audioGroup: string | undefined;
  }[];
  readonly audio: readonly {
    readonly uri: string;
    readonly group: string;
    readonly name: string;
    readonly language: string | undefined;
    readonly isDefault: boolean;
    readonly channels: string | undefined;
  }[];
  readonly violations: readonly string[];
};

export type MediaPlaylist = {
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly ended: boolean;
  readonly segments: readonly ListedSegment[];
  readonly violations: readonly string[];
};

export type ListedSegment = {
  readonly mediaSequence: number;
  readonly uri: string;
  readonly duration: number;
  readonly discontinuity: boolean;
  /** EXT-X-GAP (§4.4.4.7): there is nothing to be had. */
  readonly gap: boolean;
  readonly programDateTime: string | undefined;
  /** URI of the init segment. */
  readonly map: string | undefined;
};

/** @returns what it lists; whatever is against the rules is named in `violations` */
export function readMultivariantPlaylist(text: string): MultivariantPlaylist {
  const violations: string[] = [];
  const variants: MultivariantPlaylist["variants"][number][] = [];
  const audio: MultivariantPlaylist["audio"][number][] = [];
  const lines = readLines(text, violations);
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) {
      const attributes = readAttributes(line);
      const uri = lines[index + 1] ?? "";
      if (uri === "" || uri.startsWith("#")) violations.push("EXT-X-STREAM-INF without its URI");
      const codecs = attributes.get("CODECS") ?? "";
      const resolution = attributes.get("RESOLUTION");
      const bandwidth = Number(attributes.get("BANDWIDTH"));
      const frameRate = attributes.get("FRAME-RATE");
      const hasVideo = /\b(avc|hvc|hev|vvc|av01|vp08|vp09)/.test(codecs);
      if (codecs === "") violations.push("EXT-X-STREAM-INF without CODECS");
      if (!(bandwidth > 0)) violations.push(`BANDWIDTH is ${attributes.get("BANDWIDTH")}`);
      if (hasVideo && resolution === undefined)
        violations.push("a video variant has no RESOLUTION");
      if (hasVideo && frameRate === undefined) violations.push("a video variant has no FRAME-RATE");
      variants.push({
        uri,
        codecs,
        hasVideo,
        bandwidth,
        resolution,
        frameRate: frameRate === undefined ? undefined : Number(frameRate),
        audioGroup: attributes.get("AUDIO"),
      });
    }
    if (line.startsWith("#EXT-X-MEDIA:")) {
      const attributes = readAttributes(line);
      const uri = attributes.get("URI");
      if (attributes.get("TYPE") !== "AUDIO" || uri === undefined) continue;
      const [group, name] = [attributes.get("GROUP-ID") ?? "", attributes.get("NAME") ?? ""];
      if (group === "" || name === "") violations.push("EXT-X-MEDIA without GROUP-ID or NAME");
      const isDefault = attributes.get("DEFAULT") === "YES";
      if (isDefault && attributes.get("AUTOSELECT") === "NO") {
        violations.push(`${name}: DEFAULT without AUTOSELECT`);
      }
      if (audio.some((other) => other.group === group && other.name === name)) {
        violations.push(`the NAME ${name} comes twice in ${group}`);
      }
      if (isDefault && audio.some((other) => other.group === group && other.isDefault)) {
        violations.push(`${group} has two members by DEFAULT`);
      }
      const language = attributes.get("LANGUAGE");
      audio.push({ uri, group, name, language, isDefault, channels: attributes.get("CHANNELS") });
    }
    if (/^#EXT(INF|-X-TARGETDURATION|-X-MEDIA-SEQUENCE)/.test(line)) {
      violations.push(`a multivariant playlist has ${line}`);
    }
  }
  if (variants.length === 0) violations.push("a multivariant playlist without variants");
  for (const { audioGroup } of variants) {
    if (audioGroup !== undefined && !audio.some(({ group }) => group === audioGroup)) {
      violations.push(`AUDIO group ${audioGroup} has no EXT-X-MEDIA`);
    }
  }
  return { variants, audio, violations };
}

/** @returns what it lists; whatever is against the rules is named in `violations` */
export function readMediaPlaylist(text: string): MediaPlaylist {
  const violations: string[] = [];
  const segments: ListedSegment[] = [];
  const lines = readLines(text, violations);
  const value = (tag: string) =>
    lines.find((line) => line.startsWith(`${tag}:`))?.slice(tag.length + 1);
  const targetDuration = Number(value("#EXT-X-TARGETDURATION"));
  if (!Number.isInteger(targetDuration)) violations.push("EXT-X-TARGETDURATION is missing");
  const mediaSequence = Number(value("#EXT-X-MEDIA-SEQUENCE") ?? 0);
  if (!(mediaSequence >= 1)) violations.push(`EXT-X-MEDIA-SEQUENCE is ${mediaSequence}`);
  let duration: number | undefined;
  let discontinuity = false;
  let gap = false;
  let programDateTime: string | undefined;
  let map: string | undefined;
  for (const line of lines) {
    if (line.startsWith("#EXTINF:")) {
      duration = Number(/^#EXTINF:([\d.]+),/.exec(line)?.[1]);
      if (!(duration > 0)) violations.push(`a segment has ${line}`);
      if (Math.round(duration) > targetDuration) violations.push(`${line} is over the target`);
    } else if (line === "#EXT-X-DISCONTINUITY") {
      discontinuity = true;
    } else if (line === "#EXT-X-GAP") {
      gap = true;
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      programDateTime = line.slice("#EXT-X-PROGRAM-DATE-TIME:".length);
      if (Number.isNaN(Date.parse(programDateTime))) violations.push(`no date: ${line}`);
    } else if (line.startsWith("#EXT-X-MAP:")) {
      map = readAttributes(line).get("URI");
      if (map === undefined) violations.push("EXT-X-MAP without URI");
    } else if (line !== "" && !line.startsWith("#")) {
      if (duration === undefined) violations.push(`${line} has no EXTINF`);
      if (map === undefined && !/\.(mp3|aac|ts)\b/.test(line))
        violations.push(`${line} has no EXT-X-MAP`);
      segments.push({
        mediaSequence: mediaSequence + segments.length,
        uri: line,
        duration: duration ?? 0,
        discontinuity,
        gap,
        programDateTime,
        map,
      });
      duration = undefined;
      discontinuity = false;
      gap = false;
      programDateTime = undefined;
    }
  }
  if (segments.length > 0 && !segments.some((segment) => segment.programDateTime !== undefined)) {
    violations.push("no segment has EXT-X-PROGRAM-DATE-TIME");
  }
  return {
    targetDuration,
    mediaSequence,
    discontinuitySequence: Number(value("#EXT-X-DISCONTINUITY-SEQUENCE") ?? 0),
    ended: lines.includes("#EXT-X-ENDLIST"),
    segments,
    violations,
  };
}

function readLines(text: string, violations: string[]): string[] {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") violations.push(`a playlist begins with ${lines[0]}`);
  if (!text.endsWith("\n")) violations.push("the last line of a playlist is cut");
  const versions = lines.filter((line) => line.startsWith("#EXT-X-VERSION:"));
  if (versions.length > 1) violations.push("EXT-X-VERSION comes more than once");
  return lines;
}

/** Attribute list (§4.2): `NAME=value` and `NAME="value"`, commas between. */
function readAttributes(line: string): Map<string, string> {
  const list = line.slice(line.indexOf(":") + 1);
  const attributes = new Map<string, string>();
  for (const [, name = "", quoted, plain] of list.matchAll(
    /([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g,
  )) {
    attributes.set(name, quoted ?? plain ?? "");
  }
  return attributes;
}
