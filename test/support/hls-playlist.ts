/*
 * Reads playlists as a strict client does (RFC 8216bis): a second opinion on what the server
 * writes, which shares nothing with it.
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
    readonly subtitleGroup: string | undefined;
    /** GROUP-ID, or NONE. */
    readonly closedCaptions: string | undefined;
  }[];
  readonly audio: readonly {
    readonly uri: string;
    readonly group: string;
    readonly name: string;
    readonly language: string | undefined;
    readonly isDefault: boolean;
    readonly channels: string | undefined;
  }[];
  readonly subtitles: readonly {
    readonly uri: string;
    readonly group: string;
    readonly name: string;
    readonly language: string | undefined;
  }[];
  readonly captions: readonly {
    readonly instreamId: string;
    readonly group: string;
    readonly name: string;
    readonly language: string | undefined;
  }[];
  readonly violations: readonly string[];
};

export type MediaPlaylist = {
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly ended: boolean;
  /** Without those that were skipped. */
  readonly segments: readonly ListedSegment[];
  /** EXT-X-PART, also those of the segment that is not complete. */
  readonly parts: readonly ListedPart[];
  readonly partTarget: number | undefined;
  /** EXT-X-SERVER-CONTROL as it stands. */
  readonly serverControl: ReadonlyMap<string, string>;
  /** URIs by TYPE. */
  readonly hints: ReadonlyMap<string, string>;
  readonly reports: readonly {
    readonly uri: string;
    readonly lastMsn: number;
    readonly lastPart: number | undefined;
  }[];
  readonly dateRanges: readonly ReadonlyMap<string, string>[];
  /** SKIPPED-SEGMENTS of a delta update. */
  readonly skipped: number | undefined;
  readonly removedDateRanges: readonly string[] | undefined;
  readonly independentSegments: boolean;
  readonly violations: readonly string[];
};

export type ListedPart = {
  readonly mediaSequence: number;
  readonly partIndex: number;
  readonly uri: string;
  readonly duration: number;
  readonly independent: boolean;
  readonly gap: boolean;
  readonly discontinuity: boolean;
  readonly map: string | undefined;
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
  const subtitles: MultivariantPlaylist["subtitles"][number][] = [];
  const captions: MultivariantPlaylist["captions"][number][] = [];
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
        subtitleGroup: attributes.get("SUBTITLES"),
        closedCaptions: attributes.get("CLOSED-CAPTIONS"),
      });
    }
    if (line.startsWith("#EXT-X-MEDIA:")) {
      const attributes = readAttributes(line);
      const uri = attributes.get("URI");
      const [group, name] = [attributes.get("GROUP-ID") ?? "", attributes.get("NAME") ?? ""];
      if (group === "" || name === "") violations.push("EXT-X-MEDIA without GROUP-ID or NAME");
      const type = attributes.get("TYPE");
      const language = attributes.get("LANGUAGE");
      if (type === "CLOSED-CAPTIONS") {
        const instreamId = attributes.get("INSTREAM-ID") ?? "";
        if (uri !== undefined) violations.push("closed captions have a URI");
        if (!/^(CC[1-4]|SERVICE\d{1,2})$/.test(instreamId)) {
          violations.push(`INSTREAM-ID is ${instreamId}`);
        }
        captions.push({ instreamId, group, name, language });
      }
      if (type === "SUBTITLES") {
        if (uri === undefined) violations.push("subtitles without URI");
        if (subtitles.some((other) => other.group === group && other.name === name)) {
          violations.push(`the NAME ${name} comes twice in ${group}`);
        }
        subtitles.push({ uri: uri ?? "", group, name, language });
      }
      if (type !== "AUDIO" || uri === undefined) continue;
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
      audio.push({ uri, group, name, language, isDefault, channels: attributes.get("CHANNELS") });
    }
    if (/^#EXT(INF|-X-TARGETDURATION|-X-MEDIA-SEQUENCE)/.test(line)) {
      violations.push(`a multivariant playlist has ${line}`);
    }
  }
  if (variants.length === 0) violations.push("a multivariant playlist without variants");
  for (const { audioGroup, subtitleGroup, closedCaptions } of variants) {
    if (audioGroup !== undefined && !audio.some(({ group }) => group === audioGroup)) {
      violations.push(`AUDIO group ${audioGroup} has no EXT-X-MEDIA`);
    }
    if (subtitleGroup !== undefined && !subtitles.some(({ group }) => group === subtitleGroup)) {
      violations.push(`SUBTITLES group ${subtitleGroup} has no EXT-X-MEDIA`);
    }
    const isNone = closedCaptions === undefined || closedCaptions === "NONE";
    if (!isNone && !captions.some(({ group }) => group === closedCaptions)) {
      violations.push(`CLOSED-CAPTIONS group ${closedCaptions} has no EXT-X-MEDIA`);
    }
  }
  if (new Set(variants.map(({ closedCaptions }) => closedCaptions === "NONE")).size > 1) {
    violations.push("CLOSED-CAPTIONS=NONE is not on all variants");
  }
  return { variants, audio, subtitles, captions, violations };
}

