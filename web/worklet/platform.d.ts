// What an AudioWorklet has (Web Audio API §1.32), as far as it is used: TypeScript has no library for it.

declare abstract class AudioWorkletProcessor {
  readonly port: {
    onmessage: ((event: { readonly data: unknown }) => void) | null;
    postMessage(message: unknown): void;
  };
  /** @returns whether it is to go on */
  abstract process(
    inputs: readonly (readonly Float32Array[])[],
    outputs: readonly (readonly Float32Array[])[],
  ): boolean;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Of the context, seconds: of the first frame that `process` is to fill. */
declare const currentTime: number;
/** Of the context, Hz. */
declare const sampleRate: number;
