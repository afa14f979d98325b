import { expect, test } from "vitest";
import type { LaneMessage } from "../../server/live/lane.ts";
import type { LiveSample } from "../../server/live/live-sample.ts";
import type { LiveTrack } from "../../server/live/live-track.ts";
import { TrackChoice } from "../../server/live/track-choice.ts";
import { TrackLanes } from "../../server/live/track-lanes.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";
import { ManualClock } from "../support/manual-clock.ts";

const high = videoTrack(1, 1, 0);
const low = videoTrack(2, 1, 1);
const english = audioTrack(3, 1, 0);
const german = audioTrack(4, 1, 1);
const tracks = [high, low, english, german];
const name = ({ track, isSync, isVideo }: LiveSample) =>
  `${isVideo ? (isSync ? "V" : "v") : "a"}${track.id}`;

function stage({ batchFrom = 50 } = {}) {
  const clock = new ManualClock();
  let packed = 0;
  const pack = (samples: readonly LiveSample[]): string => {
    packed += 1;
    return samples.map(name).join("+");
  };
  const lanes = new TrackLanes(pack, { receivers: batchFrom, time: 50 }, clock);
  const join = (chosen?: number[]) => {
    const got: string[] = [];
    const choice = new TrackChoice();
    choice.announce(tracks);
    if (chosen !== undefined) choice.choose(chosen);
    const receiver = {
      choice,
      receive: (message: LaneMessage<string>) => got.push(message.whole),
    };
    lanes.place(receiver);
    return { got, choice, receiver };
  };
  const push = (track: LiveTrack, isSync = track.track.mediaType === "audio") =>
    lanes.push(sampleAt(track, 0, { isSync }));
  return { clock, lanes, join, push, packed: () => packed };
}

test("TrackLanes gives each its own tracks, and makes each sample's bytes once for all of them", () => {
  const { join, push, packed, lanes } = stage();
  const [first, second, third] = [join(), join([2, 4]), join([1, 4])];
  for (const track of [high, low]) push(track, true);
  for (const track of tracks) push(track);
  expect(first.got).toEqual(["V1", "v1", "a3"]);
  expect(second.got).toEqual(["V2", "v2", "a4"]);
  expect(third.got).toEqual(["V1", "v1", "a4"]);
  expect(packed()).toBe(6);
  expect(lanes.size).toBe(3);
});

test("TrackLanes lets sound ride with its own viewers' picture", () => {
  const { join, push } = stage({ batchFrom: 2 });
  const viewers = [join(), join(), join([2, 3]), join([2, 3])];
  for (const track of [high, low]) push(track, true);
  for (const { got } of viewers) got.length = 0;
  push(english);
  push(high);
  push(low);
  expect(viewers.map(({ got }) => got)).toEqual([["a3+v1"], ["a3+v1"], ["a3+v2"], ["a3+v2"]]);
});

test("TrackLanes moves who chose another picture at its sync sample, without a hole or a double", () => {
  const { join, push, lanes } = stage({ batchFrom: 1 });
  const viewer = join();
  push(high, true);
  push(english); // held back for the next picture
  viewer.choice.choose([2, 3]);
  lanes.place(viewer.receiver);
  push(low);
  push(high);
  push(english);
  push(low, true);
  push(high, true);
  push(english);
  push(low);
  expect(viewer.got).toEqual(["V1", "a3", "v1", "a3", "V2", "a3+v2"]);
});

test("TrackLanes keeps no lane without a receiver, and nobody's timer", () => {
  const { join, push, lanes, clock } = stage({ batchFrom: 1 });
  const viewer = join();
  push(high, true);
  push(english);
  expect(clock.pending).toBe(1);
  lanes.remove(viewer.receiver);
  expect(viewer.got).toEqual(["V1", "a3"]);
  expect(lanes.size).toBe(0);
  expect(clock.pending).toBe(0);
  push(high);
  expect(viewer.got).toHaveLength(2);
});

test("TrackLanes goes on for the others when one leaves while it receives", () => {
  const { lanes, push } = stage();
  const choice = () => {
    const made = new TrackChoice();
    made.announce(tracks);
    return made;
  };
  const got: string[] = [];
  const leaving = { choice: choice(), receive: () => lanes.remove(leaving) };
  const staying = {
    choice: choice(),
    receive: (message: LaneMessage<string>) => void got.push(message.whole),
  };
  lanes.place(leaving);
  lanes.place(staying);
  push(high, true);
  push(high);
  expect(got).toEqual(["V1", "v1"]);
  expect(lanes.size).toBe(1);
});
