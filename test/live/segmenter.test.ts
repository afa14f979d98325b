import { expect, test } from "vitest";
import type { LiveTrack } from "../../server/live/live-track.ts";
import type { Rendition } from "../../server/live/segment.ts";
import { Segmenter } from "../../server/live/segmenter.ts";
import { audioTrack, epoch, sampleAt, videoTrack } from "../support/live-samples.ts";

const settings = {
  segment: 2000,
  longestSegment: 10_000,
  part: 200,
  window: 60_000,
  windowBytes: 1_000_000,
};
const video = videoTrack();
const audio = audioTrack();
const seconds = (rendition: Rendition | undefined) =>
  rendition?.segments.map(({ duration, track }) => duration / track.timescale);

/** Feeds pictures at 25 a second with a sync sample each `gop` ms, and sound in 20 ms frames. */
function feed(
  segmenter: Segmenter,
  { from = 0, to = 10_000, gop = 2000, tracks = [video, audio], inEpoch = 0 } = {},
): void {
  for (let ms = from; ms < to; ms += 20) {
    for (const track of tracks) {
      const isVideo = track.track.mediaType === "video";
      if (isVideo && ms % 40 !== 0) continue;
      const isSync = !isVideo || (ms - from) % gop === 0;
      segmenter.push(sampleAt(track, ms, { isSync, epoch: epoch(inEpoch) }));
    }
  }
}

test("Segmenter cuts at the first sync sample after two seconds, in every rendition alike", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { gop: 1000 });
  const [first, second] = segmenter.renditions;
  expect(first?.track.id).toBe(video.id);
  expect(seconds(first)).toEqual([2, 2, 2, 2]);
  expect(seconds(second)).toEqual([2, 2, 2, 2]);
  expect(first?.segments.map((segment) => segment.mediaSequence)).toEqual([1, 2, 3, 4]);
  expect(second?.segments.map((segment) => segment.start / 48)).toEqual([0, 2000, 4000, 6000]);
  expect(first?.segments.every((segment) => segment.isIndependent)).toBe(true);
  expect(first?.segments[1]?.programDateTime).toBe(1_700_000_000_000 + 2000);
});

/** Two sizes of a picture at 25 a second, each with a GOP of its own that begins at its `phase`. */
function feedLadder(
  segmenter: Segmenter,
  to: number,
  ladder: readonly { track: LiveTrack; gop: number; phase: number }[],
): void {
  for (let ms = 0; ms < to; ms += 20) {
    for (const { track, gop, phase } of ladder) {
      if (ms < phase || (ms - phase) % 40 !== 0) continue;
      segmenter.push(sampleAt(track, ms, { isSync: (ms - phase) % gop === 0 }));
    }
  }
}
const low = videoTrack(3, 1, 1);
const startsOf = (rendition: Rendition | undefined) =>
  rendition?.segments.map(({ mediaSequence, start }) => [mediaSequence, start / 90]);
const wallOf = (rendition: Rendition | undefined) =>
  rendition?.segments.map(({ programDateTime }) => programDateTime - 1_700_000_000_000);

test("Segmenter cuts sizes of a picture with common key frames at the same times", () => {
  const segmenter = new Segmenter(settings);
  const both = { gop: 1000, phase: 0 };
  feedLadder(segmenter, 9000, [
    { track: video, ...both },
    { track: low, ...both },
  ]);
  const [first, second] = segmenter.renditions;
  expect(startsOf(first)).toEqual([
    [1, 0],
    [2, 2000],
    [3, 4000],
    [4, 6000],
  ]);
  expect(startsOf(second)).toEqual(startsOf(first));
  expect(wallOf(second)).toEqual([0, 2000, 4000, 6000]);
  expect(seconds(second)).toEqual([2, 2, 2, 2]);
});

