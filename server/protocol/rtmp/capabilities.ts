import { type Amf0Object, type Amf0Value, isAmf0Array, membersOf } from "../amf0/value.ts";
import { LIMITS } from "../limits.ts";

/** What a peer says it can do beyond RTMP 1.0 (Enhanced RTMP v2, "Enhancing NetConnection connect"). */
export type Capabilities = {
  /** Codecs it can handle; "*" is any. Of v1, and read for those who know no maps. */
  readonly fourCcList?: readonly string[];
  /** FourCC → `FourCcInfo`; "*" is any, and overrides what single codecs have. */
  readonly videoFourCcInfoMap?: { readonly [fourCc: string]: number };
  readonly audioFourCcInfoMap?: { readonly [fourCc: string]: number };
  /** Of `CapsEx`. */
  readonly capsEx?: number;
  /** Of `VideoFunction`. */
  readonly videoFunction?: number;
};

/** FourCcInfoMask: what a peer does with a codec. */
export const FourCcInfo = { CanDecode: 1, CanEncode: 2, CanForward: 4 } as const;

/** CapsExMask. */
export const CapsEx = { Reconnect: 1, Multitrack: 2, ModEx: 4, TimestampNanoOffset: 8 } as const;

/** Flags of `videoFunction`: the first one is of RTMP 1.0 (§7.2.1.1). */
export const VideoFunction = { ClientSeek: 1, Hdr: 2, Metadata: 4, LargeScaleTile: 8 } as const;

/** What this server says it can do: it forwards any codec, on any number of tracks. */
export const SERVER_CAPABILITIES: Capabilities = {
  fourCcList: ["*"],
  videoFourCcInfoMap: { "*": FourCcInfo.CanForward },
  audioFourCcInfoMap: { "*": FourCcInfo.CanForward },
  capsEx: CapsEx.Reconnect | CapsEx.Multitrack | CapsEx.ModEx | CapsEx.TimestampNanoOffset,
  videoFunction: VideoFunction.Hdr | VideoFunction.Metadata,
};

/** Audio codecs that have a FourCC; all others are video's. */
const AUDIO_FOURCCS: ReadonlySet<string> = new Set([
  "mp4a",
  ".mp3",
  "Opus",
  "fLaC",
  "ac-3",
  "ec-3",
]);

/**
 * Whether a peer takes a codec in Enhanced RTMP's own form. Its map for the medium decides, where it
 * has one: decoding and forwarding both need the codec read. Else the list of v1 does.
 *
 * @param capabilities undefined: a peer that speaks of none, and reads classic headers only
 * @param fourCc as it stands in messages: "hvc1", "Opus"
 */
export function canRead(capabilities: Capabilities | undefined, fourCc: string): boolean {
  if (capabilities === undefined) return false;
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap } = capabilities;
  const map = AUDIO_FOURCCS.has(fourCc) ? audioFourCcInfoMap : videoFourCcInfoMap;
  if (map !== undefined) {
    const flags = map["*"] ?? map[fourCc] ?? 0;
    return (flags & (FourCcInfo.CanDecode | FourCcInfo.CanForward)) !== 0;
  }
  return fourCcList?.some((listed) => listed === "*" || listed === fourCc) ?? false;
}

/** Whether a peer reads messages of several tracks: others are to get track 0 alone. */
export const canMultitrack = (capabilities: Capabilities | undefined): boolean =>
  has(capabilities?.capsEx, CapsEx.Multitrack);

/** Whether a peer, when it is asked to, connects anew and goes on there. */
export const canReconnect = (capabilities: Capabilities | undefined): boolean =>
  has(capabilities?.capsEx, CapsEx.Reconnect);

/** Whether a peer reads past ModEx, so that nanoseconds may be written. */
export const canReadModEx = (capabilities: Capabilities | undefined): boolean =>
  has(capabilities?.capsEx, CapsEx.ModEx);

/** Capabilities as members of an object, for `connect` and its answer. */
export const capabilityFields = (capabilities: Capabilities): Amf0Object => ({ ...capabilities });

/**
 * Reads the capabilities among the members of `connect`'s object, or of the answer's; fields of a
 * wrong type are missing.
 *
 * @returns undefined where there is none
 */
export function readCapabilities(fields: Amf0Object): Capabilities | undefined {
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap, capsEx, videoFunction } = fields;
  const videoMap = readNumbers(videoFourCcInfoMap);
  const audioMap = readNumbers(audioFourCcInfoMap);
  const enhanced: Capabilities = {
    ...(isAmf0Array(fourCcList) && {
      fourCcList: fourCcList.slice(0, LIMITS.fourCcs).filter(isText),
    }),
    ...(videoMap && { videoFourCcInfoMap: videoMap }),
    ...(audioMap && { audioFourCcInfoMap: audioMap }),
    ...(typeof capsEx === "number" && { capsEx }),
  };
  const functions = typeof videoFunction === "number" ? videoFunction : 0;
  // Players of RTMP 1.0 say that they can seek (librtmp, FFmpeg): that alone is nothing new.
  const isEnhanced =
    Object.keys(enhanced).length > 0 || (functions & ~VideoFunction.ClientSeek) > 0;
  if (!isEnhanced) return undefined;
  return typeof videoFunction === "number" ? { ...enhanced, videoFunction } : enhanced;
}

function readNumbers(value: Amf0Value): { [name: string]: number } | undefined {
  const members = membersOf(value);
  if (members === undefined) return undefined;
  const entries = Object.entries(members).slice(0, LIMITS.fourCcs);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

const has = (flags: number | undefined, some: number): boolean => ((flags ?? 0) & some) !== 0;

const isText = (value: Amf0Value): value is string => typeof value === "string";
