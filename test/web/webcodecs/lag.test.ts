import { expect, test } from "vitest";
import { Lag } from "../../../web/webcodecs/lag.ts";

/** So many a second apart that come so late, s. */
function push(lag: Lag, from: number, lates: readonly number[]): number {
  lates.forEach((late, index) => {
    lag.push(from + index / 30 + late, index / 30 + from - 5);
  });
  return from + lates.length / 30;
}

test("Lag knows the quickest, and how much later the others are", () => {
  const lag = new Lag(10);
  expect(lag.base(0)).toBe(Number.POSITIVE_INFINITY);
  expect(lag.spread(0, 0.95)).toBe(0);
  const end = push(lag, 100, [0, 0, 0, 0.04, 0, 0, 0, 0, 0, 0.02]);
  expect(lag.base(end)).toBeCloseTo(5, 6);
  expect(lag.spread(end + 1, 0.5)).toBeCloseTo(0, 6);
  expect(lag.spread(end + 1, 0.95)).toBeCloseTo(0.04, 6);
});

test("Lag forgets what lies behind its window", () => {
  const lag = new Lag(2);
  let end = push(lag, 100, [0, 0, 0]);
  end = push(
    lag,
    end,
    Array.from({ length: 90 }, () => 0.1),
  );
  expect(lag.base(end + 0.1)).toBeCloseTo(5.1, 6);
});

test("Lag begins anew when the line was down, or what came had waited", () => {
  const lag = new Lag(10);
  const end = push(lag, 100, [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]);
  lag.base(end);
  push(lag, end, [0]);
  expect(lag.spread(end + 1, 1)).toBe(0);
  push(lag, end + 5, [0.2]);
  expect(lag.base(end + 6)).toBeCloseTo(5.2, 6);
});

test("Lag.calm keeps the quickest alone", () => {
  const lag = new Lag(10);
  const end = push(lag, 100, [0.2, 0, 0.1]);
  lag.calm();
  expect(lag.base(end)).toBeCloseTo(5, 6);
  expect(lag.spread(end + 1, 0.99)).toBe(0);
});

test("Lag tells whether what it knows is of now", () => {
  const lag = new Lag(10);
  expect(lag.isFresh(100)).toBe(false);
  const end = push(lag, 100, [0, 0.5, 0]);
  expect(lag.isFresh(end + 9)).toBe(true);
  expect(lag.isFresh(end + 11)).toBe(false);
});