test.each([
  { name: "a little later", gop: 2000, phase: 40, starts: [40, 2040, 4040, 6040] },
  { name: "just before", gop: 2000, phase: 1500, starts: [1500, 3500, 5500, 7500] },
  { name: "a picture or two earlier", gop: 2000, phase: 1920, starts: [1920, 3920, 5920, 7920] },
  { name: "more often", gop: 1200, phase: 0, starts: [0, 2400, 4800, 6000] },
])(
  "Segmenter cuts a size whose key frames come $name at its own key frames",
  ({ gop, phase, starts }) => {
    const segmenter = new Segmenter(settings);
    feedLadder(segmenter, 12_000, [
      { track: video, gop: 2000, phase: 0 },
      { track: low, gop, phase },
    ]);
    const [, second] = segmenter.renditions;
    const from = phase === 1920 ? 2 : 1; // it begins with the segment that its key frame is near to
    expect(startsOf(second)?.slice(0, 4)).toEqual(starts.map((start, n) => [n + from, start]));
    expect(wallOf(second)?.slice(0, 4)).toEqual(starts);
    expect(second?.segments.every(({ isIndependent, isGap }) => isIndependent && !isGap)).toBe(
      true,
    );
  },
);

test("Segmenter: pictures decoded earlier, for B-frames, are in the segment of their key frame", () => {
  const segmenter = new Segmenter(settings);
  // From the same encoder, at the same presentation times; both begin together.
  for (let ms = 0; ms < 9000; ms += 40) {
    const isSync = ms % 1000 === 0;
    const early = Math.max(ms - 80, ms === 0 ? 0 : 1);
    segmenter.push(sampleAt(low, early, { isSync }));
    segmenter.push(sampleAt(video, ms, { isSync }));
  }
  const [first, second] = segmenter.renditions;
  expect(startsOf(first)).toEqual([
    [1, 0],
    [2, 2000],
    [3, 4000],
    [4, 6000],
  ]);
  expect(startsOf(second)).toEqual([
    [1, 0],
    [2, 1920],
    [3, 3920],
    [4, 5920],
  ]);
  const whole = second?.segments.map((segment) => segment.byteLength);
  expect(new Set(whole?.slice(1)).size).toBe(1);
  for (const segment of second?.segments ?? []) {
    const durations = segment.parts.reduce((sum, part) => sum + part.duration, 0);
    expect(durations).toBe(segment.duration);
    expect(segment.parts.map(({ partIndex }) => partIndex)).toEqual(segment.parts.map((_, n) => n));
    expect(segment.isIndependent).toBe(true);
  }
});

test("Segmenter does not wait for a key frame that is far, and says what cannot be decoded alone", () => {
  const segmenter = new Segmenter(settings);
  feedLadder(segmenter, 18_000, [
    { track: video, gop: 2000, phase: 0 },
    { track: low, gop: 4000, phase: 0 },
  ]);
  const [first, second] = segmenter.renditions;
  expect(startsOf(second)?.slice(2)).toEqual(startsOf(first)?.slice(2));
  expect(second?.segments.slice(2).map(({ isIndependent }) => isIndependent)).toEqual([
    ...[true, false, true, false, true, false],
  ]);
});

test("Segmenter waits in vain once for a size without key frames", () => {
  const segmenter = new Segmenter(settings);
  feedLadder(segmenter, 12_000, [
    { track: video, gop: 2000, phase: 0 },
    { track: low, gop: 60_000, phase: 0 },
  ]);
  const [, second] = segmenter.renditions;
  expect(startsOf(second)?.slice(2)).toEqual([
    [3, 4000],
    [4, 6000],
    [5, 8000],
  ]);
  expect(second?.segments.map(({ isIndependent }) => isIndependent)).toEqual([
    ...[true, false, false, false, false],
  ]);
});

test("Segmenter: no segment of a size that waits for its key frame is longer than any other may be", () => {
  const segmenter = new Segmenter({ ...settings, longestSegment: 3000 });
  feedLadder(segmenter, 30_000, [
    { track: video, gop: 2800, phase: 0 },
    { track: low, gop: 2600, phase: 400 },
  ]);
  for (const rendition of segmenter.renditions) {
    expect(Math.max(...(seconds(rendition) ?? []))).toBeLessThanOrEqual(3);
  }
});

test("Segmenter cuts a GOP longer than the target at a plain sample, and says it is not independent", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 25_000, gop: 60_000 });
  const [first] = segmenter.renditions;
  expect(Math.round(Math.max(...(seconds(first) ?? [])))).toBeLessThanOrEqual(10);
  expect(first?.segments.map((segment) => segment.isIndependent)).toEqual([true, false]);
});

