import { expect, test } from "vitest";
import { HlsTimeline, type ListedMedia } from "../../../web/engine/hls-timeline.ts";

/** Ten segments of 2 s, the last four behind a discontinuity; hls.js's clock begins with the first. */
const listed: ListedMedia = {
  fragmentStart: 0,
  edge: 20.4,
  age: 0.1,
  targetduration: 10,
  fragments: Array.from({ length: 10 }, (_, index) => ({
    start: 2 * index,
    duration: 2,
    cc: index < 6 ? 3 : 4,
  })),
};

test("HlsTimeline relates hls.js's clock to the stream's, there and back", () => {
  const timeline = new HlsTimeline();
  expect(timeline.isKnown).toBe(false);
  expect(timeline.toStream(5, listed)).toBeUndefined();
  expect(timeline.place(5, listed)).toBeUndefined();
  const offsets: { baseTime: number; timescale: number }[] = [];
  offsets[3] = { baseTime: 90_000 * 100, timescale: 90_000 };
  timeline.found(offsets);
  expect(timeline.isKnown).toBe(true);
  expect(timeline.toStream(5, listed)).toBe(105_000);
  expect(timeline.toMedia(105_000, listed)).toBe(5);
  expect(timeline.place(5, listed)).toEqual({ position: 105_000, start: 100_000, edge: 120_500 });
  // Where nothing was found yet, the nearest is assumed; once it was, each stretch has its own.
  expect(timeline.toStream(13, listed)).toBe(113_000);
  offsets[4] = { baseTime: 48_000 * 101, timescale: 48_000 };
  timeline.found(offsets);
  expect(timeline.toStream(11.9, listed)).toBe(111_900);
  expect(timeline.toStream(12, listed)).toBe(113_000);
  expect(timeline.toMedia(113_000, listed)).toBe(12);
  expect(timeline.toMedia(111_900, listed)).toBeCloseTo(11.9);
  expect(timeline.place(5, listed)?.edge).toBe(121_500);
});

test("HlsTimeline does not let the edge run away from a playlist that is told no more", () => {
  const timeline = new HlsTimeline();
  timeline.found([{ baseTime: 0, timescale: 1 }]);
  expect(timeline.place(5, { ...listed, age: 100 })?.edge).toBeCloseTo(30_400);
});
