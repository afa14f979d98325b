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

/** 30 samples a second, each as late as `lag` says. @returns when the next is due */
function feed(jitter: ArrivalJitter, from: number, seconds: number, lag: (ms: number) => number) {
  for (let sent = 0; sent < seconds * 1_000; sent += 33) {
    jitter.push(from + sent + lag(sent), from + sent);
    jitter.forgetQueue(from + sent + lag(sent));
  }
  return from + seconds * 1_000;
}

test("ArrivalJitter provides for a queue while it comes and goes, and forgets it some seconds later", () => {
  const jitter = new ArrivalJitter({ quantile: 0.997, window: 30_000, assumed: 70 });
  let now = feed(jitter, 0, 5, () => 0);
  for (let cycle = 0; cycle < 4; cycle += 1) {
    now = feed(jitter, now, 1, (ms) => ms / 2);
    now = feed(jitter, now, 1, (ms) => Math.max(0, 500 - ms));
    expect(jitter.value(now)).toBeGreaterThan(400);
  }
  now = feed(jitter, now, 3, () => 0);
  expect(jitter.value(now)).toBeGreaterThan(400);
  now = feed(jitter, now, 3, () => 0);
  expect(jitter.value(now)).toBeLessThan(100);
});

test("ArrivalJitter forgets what came after a hole in the line, and remembers what merely came in a lump", () => {
  const jitter = new ArrivalJitter({ quantile: 0.997, window: 30_000, assumed: 0 });
  const lump = (length: number) => (ms: number) => Math.max(0, length - ms);
  let now = feed(jitter, 0, 5, () => 0);
  now = feed(jitter, now, 6, lump(1_200));
  expect(jitter.value(now)).toBeLessThan(100);
  now = feed(jitter, now, 6, lump(300));
  expect(jitter.value(now)).toBeGreaterThan(250);
});
