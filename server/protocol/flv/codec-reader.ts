import { type Bytes, equal } from "../bytes/bytes.ts";
import type { AudioCodec, Track, VideoCodec } from "../media/track.ts";

/** One picture, or the sound of one moment, as it goes into `mdat`. */
export type Unit = {
  readonly data: Bytes;
  readonly isSync: boolean;
  /** Samples of sound, at the track's rate; 0 of a picture. */
  readonly audioSamples: number;
};

/** What a demuxer needs of a codec: made from a configuration, it opens the frames that follow. */
export type CodecReader = {
  /** As the messages name it. */
  readonly codec: VideoCodec | AudioCodec;
  /** The configuration as it was sent; empty for codecs that describe themselves. */
  readonly record: Bytes;
  /** As far as it is known; the same object as long as nothing changes in it. */
  readonly track: Track | undefined;
  /** The same configuration was sent again. */
  repeat(): void;
  /**
   * @param isKey what the encoder says
   * @returns what the frame holds; `track` is then the one that it belongs to
   * @throws ProtocolError whatever the codec finds wrong; the reader stays as it was
   */
  open(data: Bytes, isKey: boolean): readonly Unit[];
};

/** The track as it was known, where the one just read says the same. */
export const unlessEqual = <T extends Track>(known: T | undefined, read: T): T =>
  known !== undefined && describesTheSame(known, read) ? known : read;

function describesTheSame(one: Track, other: Track): boolean {
  if (one.codecString !== other.codecString) return false;
  if (!equal(one.configuration, other.configuration)) return false;
  if (one.mediaType === "video" && other.mediaType === "video") {
    return one.width === other.width && one.height === other.height;
  }
  if (one.mediaType === "audio" && other.mediaType === "audio") {
    return one.sampleRate === other.sampleRate && one.channels === other.channels;
  }
  return false;
}
