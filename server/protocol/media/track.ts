import type { Bytes } from "../bytes/bytes.ts";

/** What a track carries. */
export type MediaType = "video" | "audio";

/** Video codecs that can be wrapped for a browser. */
export type VideoCodec = "avc" | "hevc" | "av1" | "vp9";

/** Audio codecs that can be wrapped for a browser. */
export type AudioCodec = "aac" | "mp3" | "opus" | "flac" | "ac-3" | "ec-3";

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
   * The body of avcC, hvcC, av1C or vpcC (without box header; vpcC begins with its version and
   * flags), with a NAL length size of 4.
   */
  readonly configuration: Bytes;
  /** Pixels to show, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second, where configuration or metadata tell. */
  readonly frameRate?: number;
  /** Pictures that may be decoded before one that is shown earlier; 0 rules reordering out. */
  readonly reorderDepth?: number;
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
