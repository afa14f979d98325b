import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { HlsGoal } from "../../../web/engine/hls-goal.ts";
import type { HlsBeginning } from "../../../web/engine/playback.ts";

vi.stubGlobal("HTMLMediaElement", { HAVE_NOTHING: 0, HAVE_CURRENT_DATA: 2 });

/** A `<video>` that is where it was sent when it is told so. */
const video = { currentTime: 0, seeking: false, readyState: 0 };
let backs: number[];

afterAll(() => {
  vi.unstubAllGlobals();
});

beforeEach(() => {
  Object.assign(video, { currentTime: 10, seeking: false, readyState: 4 });
  backs = [];
});

/** Its timeline begins 100 s before the element's clock. */
const goalOf = (beginning: HlsBeginning) =>
  new HlsGoal(beginning, {
    video: video as HTMLVideoElement,
    toMedia: (time) => time / 1_000 - 100,
    onBack: (seconds) => backs.push(seconds),
  });

test("a playback of the past waits until it is there", () => {
  const goal = goalOf({ time: 103_000 });
  video.readyState = 0;
  goal.approach();
  expect([goal.isReached, video.currentTime]).toEqual([false, 10]);
  video.readyState = 4;
  goal.approach();
  expect([goal.isReached, goal.time, video.currentTime]).toEqual([false, 103_000, 3]);
  video.currentTime = 3.2; // where its key frame is
  goal.approach();
  expect([goal.isReached, goal.time]).toEqual([true, undefined]);
});

test("it goes back to where the picture before stands, and says how far", () => {
  const goal = goalOf({ standsAt: () => ({ time: 108_500, age: undefined }) });
  goal.approach();
  expect([goal.isReached, video.currentTime, backs]).toEqual([false, 8.5, [1.5]]);
  goal.approach();
  expect(goal.isReached).toBe(true);
});

test("it does not go back further than some seconds", () => {
  const goal = goalOf({ standsAt: () => ({ time: 102_000, age: undefined }) });
  goal.approach();
  expect([goal.isReached, video.currentTime, backs]).toEqual([true, 10, []]);
});

test("it begins to load where the picture before stands, unless that is nearer or further than it may", () => {
  const offsetFor = (age: number | undefined) =>
    goalOf({ standsAt: () => ({ time: 108_500, age }) }).startOffset(0.6);
  expect(offsetFor(1_500)).toBeCloseTo(1.6);
  expect(backs.map((seconds) => seconds.toFixed(3))).toEqual(["1.000"]);
  expect(offsetFor(undefined)).toBeUndefined();
  expect(offsetFor(450)).toBeUndefined();
  expect(offsetFor(7_000)).toBeUndefined();
  expect(goalOf({ standsAt: () => undefined }).startOffset(0.6)).toBeUndefined();
  expect(goalOf({ time: 103_000 }).startOffset(0.6)).toBeUndefined();
});

test("it goes on a little further ahead, where it began to load before the picture", () => {
  const goal = goalOf({ standsAt: () => ({ time: 110_300, age: 1_500 }) });
  goal.approach();
  expect(goal.isReached).toBe(false);
  expect(video.currentTime).toBeCloseTo(10.3);
  goal.approach();
  expect([goal.isReached, backs]).toEqual([true, []]);
  expect(goal.startOffset(0.6)).toBeUndefined();
});

test("it stays where it began, much further back than the picture before", () => {
  const goal = goalOf({ standsAt: () => ({ time: 110_800, age: 450 }) });
  goal.approach();
  expect([goal.isReached, video.currentTime]).toEqual([true, 10]);
});

test("it does not insist where the playhead is sent elsewhere again and again", () => {
  const goal = goalOf({ standsAt: () => ({ time: 109_500, age: undefined }) });
  const sentTo: number[] = [];
  for (let look = 0; look < 10 && !goal.isReached; look += 1) {
    goal.approach();
    sentTo.push(video.currentTime);
    video.currentTime = 9.9; // over what is a hole to hls.js
  }
  expect(sentTo).toEqual([9.5, 9.5, 9.5, 9.9]);
  expect(goal.isReached).toBe(true);
});

test("it is not seen before it has passed what is played meanwhile", () => {
  let before = 110_200;
  const goal = goalOf({ follows: () => before });
  goal.approach();
  expect(goal.isReached).toBe(false);
  expect(video.currentTime).toBeCloseTo(10.3);
  before = 110_220;
  video.seeking = true;
  goal.approach();
  expect(goal.isReached).toBe(false);
  video.seeking = false;
  goal.approach();
  expect(goal.isReached).toBe(true);
  expect(video.currentTime).toBeCloseTo(10.3);
});

test("it does not go after what plays for ever", () => {
  const goal = goalOf({ follows: () => (video.currentTime + 100.5) * 1_000 });
  for (let look = 0; look < 4; look += 1) goal.approach();
  expect(goal.isReached).toBe(true);
});

test("where nothing plays it begins where it is", () => {
  const goal = goalOf({ standsAt: () => undefined, follows: () => undefined });
  goal.approach();
  expect([goal.isReached, video.currentTime]).toEqual([true, 10]);
});
