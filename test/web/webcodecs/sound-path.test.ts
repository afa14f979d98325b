import { afterEach, expect, test, vi } from "vitest";
import type { Frame } from "../../../server/protocol/wire/frame.ts";
import { SoundPath } from "../../../web/webcodecs/sound-path.ts";

const RATE = 48_000;
const SAMPLES = 1_024;
const LENGTH = SAMPLES / RATE;

/** Takes its time from the first chunk, and counts on from there, as Chromium's does. */
class CountingDecoder {
  static made = 0;
  readonly #output: (data: unknown) => void;
  #time: number | undefined;
  state = "configured";
  decodeQueueSize = 0;

  constructor({ output }: { output: (data: unknown) => void }) {
    CountingDecoder.made += 1;
    this.#output = output;
  }

  configure(): void {}

  decode({ timestamp }: { timestamp: number }): void {
    this.#time ??= timestamp;
    const data = { numberOfChannels: 1, numberOfFrames: SAMPLES, sampleRate: RATE };
    this.#output({ ...data, timestamp: this.#time, copyTo() {}, close() {} });
    this.#time += LENGTH * 1e6;
  }

  close(): void {
    this.state = "closed";
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

/** @returns a path, and the times (seconds) of what reaches the worklet */
function world(): { path: SoundPath; times: number[] } {
  const times: number[] = [];
  const port = {
    postMessage: ({ type, time }: { type: string; time: number }) => {
      if (type === "block") times.push(time);
    },
  };
  CountingDecoder.made = 0;
  vi.stubGlobal("AudioDecoder", CountingDecoder);
  vi.stubGlobal(
    "EncodedAudioChunk",
    class {
      readonly timestamp: number;
      constructor({ timestamp }: { timestamp: number }) {
        this.timestamp = timestamp;
      }
    },
  );
  vi.stubGlobal(
    "AudioWorkletNode",
    class {
      readonly port = port;
      connect(): void {}
      disconnect(): void {}
    },
  );
  const createGain = () => ({ gain: { value: 1 }, connect() {}, disconnect() {} });
  const context = { createGain } as unknown as AudioContext;
  const path = new SoundPath(context, { onReport: () => {}, onError: () => {} });
  path.configure({ codec: "mp4a.40.2", sampleRate: RATE, numberOfChannels: 1 });
  return { path, times };
}

const frame = { payload: new Uint8Array(8), dataOffset: 0 } as unknown as Frame;

test("sound behind a hole is of its own time, although the decoder counts on", () => {
  const { path, times } = world();
  for (const time of [1, 1 + LENGTH, 11, 11 + LENGTH]) path.decode(frame, time, LENGTH);
  expect(times).toHaveLength(4);
  expect(times[2]).toBeCloseTo(11, 5);
  expect(times[3]).toBeCloseTo(11 + LENGTH, 5);
});

test("small holes do not add up", () => {
  const { path, times } = world();
  const given = Array.from({ length: 60 }, (_, index) => 5 + index * (LENGTH + 0.005));
  for (const time of given) path.decode(frame, time, LENGTH);
  const off = given.map((time, index) => Math.abs(time - (times[index] ?? 0)));
  expect(Math.max(...off)).toBeLessThan(0.02);
});

test("sound without holes is decoded in one go, however its times are rounded", () => {
  const { path } = world();
  for (let index = 0; index < 500; index += 1) {
    path.decode(frame, Math.round(index * LENGTH * 1_000) / 1_000, LENGTH);
  }
  expect(CountingDecoder.made).toBe(1);
});
