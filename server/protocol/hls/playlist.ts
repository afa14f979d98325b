/*
 * Playlists of HTTP Live Streaming, written (RFC 8216bis §4). Values go in, text comes out; what
 * is listed, and when, is for the caller to say.
 */

/** One media playlist as the multivariant playlist names it. */
export type PlaylistRendition = {
  /** Relative to the multivariant playlist. */
  readonly uri: string;
  /** RFC 6381, of everything that its window holds. */
  readonly codecs: readonly string[];
  /** Bits a second, the wrapping included: of the largest segment, and of all together. */
  readonly peakBitrate: number;
  readonly averageBitrate: number;
};

/** A video rendition: a variant of its own. */
export type VideoRendition = PlaylistRendition & {
  /** As shown: in square pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second, where known. */
  readonly frameRate?: number;
  /** Absent: SDR. */
  readonly videoRange?: "PQ" | "HLG";
};

/** An audio rendition: a member of the group of its codec. */
export type AudioRendition = PlaylistRendition & {
  /** For people. */
  readonly name: string;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  readonly channels: number;
};

/** One segment as a media playlist lists it. */
export type PlaylistSegment = {
  readonly uri: string;
  /** Seconds, exact. */
  readonly duration: number;
  /** Wall clock of its first sample, ms since 1970. */
  readonly programDateTime: number;
  readonly isDiscontinuity: boolean;
  /** Nothing lies behind `uri`: players are to go on without it. */
  readonly isGap: boolean;
  /** It can be decoded without the segment before it. */
  readonly isIndependent: boolean;
  /** Its init segment; undefined for packed audio, which needs none. */
  readonly map: string | undefined;
};

/** A sliding window of a live rendition. */
export type MediaPlaylist = {
  /** Whole seconds; the same in every rendition, and for as long as the broadcast lasts. */
  readonly targetDuration: number;
  /** Number of the first segment. */
  readonly mediaSequence: number;
  /** Discontinuities that have left the window with their segments. */
  readonly discontinuitySequence: number;
  readonly segments: readonly PlaylistSegment[];
};

/** 6 has EXT-X-MAP, 8 has EXT-X-GAP; constant, since a playlist may not change its version. */
const VERSION = "#EXT-X-VERSION:8";

/** BANDWIDTH is promised for segments yet to come: per cent of what was measured. */
const MARGIN = 110;

/**
 * The multivariant playlist (§4.4.6): a variant for each video rendition with each group of audio
 * renditions, or, where there is only sound, a variant for each audio rendition.
 *
 * Renditions of one codec are a group. The standard also allows several codecs in one; but CODECS of
 * a variant names all that its group has, and a player leaves out a variant with a codec that it
 * does not know: one language in AC-3 would take the picture away from every browser without it.
 *
 * EXT-X-INDEPENDENT-SEGMENTS stays out of it: here it would be a promise about GOPs to come, and
 * players read this playlist only once. Each media playlist claims it for what it lists.
 */
export function multivariantPlaylist(
  videos: readonly VideoRendition[],
  audios: readonly AudioRendition[],
): string {
  const lines = ["#EXTM3U", VERSION];
  if (videos.length === 0) {
    for (const audio of audios) {
      lines.push(streamInf(bandwidth([audio]), attribute("CODECS", quoted(codecs([audio])))));
      lines.push(audio.uri);
    }
    return text(lines);
  }
  // Without any, all are SDR.
  const hasRange = videos.some(({ videoRange }) => videoRange !== undefined);
  const groups = audioGroups(audios);
  for (const { id, members } of groups) lines.push(...audioMedia(id, members));
  for (const { members, attributes } of variantGroups(groups)) {
    const loudest = largest(members);
    for (const video of videos) {
      const size = attribute("RESOLUTION", `${video.width}x${video.height}`);
      const rate = video.frameRate === undefined ? [] : [frameRate(video.frameRate)];
      const range = hasRange ? [attribute("VIDEO-RANGE", video.videoRange ?? "SDR")] : [];
      lines.push(
        streamInf(
          bandwidth([video, ...loudest]),
          attribute("CODECS", quoted(codecs([video, ...members]))),
          size,
          ...rate,
          ...range,
          ...attributes,
          attribute("CLOSED-CAPTIONS", "NONE"),
        ),
      );
      lines.push(video.uri);
    }
  }
  return text(lines);
}

type AudioGroup = { readonly id: string; readonly members: readonly AudioRendition[] };

/** By codec, in the order of their first members. */
function audioGroups(audios: readonly AudioRendition[]): AudioGroup[] {
  const families = new Map<string, AudioRendition[]>();
  for (const audio of audios) {
    const family = familyOf(codecs([audio]));
    const members = families.get(family);
    if (members === undefined) families.set(family, [audio]);
    else members.push(audio);
  }
  const isOne = families.size === 1;
  return [...families].map(([family, members]) => ({
    id: isOne ? "audio" : `audio-${family}`,
    members,
  }));
}

/** Profiles of AAC go together; MP3 only has its object type from MPEG-4. */
const familyOf = (codec: string): string =>
  codec === "mp4a.40.34" ? "mp3" : (codec.split(/[.,]/)[0] ?? codec).toLowerCase();

