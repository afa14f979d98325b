import { expect, test } from "vitest";
import { LATENCY, LatencyController } from "../../../web/control/latency.ts";

/** A playback that obeys: media arrives in real time, the playhead moves at the decided rate. */
function simulate(
  controller: LatencyController,
  { ahead, seconds, from = 0 }: { ahead: number; seconds: number; from?: number },
): { readonly ahead: number; readonly rates: readonly number[]; readonly jumps: number[] } {
  const rates: number[] = [];
  const jumps: number[] = [];
  let present = ahead;
  for (let now = from; now < from + seconds * 1_000; now += 50) {
    const { rate, jump } = controller.decide({ now, ahead: present, playing: true });
    if (jump) {
      jumps.push(now);
      present = controller.target;
    }
    rates.push(rate);
    present += 0.05 * (1 - rate);
  }
  return { ahead: present, rates, jumps };
}

const make = (steering: "rate" | "seek" = "rate") =>
  new LatencyController({ base: LATENCY.target, steering });

test.each([0.04, 0.15, 0.3, 0.6, 1])(
  "LatencyController brings %d s to its target without a jump",
  (ahead) => {
    const { ahead: after, rates, jumps } = simulate(make(), { ahead, seconds: 30 });
    expect(Math.abs(after - LATENCY.target)).toBeLessThan(LATENCY.tolerance);
    expect(jumps).toEqual([]);
    expect(Math.max(...rates)).toBeLessThanOrEqual(LATENCY.fastest);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(LATENCY.slowest);
    expect(rates.at(-1)).toBe(1);
  },
);

test("LatencyController does not pump: within the tolerance the rate is 1, and it does not swing", () => {
  const { rates } = simulate(make(), { ahead: LATENCY.target + 0.015, seconds: 10 });
  expect(new Set(rates)).toEqual(new Set([1]));
  const { rates: from } = simulate(make(), { ahead: 0.3, seconds: 20 });
  expect(from.every((rate) => rate >= 1)).toBe(true);
});

test("LatencyController jumps when far off, and no two jumps within a second", () => {
  const controller = make();
  const { jumps, ahead } = simulate(controller, { ahead: 3, seconds: 5 });
  expect(jumps).toHaveLength(1);
  expect(ahead).toBeCloseTo(LATENCY.target, 1);
  const far = make();
  const at: number[] = [];
  for (let now = 0; now < 5_000; now += 50) {
    if (far.decide({ now, ahead: 9, playing: true }).jump) at.push(now);
  }
  expect(at.length).toBeGreaterThan(2);
  expect(at.every((now, index) => index === 0 || now - (at[index - 1] ?? 0) >= 1_000)).toBe(true);
});

test("LatencyController never changes the rate where it steers by jumps", () => {
  const { rates, jumps } = simulate(make("seek"), { ahead: 0.8, seconds: 5 });
  expect(new Set(rates)).toEqual(new Set([1]));
  expect(jumps).toHaveLength(1);
});

test("LatencyController decides nothing while nothing plays", () => {
  const controller = make();
  for (let now = 0; now < 2_000; now += 50) {
    expect(controller.decide({ now, ahead: 9, playing: false })).toEqual({ rate: 1, jump: false });
  }
});

test("LatencyController raises its target by half at a stall, and lowers it slowly in calm", () => {
  const controller = make();
  controller.stalled(0);
  expect(controller.target).toBeCloseTo(0.15);
  simulate(controller, { ahead: 0.15, seconds: 9.9 });
  expect(controller.target).toBeCloseTo(0.15);
  simulate(controller, { ahead: 0.15, seconds: 12, from: 9_900 });
  expect(controller.target).toBeLessThan(0.15);
  expect(controller.target).toBeGreaterThan(0.13);
  simulate(controller, { ahead: 0.13, seconds: 200, from: 21_900 });
  expect(controller.target).toBeCloseTo(0.1);
});

test("LatencyController holds 3 s at most, and forgives an outage", () => {
  const controller = make();
  for (let index = 0; index < 40; index += 1) controller.stalled(index);
  expect(controller.target).toBeCloseTo(3);
  const other = make();
  other.stalled(0);
  other.forgiven();
  expect(other.target).toBeCloseTo(0.1);
});

test("LatencyController never holds less than the stream needs", () => {
  const controller = make();
  controller.setFloor(0.25);
  expect(controller.target).toBeCloseTo(0.25);
});
