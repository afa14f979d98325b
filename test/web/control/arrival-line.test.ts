import { expect, test } from "vitest";
import { ArrivalLine } from "../../../web/control/arrival-line.ts";

test("ArrivalLine places the timeline by the samples that came soonest", () => {
  const line = new ArrivalLine();
  expect(line.moment(10)).toBeUndefined();
  for (let index = 0; index < 300; index += 1) {
    const late = index % 7 === 0 ? 0 : 40;
    line.push(10 + index / 30, 1_000_000 + (index * 1_000) / 30 + late);
  }
  expect(line.moment(12)).toBeCloseTo(1_002_000);
});

test("ArrivalLine follows a clock that drifts, and forgets at a break", () => {
  const line = new ArrivalLine();
  // The encoder's second takes 1.001 of the server's: 18 s later it is 18 ms behind.
  for (let index = 0; index < 540; index += 1) line.push(index / 30, index * 33.3667);
  const exact = 17 * 1_001;
  expect(Math.abs((line.moment(17) ?? 0) - exact)).toBeLessThan(11);
  line.reset();
  expect(line.moment(17)).toBeUndefined();
});
