import { LIMITS } from "../limits.ts";
import { languageTag } from "../media/language-tag.ts";
import type { DataValue } from "../media/sample.ts";
import type { MediaType } from "../media/track.ts";

/** What onMetaData says of one track besides its coding. */
export type TrackLabels = {
  /** Pictures a second. */
  readonly frameRate?: number;
  /** BCP 47. */
  readonly language?: string;
  /** For people. */
  readonly name?: string;
};

/** What it says of every track, by number. */
export type LabelsOfTracks = {
  readonly [mediaType in MediaType]: ReadonlyMap<number, TrackLabels>;
};

/** No metadata. */
export const NO_LABELS: LabelsOfTracks = { video: new Map(), audio: new Map() };

/**
 * Picks what onMetaData says of tracks: `videoTrackIdInfoMap` and `audioTrackIdInfoMap` (Enhanced RTMP
 * v2, "Enhancing onMetaData"), and of track 0 what stands outside of them. The specification leaves
 * the names of language and name open: what its senders and other containers write is taken.
 */
export function readTrackLabels(metadata: { readonly [name: string]: DataValue }): LabelsOfTracks {
  const { framerate, videoTrackIdInfoMap, audioTrackIdInfoMap } = metadata;
  // A title out here is that of the broadcast (FFmpeg, GStreamer); a language is that of its sound.
  const video = new Map([[0, readLabels({ framerate: framerate ?? null })]]);
  const { language = null, lang = null } = metadata;
  const audio = new Map([[0, readLabels({ language, lang })]]);
  addLabels(video, videoTrackIdInfoMap);
  addLabels(audio, audioTrackIdInfoMap);
  return { video, audio };
}

function addLabels(labels: Map<number, TrackLabels>, infoMap: DataValue | undefined): void {
  if (!isObject(infoMap)) return;
  for (const [key, info] of Object.entries(infoMap)) {
    const trackIndex = /^\d{1,3}$/.test(key) ? Number(key) : 256;
    if (trackIndex > 255 || !isObject(info)) continue;
    labels.set(trackIndex, { ...labels.get(trackIndex), ...readLabels(info) });
  }
}

function readLabels(info: { readonly [name: string]: DataValue }): TrackLabels {
  const frameRate = saneFrameRate(info["framerate"] ?? info["frameRate"]);
  const language = languageTag(info["language"] ?? info["lang"]);
  const name = nameOf(info["name"] ?? info["title"] ?? info["label"]);
  return {
    ...(frameRate !== undefined && { frameRate }),
    ...(language !== undefined && { language }),
    ...(name !== undefined && { name }),
  };
}

/** Encoders write 0, 1000 or nothing where they do not know. */
const saneFrameRate = (value: DataValue | undefined): number | undefined =>
  typeof value === "number" && value >= 1 && value <= 300 ? value : undefined;

/** Without line ends and the like, and not too long. */
function nameOf(value: DataValue | undefined): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = [...value.slice(0, 2 * LIMITS.trackName)]
    .map((character) => (character < " " || character === "\u007f" ? " " : character))
    .join("")
    .trim()
    .slice(0, LIMITS.trackName);
  return name === "" ? undefined : name;
}

const isObject = (value: DataValue | undefined): value is { readonly [name: string]: DataValue } =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array);
