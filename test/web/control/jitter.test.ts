import { expect, test } from "vitest";
import { ArrivalJitter } from "../../../web/control/jitter.ts";

const OPTIONS = { quantile: 0.95, window: 10_000, assumed: 0 };

test("ArrivalJitter is 0 for media that arrives evenly, and the spread for media that does not", () => {
  const even = new ArrivalJitter(OPTIONS);
  const uneven = new ArrivalJitter(OPTIONS);
  for (let index = 0; index < 300; index += 1) {
    even.push(index * 33, index * 33);
    uneven.push(index * 33 + (index % 5 === 0 ? 60 : 0), index * 33);
  }
  expect(even.value(9_900)).toBe(0);
  expect(uneven.value(9_900)).toBe(60);
});

test("ArrivalJitter forgets after ten seconds, and at a break of the line", () => {
  const jitter = new ArrivalJitter(OPTIONS);
  for (let index = 0; index < 60; index += 1)
    jitter.push(index * 33 + (index % 2) * 50, index * 33);
  expect(jitter.value(2_000)).toBe(50);
  for (let index = 60; index < 450; index += 1) jitter.push(index * 33, index * 33);
  expect(jitter.value(14_850)).toBe(0);
  jitter.push(20_000, 15_000);
  expect(jitter.value(20_000)).toBe(0);
});

test("ArrivalJitter forgets a backlog once it has drained", () => {
  const jitter = new ArrivalJitter(OPTIONS);
  // Five seconds of media within one, then evenly.
  for (let index = 0; index < 150; index += 1) jitter.push(5_000 + index * 6, index * 33);
  for (let index = 150; index < 300; index += 1) jitter.push(950 + index * 33, index * 33);
  expect(jitter.value(11_000)).toBeLessThan(60);
});

test("ArrivalJitter assumes the worse of a line it does not know yet", () => {
  const jitter = new ArrivalJitter({ quantile: 0.999, window: 10_000, assumed: 70 });
  expect(jitter.value(0)).toBe(70);
  for (let index = 0; index < 290; index += 1) jitter.push(index * 33, index * 33);
  expect(jitter.value(9_600)).toBe(70);
  for (let index = 290; index < 400; index += 1) jitter.push(index * 33, index * 33);
  expect(jitter.value(13_200)).toBe(0);
  jitter.push(13_300, 13_200);
  expect(jitter.value(14_300)).toBe(100);
});
