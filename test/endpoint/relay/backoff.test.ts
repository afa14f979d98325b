import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff } from "../../../server/endpoint/relay/backoff.ts";

const limits = { first: 1000, longest: 60_000 };

test.each([
  [1, 1000],
  [2, 2000],
  [5, 16_000],
  [7, 60_000],
  [10_000, 60_000],
])("backoff after %i failures is %i ms", (failures, delay) => {
  expect(backoff(failures, 0, limits)).toBe(delay);
});

test("backoff is never more than the longest, nor less than half of what is due", () => {
  const holds = fc.property(
    fc.integer({ min: 1, max: 1e6 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (failures, chance) => {
      const whole = backoff(failures, 0, limits);
      const delay = backoff(failures, chance, limits);
      expect(delay).toBeLessThanOrEqual(60_000);
      expect(delay).toBeGreaterThanOrEqual(whole / 2);
    },
  );
  fc.assert(holds);
});
