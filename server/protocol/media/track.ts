import { type Bytes, equal } from "../bytes/bytes.ts";

/** What a track carries. */
export type MediaType = "video" | "audio";

/** Video codecs that can be wrapped for a browser. */
export type VideoCodec = "avc" | "hevc" | "vvc" | "av1" | "vp9" | "vp8";

/** Audio codecs that can be wrapped for a browser. */
export type AudioCodec = "aac" | "mp3" | "opus" | "flac" | "ac-3" | "ec-3";

/** How decoded samples become light, by the numbers of ISO/IEC 23091-2 (ITU-T H.273). */
export type Colour = {
  readonly primaries: number;
  /** 16 is PQ, 18 HLG. */
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
};

/** A point of CIE 1931: x and y. */
export type Chromaticity = readonly [x: number, y: number];

/** The display that a picture was made on (SMPTE ST 2086); luminance in cd/m². */
export type MasteringDisplay = {
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly whitePoint: Chromaticity;
  readonly maxLuminance: number;
  readonly minLuminance: number;
};

/** How bright a broadcast becomes (CTA-861.3), in cd/m²: of any pixel, and of a picture's average. */
export type ContentLight = { readonly maxCll: number; readonly maxFall: number };

/**
 * Speakers by the letters of SMPTE ST 2036-2 (and FFmpeg), in the order of the bitstream's channels:
 * "FL", "FR", "FC", "LFE" …; "-" is a channel without sound, "?" one whose place nobody told.
 */
export type ChannelLayout = readonly string[];

/**
 * A video track as its configuration describes it. A value: when the encoder changes anything in
 * it, it sends another one with the same `trackIndex`.
 */
export type VideoTrack = {
  readonly mediaType: "video";
  /** The encoder's own number of the track (Enhanced RTMP trackId); 0 where it has one only. */
  readonly trackIndex: number;
  readonly codec: VideoCodec;
  /** RFC 6381, as MSE, WebCodecs and HLS take it: `avc1.64001f`. */
  readonly codecString: string;
  /**
   * The body of avcC, hvcC, vvcC, av1C or vpcC (without box header; vpcC begins with its version and
   * flags, vvcC does not), with a NAL length size of 4.
   */
  readonly configuration: Bytes;
  /** Pixels to show, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second, where configuration or metadata tell. */
  readonly frameRate?: number;
  /** Pictures that may be decoded before one that is shown earlier; 0 rules reordering out. */
  readonly reorderDepth?: number;
  /** Fields may be coded apart: the encoder takes the picture for interlaced, in part at least. */
  readonly isInterlaced?: true;
  /** As the encoder says beside its pictures, else as their coding says. */
  readonly colour?: Colour;
  readonly masteringDisplay?: MasteringDisplay;
  readonly contentLight?: ContentLight;
  /** BCP 47, and a name for people, where the encoder tells. */
  readonly language?: string;
  readonly name?: string;
};

/** An audio track as its configuration describes it. */
export type AudioTrack = {
  readonly mediaType: "audio";
  /** The encoder's own number of the track (Enhanced RTMP trackId); 0 where it has one only. */
  readonly trackIndex: number;
  readonly codec: AudioCodec;
  /** RFC 6381: `mp4a.40.2`, `mp3`, `opus`, `flac`, `ac-3`, `ec-3`. */
  readonly codecString: string;
  /**
   * AAC: AudioSpecificConfig. Opus: body of dOps. FLAC: the 34 bytes of STREAMINFO. AC-3, E-AC-3:
   * body of dac3, dec3. MP3: empty.
   */
  readonly configuration: Bytes;
  /** Hz: the rate the timeline counts in (HE-AAC: the core's). Opus: 48000. */
  readonly sampleRate: number;
  readonly channels: number;
  /** One entry a channel, where the encoder tells more than their number. */
  readonly channelLayout?: ChannelLayout;
  /** BCP 47, and a name for people, where the encoder tells. */
  readonly language?: string;
  readonly name?: string;
};

/** One elementary stream of a broadcast. */
export type Track = VideoTrack | AudioTrack;

/** Names a track within its broadcast: audio 1 and video 1 differ. */
export type TrackKey = `${MediaType}:${number}`;

/** @returns the key under which everything about this track is kept */
export const trackKey = (track: { mediaType: MediaType; trackIndex: number }): TrackKey =>
  `${track.mediaType}:${track.trackIndex}`;

/** Whether two descriptions lead to the same init segment: what is decoded, and how it is shown. */
export function isSameCoding(a: Track, b: Track): boolean {
  if (a.codecString !== b.codecString || !equal(a.configuration, b.configuration)) return false;
  if (a.mediaType === "video" && b.mediaType === "video") {
    return a.width === b.width && a.height === b.height && isSameLight(a, b);
  }
  return (
    a.mediaType === "audio" &&
    b.mediaType === "audio" &&
    a.sampleRate === b.sampleRate &&
    a.channels === b.channels
  );
}

/** Whether they say the same about what is for people, and for choosing among tracks. */
export function isSameLabel(a: Track, b: Track): boolean {
  if (a.language !== b.language || a.name !== b.name) return false;
  if (a.mediaType === "video" && b.mediaType === "video") return a.frameRate === b.frameRate;
  if (a.mediaType !== "audio" || b.mediaType !== "audio") return false;
  return String(a.channelLayout) === String(b.channelLayout);
}

function isSameLight(a: VideoTrack, b: VideoTrack): boolean {
  const others = lightOf(b);
  return lightOf(a).every((number, index) => number === others[index]);
}

const lightOf = ({ colour, masteringDisplay: display, contentLight }: VideoTrack) => [
  ...[colour?.primaries, colour?.transfer, colour?.matrix, colour?.fullRange],
  ...[...(display?.red ?? NOWHERE), ...(display?.green ?? NOWHERE)],
  ...[...(display?.blue ?? NOWHERE), ...(display?.whitePoint ?? NOWHERE)],
  ...[display?.maxLuminance, display?.minLuminance, contentLight?.maxCll, contentLight?.maxFall],
];

const NOWHERE = [undefined, undefined] as const;
