import { type Bytes, NO_BYTES } from "../bytes/bytes.ts";
import { aacTrack, audioSpecificConfigFromAdts, splitAdts } from "../codec/aac.ts";
import { ac3Track, eac3Track, splitAc3Frames, splitEac3Frames } from "../codec/ac3.ts";
import { flacTrack, splitFlacFrames } from "../codec/flac.ts";
import { mp3Track, splitMpegAudioFrames } from "../codec/mp3.ts";
import { opusPacketSamples, opusTrack } from "../codec/opus.ts";
import type { AudioCodec, AudioTrack } from "../media/track.ts";
import { type CodecReader, type TagAudioCodec, type Unit, unlessEqual } from "./codec-reader.ts";
import { PcmReader } from "./pcm-reader.ts";

/**
 * Takes the configuration of an audio track.
 *
 * @throws ProtocolError when it cannot be read
 */
export function audioReader(codec: TagAudioCodec, trackIndex: number, record: Bytes): CodecReader {
  switch (codec) {
    case "aac":
      return new AacReader(trackIndex, record);
    case "opus":
      return new OpusReader(trackIndex, record);
    case "flac":
      return new FlacReader(trackIndex, record);
    case "pcm":
      return new PcmReader(trackIndex);
    case "mp3":
      return new SelfDescribingReader("mp3", (data) => openMp3(trackIndex, data));
    case "ac-3":
      return new SelfDescribingReader("ac-3", (data) => {
        const track = ac3Track(trackIndex, data);
        return { track, units: sounds(splitAc3Frames(data)) };
      });
    case "ec-3":
      return new SelfDescribingReader("ec-3", (data) => {
        const track = eac3Track(trackIndex, data);
        return { track, units: sounds(splitEac3Frames(data)) };
      });
  }
}

/**
 * Takes a frame that came before any configuration.
 *
 * @returns undefined where the frame does not say enough to begin with
 */
export function audioReaderFromFrame(
  codec: TagAudioCodec,
  trackIndex: number,
  frame: Bytes,
): CodecReader | undefined {
  switch (codec) {
    case "aac": {
      const config = audioSpecificConfigFromAdts(frame);
      return config === undefined ? undefined : new AacReader(trackIndex, config);
    }
    case "pcm":
    case "mp3":
    case "ac-3":
    case "ec-3":
      return audioReader(codec, trackIndex, NO_BYTES);
    case "opus":
    case "flac":
      return undefined;
  }
}

const sound = (data: Bytes, audioSamples: number): Unit => ({ data, isSync: true, audioSamples });

/** A message may hold several frames: each is a sample of its own. */
const sounds = (frames: readonly { data: Bytes; samples: number }[]): Unit[] =>
  frames.map(({ data, samples }) => sound(data, samples));

class AacReader implements CodecReader {
  readonly codec = "aac";
  readonly record: Bytes;
  readonly track: AudioTrack;
  readonly #samplesPerFrame: number;

  constructor(trackIndex: number, record: Bytes) {
    const { track, samplesPerFrame } = aacTrack(trackIndex, record);
    this.record = record;
    this.track = track;
    this.#samplesPerFrame = samplesPerFrame;
  }

  repeat(): void {}

  open(data: Bytes): readonly Unit[] {
    return splitAdts(data)
      .filter((frame) => frame.length > 0)
      .map((frame) => sound(frame, this.#samplesPerFrame));
  }
}

/** Opus: without its header it is known from the first packet on. */
class OpusReader implements CodecReader {
  readonly codec = "opus";
  readonly record: Bytes;
  track: AudioTrack | undefined;
  readonly #trackIndex: number;
  #channels: number | undefined;

  constructor(trackIndex: number, record: Bytes) {
    this.record = record;
    this.#trackIndex = trackIndex;
    if (record.length > 0) this.track = opusTrack(trackIndex, record);
  }

  repeat(): void {}

  expectChannels(channels: number): void {
    if (this.record.length > 0 || channels === this.#channels) return;
    this.#channels = channels;
    this.track = undefined;
  }

  open(data: Bytes): readonly Unit[] {
    if (data.length === 0) return [];
    const unit = sound(data, opusPacketSamples(data));
    this.track ??= opusTrack(this.#trackIndex, this.record, {
      packet: data,
      channels: this.#channels,
    });
    return [unit];
  }
}

class FlacReader implements CodecReader {
  readonly codec = "flac";
  readonly record: Bytes;
  readonly track: AudioTrack;

  constructor(trackIndex: number, record: Bytes) {
    this.record = record;
    this.track = flacTrack(trackIndex, record);
  }

  repeat(): void {}

  open(data: Bytes): readonly Unit[] {
    if (data.length === 0) return [];
    return sounds(splitFlacFrames(data, this.track.configuration));
  }
}

/** MP3, AC-3 and E-AC-3: every frame tells what it is. */
class SelfDescribingReader implements CodecReader {
  readonly codec: AudioCodec;
  readonly record: Bytes = NO_BYTES;
  track: AudioTrack | undefined;
  readonly #read: (data: Bytes) => { track: AudioTrack; units: readonly Unit[] } | undefined;

  constructor(
    codec: AudioCodec,
    read: (data: Bytes) => { track: AudioTrack; units: readonly Unit[] } | undefined,
  ) {
    this.codec = codec;
    this.#read = read;
  }

  repeat(): void {}

  open(data: Bytes): readonly Unit[] {
    if (data.length === 0) return [];
    const opened = this.#read(data);
    if (opened === undefined) return [];
    this.track = unlessEqual(this.track, opened.track);
    return opened.units;
  }
}

/** One message may hold several MPEG audio frames. */
function openMp3(
  trackIndex: number,
  data: Bytes,
): { track: AudioTrack; units: readonly Unit[] } | undefined {
  const frames = splitMpegAudioFrames(data);
  const [first] = frames;
  if (first === undefined) return undefined;
  const units = frames.map((frame) => sound(frame.data, frame.header.samplesPerFrame));
  return { track: mp3Track(trackIndex, first.header), units };
}