test("Segmenter cuts sound alone by time", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 9000, tracks: [audio] });
  expect(seconds(segmenter.renditions[0])).toEqual([1.8, 1.8, 1.8, 1.8]);
});

test("a segment is the concatenation of its parts, and their durations add up", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter);
  for (const rendition of segmenter.renditions) {
    for (const segment of rendition.segments) {
      const durations = segment.parts.map((part) => part.duration / segment.track.timescale);
      expect(Math.max(...durations)).toBeLessThanOrEqual(0.2);
      expect(segment.parts.reduce((sum, part) => sum + part.duration, 0)).toBe(segment.duration);
      expect(segment.parts.reduce((sum, part) => sum + part.byteLength, 0)).toBe(
        segment.byteLength,
      );
      expect(segment.parts.map((part) => part.partIndex)).toEqual(segment.parts.map((_, n) => n));
      expect(segment.parts[0]?.isIndependent).toBe(true);
    }
  }
});

test("Segmenter marks a new epoch as a discontinuity in every rendition at the same number", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 5000 });
  segmenter.finish();
  feed(segmenter, { from: 5120, to: 10_000, inEpoch: 1 });
  for (const rendition of segmenter.renditions) {
    expect(rendition.segments.map((segment) => segment.isDiscontinuity)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(rendition.segments.map((segment) => segment.mediaSequence)).toEqual([1, 2, 3, 4, 5]);
  }
  expect(seconds(segmenter.renditions[0])?.slice(0, 4)).toEqual([2, 2, 1, 2]);
});

test("Segmenter begins a segment with each new configuration", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 3000 });
  feed(segmenter, { from: 3000, to: 8000, tracks: [videoTrack(1, 2), audio] });
  const [first, second] = segmenter.renditions;
  expect(first?.segments.map((segment) => segment.track.configuration)).toEqual([1, 1, 2, 2]);
  expect(first?.segments.map((segment) => segment.isDiscontinuity)).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect(second?.segments.map((segment) => segment.isDiscontinuity)).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

test("Segmenter marks one discontinuity where a publisher returns with other pictures after its sound", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 3000 });
  segmenter.finish();
  segmenter.push(sampleAt(audio, 3100, { epoch: epoch(1) }));
  feed(segmenter, { from: 3120, to: 8000, inEpoch: 1, tracks: [videoTrack(1, 2), audio] });
  for (const rendition of segmenter.renditions) {
    expect(rendition.segments.map((segment) => segment.isDiscontinuity)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(rendition.segments.some((segment) => segment.isGap)).toBe(false);
  }
});

test("Segmenter keeps what a retired track gave, with gaps behind it, and lets it return", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 4000 });
  segmenter.retire(audio.id);
  feed(segmenter, { from: 4000, to: 10_000, tracks: [video] });
  const sound = segmenter.renditions[1];
  expect(sound?.isRetired).toBe(true);
  expect(segmenter.isReady).toBe(true);
  expect(sound?.segments.map((segment) => segment.isGap)).toEqual([false, false, true, true]);
  feed(segmenter, { from: 10_000, to: 14_100 });
  expect(segmenter.renditions[1]?.isRetired).toBe(false);
  const [first, second] = segmenter.renditions;
  expect(second?.segments.map((segment) => segment.mediaSequence)).toEqual(
    first?.segments.map((segment) => segment.mediaSequence),
  );
  expect(second?.segments.at(-1)?.isGap).toBe(false);
});

test("Segmenter lets the gap of a retired track begin where its last segment ended, however far that was from a cut", () => {
  for (const last of [4100, 4700, 5300, 5900]) {
    const segmenter = new Segmenter(settings);
    feed(segmenter, { to: last });
    feed(segmenter, { from: last, to: 9000, tracks: [video] });
    segmenter.retire(audio.id);
    feed(segmenter, { from: 9000, to: 15_000, tracks: [video] });
    const { segments = [] } = segmenter.renditions[1] ?? {};
    expect(segments.at(-1)?.isGap).toBe(true);
    for (const [n, segment] of segments.slice(1).entries()) {
      const before = segments[n];
      expect(segment.start).toBe((before?.start ?? 0) + (before?.duration ?? 0));
    }
  }
});

