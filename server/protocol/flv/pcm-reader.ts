import { type Bytes, concat, NO_BYTES, u8 } from "../bytes/bytes.ts";
import {
  FlacEncoder,
  flacStreamInfo,
  MAX_FLAC_BLOCK,
  MIN_FLAC_BLOCK,
} from "../codec/flac-encoder.ts";
import { isSamePcm, type PcmFormat, pcmBits, pcmFrameLength, readPcm } from "../codec/pcm.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { AudioTrack } from "../media/track.ts";
import type { ClassicTag, CodecReader, Unit } from "./codec-reader.ts";
import { pcmFormatOf } from "./sound-header.ts";

/**
 * Linear PCM and G.711, which no browser takes in a container: rewrapped without loss as FLAC. Each
 * message becomes a FLAC frame; a very long one several of them; what is too short for a frame goes
 * into the next.
 */
export class PcmReader implements CodecReader {
  readonly codec = "pcm";
  readonly record: Bytes = NO_BYTES;
  track: AudioTrack | undefined;
  readonly #trackIndex: number;
  #format: PcmFormat | undefined;
  #encoder: FlacEncoder | undefined;
  /** Less than a frame of FLAC can be. */
  #held: Bytes = NO_BYTES;

  constructor(trackIndex: number) {
    this.#trackIndex = trackIndex;
  }

  repeat(): void {}

  /** @throws ProtocolError `PCM_LENGTH` (limit) */
  open(data: Bytes, _isKey: boolean, tag: ClassicTag): readonly Unit[] | undefined {
    if (data.length === 0) return [];
    const first = tag.body[0] ?? 0;
    const format = pcmFormatOf(first, tag.said);
    const isSame = this.#format !== undefined && isSamePcm(this.#format, format);
    const held = isSame ? this.#held : NO_BYTES;
    const all = held.length === 0 ? data : concat(held, data);
    const samples = Math.floor(all.length / pcmFrameLength(format));
    const frames = Math.ceil(samples / MAX_FLAC_BLOCK);
    if (frames > LIMITS.audioFramesInMessage) {
      const message = `Cannot take ${samples} samples of sound in a message`;
      throw new ProtocolError("limit", "PCM_LENGTH", message);
    }
    const encoder = isSame && this.#encoder !== undefined ? this.#encoder : this.#begin(format);
    this.#held = NO_BYTES;
    if (samples < MIN_FLAC_BLOCK) {
      this.#held = all.slice(0, samples * pcmFrameLength(format));
      return undefined;
    }
    const original = held.length === 0 ? tag.body : concat(u8(first), all);
    const most = Math.ceil(samples / frames);
    return Array.from({ length: frames }, (_, index): Unit => {
      const from = index * most;
      const count = Math.min(most, samples - from);
      return {
        data: encoder.encode(readPcm(format, all, from, count)),
        isSync: true,
        audioSamples: count,
        original: index === 0 ? original : NO_BYTES,
      };
    });
  }

  #begin(format: PcmFormat): FlacEncoder {
    const { sampleRate, channels } = format;
    const flac = { sampleRate, channels, bitsPerSample: pcmBits(format) };
    const encoder = new FlacEncoder(flac);
    this.#format = format;
    this.#encoder = encoder;
    this.track = {
      mediaType: "audio",
      trackIndex: this.#trackIndex,
      codec: "flac",
      codecString: "flac",
      configuration: flacStreamInfo(flac),
      sampleRate,
      channels,
    };
    return encoder;
  }
}
