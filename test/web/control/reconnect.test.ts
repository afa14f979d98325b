import fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff, RECONNECT } from "../../../web/control/reconnect.ts";

test("Backoff doubles from a quarter of a second to eight", () => {
  const backoff = new Backoff({ random: () => 0.5 });
  const waits = Array.from({ length: 8 }, () => backoff.next());
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  expect(backoff.attempts).toBe(8);
  backoff.reset();
  expect(backoff.next()).toBe(250);
});

test("Backoff spreads by 30 % and never passes its longest wait", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const holds = fc.property(random, fc.integer({ min: 0, max: 2000 }), (share, attempts) => {
    const backoff = new Backoff({ random: () => share, longest: RECONNECT.longestProbe });
    let wait = backoff.next();
    for (let index = 0; index < Math.min(attempts, 40); index += 1) wait = backoff.next();
    const exact = Math.min(60_000, 250 * 2 ** Math.min(attempts, 40));
    expect(wait).toBeGreaterThanOrEqual(exact * 0.7 - 1e-6);
    expect(wait).toBeLessThanOrEqual(Math.min(60_000, exact * 1.3) + 1e-6);
  });
  fc.assert(holds);
});