test("Segmenter lets a track that comes late join at the number of the others", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 6000, tracks: [video] });
  expect(segmenter.isReady).toBe(true);
  feed(segmenter, { from: 6000, to: 6100 });
  expect(segmenter.isReady).toBe(false); // newcomers wait until the sound can be listed, too
  feed(segmenter, { from: 6100, to: 12_000, gop: 1900 });
  const sound = segmenter.renditions[1];
  expect(sound?.segments[0]?.mediaSequence).toBe(4);
  expect(sound?.segments.every((segment) => !segment.isGap)).toBe(true);
});

test("Segmenter begins a segment with its key frame, also where the picture before it has the same time", () => {
  const segmenter = new Segmenter(settings);
  const ms = Array.from({ length: 120 }, (_, n) => Math.round((n * 100) / 3));
  for (const [n, at] of ms.entries()) {
    // A tick apart: what becomes of decode times that repeat.
    const dts = n % 30 === 29 ? (ms[n + 1] ?? at) * 90 - 1 : at * 90;
    segmenter.push(sampleAt(video, at, { dts, isSync: n % 30 === 0 }));
  }
  segmenter.finish();
  const [pictures] = segmenter.renditions;
  expect(pictures?.segments.length).toBeGreaterThan(1);
  expect(pictures?.segments.every(({ isIndependent }) => isIndependent)).toBe(true);
});

test("Segmenter waits for sound that was announced, as long as it is to be expected", () => {
  const prompt = new Segmenter(settings);
  prompt.expectSome("video");
  prompt.expectSome("audio");
  feed(prompt, { to: 700, tracks: [video] });
  expect(prompt.isReady).toBe(false);
  feed(prompt, { from: 700, to: 1000 });
  expect(prompt.isReady).toBe(true);

  const absent = new Segmenter(settings);
  absent.expectSome("audio");
  feed(absent, { to: 2500, tracks: [video] });
  expect(absent.isReady).toBe(true);
  absent.expectSome("audio"); // said again, while it plays: newcomers do not wait for it
  expect(absent.isReady).toBe(true);

  const unplayable = new Segmenter(settings);
  unplayable.expectSome("audio");
  unplayable.expectNone("audio");
  feed(unplayable, { to: 500, tracks: [video] });
  expect(unplayable.isReady).toBe(true);
});

test("Segmenter lists a gap where a track gave nothing", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 4000 });
  feed(segmenter, { from: 4000, to: 8000, tracks: [video] });
  feed(segmenter, { from: 8000, to: 12_000 });
  const sound = segmenter.renditions[1];
  expect(sound?.segments.map((segment) => segment.mediaSequence)).toEqual([1, 2, 3, 4, 5]);
  expect(sound?.segments.map((segment) => segment.isGap)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(sound?.segments[2]?.parts).toEqual([]);
});

test.each([
  { name: "time", bounds: { window: 6000 } },
  { name: "bytes", bounds: { windowBytes: 60_000 } },
])(
  "Segmenter keeps a window bounded in $name, and counts discontinuities that leave it",
  ({ bounds }) => {
    const segmenter = new Segmenter({ ...settings, ...bounds });
    feed(segmenter, { to: 4000 });
    feed(segmenter, { from: 4120, to: 60_000, inEpoch: 1, gop: 1900 });
    for (const rendition of segmenter.renditions) {
      const bytes = rendition.segments.reduce((sum, segment) => sum + segment.byteLength, 0);
      expect(rendition.segments.length).toBeLessThan(8);
      expect(bytes).toBeLessThan(80_000);
      expect(rendition.discontinuitySequence).toBe(1);
      const numbers = rendition.segments.map((segment) => segment.mediaSequence);
      expect(numbers).toEqual(numbers.map((_, n) => (numbers[0] ?? 0) + n));
    }
  },
);

