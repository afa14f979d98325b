import type { Bytes } from "../bytes/bytes.ts";
import { type AudioCodec, isSameCoding, type Track, type VideoCodec } from "../media/track.ts";
import type { SaidOfSound } from "./sound-header.ts";

/** One picture, or the sound of one moment, as it goes into `mdat`. */
export type Unit = {
  readonly data: Bytes;
  readonly isSync: boolean;
  /** Samples of sound, at the track's rate; 0 of a picture. */
  readonly audioSamples: number;
  /** See `Sample`. */
  readonly original?: Bytes;
};

/** Linear PCM and G.711 among the codecs: they become FLAC. */
export type TagAudioCodec = AudioCodec | "pcm";

/** A message in the classic form, which holds one packet only. */
export type ClassicTag = {
  readonly body: Bytes;
  readonly said: SaidOfSound;
};

/** What a demuxer needs of a codec: made from a configuration, it opens the frames that follow. */
export type CodecReader = {
  /** As the messages name it. */
  readonly codec: VideoCodec | TagAudioCodec;
  /** The configuration as it was sent; empty for codecs that describe themselves. */
  readonly record: Bytes;
  /** As far as it is known; the same object as long as nothing changes in it. */
  readonly track: Track | undefined;
  /** The same configuration was sent again. */
  repeat(): void;
  /** How many channels there are, of codecs whose configuration may leave it open (Opus). */
  expectChannels?(channels: number): void;
  /**
   * @param isKey what the encoder says
   * @param tag what it came in, of codecs that need the tag's header (PCM)
   * @returns what the frame holds; `track` is then the one that it belongs to; undefined where it
   *   is kept for the next frame
   * @throws ProtocolError whatever the codec finds wrong; the reader stays as it was
   */
  open(data: Bytes, isKey: boolean, tag?: ClassicTag): readonly Unit[] | undefined;
};

/** The track as it was known, where the one just read says the same. */
export const unlessEqual = <T extends Track>(known: T | undefined, read: T): T =>
  known !== undefined && isSameCoding(known, read) ? known : read;
