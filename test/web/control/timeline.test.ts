import fc from "fast-check";
import { expect, test } from "vitest";
import { destination, earliest, REWIND, timelineOf } from "../../../web/control/timeline.ts";

const onWebSocket = { position: 99_900, edge: 100_000, start: undefined };

test("timelineOf is at 0 behind live on the live lane, whatever the delay", () => {
  expect(timelineOf(onWebSocket, { isRewound: false, windowLength: undefined })).toEqual({
    start: undefined,
    end: 100_000,
    position: 99_900,
    behindLive: 0,
    isLive: true,
  });
  const known = timelineOf(onWebSocket, { isRewound: false, windowLength: 60_000 });
  expect(known.start).toBe(40_000);
});

test("timelineOf counts from the edge when the viewer went back, by what the playback knows", () => {
  const place = { position: 70_000, edge: 100_000, start: 45_000 };
  expect(timelineOf(place, { isRewound: true, windowLength: 60_000 })).toEqual({
    start: 45_000,
    end: 100_000,
    position: 70_000,
    behindLive: 30_000,
    isLive: false,
  });
  const beyond = { position: 100_050, edge: 100_000, start: 45_000 };
  expect(timelineOf(beyond, { isRewound: true, windowLength: undefined }).behindLive).toBe(0);
});

const window = { start: 40_000, end: 100_000 };

test.each([
  { time: 70_000, to: 70_000 },
  { time: 100_000 - REWIND.nearLive, to: "live" },
  { time: 97_999, to: 97_999 },
  { time: 200_000, to: "live" },
  { time: Number.NaN, to: "live" },
  { time: 0, to: 43_000 },
  { time: Number.NEGATIVE_INFINITY, to: 43_000 },
])("destination($time) is $to", ({ time, to }) => {
  expect(destination(time, window)).toBe(to);
});

test("there is nowhere to go back to in a window that is not known, or hardly one", () => {
  expect(destination(50_000, { start: undefined, end: 100_000 })).toBe("live");
  expect(destination(96_500, { start: 96_000, end: 100_000 })).toBe("live");
});

test("destination is live, or within the window and not too near its ends", () => {
  const any = fc.double({ min: -1e9, max: 1e9 });
  const lengths = fc.double({ min: 0, max: 1e6, noNaN: true });
  const holds = fc.property(any, lengths, (time, length) => {
    const to = destination(time, { start: 1_000, end: 1_000 + length });
    if (to === "live") return;
    expect(to).toBeGreaterThanOrEqual(earliest(1_000, 1_000 + length));
    expect(to).toBeLessThan(1_000 + length);
  });
  fc.assert(holds);
});
