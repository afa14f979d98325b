import { expect, test } from "vitest";
import { Surplus } from "../../../web/control/surplus.ts";

/** Segments of 2 s arrive whole; the playhead moves at the decided rate. */
function simulate(ahead: number, seconds: number) {
  const surplus = new Surplus();
  let present = ahead;
  const skips: number[] = [];
  const rates: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let now = 0; now < seconds * 1_000; now += 50) {
    if (now % 2_000 === 0) present += 2;
    const { rate, skip } = surplus.decide({ now, ahead: present });
    if (skip > 0) skips.push(skip);
    rates.push(rate);
    present -= 0.05 * rate + skip;
    if (now > (seconds - 3) * 1_000) least = Math.min(least, present);
  }
  return { skips, rates, least };
}

test("Surplus leaves alone what has little left between two segments", () => {
  const { skips, rates } = simulate(0.6, 20);
  expect(skips).toEqual([]);
  expect(new Set(rates)).toEqual(new Set([1]));
});

test("Surplus catches up with some, and skips much, once", () => {
  const some = simulate(1.5, 40);
  expect(some.skips).toEqual([]);
  expect(some.least).toBeLessThan(0.9);
  expect(some.rates.at(-1)).toBe(1);
  const much = simulate(8, 40);
  expect(much.skips).toHaveLength(1);
  expect(much.least).toBeGreaterThan(0.3);
  expect(much.least).toBeLessThan(0.9);
});
