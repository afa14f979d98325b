import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import { videoConfig } from "./codec-config.ts";
import type { CodedPicture } from "./coded-queue.ts";
import { FallbackError } from "./fallback.ts";

/** So many errors within so long (ms), and it is given up; before the last one software is tried. */
const MOST_ERRORS = 3;
const WITHIN = 20_000;

/** What a decoder tells. */
export type PictureDecoderHost = {
  /** In the order they are shown. Whoever takes it closes it. */
  onPicture(picture: VideoFrame): void;
  /** There is room for another one. */
  onTaken(): void;
  /** What was decoded is of no use for what follows: the next one must be a sync sample. */
  onBreak(): void;
  onError(error: FallbackError): void;
};

/** Decodes the pictures of one track, and begins anew after an error and at another configuration. */
export class PictureDecoder {
  readonly #host: PictureDecoderHost;
  #config: VideoDecoderConfig | undefined;
  #decoder: VideoDecoder | undefined;
  #errors: number[] = [];
  #isClosed = false;

  constructor(host: PictureDecoderHost) {
    this.#host = host;
  }

  /** Pictures that the decoder has not looked at yet. */
  get queued(): number {
    return this.#decoder?.decodeQueueSize ?? 0;
  }

  /** What comes next is of this track, and begins with a sync sample. */
  configure(track: AnnouncedTrack): void {
    this.#config = videoConfig(track);
    this.#begin();
  }

  /** Forgets what was given to it; the next one must be a sync sample. */
  reset(): void {
    this.#begin();
  }

  decode({ frame, time, isSync }: CodedPicture): void {
    try {
      const chunk = new EncodedVideoChunk({
        type: isSync ? "key" : "delta",
        timestamp: Math.round(time * 1e6),
        data: frame.payload.subarray(frame.dataOffset) as Uint8Array<ArrayBuffer>,
      });
      this.#decoder?.decode(chunk);
    } catch (error) {
      // No key where one must be, or a decoder that has closed without a word.
      this.#failed(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #begin(): void {
    this.#end();
    const config = this.#config;
    if (config === undefined || this.#isClosed) return;
    const decoder = new VideoDecoder({
      output: (picture) => {
        if (decoder === this.#decoder) this.#host.onPicture(picture);
        else picture.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#failed(error);
      },
    });
    this.#decoder = decoder;
    decoder.ondequeue = () => this.#host.onTaken();
    try {
      decoder.configure(config);
    } catch (error) {
      this.#host.onError(new FallbackError("codec", error));
    }
  }

  #end(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== "closed") decoder.close();
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    if (error instanceof DOMException && error.name === "NotSupportedError") {
      this.#host.onError(new FallbackError("codec", error));
      return;
    }
    const now = performance.now();
    this.#errors = [...this.#errors.filter((at) => at > now - WITHIN), now];
    if (this.#errors.length >= MOST_ERRORS) {
      this.#host.onError(new FallbackError("decode", error));
      return;
    }
    if (this.#errors.length === MOST_ERRORS - 1 && this.#config !== undefined) {
      this.#config = { ...this.#config, hardwareAcceleration: "prefer-software" };
    }
    this.#begin();
    this.#host.onBreak();
  }
}
