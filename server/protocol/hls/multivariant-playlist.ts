import { attribute, cleaned, quoted, tag, text, VERSION } from "./playlist-text.ts";

/*
 * The multivariant playlist of HTTP Live Streaming, written (RFC 8216bis §4.4.6). Values go in, text
 * comes out; what is listed, and when, is for the caller to say.
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

/** A rendition of text: a media playlist of WebVTT. */
export type TextRendition = {
  /** Relative to the multivariant playlist. */
  readonly uri: string;
  /** For people. */
  readonly name: string;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  /** For who cannot hear: it tells of sounds, too. */
  readonly isCaptions: boolean;
};

/** Captions that travel in the pictures (CEA-608, CEA-708). */
export type InStreamCaptions = {
  /** `CC1` to `CC4`, `SERVICE1` to `SERVICE63`. */
  readonly instreamId: string;
  readonly name: string;
  readonly language: string;
};

/** All that a presentation offers. */
export type Renditions = {
  readonly videos: readonly VideoRendition[];
  readonly audios: readonly AudioRendition[];
  readonly texts: readonly TextRendition[];
  readonly captions: readonly InStreamCaptions[];
};

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
export function multivariantPlaylist({ videos, audios, texts, captions }: Renditions): string {
  const lines = ["#EXTM3U", VERSION];
  const subtitles = texts.length === 0 ? [] : [attribute("SUBTITLES", quoted(TEXT_GROUP))];
  if (videos.length === 0) {
    lines.push(...textMedia(texts));
    for (const audio of audios) {
      const codec = attribute("CODECS", quoted(codecs([audio])));
      lines.push(streamInf(bandwidth([audio]), codec, ...subtitles), audio.uri);
    }
    return text(lines);
  }
  // Without any, all are SDR.
  const hasRange = videos.some(({ videoRange }) => videoRange !== undefined);
  const groups = audioGroups(audios);
  for (const { id, members } of groups) lines.push(...audioMedia(id, members));
  lines.push(...textMedia(texts), ...captionMedia(captions));
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
          ...subtitles,
          attribute("CLOSED-CAPTIONS", captions.length === 0 ? "NONE" : quoted(CAPTION_GROUP)),
        ),
      );
      lines.push(video.uri);
    }
  }
  return text(lines);
}

const TEXT_GROUP = "text";
const CAPTION_GROUP = "captions";

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
  tag("EXT-X-STREAM-INF", [...rates, ...attributes]);

/** Sound begins with the first of its group. */
const audioMedia = (group: string, audios: readonly AudioRendition[]): string[] =>
  mediaGroup({ type: "AUDIO", group, hasDefault: true }, audios, ({ channels, uri }) => [
    attribute("CHANNELS", quoted(String(channels))),
    attribute("URI", quoted(uri)),
  ]);

/** Nobody has to read who has not asked for it. */
const textMedia = (texts: readonly TextRendition[]): string[] =>
  mediaGroup({ type: "SUBTITLES", group: TEXT_GROUP, hasDefault: false }, texts, (one) => [
    attribute("FORCED", "NO"),
    ...(one.isCaptions ? [attribute("CHARACTERISTICS", quoted(FOR_THE_DEAF))] : []),
    attribute("URI", quoted(one.uri)),
  ]);

const FOR_THE_DEAF = [
  "public.accessibility.transcribes-spoken-dialog",
  "public.accessibility.describes-music-and-sound",
].join(",");

const captionMedia = (captions: readonly InStreamCaptions[]): string[] =>
  mediaGroup(
    { type: "CLOSED-CAPTIONS", group: CAPTION_GROUP, hasDefault: false },
    captions,
    ({ instreamId }) => [attribute("INSTREAM-ID", quoted(instreamId))],
  );

/**
 * The members of a group. A player may choose by itself between members whose languages differ; of
 * the others it is the first.
 */
function mediaGroup<Member extends { readonly name: string; readonly language: string }>(
  { type, group, hasDefault }: { type: string; group: string; hasDefault: boolean },
  members: readonly Member[],
  others: (member: Member) => readonly string[],
): string[] {
  const names = uniqueNames(members);
  const languages = new Set<string>();
  return members.map((member, index) => {
    const isDefault = hasDefault && index === 0;
    const isTold = member.language !== "und";
    const isAutomatic = isDefault || (isTold && !languages.has(member.language));
    languages.add(member.language);
    return tag("EXT-X-MEDIA", [
      attribute("TYPE", type),
      attribute("GROUP-ID", quoted(group)),
      attribute("NAME", quoted(names[index] ?? member.name)),
      ...(isTold ? [attribute("LANGUAGE", quoted(member.language))] : []),
      attribute("DEFAULT", isDefault ? "YES" : "NO"),
      attribute("AUTOSELECT", isAutomatic ? "YES" : "NO"),
      ...others(member),
    ]);
  });
}

/** NAME must be unique within its group. */
function uniqueNames(members: readonly { readonly name: string }[]): string[] {
  const names: string[] = [];
  for (const member of members) {
    const name = cleaned(member.name); // what is kept apart is what is written
    let unique = name;
    for (let count = 2; names.includes(unique); count += 1) unique = `${name} ${count}`;
    names.push(unique);
  }
  return names;
}

const frameRate = (rate: number): string => attribute("FRAME-RATE", rate.toFixed(3));
