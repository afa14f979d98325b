import { expect, test } from "vitest";
import { LineMeter } from "../../../web/control/line-meter.ts";

/** 30 messages a second of so many bytes, each as late as `lag` says. @returns the last moment */
function feed(
  meter: LineMeter,
  { from = 0, seconds = 3, bytes = 5_000 }: { from?: number; seconds?: number; bytes?: number },
  lag: (frame: number) => number,
): number {
  let now = from;
  for (let frame = 0; frame < seconds * 30; frame += 1) {
    now = from + (frame * 1_000) / 30;
    meter.push(now, lag(frame), bytes);
  }
  return now;
}

test("LineMeter: what merely comes unevenly stands nowhere; what stands is late, whatever the clocks say", () => {
  const meter = new LineMeter();
  const uneven = feed(meter, {}, (frame) => 7_000 + (frame % 5) * 60);
  const first = meter.read(uneven);
  expect(first.lateness).toBe(0);
  expect(first.peak).toBe(240);
  expect(first.throughput).toBeCloseTo(30 * 5_000 * 8, -5);
  const full = feed(meter, { from: uneven }, (frame) => 7_000 + Math.min(frame * 20, 800));
  expect(meter.read(full).lateness).toBe(800);
});

test("LineMeter sees a queue as it grows, and none in a gap or where nothing comes", () => {
  const meter = new LineMeter();
  const even = feed(meter, {}, () => 7_000);
  expect(meter.queue(even)).toBe(0);
  const full = feed(meter, { from: even }, (frame) => 7_000 + frame * 10);
  expect(meter.queue(full)).toBeGreaterThan(800);
  expect(meter.queue(full + 400)).toBe(0);
  // Half a second without anything, which then comes at once.
  const gap = full + 500;
  for (let lag = 500; lag >= 0; lag -= 33) meter.push(gap + 10, 7_000 + lag, 5_000);
  expect(meter.queue(gap + 20)).toBeLessThan(33);
});

test("LineMeter: a line that was full from the beginning is known by the round trip", () => {
  const meter = new LineMeter();
  const now = feed(meter, {}, () => 900);
  expect(meter.read(now).lateness).toBe(0);
  expect(meter.read(now, 60).lateness).toBe(800);
});

test("LineMeter says nothing while nothing comes, and nothing of what was before a restart", () => {
  const meter = new LineMeter();
  expect(meter.read(0).lateness).toBeUndefined();
  const now = feed(meter, {}, () => 50);
  expect(meter.read(now + 1_001)).toMatchObject({ lateness: undefined, peak: undefined });
  meter.restart();
  const later = feed(meter, { from: now }, () => 600);
  expect(meter.read(later).lateness).toBe(0);
});

test("LineMeter knows what a line carries by its large pictures, at their best, for a while", () => {
  const meter = new LineMeter();
  const bytes = 50_000; // 400 kbit in 80 ms are 5 Mbit/s
  const small = feed(meter, {}, () => 30);
  expect(meter.read(small).capacity).toBeUndefined();
  meter.push(small + 80, 30 + 80, bytes);
  meter.push(small + 300, 30 + 200, bytes);
  expect(meter.read(small + 300).capacity).toBeCloseTo(5_000_000);
  expect(meter.read(small + 20_000).capacity).toBeUndefined();
});
