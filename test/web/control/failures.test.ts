import { expect, test } from "vitest";
import { Failures } from "../../../web/control/failures.ts";

const PATIENCE = { most: 3, window: 10_000, rest: 30_000, longest: 100_000 };

test("Failures: so many in a while, and it rests; few, or far apart, are no reason", () => {
  const failures = new Failures(PATIENCE);
  for (const at of [0, 6_000, 12_000, 18_000]) failures.add(at);
  expect(failures.isResting(18_000)).toBe(false);
  failures.add(20_000);
  expect(failures.isResting(20_000)).toBe(true);
  expect(failures.isResting(50_000)).toBe(false);
});

test("Failures: the rest doubles up to its longest; a final one needs no other; all can be forgotten", () => {
  const failures = new Failures(PATIENCE);
  const rests: number[] = [];
  let now = 0;
  for (let round = 0; round < 4; round += 1) {
    failures.add(now, true);
    const from = now;
    while (failures.isResting(now)) now += 1_000;
    rests.push((now - from) / 1_000);
  }
  expect(rests).toEqual([30, 60, 100, 100]);
  failures.add(now, true);
  failures.forget();
  expect(failures.isResting(now)).toBe(false);
  failures.add(now, true);
  expect(failures.isResting(now + 29_999)).toBe(true);
  expect(failures.isResting(now + 30_000)).toBe(false);
});
