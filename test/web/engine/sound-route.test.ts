import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SoundRoute } from "../../../web/engine/sound-route.ts";

/** A browser's Web Audio, as far as sound is led through it. */
class FakeContext {
  static asked = 0;
  static latency = 0.03;
  static readonly told: string[] = [];
  state = "running";
  destination = {};
  get outputLatency(): number {
    FakeContext.asked += 1;
    return FakeContext.latency;
  }
  resume(): Promise<void> {
    FakeContext.told.push("resume");
    this.state = "running";
    return Promise.resolve();
  }
  suspend(): Promise<void> {
    FakeContext.told.push("suspend");
    this.state = "suspended";
    return Promise.resolve();
  }
  createMediaElementSource(): FakeSource {
    return new FakeSource();
  }
}

class FakeSource {
  connect(): void {}
}

/** One per page: each test has a page of its own. */
let make: () => SoundRoute;

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("AudioContext", FakeContext);
  vi.stubGlobal("MediaElementAudioSourceNode", FakeSource);
  FakeContext.asked = 0;
  FakeContext.latency = 0.03;
  const { SoundRoute } = await import("../../../web/engine/sound-route.ts");
  make = () => new SoundRoute({} as HTMLVideoElement);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Whether it was led, asked every 50 ms for two seconds. */
const seek = (route: SoundRoute, least?: number): boolean =>
  Array.from({ length: 40 }, (_, look) => route.seek(look * 50, least)).includes(true);

test.each([
  { latency: 0.03, isLed: true },
  { latency: 0.2, isLed: false },
])("SoundRoute leads where the speakers are $latency s away: $isLed", ({ latency, isLed }) => {
  FakeContext.latency = latency;
  const route = make();
  expect(seek(route)).toBe(isLed);
  expect(route.isOn).toBe(isLed);
});

test.each([
  { least: undefined, isLed: false },
  { least: 0.36, isLed: false },
  { least: 0.21, isLed: true },
])(
  "SoundRoute asks Firefox nothing, and leads where its own way came to $least s: $isLed",
  ({ least, isLed }) => {
    vi.stubGlobal("mozInnerScreenX", 0);
    const route = make();
    expect(seek(route, least)).toBe(isLed);
    expect(route.isOn).toBe(isLed);
    expect(FakeContext.asked).toBe(0);
  },
);

test("SoundRoute leads the next <video> of the page without waiting for that", () => {
  vi.stubGlobal("mozInnerScreenX", 0);
  expect(seek(make(), 0.21)).toBe(true);
  expect(seek(make())).toBe(true);
});

test("SoundRoute lets the speakers go with the last <video>, and takes them again for the next", async () => {
  const { SoundRoute, leaveSoundRoute } = await import("../../../web/engine/sound-route.ts");
  FakeContext.told.length = 0;
  const lead = () => {
    const video = {} as HTMLVideoElement;
    expect(seek(new SoundRoute(video))).toBe(true);
    return video;
  };
  const [first, second] = [lead(), lead()];
  leaveSoundRoute(first);
  leaveSoundRoute(first);
  expect(FakeContext.told).toEqual([]);
  leaveSoundRoute(second);
  expect(FakeContext.told).toEqual(["suspend"]);
  lead();
  expect(FakeContext.told).toEqual(["suspend", "resume"]);
});
