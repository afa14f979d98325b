import { expect, test } from "vitest";
import { DateRangeList } from "../../../server/endpoint/hls/date-range-list.ts";
import type { DateRange } from "../../../server/live/date-range.ts";

const START = Date.UTC(2026, 4, 1);

const range = (
  id: string,
  at: number,
  attributes: readonly (readonly [string, string])[] = [],
): DateRange => ({ id, at, startDate: START + at, attributes });

const idsOf = (lines: readonly string[]) => lines.map((line) => /ID="([^"]*)"/.exec(line)?.[1]);

test("DateRangeList lists a range as long as a moment of it is", () => {
  const list = new DateRangeList(60_000);
  const ranges = [
    range("moment", 0),
    range("planned", 0, [["PLANNED-DURATION", "10"]]),
    range("known", 0, [["DURATION", "20.5"]]),
    range("dated", 0, [["END-DATE", `"${new Date(START + 30_000).toISOString()}"`]]),
    range("advertisement", 0, [["SCTE35-OUT", "0xFC"]]),
  ];
  const at = (from: number) => idsOf(list.list(ranges, START + from, 0).all);
  expect(at(0)).toEqual(["moment", "planned", "known", "dated", "advertisement"]);
  expect(at(1)).toEqual(["planned", "known", "dated", "advertisement"]);
  expect(at(20_500)).toEqual(["known", "dated", "advertisement"]);
  expect(at(30_001)).toEqual(["advertisement"]);
});

test("DateRangeList keeps all that is said of one range together, and takes each line for news", () => {
  const list = new DateRangeList(60_000);
  const out = range("ad", 0, [["SCTE35-OUT", "0xFC01"]]);
  const back = range("ad", 0, [
    ["DURATION", "30"],
    ["SCTE35-IN", "0xFC02"],
  ]);
  expect(list.list([out], START + 10_000, 0).all).toHaveLength(1);
  const both = list.list([out, back], START + 20_000, 70_000);
  expect(both.all).toHaveLength(2);
  expect(both.recent).toEqual([both.all[1]]);
  const gone = list.list([out, back], START + 30_001, 80_000);
  expect(gone).toEqual({ all: [], recent: [], removed: ["ad"] });
  expect(list.list([out, back], START + 40_000, 140_000).removed).toEqual(["ad"]);
  expect(list.list([out, back], START + 40_000, 140_001).removed).toEqual([]);
});
