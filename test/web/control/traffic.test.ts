import { expect, test } from "vitest";
import { Traffic } from "../../../web/control/traffic.ts";

test("Traffic counts bits and pictures a second over the last three", () => {
  const traffic = new Traffic();
  for (let at = 0; at <= 9_000; at += 25) traffic.push(at, at < 5_000 ? 10_000 : 1_000, 1);
  const { bitrate, frameRate } = traffic.read(9_000);
  expect(bitrate / 320_000).toBeCloseTo(1, 1);
  expect(frameRate / 40).toBeCloseTo(1, 1);
  expect(traffic.read(20_000)).toEqual({ bitrate: 0, frameRate: 0 });
});
