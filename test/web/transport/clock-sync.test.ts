import { expect, test } from "vitest";
import { ClockSync } from "../../../web/transport/clock-sync.ts";

test("ClockSync takes the greeting at first, then the quickest answer", () => {
  const clock = new ClockSync();
  expect(clock.offset).toBeUndefined();
  clock.greeted(5_000, 1_000);
  expect(clock.offset).toBe(4_000);
  expect(clock.roundTrip).toBeUndefined();
  clock.answered(2_000, 6_090, 2_100);
  clock.answered(3_000, 7_011, 3_020);
  clock.answered(4_000, 8_400, 4_500);
  expect(clock.offset).toBe(4_001);
  expect(clock.roundTrip).toBe(20);
});

test("ClockSync takes a slower answer in time: clocks drift", () => {
  const clock = new ClockSync();
  clock.answered(0, 1_001, 2);
  clock.answered(10_000, 11_005, 10_010);
  expect(clock.roundTrip).toBe(2);
  clock.answered(90_000, 91_008, 90_010);
  expect(clock.offset).toBe(1_003);
});

test("ClockSync holds on to what it knew while a line is full, and over a new connection", () => {
  const clock = new ClockSync();
  clock.greeted(1_000, 0);
  clock.answered(100, 1_101, 102);
  for (let now = 1_000; now < 60_000; now += 2_000) clock.answered(now, now + 1_010, now + 900);
  clock.greeted(61_000, 60_700); // 700 ms on its way
  clock.answered(61_000, 62_010, 61_800);
  expect(clock.offset).toBe(1_000);
  expect(clock.roundTrip).toBe(2);
});

test("ClockSync begins anew where a clock was set, or another server answers", () => {
  const clock = new ClockSync();
  clock.answered(0, 1_001, 2);
  clock.greeted(15_000, 10_000); // we slept: ours stood still
  expect(clock.offset).toBe(5_000);
  clock.answered(10_100, 15_130, 10_140);
  expect(clock.offset).toBe(5_010);
  clock.answered(11_000, 15_520, 11_040); // half a second back
  expect(clock.offset).toBe(4_500);
  clock.greeted(20_000, 40_000);
  expect(clock.offset).toBe(-20_000);
});
