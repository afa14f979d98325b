import type { Frame } from "../../server/protocol/wire/frame.ts";
import { isWebKit } from "../engine/platform.ts";
import type { PROCESSOR, SoundBlock, SoundCommand, SoundReport } from "../worklet/messages.ts";
import { planesOf } from "./decoded-sound.ts";
import type { FallbackReason } from "./fallback.ts";
import { asWebAudioOrders } from "./speakers.ts";

/** The worklet's file beside this one, as the build named it. */
declare const SOUND_WORKLET: string;

/** The worklet is another program: it knows itself by this name. */
const NAME: typeof PROCESSOR = "sluice-sound";

/** 7.1: of more nobody has said which is which. */
const MOST_CHANNELS = 8;

/** So many errors within so long (ms), and it is given up. */
const MOST_ERRORS = 5;
const WITHIN = 10_000;

/** Frames that the decoder may be behind. */
const MOST_QUEUED = 64;

/** A decoder counts on from where it began: what comes so far (seconds) from there begins a new one. */
const APART = 0.012;

/** What a path tells. */
export type SoundPathHost = {
  /** Some twenty times a second, where it is. */
  onReport(report: SoundReport): void;
  onError(reason: FallbackReason, cause: unknown): void;
};

/**
 * Brings our worklet into a context: from our server, and where a policy forbids that address, as a blob.
 *
 * @throws where the browser takes neither
 */
export async function loadWorklet({ audioWorklet }: AudioContext): Promise<void> {
  const address = new URL(SOUND_WORKLET, import.meta.url).href;
  try {
    await audioWorklet.addModule(address);
  } catch {
    const response = await fetch(address);
    const type = "text/javascript";
    const url = URL.createObjectURL(new Blob([await response.text()], { type }));
    await audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
  }
}

/** Coded sound of one track on its way out: a decoder, our worklet, and a volume. */
export class SoundPath {
  readonly #context: AudioContext;
  readonly #host: SoundPathHost;
  readonly #gain: GainNode;
  #config: AudioDecoderConfig | undefined;
  #decoder: AudioDecoder | undefined;
  #node: AudioWorkletNode | undefined;
  #channels = 0;
  #target: number | undefined;
  /** Where what it was given ends by the decoder's own count, seconds; undefined before it was given any. */
  #counted: number | undefined;
  #errors: number[] = [];

  /** @param context that has the worklet */
  constructor(context: AudioContext, host: SoundPathHost) {
    this.#context = context;
    this.#host = host;
    this.#gain = context.createGain();
    this.#gain.connect(context.destination);
  }

  /** 0 to 1 */
  set volume(volume: number) {
    this.#gain.gain.value = volume;
  }

  /** What comes next is coded like this. */
  configure(config: AudioDecoderConfig): void {
    this.#config = config;
    this.#begin();
  }

  /** @param time of its beginning @param duration of what it decodes to; seconds */
  decode(frame: Frame, time: number, duration: number): void {
    if (this.#decoder === undefined || this.#decoder.decodeQueueSize > MOST_QUEUED) return;
    // Chromium's takes its time from the first frame alone: a hole would make all that follows early.
    if (Math.abs(time - (this.#counted ?? time)) > APART) this.#begin();
    const decoder = this.#decoder;
    this.#counted = (this.#counted ?? time) + duration;
    try {
      const chunk = new EncodedAudioChunk({
        type: "key",
        timestamp: Math.round(time * 1e6),
        data: frame.payload.subarray(frame.dataOffset) as Uint8Array<ArrayBuffer>,
      });
      decoder?.decode(chunk);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param target seconds to hold ahead @param isNow at once: what is too much is skipped */
  hold(target: number, isNow: boolean): void {
    this.#target = target;
    this.#send({ type: "target", target, isNow });
  }

  /** Throws away what has not been played. */
  reset(): void {
    this.#send({ type: "reset" });
  }

  close(): void {
    this.#end();
    this.#leave();
    this.#gain.disconnect();
  }

  #begin(): void {
    this.#end();
    if (this.#config === undefined) return;
    const decoder = new AudioDecoder({
      output: (data) => {
        if (decoder === this.#decoder) this.#push(data);
        data.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#failed(error);
      },
    });
    this.#decoder = decoder;
    try {
      decoder.configure(this.#config);
    } catch (error) {
      this.#host.onError("codec", error);
    }
  }

  #end(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#counted = undefined;
    if (decoder !== undefined && decoder.state !== "closed") decoder.close();
  }

  #failed(error: unknown): void {
    const isUnknown = error instanceof DOMException && error.name === "NotSupportedError";
    const now = performance.now();
    this.#errors = [...this.#errors.filter((at) => at > now - WITHIN), now];
    if (isUnknown || this.#errors.length >= MOST_ERRORS) {
      this.#end();
      this.#host.onError(isUnknown ? "codec" : "decode", error);
    } else {
      this.#begin();
    }
  }

  #push(data: AudioData): void {
    const decoded = planesOf(data, { most: MOST_CHANNELS, converts: isWebKit() });
    const planes = asWebAudioOrders(decoded, this.#config?.codec ?? "");
    if (this.#node === undefined || planes.length !== this.#channels) this.#enter(planes.length);
    const block: SoundBlock = { time: data.timestamp / 1e6, rate: data.sampleRate, planes };
    this.#send(
      { type: "block", ...block },
      planes.map((plane) => plane.buffer),
    );
  }

  #enter(channels: number): void {
    this.#leave();
    const node = new AudioWorkletNode(this.#context, NAME, {
      numberOfInputs: 0,
      outputChannelCount: [channels],
    });
    this.#node = node;
    this.#channels = channels;
    node.port.onmessage = ({ data }) => this.#host.onReport(data as SoundReport);
    node.connect(this.#gain);
    if (this.#target !== undefined) this.hold(this.#target, false);
  }

  #leave(): void {
    const node = this.#node;
    if (node === undefined) return;
    node.port.onmessage = null;
    this.#send({ type: "close" });
    node.disconnect();
    this.#node = undefined;
  }

  #send(command: SoundCommand, memory: ArrayBuffer[] = []): void {
    this.#node?.port.postMessage(command, memory);
  }
}
