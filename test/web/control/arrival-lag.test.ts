import { expect, test } from "vitest";
import { ArrivalLag } from "../../../web/control/arrival-lag.ts";

test("ArrivalLag is how much later than at its best the newest came, whatever the clocks say", () => {
  const lag = new ArrivalLag();
  expect(lag.value).toBe(0);
  for (let sent = 0; sent < 1_000; sent += 33) lag.push(50_000 + sent + (sent % 2) * 60, sent);
  lag.push(51_500, 1_000);
  expect(lag.value).toBeCloseTo(500, 0);
  // Five seconds of them within one: the last is as late as any on a good day.
  for (let sent = 1_000; sent <= 6_000; sent += 33) lag.push(55_000 + sent / 6, sent);
  lag.push(56_033, 6_033);
  expect(lag.value).toBeLessThan(1);
});

test("ArrivalLag follows clocks that drift", () => {
  const lag = new ArrivalLag();
  for (let sent = 0; sent < 3_600_000; sent += 1_000) lag.push(sent * 1.000_05, sent);
  expect(lag.value).toBe(0);
});
