import { expect, test } from "vitest";
import { Lane, type LaneMessage } from "../../server/live/lane.ts";
import type { LiveSample } from "../../server/live/live-sample.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";
import { ManualClock } from "../support/manual-clock.ts";

const video = videoTrack();
const audio = audioTrack();

function laneOf(receivers: number, { batchFrom = 3 } = {}) {
  const clock = new ManualClock();
  let packed = 0;
  const pack = (samples: readonly LiveSample[]): string => {
    packed += 1;
    return samples.map((sample) => (sample.isVideo ? "v" : "a")).join("");
  };
  const lane = new Lane(pack, { receivers: batchFrom, time: 50 }, clock);
  const got: string[][] = [];
  const stops = Array.from({ length: receivers }, (_, n) => {
    got.push([]);
    return lane.receive((message: LaneMessage<string>) => {
      got[n]?.push(message.form(message.everything));
    });
  });
  return { clock, lane, got, stops, packed: () => packed };
}

test("Lane sends each sample at once while receivers are few", () => {
  const { lane, got } = laneOf(2);
  lane.push(sampleAt(audio, 0));
  lane.push(sampleAt(video, 0));
  expect(got).toEqual([
    ["a", "v"],
    ["a", "v"],
  ]);
});

test("Lane lets sound ride with the next picture when receivers are many", () => {
  const { lane, got } = laneOf(3);
  lane.push(sampleAt(audio, 0));
  lane.push(sampleAt(audio, 20));
  expect(got[0]).toEqual([]);
  lane.push(sampleAt(video, 33));
  expect(got[0]).toEqual(["aav"]);
});

test("Lane lets sound go by itself after 50 ms without a picture", () => {
  const { lane, got, clock } = laneOf(3);
  lane.push(sampleAt(audio, 0));
  clock.pass(49);
  expect(got[0]).toEqual([]);
  clock.pass(1);
  expect(got[0]).toEqual(["a"]);
  expect(clock.pending).toBe(0);
});

test("Lane packs once for all who receive, and once for all who join", () => {
  const { lane, packed } = laneOf(5);
  const sample = sampleAt(video, 0, { isSync: true });
  lane.push(sample);
  expect(packed()).toBe(1);
  for (const message of [...lane.history([sample]), ...lane.history([sample])]) {
    expect(message.form(message.everything)).toBe("v");
  }
  expect(packed()).toBe(1);
});

test("Lane gives a part of a message to those who lose pictures", () => {
  const { lane } = laneOf(0, { batchFrom: 1 });
  const forms: string[] = [];
  lane.receive((message) => forms.push(message.form(0b01), message.form(0b11), message.form(0b01)));
  lane.push(sampleAt(audio, 0));
  lane.push(sampleAt(video, 0));
  expect(forms).toEqual(["a", "av", "a"]);
});

test("Lane does not give a newcomer what was held back before it came", () => {
  const { lane, got } = laneOf(3);
  lane.push(sampleAt(audio, 0));
  const late: string[] = [];
  lane.receive((message) => late.push(message.form(message.everything)));
  expect(got[0]).toEqual(["a"]);
  expect(late).toEqual([]);
});
