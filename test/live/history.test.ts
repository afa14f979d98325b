import { expect, test } from "vitest";
import { History } from "../../server/live/history.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const video = videoTrack();
const audio = audioTrack();
const times = (history: History) =>
  history.join().map((sample) => `${sample.isVideo ? "v" : "a"}${sample.serverTime % 100_000}`);

test("History gives a newcomer everything since the newest sync sample, in the order it came", () => {
  const history = new History({ maxBytes: 10_000, maxTime: 10_000 });
  history.push(sampleAt(video, 0)); // no sync sample yet: of no use
  expect(history.join()).toEqual([]);
  history.push(sampleAt(video, 33, { isSync: true }));
  history.push(sampleAt(audio, 40));
  history.push(sampleAt(video, 67));
  expect(times(history)).toEqual(["v33", "a40", "v67"]);
  history.push(sampleAt(video, 100, { isSync: true }));
  history.push(sampleAt(audio, 105));
  expect(times(history)).toEqual(["v100", "a105"]);
});

test("History keeps the last second of a broadcast that is only sound", () => {
  const history = new History({ maxBytes: 100_000, maxTime: 10_000 });
  for (let ms = 0; ms <= 3000; ms += 20) history.push(sampleAt(audio, ms));
  expect(history.join()).toHaveLength(51);
});

test.each([
  { name: "in bytes", maxBytes: 1000, maxTime: 60_000 },
  { name: "in time", maxBytes: 1_000_000, maxTime: 300 },
])("History forgets a GOP that outgrows its bound $name, up to the next sync sample", (bounds) => {
  const history = new History(bounds);
  history.push(sampleAt(video, 0, { isSync: true }));
  for (let n = 1; n <= 20; n += 1) history.push(sampleAt(video, n * 33));
  expect(history.join()).toEqual([]);
  expect(history.bytes).toBe(0);
  history.push(sampleAt(video, 700, { isSync: true }));
  expect(times(history)).toEqual(["v700"]);
});

test("History begins each of several video tracks at its own sync sample", () => {
  const history = new History({ maxBytes: 10_000, maxTime: 10_000 });
  const small = videoTrack(3);
  history.push(sampleAt(video, 0, { isSync: true }));
  history.push(sampleAt(small, 1, { isSync: true }));
  history.push(sampleAt(video, 33));
  history.push(sampleAt(small, 34, { isSync: true }));
  history.push(sampleAt(video, 67));
  expect(times(history)).toEqual(["v0", "v33", "v34", "v67"]);
  history.forget(video.id);
  expect(times(history)).toEqual(["v34"]);
});
