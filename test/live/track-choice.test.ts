import { expect, test } from "vitest";
import { TrackChoice } from "../../server/live/track-choice.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const high = videoTrack(1, 1, 0);
const low = videoTrack(2, 1, 1);
const english = audioTrack(3, 1, 0);
const german = audioTrack(4, 1, 1);
const all = [high, low, english, german];

const sync = (track: typeof high) => sampleAt(track, 0, { isSync: true });
const picture = (track: typeof high) => sampleAt(track, 40);

function choiceOf(announced = all) {
  const told: (readonly number[])[] = [];
  const choice: TrackChoice = new TrackChoice(() => told.push(choice.sent));
  choice.announce(announced);
  return { choice, told };
}

test("TrackChoice takes the encoder's first of each kind, whatever was announced first", () => {
  const { choice } = choiceOf([german, low, english, high]);
  expect([...choice.sent].sort()).toEqual([1, 3]);
  expect(choice.isSettled).toBe(false);
  expect(choice.takes(picture(high))).toBe(false);
  expect(choice.takes(sync(low))).toBe(false);
  expect(choice.takes(sync(high))).toBe(true);
  expect(choice.takes(picture(high))).toBe(true);
  expect(choice.takes(sync(german))).toBe(false);
  expect(choice.isSettled).toBe(true);
});

test("TrackChoice lets the picture before go on until the chosen one has a sync sample", () => {
  const { choice, told } = choiceOf();
  choice.takes(sync(high));
  told.length = 0;
  choice.choose([2, 4]);
  expect(choice.sent).toEqual([1, 4]);
  expect(choice.takes(sync(english))).toBe(false);
  expect(choice.takes(sync(german))).toBe(true);
  expect(choice.takes(picture(low))).toBe(false);
  expect(choice.takes(picture(high))).toBe(true);
  expect(told).toEqual([]);
  expect(choice.takes(sync(low))).toBe(true);
  expect(told).toEqual([[2, 4]]);
  expect(choice.takes(sync(high))).toBe(false);
  expect(choice.isSettled).toBe(true);
});

test("TrackChoice: who thinks better of it in time loses nothing", () => {
  const { choice } = choiceOf();
  choice.takes(sync(high));
  choice.choose([2, 3]);
  choice.choose([1, 3]);
  expect(choice.isSettled).toBe(true);
  expect(choice.takes(picture(high))).toBe(true);
  expect(choice.takes(sync(low))).toBe(false);
});

test.each<{ name: string; chosen: number[]; sent: number[] }>([
  { name: "sound alone", chosen: [4], sent: [4] },
  { name: "a picture alone", chosen: [2], sent: [2] },
  { name: "nothing", chosen: [], sent: [] },
  { name: "several of a kind", chosen: [1, 2, 3, 4], sent: [1, 2, 3, 4] },
  {
    name: "one that never was: the first of each kind that has none",
    chosen: [2, 99],
    sent: [2, 3],
  },
])("TrackChoice gives $name", ({ chosen, sent }) => {
  const { choice } = choiceOf();
  choice.choose(chosen);
  expect(choice.sent).toEqual(sent);
});

test("TrackChoice puts the first in the place of a track that went, and goes back when it returns", () => {
  const { choice } = choiceOf();
  choice.choose([2, 4]);
  choice.takes(sync(low));
  choice.announce([high, english]);
  expect(choice.sent).toEqual([1, 3]);
  expect(choice.takes(picture(high))).toBe(false);
  expect(choice.takes(sync(high))).toBe(true);
  choice.announce(all);
  expect(choice.sent).toEqual([1, 4]);
  expect(choice.takes(sync(low))).toBe(true);
  expect(choice.sent).toEqual([2, 4]);
});

test("TrackChoice: a picture that was chosen alone and went is no reason for sound", () => {
  const { choice } = choiceOf();
  choice.choose([2]);
  choice.announce([high, english]);
  expect(choice.sent).toEqual([1]);
});

test("TrackChoice: what the history gave has begun", () => {
  const { choice } = choiceOf();
  const history = [sync(high), sync(low), sampleAt(english, 5), sampleAt(german, 5)];
  expect(choice.join(history).map(({ track }) => track.id)).toEqual([1, 3]);
  expect(choice.isSettled).toBe(true);
  expect(choice.takes(picture(high))).toBe(true);
});
