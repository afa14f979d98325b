import { expect, test } from "vitest";
import {
  formatBitrate,
  formatDelay,
  formatFrameRate,
  formatSize,
  formatSpan,
  formatUptime,
  formatViewers,
} from "../../../web/ui/format.ts";

test("numbers read as people read them", () => {
  expect([0, 128_400, 999_900, 2_440_000].map(formatBitrate)).toEqual([
    "0 kbit/s",
    "128 kbit/s",
    "1.0 Mbit/s",
    "2.4 Mbit/s",
  ]);
  expect([-3, 118.4, 999.6, 1_340].map(formatDelay)).toEqual(["0 ms", "118 ms", "1.0 s", "1.3 s"]);
  expect([5, 65, 3_840, 180_000].map(formatUptime)).toEqual([
    "5 s",
    "1 min",
    "1 h 04 min",
    "2 d 2 h",
  ]);
  expect([7_400, 105_000, 3_723_000, -5].map(formatSpan)).toEqual([
    "0:07",
    "1:45",
    "1:02:03",
    "0:00",
  ]);
  expect([30, 30_000 / 1_001].map(formatFrameRate)).toEqual(["30 fps", "29.97 fps"]);
  expect([1, 2].map(formatViewers)).toEqual(["1 viewer", "2 viewers"]);
  expect([0, 640_400, 12_360_000, 2_449_000_000].map(formatSize)).toEqual([
    "0 kB",
    "640 kB",
    "12.4 MB",
    "2.4 GB",
  ]);
});
