import { expect, test } from "vitest";
import { choosePartTarget, frameTiming } from "../../server/live/part-target.ts";

/** Decode times as RTMP has them: whole ms, from some moment on. */
const times = (rate: number, frames: number, phase = 0) =>
  Array.from({ length: frames }, (_, n) => Math.round(phase + (n * 1000) / rate));

test.each([
  { rate: 23.976, target: 209 }, // 5 frames: 208.54 ms
  { rate: 24, target: 209 },
  { rate: 25, target: 200 },
  { rate: 29.97, target: 201 }, // 6 frames: 200.2 ms
  { rate: 30, target: 200 },
  { rate: 48, target: 188 }, // 9 frames
  { rate: 50, target: 180 }, // 9 frames
  { rate: 59.94, target: 184 }, // 11 frames
  { rate: 60, target: 184 },
  { rate: 10, target: 200 },
  { rate: 5, target: 200 },
  { rate: 2, target: 500 }, // one frame
])("PART-TARGET at $rate frames a second, as configured: $target ms", ({ rate, target }) => {
  const timing = frameTiming(times(rate, 8), rate);
  expect(timing?.isEven).toBe(true);
  expect(choosePartTarget(200, timing, [])).toBe(target);
});

test("frames that only measuring tells of are taken for the slowest usual rate that explains them", () => {
  for (const [rate, frame] of [
    [30, 1001 / 30],
    [25, 40],
    [60, 1001 / 60],
  ] as const) {
    for (let phase = 0; phase < 1; phase += 0.1) {
      const timing = frameTiming(times(rate, 8, phase));
      expect(timing?.isEven).toBe(true);
      expect(timing?.frame).toBeCloseTo(frame, 6);
    }
  }
});

test("a claimed rate counts only where the first frames agree", () => {
  expect(frameTiming(times(30, 8), 60)?.frame).toBeCloseTo(1001 / 30, 6);
  expect(frameTiming([0], 30)).toEqual({ frame: 1000 / 30, isEven: false });
  expect(frameTiming([], undefined)).toBeUndefined();
});

test("where frames are uneven or unknown, PART-TARGET has 5 % on top", () => {
  const timing = frameTiming([0, 20, 66, 100, 140, 160, 200], 30);
  expect(timing?.isEven).toBe(false);
  expect(choosePartTarget(200, timing, [])).toBe(210);
  expect(choosePartTarget(200, undefined, [])).toBe(210);
  expect(choosePartTarget(100, undefined, [])).toBe(105);
});

test.each([
  { name: "AAC at 48 kHz", frame: 1024 / 48, target: 200 },
  { name: "Opus, 60 ms", frame: 60, target: 200 }, // three of them: 90 %
  { name: "AC-3", frame: 32, target: 200 },
  { name: "FLAC of 4608 at 48 kHz", frame: 96, target: 200 },
  { name: "FLAC of 4608 at 44.1 kHz", frame: 4608 / 44.1, target: 209 }, // two of them
  { name: "AAC at 8 kHz", frame: 128, target: 256 },
])("PART-TARGET of 30 pictures a second beside $name: $target ms", ({ frame, target }) => {
  const chosen = choosePartTarget(200, { frame: 1000 / 30, isEven: true }, [
    { frame, isEven: true },
  ]);
  expect(chosen).toBe(target);
  for (const one of [frame, 1000 / 30]) {
    expect(Math.floor(chosen / one + 1e-6) * one).toBeGreaterThanOrEqual(0.85 * chosen);
  }
});
