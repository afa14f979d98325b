import { expect, test } from "vitest";
import { SleepWatch } from "../../../web/control/sleep-watch.ts";

const awake = { now: 1_000, wall: 1_000_000, hidden: false };

test.each([
  { name: "the page's clock stood still", now: 1_050, wall: 1_060_000, hidden: false, slept: true },
  { name: "the clock stood still, unseen", now: 1_050, wall: 1_060_000, hidden: true, slept: true },
  { name: "both clocks went on", now: 61_000, wall: 1_060_000, hidden: false, slept: true },
  { name: "a look as usual", now: 1_050, wall: 1_000_050, hidden: false, slept: false },
  { name: "a page that is busy", now: 3_000, wall: 1_002_000, hidden: false, slept: false },
  {
    name: "a hidden page looks once a minute",
    now: 61_000,
    wall: 1_060_000,
    hidden: true,
    slept: false,
  },
  { name: "the clock was set back", now: 1_050, wall: 900_000, hidden: false, slept: false },
])("SleepWatch: $name", ({ slept, ...look }) => {
  const watch = new SleepWatch();
  expect(watch.look(awake)).toBe(false);
  expect(watch.look(look)).toBe(slept);
  expect(watch.look({ ...look, now: look.now + 50, wall: look.wall + 50 })).toBe(false);
});
