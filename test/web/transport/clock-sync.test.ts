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

test("ClockSync forgets after ten answers: clocks drift", () => {
  const clock = new ClockSync();
  clock.answered(0, 1_000, 2);
  for (let index = 1; index <= 10; index += 1) {
    clock.answered(index * 1_000, index * 1_000 + 1_505, index * 1_000 + 10);
  }
  expect(clock.offset).toBe(1_500);
});
