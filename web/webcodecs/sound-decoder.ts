import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import type { SoundBlock } from "../worklet/messages.ts";
import { audioConfig } from "./codec-config.ts";
import { FallbackError } from "./fallback.ts";

/** So many errors within so long (ms), and it is given up. */
const MOST_ERRORS = 5;
const WITHIN = 10_000;

/** Frames that the decoder may be behind. */
const MOST_QUEUED = 64;

/** What a decoder tells. */
export type SoundDecoderHost = {
  onSound(block: SoundBlock): void;
  onError(error: FallbackError): void;
};

/** Decodes the sound of one track. */
export class SoundDecoder {
  readonly #host: SoundDecoderHost;
  #track: AnnouncedTrack | undefined;
  #decoder: AudioDecoder | undefined;
  #errors: number[] = [];

  constructor(host: SoundDecoderHost) {
    this.#host = host;
  }

  configure(track: AnnouncedTrack): void {
    this.#track = track;
    this.#begin();
  }

  /** @param time of its beginning, seconds */
  decode(frame: Frame, time: number): void {
    const decoder = this.#decoder;
    if (decoder === undefined || decoder.decodeQueueSize > MOST_QUEUED) return;
    try {
      const chunk = new EncodedAudioChunk({
        type: "key",
        timestamp: Math.round(time * 1e6),
        data: frame.payload.subarray(frame.dataOffset) as Uint8Array<ArrayBuffer>,
      });
      decoder.decode(chunk);
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== "closed") decoder.close();
  }

  #begin(): void {
    this.close();
    if (this.#track === undefined) return;
    const decoder = new AudioDecoder({
      output: (data) => {
        if (decoder === this.#decoder) this.#host.onSound(blockOf(data));
        data.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#failed(error);
      },
    });
    this.#decoder = decoder;
    try {
      decoder.configure(audioConfig(this.#track));
    } catch (error) {
      this.#host.onError(new FallbackError("codec", error));
    }
  }

  #failed(error: unknown): void {
    const isUnknown = error instanceof DOMException && error.name === "NotSupportedError";
    const now = performance.now();
    this.#errors = [...this.#errors.filter((at) => at > now - WITHIN), now];
    if (isUnknown || this.#errors.length >= MOST_ERRORS) {
      this.close();
      this.#host.onError(new FallbackError(isUnknown ? "codec" : "decode", error));
      return;
    }
    this.#begin();
  }
}

function blockOf(data: AudioData): SoundBlock {
  const planes = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(data.numberOfFrames);
    data.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
  return { time: data.timestamp / 1e6, rate: data.sampleRate, planes };
}
