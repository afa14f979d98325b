import { expect, test } from "vitest";
import { Spans, shifted } from "../../../web/element/time-ranges.ts";

test("Spans are like TimeRanges, and throw where there is none", () => {
  const spans = new Spans([
    [1, 2],
    [4, 8],
  ]);
  expect([spans.length, spans.start(1), spans.end(1)]).toEqual([2, 4, 8]);
  expect(() => spans.start(2)).toThrow(RangeError);
  expect(() => new Spans([]).end(0)).toThrow(RangeError);
});

test("shifted moves every range", () => {
  const later = shifted(new Spans([[1, 2], [4, 8]]), 100); // biome-ignore format: two spans
  expect([later.start(0), later.end(0), later.start(1), later.end(1)]).toEqual([
    101, 102, 104, 108,
  ]);
});
