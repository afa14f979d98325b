import { tellsOutputLatency } from "../engine/platform.ts";
import { FallbackError } from "./fallback.ts";
import type { SoundPath, SoundPathHost } from "./sound-path.ts";

/**
 * Within this long (ms) sound begins where it may: a browser that waits for a gesture does not tell. Only
 * Firefox says that it may, and takes up to two seconds to open a device.
 */
const PATIENCE = { unknown: 1_000, allowed: 10_000 } as const;

/** Taken for the loudspeaker's distance where nobody may ask: Firefox had 34 to 45 ms. Seconds. */
const ASSUMED_LATENCY = 0.04;

const GESTURES = ["pointerup", "keydown"] as const;

/** One loudspeaker of a page's: an AudioContext with our worklet in it, made when sound is wanted. */
export class SoundOutput {
  #context: AudioContext | undefined;
  #code: Promise<typeof import("./sound-path.ts")> | undefined;
  #Path: typeof SoundPath | undefined;
  readonly #listening = new AbortController();

  /** Whether sound comes out: the browser may have stopped it. */
  get isRunning(): boolean {
    return this.#context?.state === "running";
  }

  /** For how long (seconds) sound is on its way to the loudspeaker when it was read. */
  get latency(): number {
    if (this.#context === undefined) return 0;
    if (!tellsOutputLatency()) return ASSUMED_LATENCY;
    const { outputLatency, baseLatency } = this.#context;
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
    const context = this.#context ?? this.#open(rate);
    // Without a gesture this promise rests for ever.
    context.resume().catch(() => undefined);
    this.#code ??= load(context);
    const [{ SoundPath }] = await Promise.all([this.#code, running(context)]);
    this.#Path = SoundPath;
  }

  /** @returns undefined before `start` is done */
  createPath(host: SoundPathHost): SoundPath | undefined {
    return this.#context && this.#Path && new this.#Path(this.#context, host);
  }

  close(): void {
    this.#listening.abort();
    this.#context?.close().catch(() => undefined);
    this.#context = undefined;
  }

  #open(rate: number): AudioContext {
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

async function load(context: AudioContext): Promise<typeof import("./sound-path.ts")> {
  try {
    const code = await import("./sound-path.ts");
    await code.loadWorklet(context);
    return code;
  } catch (error) {
    throw new FallbackError("worklet", error);
  }
}

function running(context: AudioContext): Promise<void> {
  if (context.state === "running") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    const isAllowed = navigator.getAutoplayPolicy?.("audiocontext") === "allowed";
    const timer = setTimeout(
      () => {
        end.abort();
        reject(new DOMException("Sound needs a gesture", "NotAllowedError"));
      },
      PATIENCE[isAllowed ? "allowed" : "unknown"],
    );
    const look = () => {
      if (context.state !== "running") return;
      clearTimeout(timer);
      end.abort();
      resolve();
    };
    context.addEventListener("statechange", look, { signal: end.signal });
  });
}