/** What variants refer to: each group, or none where there is no sound. */
const variantGroups = (
  groups: readonly AudioGroup[],
): { members: readonly AudioRendition[]; attributes: readonly string[] }[] =>
  groups.length === 0
    ? [{ members: [], attributes: [] }]
    : groups.map(({ id, members }) => ({ members, attributes: [attribute("AUDIO", quoted(id))] }));

/**
 * A live media playlist (§4.4.3, §4.4.4). EXT-X-MAP is written where it changes and after each
 * discontinuity; EXT-X-INDEPENDENT-SEGMENTS only where it is true of every segment listed.
 */
export function mediaPlaylist(playlist: MediaPlaylist): string {
  const { segments } = playlist;
  const lines = ["#EXTM3U", VERSION];
  const present = segments.filter((segment) => !segment.isGap);
  if (present.every((segment) => segment.isIndependent)) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  lines.push(
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
  );
  let map: string | undefined;
  for (const segment of segments) {
    if (segment.isDiscontinuity) {
      lines.push("#EXT-X-DISCONTINUITY");
      map = undefined;
    }
    if (segment.map !== undefined && segment.map !== map) {
      lines.push(`#EXT-X-MAP:${attribute("URI", quoted(segment.map))}`);
      map = segment.map;
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(segment.programDateTime)).toISOString()}`,
    );
    if (segment.isGap) lines.push("#EXT-X-GAP");
    lines.push(`#EXTINF:${segment.duration.toFixed(5)},`, segment.uri);
  }
  return text(lines);
}

/** CODECS names what lies in the files, so the sample entry's own spelling, unlike MSE's. */
const HLS_CODECS: { readonly [codec: string]: string } = {
  opus: "Opus",
  flac: "fLaC",
  mp3: "mp4a.40.34",
  "mp4a.6B": "mp4a.40.34",
};

function codecs(renditions: readonly PlaylistRendition[]): string {
  const all = renditions.flatMap((rendition) => rendition.codecs);
  return [...new Set(all.map((codec) => HLS_CODECS[codec] ?? codec))].join(",");
}

function bandwidth(renditions: readonly PlaylistRendition[]): string[] {
  const promise = (pick: (rendition: PlaylistRendition) => number) =>
    Math.max(1, Math.ceil((renditions.reduce((sum, one) => sum + pick(one), 0) * MARGIN) / 100));
  const peak = promise((rendition) => Math.max(rendition.peakBitrate, rendition.averageBitrate));
  const average = promise((rendition) => rendition.averageBitrate);
  return [attribute("BANDWIDTH", peak), attribute("AVERAGE-BANDWIDTH", average)];
}

/** The member of the audio group that asks most of the line: a player may choose it. */
function largest(audios: readonly AudioRendition[]): readonly AudioRendition[] {
  return audios.toSorted((a, b) => b.peakBitrate - a.peakBitrate).slice(0, 1);
}

const streamInf = (rates: readonly string[], ...attributes: readonly string[]): string =>
  `#EXT-X-STREAM-INF:${[...rates, ...attributes].join(",")}`;

/**
 * A group. A player may choose by itself between members whose languages differ; of the others it is
 * the first.
 */
function audioMedia(group: string, audios: readonly AudioRendition[]): string[] {
  const names = uniqueNames(audios);
  const languages = new Set<string>();
  return audios.map((audio, index) => {
    const isDefault = index === 0;
    const isTold = audio.language !== "und";
    const isAutomatic = isDefault || (isTold && !languages.has(audio.language));
    languages.add(audio.language);
    const attributes = [
      attribute("TYPE", "AUDIO"),
      attribute("GROUP-ID", quoted(group)),
      attribute("NAME", quoted(names[index] ?? audio.name)),
      ...(isTold ? [attribute("LANGUAGE", quoted(audio.language))] : []),
      attribute("DEFAULT", isDefault ? "YES" : "NO"),
      attribute("AUTOSELECT", isAutomatic ? "YES" : "NO"),
      attribute("CHANNELS", quoted(String(audio.channels))),
      attribute("URI", quoted(audio.uri)),
    ];
    return `#EXT-X-MEDIA:${attributes.join(",")}`;
  });
}

/** NAME must be unique within its group. */
function uniqueNames(audios: readonly AudioRendition[]): string[] {
  const names: string[] = [];
  for (const audio of audios) {
    const name = cleaned(audio.name); // what is kept apart is what is written
    let unique = name;
    for (let count = 2; names.includes(unique); count += 1) unique = `${name} ${count}`;
    names.push(unique);
  }
  return names;
}

const frameRate = (rate: number): string => attribute("FRAME-RATE", rate.toFixed(3));

const attribute = (name: string, value: string | number): string => `${name}=${value}`;

const quoted = (value: string): string => `"${cleaned(value)}"`;

/** A quoted string holds no quotes and no line ends; what is in them comes from encoders. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
const cleaned = (value: string): string => value.replace(/["\u0000-\u001f\u007f]/g, " ");

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
