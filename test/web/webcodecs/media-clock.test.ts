import { expect, test } from "vitest";
import { CLOCK, MediaClock } from "../../../web/webcodecs/media-clock.ts";

/** Approaches a distance for so many seconds, twenty times a second. */
function approach(clock: MediaClock, distance: number, from: number, seconds: number): number {
  let jumps = 0;
  for (let now = from; now < from + seconds; now += 0.05) {
    if (clock.approach(distance, now)) jumps += 1;
  }
  return jumps;
}

test("MediaClock knows nothing before it is set, and goes with the wall clock then", () => {
  const clock = new MediaClock();
  expect(clock.time(10)).toBeUndefined();
  clock.set(3, 10);
  expect(clock.time(12)).toBe(5);
  clock.stop();
  expect(clock.time(12)).toBeUndefined();
});

test("MediaClock comes nearer gently, and goes back more slowly still", () => {
  const clock = new MediaClock();
  clock.set(0, 100);
  expect(approach(clock, 99.95, 100, 0.5)).toBe(0);
  expect(clock.rate).toBeCloseTo(1 + CLOCK.faster.usual, 5);
  approach(clock, 99.95, 100.5, 2);
  expect(clock.time(110)).toBeCloseTo(110 - 99.95, 5);
  expect(clock.rate).toBe(1);
  approach(clock, 100.05, 103, 0.5);
  expect(clock.rate).toBeCloseTo(1 - CLOCK.slower, 5);
});

test("MediaClock hurries when it is far off, and jumps when it is farther", () => {
  const clock = new MediaClock();
  clock.set(0, 100);
  approach(clock, 99.6, 100, 0.3);
  expect(clock.rate).toBeCloseTo(1 + CLOCK.faster.hasty, 5);
  expect(clock.approach(90, 100.4)).toBe(true);
  expect(clock.time(101)).toBeCloseTo(11, 5);
});

test("MediaClock follows a master through the noise of its messages, and at once where it jumped", () => {
  const clock = new MediaClock();
  clock.set(0, 100);
  for (let n = 0; n < 50; n += 1) {
    clock.follow(n * 0.04 + (n % 2 === 0 ? 0.012 : -0.012), 100 + n * 0.04);
    expect(Math.abs((clock.time(100 + n * 0.04) ?? 0) - n * 0.04)).toBeLessThan(0.006);
  }
  clock.follow(50, 103);
  expect(clock.time(103)).toBeCloseTo(50, 5);
});
