import { expect, test } from "vitest";
import { type DataEvent, LiveStream } from "../../server/live/live-stream.ts";
import type { DataValue, Milliseconds, Sample } from "../../server/protocol/media/sample.ts";
import type { VideoTrack } from "../../server/protocol/media/track.ts";
import { ManualClock } from "../support/manual-clock.ts";

const video: VideoTrack = {
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  configuration: new Uint8Array(0),
  width: 640,
  height: 360,
  frameRate: 25,
};

const picture = (dts: Milliseconds): Sample => ({
  mediaType: "video",
  trackIndex: 0,
  dts,
  compositionOffset: 0,
  isSync: dts % 1000 === 0,
  isDisposable: false,
  audioSamples: 0,
  data: new Uint8Array(100),
});

function stage() {
  const clock = new ManualClock();
  const liveStream = new LiveStream("live/show", {
    clock,
    settings: {
      gracePeriod: 30_000,
      trackSkew: 10_000,
      historyTime: 12_000,
      historyBytes: 1_000_000,
      segmenter: {
        segment: 2000,
        longestSegment: 10_000,
        part: 200,
        window: 6_000,
        windowBytes: 1_000_000,
      },
    },
    onIdle: () => {},
  });
  const events: DataEvent[] = [];
  liveStream.observe({ data: (event) => events.push(event) });
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  const play = (from: Milliseconds, to: Milliseconds): void => {
    for (let at = from; at < to; at += 40) {
      publication.input({ type: "sample", sample: picture(at) });
      clock.pass(40);
    }
  };
  const say = (dts: Milliseconds, name: string, ...values: DataValue[]): void =>
    publication.input({ type: "data", dts, name, values, body: new Uint8Array(1) });
  return { clock, liveStream, events, publication, play, say };
}

test("LiveStream numbers what is said in between, and the numbers are of this life alone", () => {
  const one = stage();
  one.say(0, "onCuePoint", { name: "a" });
  one.publication.input({ type: "metadata", values: {}, body: new Uint8Array(1) });
  one.say(0, "onText", "b");
  const life = one.liveStream.id;
  expect(one.events.map(({ id, number }) => [id, number])).toEqual([
    [`${life}-1`, 1],
    [`${life}-2`, 2],
    [`${life}-3`, 3],
  ]);
});

test("LiveStream.dateRanges are dated by the clock of EXT-X-PROGRAM-DATE-TIME", () => {
  const { liveStream, play, say } = stage();
  play(0, 3000);
  say(3040, "onCuePoint", { name: "goal" });
  say(3040, "onText", "no cue point");
  play(3000, 5000);
  const [rendition] = liveStream.segmenter.renditions;
  const [segment] = rendition?.segments ?? [];
  const [range, ...others] = liveStream.dateRanges;
  expect(others).toEqual([]);
  // The first picture was at 0.
  expect(range?.startDate).toBe((segment?.programDateTime ?? 0) + 3040);
  expect(range?.at).toBe((segment?.start ?? 0) / 90 + 3040);
});

test("LiveStream.dateRanges leave with the window", () => {
  const { liveStream, play, say } = stage();
  play(0, 3000);
  say(3000, "onCuePoint", { name: "goal" });
  play(3000, 9000);
  expect(liveStream.dateRanges).toHaveLength(1);
  play(9000, 20_000);
  expect(liveStream.dateRanges).toEqual([]);
});

test("LiveStream announces an advertisement for when it is going to be", () => {
  const { liveStream, play, say } = stage();
  play(0, 1000);
  const parameters = { splice_event_id: 7, out_of_network_indicator: true, pre_roll_time: 4000 };
  say(1000, "onCuePoint", { name: "scte35", parameters });
  const [range] = liveStream.dateRanges;
  expect(range?.id).toBe(`splice-00000007-${liveStream.id}-1`);
  const newest = liveStream.newest; // of the picture at 960
  expect(range?.at).toBe(newest + 40 + 4000);
});

test("LiveStream takes broken SCTE 35 for a plain cue point, and says so", () => {
  const { liveStream, events, play, say } = stage();
  play(0, 1000);
  const broken = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv5AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";
  expect(() => say(1000, "onCuePoint", { name: "ad", data: broken })).toThrow(
    expect.objectContaining({ code: "SCTE35_CRC", scope: "message" }),
  );
  expect(events).toHaveLength(1);
  expect(liveStream.dateRanges.map(({ id }) => id)).toEqual([`cue-${events[0]?.id}`]);
});
