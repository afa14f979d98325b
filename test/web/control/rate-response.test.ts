import { expect, test } from "vitest";
import { RateResponse } from "../../../web/control/rate-response.ts";

/** @param really the rate that the clock runs at @returns how often it was seen not to follow */
function run(
  response: RateResponse,
  options: {
    readonly rate: number;
    readonly really: number;
    readonly seconds?: number;
    readonly playing?: boolean;
  },
): number {
  const { rate, really, seconds = 10, playing = true } = options;
  let found = 0;
  for (let now = 0; now < seconds * 1_000; now += 50) {
    const time = 100 + (now * really) / 1_000;
    if (response.look({ now, time, rate, playing })) found += 1;
  }
  return found;
}

test.each([
  { name: "it follows", rate: 1.05, really: 1.05, found: 0 },
  { name: "it follows by half", rate: 1.05, really: 1.025, found: 0 },
  { name: "it runs as if nothing was told", rate: 1.05, really: 1, found: 3 },
  { name: "it even falls behind", rate: 1.03, really: 0.99, found: 3 },
  { name: "nothing to speak of is asked", rate: 1.01, really: 1, found: 0 },
  { name: "it is to slow down", rate: 0.97, really: 1, found: 0 },
])("RateResponse: $name", ({ rate, really, found }) => {
  expect(run(new RateResponse(), { rate, really })).toBe(found);
});

test("RateResponse judges only what plays on undisturbed", () => {
  const response = new RateResponse();
  expect(run(response, { rate: 1.05, really: 1, playing: false })).toBe(0);
  // Two seconds, a seek, two seconds.
  expect(run(response, { rate: 1.05, really: 1, seconds: 2 })).toBe(0);
  response.look({ now: 2_000, time: 0, rate: 1.05, playing: false });
  expect(run(response, { rate: 1.05, really: 1, seconds: 2 })).toBe(0);
});