/** @returns what it lists; whatever is against the rules is named in `violations` */
export function readMediaPlaylist(text: string): MediaPlaylist {
  const violations: string[] = [];
  const segments: ListedSegment[] = [];
  const parts: ListedPart[] = [];
  const hints = new Map<string, string>();
  const reports: MediaPlaylist["reports"][number][] = [];
  const dateRanges: Map<string, string>[] = [];
  const lines = readLines(text, violations);
  const value = (tag: string) =>
    lines.find((line) => line.startsWith(`${tag}:`))?.slice(tag.length + 1);
  const list = (tag: string) => readAttributes(`:${value(tag) ?? ""}`);
  const targetDuration = Number(value("#EXT-X-TARGETDURATION"));
  if (!Number.isInteger(targetDuration)) violations.push("EXT-X-TARGETDURATION is missing");
  const mediaSequence = Number(value("#EXT-X-MEDIA-SEQUENCE") ?? 0);
  if (!(mediaSequence >= 1)) violations.push(`EXT-X-MEDIA-SEQUENCE is ${mediaSequence}`);
  const serverControl = list("#EXT-X-SERVER-CONTROL");
  const partInf = list("#EXT-X-PART-INF").get("PART-TARGET");
  const partTarget = partInf === undefined ? undefined : Number(partInf);
  const skip = list("#EXT-X-SKIP");
  const skipped = skip.has("SKIPPED-SEGMENTS") ? Number(skip.get("SKIPPED-SEGMENTS")) : undefined;
  if (skipped !== undefined && Number(value("#EXT-X-VERSION")) < 9) {
    violations.push("EXT-X-SKIP needs EXT-X-VERSION 9");
  }
  let duration: number | undefined;
  let discontinuity = false;
  let gap = false;
  let programDateTime: string | undefined;
  let map: string | undefined;
  let partIndex = 0;
  const beforeParts = (line: string) => {
    if (partIndex > 0) violations.push(`${line} stands behind the first part of its segment`);
  };
  for (const line of lines) {
    const msn = mediaSequence + (skipped ?? 0) + segments.length;
    if (line.startsWith("#EXTINF:")) {
      duration = Number(/^#EXTINF:([\d.]+),/.exec(line)?.[1]);
      if (!(duration > 0)) violations.push(`a segment has ${line}`);
      if (Math.round(duration) > targetDuration) violations.push(`${line} is over the target`);
    } else if (line === "#EXT-X-DISCONTINUITY") {
      beforeParts(line);
      discontinuity = true;
    } else if (line === "#EXT-X-GAP") {
      gap = true;
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      beforeParts(line);
      programDateTime = line.slice("#EXT-X-PROGRAM-DATE-TIME:".length);
      if (Number.isNaN(Date.parse(programDateTime))) violations.push(`no date: ${line}`);
    } else if (line.startsWith("#EXT-X-MAP:")) {
      beforeParts(line);
      map = readAttributes(line).get("URI");
      if (map === undefined) violations.push("EXT-X-MAP without URI");
    } else if (line.startsWith("#EXT-X-PART:")) {
      const attributes = readAttributes(line);
      const uri = attributes.get("URI") ?? "";
      const ofPart = Number(attributes.get("DURATION"));
      if (uri === "" || !(ofPart > 0)) violations.push(`a part has ${line}`);
      if (partTarget === undefined) violations.push("a part without EXT-X-PART-INF");
      else if (ofPart > partTarget) violations.push(`${line} is over PART-TARGET`);
      parts.push({
        mediaSequence: msn,
        partIndex,
        uri,
        duration: ofPart,
        independent: attributes.get("INDEPENDENT") === "YES",
        gap: attributes.get("GAP") === "YES",
        discontinuity: discontinuity && partIndex === 0,
        map,
      });
      partIndex += 1;
    } else if (line.startsWith("#EXT-X-PRELOAD-HINT:")) {
      const attributes = readAttributes(line);
      const type = attributes.get("TYPE") ?? "";
      if (hints.has(type)) violations.push(`two hints of TYPE ${type}`);
      hints.set(type, attributes.get("URI") ?? "");
    } else if (line.startsWith("#EXT-X-RENDITION-REPORT:")) {
      const attributes = readAttributes(line);
      const lastPart = attributes.get("LAST-PART");
      reports.push({
        uri: attributes.get("URI") ?? "",
        lastMsn: Number(attributes.get("LAST-MSN")),
        lastPart: lastPart === undefined ? undefined : Number(lastPart),
      });
    } else if (line.startsWith("#EXT-X-DATERANGE:")) {
      const attributes = readAttributes(line);
      if (!attributes.has("ID") || Number.isNaN(Date.parse(attributes.get("START-DATE") ?? ""))) {
        violations.push(`${line} lacks something`);
      }
      dateRanges.push(attributes);
    } else if (line !== "" && !line.startsWith("#")) {
      if (duration === undefined) violations.push(`${line} has no EXTINF`);
      if (map === undefined && skipped === undefined && !/\.(mp3|aac|ts|vtt)\b/.test(line))
        violations.push(`${line} has no EXT-X-MAP`);
      const ofParts = parts
        .filter((part) => part.mediaSequence === msn)
        .reduce((sum, part) => sum + part.duration, 0);
      if (partIndex > 0 && Math.abs(ofParts - (duration ?? 0)) > 0.001) {
        violations.push(`${line} takes ${duration} s, and its parts ${ofParts}`);
      }
      segments.push({
        mediaSequence: msn,
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
      partIndex = 0;
    }
  }
  if (segments.length > 0 && !segments.some((segment) => segment.programDateTime !== undefined)) {
    violations.push("no segment has EXT-X-PROGRAM-DATE-TIME");
  }
  for (const [index, part] of parts.entries()) {
    const isLast = parts[index + 1]?.mediaSequence !== part.mediaSequence;
    const isFree = part.independent || part.gap || isLast || parts[index + 1]?.gap === true;
    if (!isFree && part.duration < 0.85 * (partTarget ?? 0) - 1e-6) {
      violations.push(`${part.uri} is shorter than it may be`);
    }
  }
  const ended = lines.includes("#EXT-X-ENDLIST");
  if (ended && hints.size > 0) violations.push("EXT-X-PRELOAD-HINT with EXT-X-ENDLIST");
  const control = (name: string) => Number(serverControl.get(name) ?? Number.POSITIVE_INFINITY);
  if (control("HOLD-BACK") < 3 * targetDuration) violations.push("HOLD-BACK is too short");
  if (control("CAN-SKIP-UNTIL") < 6 * targetDuration)
    violations.push("CAN-SKIP-UNTIL is too short");
  if (partTarget !== undefined) {
    const holdBack = Number(serverControl.get("PART-HOLD-BACK") ?? 0);
    if (holdBack < 3 * partTarget - 1e-6) violations.push("PART-HOLD-BACK is too short");
  }
  return {
    targetDuration,
    mediaSequence,
    discontinuitySequence: Number(value("#EXT-X-DISCONTINUITY-SEQUENCE") ?? 0),
    ended,
    segments,
    parts,
    partTarget,
    serverControl,
    hints,
    reports,
    dateRanges,
    skipped,
    removedDateRanges: skip.get("RECENTLY-REMOVED-DATERANGES")?.split("\t").filter(Boolean),
    independentSegments: lines.includes("#EXT-X-INDEPENDENT-SEGMENTS"),
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
