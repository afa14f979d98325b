import type { PROCESSOR, SoundBlock, SoundCommand, SoundReport } from "../worklet/messages.ts";
import { FallbackError } from "./fallback.ts";

/** The worklet's file beside this one, as the build named it. */
declare const SOUND_WORKLET: string;

/** Told to nobody else: the worklet is another program. */
const NAME: typeof PROCESSOR = "sluice-sound";

/** A browser that lets sound begin does so within this long (ms); one that waits for a gesture does not tell. */
const PATIENCE = 400;

/** Web Audio mixes no more than 5.1 down. */
const MOST_CHANNELS = 6;

const GESTURES = ["pointerdown", "pointerup", "keydown", "touchend"] as const;

/** One loudspeaker of a page's: an AudioContext with our worklet in it, made when sound is wanted. */
export class SoundOutput {
  #context: AudioContext | undefined;
  #module: Promise<void> | undefined;
  readonly #listening = new AbortController();

  /** Whether sound comes out: the browser may have stopped it. */
  get isRunning(): boolean {
    return this.#context?.state === "running";
  }

  /** For how long (seconds) sound is on its way to the loudspeaker when it was read. */
  get latency(): number {
    const { outputLatency, baseLatency } = this.#context ?? {};
    return outputLatency || baseLatency || 0;
  }

  /** Of the context, seconds. */
  get currentTime(): number {
    return this.#context?.currentTime ?? 0;
  }

  /**
   * Begins to sound; to be called in a gesture where one is needed.
   *
   * @param rate Hz of what will be played
   * @throws DOMException `NotAllowedError` where a gesture is needed; FallbackError `worklet`
   */
  async start(rate: number): Promise<void> {
    const context = this.#open(rate);
    // Without a gesture this promise rests for ever.
    context.resume().catch(() => undefined);
    this.#module ??= load(context);
    await Promise.all([this.#module, running(context)]);
  }

  /** @param onReport hears some twenty times a second where it is @throws before `start` is done */
  createVoice(channels: number, onReport: (report: SoundReport) => void): SoundVoice {
    const context = this.#context;
    if (context === undefined) throw new Error("Cannot play sound before it was started");
    return new SoundVoice(context, Math.min(channels, MOST_CHANNELS), onReport);
  }

  close(): void {
    this.#listening.abort();
    this.#context?.close().catch(() => undefined);
    this.#context = undefined;
    this.#module = undefined;
  }

  #open(rate: number): AudioContext {
    const open = this.#context;
    if (open !== undefined) return open;
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: rate });
    this.#context = context;
    // A telephone call, a lost device, a page that came back: any gesture may be the one that helps.
    const onGesture = () => {
      if (context.state !== "running") context.resume().catch(() => undefined);
    };
    const options = { signal: this.#listening.signal, capture: true, passive: true };
    for (const type of GESTURES) addEventListener(type, onGesture, options);
    return context;
  }
}

/** One playback's sound on its way out. */
export class SoundVoice {
  readonly channels: number;
  readonly #node: AudioWorkletNode;
  readonly #gain: GainNode;

  constructor(context: AudioContext, channels: number, onReport: (report: SoundReport) => void) {
    this.channels = channels;
    this.#node = new AudioWorkletNode(context, NAME, {
      numberOfInputs: 0,
      outputChannelCount: [channels],
    });
    this.#gain = context.createGain();
    this.#node.port.onmessage = ({ data }) => onReport(data as SoundReport);
    this.#node.connect(this.#gain).connect(context.destination);
  }

  /** 0 to 1 */
  set volume(volume: number) {
    this.#gain.gain.value = volume;
  }

  /** Seconds to hold ahead. */
  set target(target: number) {
    this.#send({ type: "target", target });
  }

  /** Takes the memory of the block over. */
  push(block: SoundBlock): void {
    const planes = block.planes.slice(0, this.channels);
    const memory = planes.map((plane) => plane.buffer as ArrayBuffer);
    this.#send({ type: "block", ...block, planes }, memory);
  }

  /** Throws away what has not been played. */
  reset(): void {
    this.#send({ type: "reset" });
  }

  close(): void {
    this.#node.port.onmessage = null;
    this.#send({ type: "close" });
    this.#node.disconnect();
    this.#gain.disconnect();
  }

  #send(command: SoundCommand, memory: readonly ArrayBuffer[] = []): void {
    this.#node.port.postMessage(command, [...memory]);
  }
}

/** From our server; a policy that does not know its address may still allow a blob. */
async function load(context: AudioContext): Promise<void> {
  const { audioWorklet } = context;
  // There is none in an insecure context.
  if (audioWorklet === undefined) throw new FallbackError("worklet");
  const address = new URL(SOUND_WORKLET, import.meta.url).href;
  try {
    await audioWorklet.addModule(address);
  } catch {
    try {
      const response = await fetch(address);
      const type = "text/javascript";
      const url = URL.createObjectURL(new Blob([await response.text()], { type }));
      await audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
    } catch (error) {
      throw new FallbackError("worklet", error);
    }
  }
}

function running(context: AudioContext): Promise<void> {
  if (context.state === "running") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    const timer = setTimeout(() => {
      end.abort();
      reject(new DOMException("Sound needs a gesture", "NotAllowedError"));
    }, PATIENCE);
    const look = () => {
      if (context.state !== "running") return;
      clearTimeout(timer);
      end.abort();
      resolve();
    };
    context.addEventListener("statechange", look, { signal: end.signal });
  });
}