test("Segmenter wraps MP3 as bare frames, everything else in moof and mdat", () => {
  const mp3: LiveTrack = {
    ...audio,
    track: { ...audio.track, codec: "mp3", codecString: "mp3" } as LiveTrack["track"],
  };
  const segmenter = new Segmenter(settings);
  feed(segmenter, { tracks: [video, mp3] });
  const [pictures, sound] = segmenter.renditions;
  expect(sound?.segments[0]?.parts[0]?.pieces).toHaveLength(10);
  expect(pictures?.segments[0]?.parts[0]?.pieces).toHaveLength(6);
});

test("Segmenter tells when a part or a segment became complete, and only then", () => {
  const segmenter = new Segmenter(settings);
  const told: string[] = [];
  const state = () =>
    segmenter.renditions.map(({ nextPart, segments }) => `${nextPart}/${segments.length}`).join();
  const stop = segmenter.onChange(() => told.push(state()));
  feed(segmenter, { to: 4040 });
  expect(told.slice(0, 4)).toEqual(["2/0,2/0", "2/0,3/0", "3/0,3/0", "3/0,4/0"]);
  expect(new Set(told).size).toBe(told.length);
  expect(told.at(-1)).toBe(state());
  stop();
  segmenter.finish();
  expect(told).not.toContain(state());
});

test("Segmenter leaves no hole in the numbers when a clock jumps while a track lags behind a cut", () => {
  const segmenter = new Segmenter(settings);
  /** Sound comes 300 ms behind the picture. */
  for (let ms = 0; ms < 2120; ms += 20) {
    if (ms % 40 === 0) segmenter.push(sampleAt(video, ms, { isSync: ms % 2000 === 0 }));
    if (ms >= 300) segmenter.push(sampleAt(audio, ms - 300));
  }
  for (let ms = 2220; ms < 9000; ms += 20) {
    const isSync = (ms - 2220) % 2000 === 0;
    if (ms % 40 === 20) segmenter.push(sampleAt(video, ms, { isSync, epoch: epoch(1) }));
    if (ms >= 2520) segmenter.push(sampleAt(audio, ms - 300, { epoch: epoch(1) }));
  }
  const [pictures, sound] = segmenter.renditions;
  const numbers = sound?.segments.map((segment) => segment.mediaSequence) ?? [];
  expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  expect(sound?.segments.findIndex((segment) => segment.isDiscontinuity)).toBe(
    pictures?.segments.findIndex((segment) => segment.isDiscontinuity),
  );
});

test("Segmenter lets a jump within a GOP wait for the sync sample, and loses no time over it", () => {
  const segmenter = new Segmenter(settings);
  for (let ms = 0; ms < 9000; ms += 40) {
    const isAfter = ms >= 3000;
    const at = isAfter ? ms + 60 : ms; // the timeline goes on a little behind the jump
    segmenter.push(sampleAt(video, at, { isSync: ms % 2000 === 0, epoch: epoch(isAfter ? 1 : 0) }));
  }
  const [pictures] = segmenter.renditions;
  expect(pictures?.segments.every((segment) => segment.isIndependent)).toBe(true);
  expect(pictures?.segments.map((segment) => segment.isDiscontinuity)).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect(seconds(pictures)).toEqual([2, 2.06, 2, 2]);
});

test("Segmenter ends segments in time also where the leading track stops or stands still", () => {
  const segmenter = new Segmenter(settings);
  feed(segmenter, { to: 4000 });
  feed(segmenter, { from: 4000, to: 30_000, tracks: [audio] });
  segmenter.push(sampleAt(video, 30_000, { isSync: true }));
  feed(segmenter, { from: 30_000, to: 34_100 });
  for (const rendition of segmenter.renditions) {
    expect(Math.round(Math.max(...(seconds(rendition) ?? [])))).toBeLessThanOrEqual(10);
  }
});

test("Segmenter ends a segment that grows too large although its clock stands still", () => {
  const segmenter = new Segmenter({ ...settings, windowBytes: 100_000 });
  for (let n = 0; n < 5000; n += 1) {
    segmenter.push(sampleAt(video, 1000, { isSync: n === 0, dts: 90_000 + n, size: 1000 }));
  }
  const [rendition] = segmenter.renditions;
  const kept = rendition?.segments.reduce((sum, segment) => sum + segment.byteLength, 0) ?? 0;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(150_000);
});
