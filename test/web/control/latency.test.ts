import { expect, test } from "vitest";
import { LATENCY, LatencyController } from "../../../web/control/latency.ts";

/** A playback that obeys: media arrives in real time, the playhead moves at the decided rate. */
function simulate(
  controller: LatencyController,
  {
    ahead,
    seconds,
    from = 0,
    audible = true,
  }: { ahead: number; seconds: number; from?: number; audible?: boolean },
): { readonly ahead: number; readonly rates: readonly number[]; readonly jumps: number[] } {
  const rates: number[] = [];
  const jumps: number[] = [];
  let present = ahead;
  for (let now = from; now < from + seconds * 1_000; now += 50) {
    const { rate, jump } = controller.decide({ now, ahead: present, playing: true, audible });
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

test.each([0.04, 0.15, 0.3, 0.6])(
  "LatencyController brings %d s to its target without a jump",
  (ahead) => {
    const { ahead: after, rates, jumps } = simulate(make(), { ahead, seconds: 30 });
    expect(Math.abs(after - LATENCY.target)).toBeLessThan(LATENCY.tolerance);
    expect(jumps).toEqual([]);
    expect(Math.max(...rates)).toBeLessThanOrEqual(LATENCY.fastestStretched[1]);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(LATENCY.slowestHeard);
    expect(rates.at(-1)).toBe(1);
  },
);

test("LatencyController does not pump: within the tolerance the rate is 1, and it does not swing", () => {
  const { rates } = simulate(make(), { ahead: LATENCY.target + 0.009, seconds: 10 });
  expect(new Set(rates)).toEqual(new Set([1]));
  const { rates: from } = simulate(make(), { ahead: 0.3, seconds: 20 });
  expect(from.every((rate) => rate >= 1)).toBe(true);
});

test("LatencyController stretches sound only while there is enough of it", () => {
  const controller = make();
  const reading = { playing: true, audible: true };
  for (let now = 0; now < 5_000; now += 50) {
    const ahead = 0.3 - now / 25_000;
    const { rate, keepsPitch } = controller.decide({ ...reading, now, ahead });
    if (rate > LATENCY.fastestHeard[1]) expect(keepsPitch).toBe(true);
    if (ahead < LATENCY.stretched - 0.02) expect(keepsPitch).toBe(false);
  }
  expect(
    controller.decide({ now: 5_000, ahead: 0.5, playing: true, audible: false }),
  ).toMatchObject({ keepsPitch: false });
});

test("LatencyController jumps when far off, and no two jumps within a second", () => {
  const controller = make();
  const { jumps, ahead } = simulate(controller, { ahead: 3, seconds: 5 });
  expect(jumps).toHaveLength(1);
  expect(ahead).toBeCloseTo(LATENCY.target, 1);
  const far = make();
  const at: number[] = [];
  for (let now = 0; now < 5_000; now += 50) {
    if (far.decide({ now, ahead: 9, playing: true, audible: true }).jump) at.push(now);
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
    expect(controller.decide({ now, ahead: 9, playing: false, audible: true })).toMatchObject({
      rate: 1,
      jump: false,
    });
  }
});

test.each([
  { audible: true, fastest: LATENCY.fastestStretched, within: 4 },
  { audible: false, fastest: LATENCY.fastestUnheard, within: 1.5 },
])(
  "LatencyController meets its target soon after a start, and then keeps to gentle rates (audible: $audible)",
  ({ audible, fastest: [steady, approach], within }) => {
    const controller = new LatencyController({ base: LATENCY.targetWithSound, steering: "rate" });
    const start = simulate(controller, { ahead: 0.3, seconds: within, audible });
    expect(start.ahead).toBeLessThan(LATENCY.targetWithSound + LATENCY.tolerance);
    expect(start.ahead).toBeGreaterThan(LATENCY.targetWithSound - LATENCY.tolerance);
    expect(Math.max(...start.rates)).toBe(approach);
    simulate(controller, { ahead: start.ahead, seconds: 1, from: within * 1_000, audible });
    const later = simulate(controller, { ahead: 0.4, seconds: 10, from: 10_000, audible });
    expect(Math.max(...later.rates)).toBe(steady);
    controller.stalled(20_000);
    const after = simulate(controller, { ahead: 0.4, seconds: 1, from: 20_000, audible });
    expect(Math.max(...after.rates)).toBe(approach);
  },
);

test("LatencyController raises its target at a stall, and lowers it slowly in calm", () => {
  const controller = make();
  controller.stalled(0);
  const { raise, calm, lower } = LATENCY;
  const raised = LATENCY.target * raise;
  expect(controller.target).toBeCloseTo(raised);
  simulate(controller, { ahead: raised, seconds: calm / 1_000 - 0.1 });
  expect(controller.target).toBeCloseTo(raised);
  simulate(controller, { ahead: raised, seconds: calm / 1_000, from: calm - 100 });
  expect(controller.target).toBeCloseTo(raised * lower);
  simulate(controller, { ahead: 0.11, seconds: 100, from: 2 * calm });
  expect(controller.target).toBeCloseTo(LATENCY.target);
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
