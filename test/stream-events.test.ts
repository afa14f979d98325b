import { expect, test } from "vitest";
import { Registry } from "../server/live/registry.ts";
import type { MediaEvent } from "../server/protocol/media/sample.ts";
import type { AudioTrack } from "../server/protocol/media/track.ts";
import { StreamEventSource } from "../server/stream-events.ts";
import { hex } from "./support/hex.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { recordingLog } from "./support/recording-log.ts";

const audio: AudioTrack = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "aac",
  codecString: "mp4a.40.2",
  configuration: hex`1190`,
  sampleRate: 48_000,
  channels: 2,
  language: "de",
};
const sound = (dts: number): MediaEvent => ({
  type: "sample",
  sample: {
    ...{ mediaType: "audio", trackIndex: 0, dts, compositionOffset: 0, isSync: true },
    ...{ isDisposable: false, audioSamples: 1024, data: new Uint8Array(10) },
  },
});

function stage() {
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = new Registry(clock, {
    gracePeriod: 30_000,
    trackSkew: 10_000,
    historyTime: 12_000,
    historyBytes: 1_000_000,
    liveStreams: 3,
    waitingLiveStreams: 3,
    publisherYield: 5000,
    handover: { events: 100, bytes: 1_000_000, time: 1000 },
    segmenter: {
      ...{ segment: 2000, longestSegment: 10_000, part: 200 },
      ...{ window: 60_000, windowBytes: 1_000_000 },
    },
  });
  const events = new StreamEventSource(registry, log);
  const told: string[] = [];
  events.on("publish", ({ streamPath }) => told.push(`publish ${streamPath}`));
  events.on("tracks", ({ tracks }) => told.push(`tracks ${tracks.map(({ codec }) => codec)}`));
  events.on("data", ({ name, time, values }) => told.push(`${name} ${time} ${values}`));
  events.on("end", ({ streamPath }) => told.push(`end ${streamPath}`));
  const publish = () => {
    const publication = registry.open("live/show", {
      identity: "key",
      silence: () => 0,
      drop: () => {},
    });
    if ("refused" in publication) throw new Error("refused");
    return publication;
  };
  return { clock, log, registry, events, told, publish };
}

test("StreamEventSource tells what begins, changes, is said, and ends", () => {
  const { told, publish, events } = stage();
  const tracks: unknown[] = [];
  events.on("tracks", (event) => tracks.push(event.tracks[0]));
  const publication = publish();
  publication.input({ type: "track", track: audio });
  publication.input(sound(500));
  const body = new Uint8Array(1);
  publication.input({ type: "data", dts: 510, name: "onText", values: ["hello"], body });
  publication.end("clean");
  expect(told).toEqual([
    "publish live/show",
    "tracks mp4a.40.2",
    "onText 10010 hello",
    "end live/show",
  ]);
  expect(tracks).toEqual([
    {
      ...{ id: 1, mediaType: "audio", index: 0, name: "Audio", language: "de" },
      ...{ codec: "mp4a.40.2", sampleRate: 48_000, channels: 2 },
    },
  ]);
});

test("StreamEventSource: a return continues, and who does not return has ended", () => {
  const { told, publish, clock, registry } = stage();
  publish().end("lost");
  clock.pass(10_000);
  publish().end("lost");
  expect(told).toEqual(["publish live/show"]);
  clock.pass(30_000);
  expect(told).toEqual(["publish live/show", "end live/show"]);
  expect(registry.size).toBe(0);
  publish();
  expect(told.slice(2)).toEqual(["publish live/show"]);
});

test("StreamEventSource: what comes back after a goodbye begins anew, and is told once", () => {
  const { told, publish, clock, registry } = stage();
  publish().end("clean");
  publish().end("clean");
  clock.pass(30_000);
  expect(told).toEqual([
    ...["publish live/show", "end live/show"],
    ...["publish live/show", "end live/show"],
  ]);
  expect(registry.size).toBe(0);
});

test("StreamEventSource goes on when a listener fails, and stops when it is taken out", () => {
  const { told, publish, events, log } = stage();
  const stop = events.on("publish", () => {
    throw new Error("a fault of somebody's");
  });
  let late = 0;
  events.on("publish", () => {
    late += 1;
  });
  publish().end("clean");
  expect(late).toBe(1);
  expect(told).toContain("publish live/show");
  expect(log.lines).toHaveLength(1);
  stop();
  publish();
  expect(log.lines).toHaveLength(1);
});
