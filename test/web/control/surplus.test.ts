import { expect, test } from "vitest";
import { type Lumps, Surplus } from "../../../web/control/surplus.ts";

/** Segments of 2 s (or parts) arrive whole; the playhead moves at the decided rate. */
function simulate(ahead: number, seconds: number, lumps?: Lumps, borne = 0) {
  const surplus = new Surplus();
  surplus.bear(borne);
  surplus.expect(lumps);
  const lump = lumps?.partTarget ?? 2;
  let present = ahead;
  const skips: number[] = [];
  const rates: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let now = 0; now < seconds * 1_000; now += 50) {
    if (now % (lump * 1_000) === 0) present += lump;
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

test("Surplus skips nothing of what it is to bear, and catches up with it", () => {
  const parts = { partTarget: 0.2, partHoldBack: 0.6 };
  expect(simulate(2.5, 60, parts).skips).toHaveLength(1);
  const { skips, least } = simulate(2.5, 60, parts, 2);
  expect(skips).toEqual([]);
  expect(least + 0.2).toBeLessThan(0.75);
});

test("Surplus plays as near as the playlist allows where parts come, without a change a second", () => {
  const { skips, rates, least } = simulate(1.2, 30, { partTarget: 0.2, partHoldBack: 0.6 });
  expect(skips).toEqual([]);
  // Just before a part comes, the edge is one part older than what is in the making.
  expect(least + 0.2).toBeGreaterThan(0.55);
  expect(least + 0.2).toBeLessThan(0.75);
  const changes = rates.filter((rate, index) => index > 0 && rate !== rates[index - 1]);
  expect(changes.length).toBeLessThan(6);
});
