import { expect, test } from "vitest";
import { ArrivalJitter } from "../../../web/control/jitter.ts";

test("ArrivalJitter is 0 for media that arrives evenly, and the spread for media that does not", () => {
  const even = new ArrivalJitter();
  const uneven = new ArrivalJitter();
  for (let index = 0; index < 300; index += 1) {
    even.push(index * 33, index * 33);
    uneven.push(index * 33 + (index % 5 === 0 ? 60 : 0), index * 33);
  }
  expect(even.value(9_900)).toBe(0);
  expect(uneven.value(9_900)).toBe(60);
});

test("ArrivalJitter forgets after ten seconds, and at a break of the line", () => {
  const jitter = new ArrivalJitter();
  for (let index = 0; index < 60; index += 1)
    jitter.push(index * 33 + (index % 2) * 50, index * 33);
  expect(jitter.value(2_000)).toBe(50);
  for (let index = 60; index < 450; index += 1) jitter.push(index * 33, index * 33);
  expect(jitter.value(14_850)).toBe(0);
  jitter.push(20_000, 15_000);
  expect(jitter.value(20_000)).toBe(0);
});
