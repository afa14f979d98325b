import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Frame } from "../../../server/protocol/wire/frame.ts";
import type { CanvasSurface } from "../../../web/webcodecs/canvas-surface.ts";
import { Pictures } from "../../../web/webcodecs/pictures.ts";

/** Pictures that come decoded at once, times of those that were drawn, and what the refresh brings. */
function setUp() {
  const drawn: number[] = [];
  const refreshes: (() => void)[] = [];
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (refresh: () => void) => refreshes.push(refresh));
  vi.stubGlobal(
    "EncodedVideoChunk",
    class {
      readonly timestamp: number;
      constructor({ timestamp }: { timestamp: number }) {
        this.timestamp = timestamp;
      }
    },
  );
  vi.stubGlobal(
    "VideoDecoder",
    class {
      readonly decodeQueueSize = 0;
      readonly #output: (picture: object) => void;
      constructor({ output }: { output: (picture: object) => void }) {
        this.#output = output;
      }
      configure(): void {}
      decode({ timestamp }: { timestamp: number }): void {
        this.#output({ timestamp, close: () => undefined });
      }
    },
  );
  const clock = { isHeld: true, time: 0 };
  const surface = {
    shown: 0,
    draw: (_picture: object, time: number) => drawn.push(time),
    drop: () => undefined,
  };
  const pictures = new Pictures(surface as unknown as CanvasSurface, {
    onError: (error) => {
      throw error;
    },
    onShown: () => undefined,
    isHeld: () => clock.isHeld,
    time: () => clock.time,
  });
  const track = { id: 1, mediaType: "video", codec: "vp8", timescale: 1000 };
  pictures.configure(track as Parameters<Pictures["configure"]>[0]);
  const push = (time: number) => {
    const frame = { flags: 1, dataOffset: 0, payload: new Uint8Array(1) } as unknown as Frame;
    const times = { decodedAt: time, shownAt: time, now: time };
    pictures.push({ frame, ...times, isBreak: false, isHistory: false });
  };
  const refresh = () => {
    for (const one of refreshes.splice(0)) one();
  };
  return { pictures, clock, drawn, push, refresh };
}

let page: ReturnType<typeof setUp>;

beforeEach(() => {
  page = setUp();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("pictures that are held are drawn when it is their time", () => {
  const { pictures, clock, drawn, push, refresh } = page;
  push(0.5);
  pictures.endHistory();
  push(0.533);
  refresh();
  expect(drawn).toEqual([]);
  clock.time = 0.5;
  refresh();
  clock.time = 0.533;
  refresh();
  expect(drawn).toEqual([0.5, 0.533]);
});

test("one that still waited when pictures are not held any more is not drawn behind a newer one", () => {
  const { pictures, clock, drawn, push, refresh } = page;
  push(0.5);
  pictures.endHistory();
  clock.isHeld = false;
  push(0.533);
  refresh();
  push(0.566);
  refresh();
  expect(drawn).toEqual([0.533, 0.566]);
});
