import { expect, test } from "vitest";
import { encoderTime } from "../../server/live/encoder-time.ts";

const NOW = Date.UTC(2026, 10, 23, 13, 5, 9, 400);

test.each([
  { name: "in UTC", sd: "23-11-2026", st: "13:05:09.123", at: NOW - 277 },
  { name: "in a zone two hours ahead", sd: "23-11-2026", st: "15:05:09.123", at: NOW - 277 },
  { name: "in Nepal (+5:45)", sd: "23-11-2026", st: "18:50:08.400", at: NOW - 1_000 },
  { name: "where it is tomorrow already", sd: "24-11-2026", st: "02:05:09.4", at: NOW },
  { name: "without a date", sd: undefined, st: "08:05:09", at: NOW - 400 },
  { name: "by a clock that is a little fast", sd: "23-11-2026", st: "13:05:10.4", at: NOW + 1_000 },
])("encoderTime reads the clock of onFI $name", ({ sd, st, at }) => {
  const value = { ...(sd !== undefined && { sd }), st, tc: "13:05:09:03" };
  expect(encoderTime("onFI", [value], NOW)).toBeCloseTo(at, 3);
});

test.each([
  { name: "another message", data: "onTextData", values: [{ st: "13:05:09" }] },
  { name: "no time", data: "onFI", values: [{ sd: "23-11-2026" }] },
  { name: "a time that is none", data: "onFI", values: [{ st: "25:00:00" }] },
  {
    name: "a clock that was never set",
    data: "onFI",
    values: [{ sd: "01-01-1970", st: "00:00:09" }],
  },
  { name: "nothing", data: "onFI", values: [] },
])("encoderTime makes nothing of $name", ({ data, values }) => {
  expect(encoderTime(data, values, NOW)).toBeUndefined();
});
