import parser from "mux.js/lib/mp4/emsg.js";
import { expect, test } from "vitest";
import type { DataEvent } from "../../server/live/live-observer.ts";
import { LiveStream } from "../../server/live/live-stream.ts";
import { join } from "../../server/protocol/bytes/bytes.ts";
import type { DataValue, Milliseconds, Sample } from "../../server/protocol/media/sample.ts";
import type { AudioTrack, VideoTrack } from "../../server/protocol/media/track.ts";
import { findTimedMetadata } from "../../server/protocol/text/timed-metadata.ts";
import { readSamples } from "../support/fmp4.ts";
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

const audio: AudioTrack = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "aac",
  codecString: "mp4a.40.2",
  configuration: new Uint8Array(0),
  sampleRate: 48_000,
  channels: 2,
};
const sound = (dts: Milliseconds): Sample => ({
  ...picture(dts),
  mediaType: "audio",
  isSync: true,
  audioSamples: 960,
});

function stage({ tracks = [video] }: { tracks?: readonly (VideoTrack | AudioTrack)[] } = {}) {
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
  for (const track of tracks) publication.input({ type: "track", track });
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

type Rendition = LiveStream["segmenter"]["renditions"][number];

/** Events in the parts of a rendition: where they lie, and what hls.js would read. */
function eventsOf(rendition: Rendition | undefined) {
  const parts = [
    ...(rendition?.segments ?? []).flatMap((segment) => segment.parts),
    ...(rendition?.open?.parts ?? []),
  ];
  return parts.flatMap((part) => {
    const { timescale } = rendition?.track ?? { timescale: 1 };
    const [start, end] = [part.start, part.start + part.duration].map(
      (t) => (t * 1000) / timescale,
    );
    const boxes = part.pieces.filter((piece) => text(piece.subarray(4, 8)) === "emsg");
    return boxes.map((box) => {
      const read = parser.parseEmsgBox(box.slice(8));
      const time = ((read["presentation_time"] as number) * 1000) / (read["timescale"] as number);
      const data = read["message_data"] as Uint8Array;
      const scheme = String(read["scheme_id_uri"]).slice(0, -1);
      return { start, end, time, scheme, id: read["id"], said: findTimedMetadata(data), data };
    });
  });
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("Segmenter puts what is said into the part it belongs to, in all sizes of the picture", () => {
  const { liveStream, events, publication, play, say } = stage();
  publication.input({ type: "track", track: { ...video, trackIndex: 1 } });
  publication.input({ type: "track", track: audio });
  const both = (from: number, to: number) => {
    for (let at = from; at < to; at += 40) {
      play(at, at + 40);
      publication.input({ type: "sample", sample: { ...picture(at), trackIndex: 1 } });
      publication.input({ type: "sample", sample: sound(at) });
    }
  };
  both(0, 1000);
  const times = [1040, 2000, 2000, 2360];
  let from = 1000;
  for (const time of times) {
    both(from, time);
    from = time;
    say(time, "onCuePoint", { name: `at ${time}` });
  }
  both(from, 5000);
  const [high, low, sounds] = liveStream.segmenter.renditions;
  const found = eventsOf(high);
  expect(found.map(({ said }) => said)).toEqual(
    events.map(({ id, name, at, values }) => ({ id, name, time: at, values })),
  );
  expect(found.map(({ id }) => id)).toEqual(events.map(({ number }) => number));
  for (const { start = 0, end = 0, time, said, scheme } of found) {
    expect(scheme).toBe("https://aomedia.org/emsg/ID3");
    expect(time).toBe(said?.time);
    expect(time).toBeGreaterThanOrEqual(start);
    expect(time).toBeLessThan(end);
  }
  expect(eventsOf(low).map(({ data }) => data)).toEqual(found.map(({ data }) => data));
  expect(eventsOf(sounds)).toEqual([]);
  // A part is as long as it says, boxes and all, and a player finds its samples.
  const init = { trackId: high?.track.id ?? 0, timescale: 90_000, sampleEntry: "avc1" };
  const defaults = { duration: 0, size: 0, flags: 0 };
  for (const part of high?.segments.flatMap(({ parts }) => parts) ?? []) {
    const bytes = join(part.pieces);
    expect(part.byteLength).toBe(bytes.length);
    expect(readSamples(bytes, { ...init, defaults })).toHaveLength(part.samples);
  }
});

test("Segmenter puts what is said into sound where there is no picture", () => {
  const { liveStream, publication, say } = stage({ tracks: [audio] });
  for (let at = 0; at < 3000; at += 20) {
    publication.input({ type: "sample", sample: sound(at) });
    if (at === 1500) say(1500, "onText", "hello");
  }
  const [event, ...others] = eventsOf(liveStream.segmenter.renditions[0]);
  expect(others).toEqual([]);
  expect(event?.said?.values).toEqual(["hello"]);
  expect(event?.time).toBe(event?.said?.time);
});

test("Segmenter tells of SCTE 35 at once, for when it is going to be", () => {
  const { liveStream, play, say } = stage();
  play(0, 1000);
  const parameters = { splice_event_id: 7, out_of_network_indicator: true, pre_roll_time: 4000 };
  say(1000, "onCuePoint", { name: "scte35", parameters });
  play(1000, 2500);
  const [first, splice] = eventsOf(liveStream.segmenter.renditions[0]).sort(
    (a, b) => a.time - b.time,
  );
  expect(first?.scheme).toBe("https://aomedia.org/emsg/ID3");
  expect(splice).toMatchObject({ scheme: "urn:scte:scte35:2013:bin", id: first?.id });
  expect(splice?.time).toBe((first?.time ?? 0) + 4000);
  expect(splice?.start).toBeLessThanOrEqual(first?.time ?? 0);
  const [range] = liveStream.dateRanges;
  const hex = Buffer.from(splice?.data ?? [])
    .toString("hex")
    .toUpperCase();
  expect(range?.attributes).toContainEqual(["SCTE35-OUT", `0x${hex}`]);
  expect(range?.at).toBe(splice?.time);
});

test("Segmenter takes no more than is sent over WebSocket, and none that is too large", () => {
  const { liveStream, play, say, clock } = stage();
  play(0, 1000);
  say(1000, "onText", "x".repeat(70_000));
  for (let n = 0; n < 100; n += 1) say(1000, "onText", n);
  clock.pass(1000);
  say(1040, "onText", "again");
  play(1000, 3000);
  const said = eventsOf(liveStream.segmenter.renditions[0]).map((event) => event.said?.values[0]);
  expect(said).toEqual([...Array.from({ length: 60 }, (_, n) => n), "again"]);
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
