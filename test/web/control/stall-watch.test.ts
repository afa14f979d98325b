import { expect, test } from "vitest";
import { StallWatch } from "../../../web/control/stall-watch.ts";

/** Looks every 20 ms; `time` is where the playhead is, by the clock. */
function watch(
  clock: StallWatch,
  {
    from,
    to,
    time,
    held = false,
    expectsMedia = true,
  }: {
    from: number;
    to: number;
    time: (now: number) => number;
    held?: boolean;
    expectsMedia?: boolean;
  },
): string[] {
  const found: string[] = [];
  for (let now = from; now < to; now += 20) {
    const began = clock.look({ now, time: time(now), held, expectsMedia });
    if (began !== undefined) found.push(`${began} at ${now}`);
  }
  return found;
}

const runs = (now: number) => now / 1_000;

test("StallWatch counts a clock that stands still for 80 ms, once, and only after it has run", () => {
  const clock = new StallWatch();
  expect(watch(clock, { from: 0, to: 500, time: () => 3 })).toEqual([]);
  expect(clock.hasMoved).toBe(false);
  expect(watch(clock, { from: 500, to: 1_000, time: runs })).toEqual([]);
  expect(clock.hasMoved).toBe(true);
  expect(watch(clock, { from: 1_000, to: 1_400, time: () => 0.98 })).toEqual(["stall at 1060"]);
  expect(clock.isStalled).toBe(true);
  expect(watch(clock, { from: 1_400, to: 1_500, time: runs })).toEqual([]);
  expect([clock.isStalled, clock.stalls]).toEqual([false, 1]);
});

test("StallWatch calls a stall of more than a second an outage", () => {
  const clock = new StallWatch();
  watch(clock, { from: 0, to: 200, time: runs });
  const found = watch(clock, { from: 200, to: 3_000, time: () => 0.18 });
  expect(found).toEqual(["stall at 260", "outage at 1200"]);
  expect([clock.isOutage, clock.isStalled]).toEqual([true, false]);
  clock.recovered();
  expect(watch(clock, { from: 3_000, to: 4_000, time: runs })).toEqual([]);
  expect(clock.isOutage).toBe(false);
});

test("StallWatch counts nothing where no media is to be expected, or nothing need move", () => {
  const clock = new StallWatch();
  watch(clock, { from: 0, to: 200, time: runs });
  expect(watch(clock, { from: 200, to: 2_000, time: () => 0.18, expectsMedia: false })).toEqual([]);
  expect(clock.isOutage).toBe(true);
  clock.recovered();
  watch(clock, { from: 2_000, to: 2_200, time: runs });
  expect(watch(clock, { from: 2_200, to: 4_000, time: () => 2.18, held: true })).toEqual([]);
  expect(clock.stalls).toBe(0);
});
