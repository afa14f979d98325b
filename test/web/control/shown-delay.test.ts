import { expect, test } from "vitest";
import { ShownDelay } from "../../../web/control/shown-delay.ts";

/** 30 pictures a second; each reaches the server when it is to be shown. */
function fed(order: readonly number[]): ShownDelay {
  const delay = new ShownDelay();
  for (const at of order) delay.push(10 + at / 30, 1_000_000 + (at * 1_000) / 30);
  return delay;
}

test("ShownDelay says how old the shown picture is", () => {
  const delay = fed([0, 1, 2, 3, 4, 5]);
  expect(delay.value).toBeUndefined();
  delay.shown(10 + 3 / 30, 1_000_100 + 80);
  expect(delay.value).toBeCloseTo(80);
});

test("ShownDelay finds the picture among B-frames, and by the playhead alone", () => {
  const delay = fed([0, 3, 1, 2, 6, 4, 5]);
  delay.shown(10 + 4 / 30 + 0.02, 1_000_000 + 4_000 / 30 + 20 + 50);
  expect(delay.value).toBeCloseTo(50);
});

test("ShownDelay is the median: one late picture does not show", () => {
  const delay = fed(Array.from({ length: 60 }, (_, index) => index));
  for (let index = 0; index < 60; index += 1) {
    delay.shown(10 + index / 30, 1_000_000 + (index * 1_000) / 30 + (index % 9 === 0 ? 400 : 90));
  }
  expect(delay.value).toBeCloseTo(90);
});

test("ShownDelay says nothing of pictures it does not know", () => {
  const delay = fed([0, 1]);
  delay.shown(5, 2_000_000);
  delay.shown(99, 2_000_000);
  expect(delay.value).toBeUndefined();
});
