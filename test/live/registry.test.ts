import { describe, expect, test } from "vitest";
import { type Publisher, Registry } from "../../server/live/registry.ts";
import type { MediaEvent } from "../../server/protocol/media/sample.ts";
import type { AudioTrack, VideoTrack } from "../../server/protocol/media/track.ts";
import { hex } from "../support/hex.ts";
import { ManualClock } from "../support/manual-clock.ts";

const settings = {
  gracePeriod: 30_000,
  trackSkew: 10_000,
  historyTime: 12_000,
  historyBytes: 1_000_000,
  liveStreams: 2,
  waitingLiveStreams: 3,
  publisherYield: 5000,
  handover: { events: 1024, bytes: 1_000_000, time: 5000 },
  segmenter: {
    segment: 2000,
    longestSegment: 10_000,
    part: 200,
    window: 60_000,
    windowBytes: 1_000_000,
  },
};

function stage() {
  const clock = new ManualClock();
  return { clock, registry: new Registry(clock, settings) };
}

function publisher(
  identity: string | undefined,
  silence = 0,
  { address = "::1", isMoving = false } = {},
) {
  const dropped: string[] = [];
  const it: Publisher = {
    identity,
    address,
    silence: () => silence,
    isMoving: () => isMoving,
    drop: (reason) => dropped.push(reason),
  };
  return { ...it, dropped };
}

test.each([
  { name: "the same key takes over", present: "k", next: "k", silence: 0, outcome: "taken-over" },
  { name: "another key is refused", present: "k", next: "j", silence: 0, outcome: "refused" },
  {
    name: "no key is no identity",
    present: undefined,
    next: undefined,
    silence: 0,
    outcome: "refused",
  },
  {
    name: "a silent one gives way",
    present: "k",
    next: undefined,
    silence: 5000,
    outcome: "silent",
  },
  {
    name: "an almost silent one does not",
    present: "k",
    next: "j",
    silence: 4999,
    outcome: "refused",
  },
])("Registry, second publisher: $name", ({ present, next, silence, outcome }) => {
  const { registry } = stage();
  const first = publisher(present, silence);
  registry.open("live/show", first);
  const second = registry.open("live/show", publisher(next));
  if (outcome === "refused") {
    expect(second).toMatchObject({ refused: "in-use" });
    expect(first.dropped).toEqual([]);
  } else {
    expect(second).toHaveProperty("liveStream");
    expect(first.dropped).toEqual([outcome]);
  }
});

test("Registry lets exactly one of fifty win", () => {
  const { registry } = stage();
  const results = Array.from({ length: 50 }, () =>
    registry.open("live/show", publisher(undefined)),
  );
  expect(results.filter((result) => "liveStream" in result)).toHaveLength(1);
});

test("Registry frees the streamPath when its publisher ends", () => {
  const { registry } = stage();
  const first = registry.open("live/show", publisher("k"));
  if ("refused" in first) throw new Error("refused");
  first.end("clean");
  expect(registry.open("live/show", publisher("j"))).toHaveProperty("liveStream");
});

test("Registry keeps a live stream through the grace period, and while somebody watches", () => {
  const { registry, clock } = stage();
  const publication = registry.open("live/show", publisher("k"));
  if ("refused" in publication) throw new Error("refused");
  publication.end("lost");
  clock.pass(29_000);
  expect(registry.find("live/show")).toBe(publication.liveStream);
  clock.pass(2000);
  expect(registry.find("live/show")).toBeUndefined();

  const watched = registry.watch("live/later");
  const unobserve = watched?.observe({});
  if (watched === undefined || unobserve === undefined) throw new Error("too many");
  registry.release(watched);
  expect(registry.find("live/later")).toBe(watched);
  unobserve();
  registry.release(watched);
  expect(registry.find("live/later")).toBeUndefined();
});

test("Registry is bounded, and who merely waits takes no publisher's place", () => {
  const { registry } = stage();
  for (const name of ["a", "b", "c"]) expect(registry.watch(`live/${name}`)).toBeDefined();
  expect(registry.watch("live/d")).toBeUndefined();
  expect(registry.open("live/d", publisher("k"))).toHaveProperty("liveStream");
  expect(registry.open("live/a", publisher("k"))).toHaveProperty("liveStream");
  expect(registry.open("live/e", publisher("k"))).toMatchObject({
    refused: "too-many-live-streams",
  });
});

test("Registry waits for nobody once it is closed", () => {
  const { registry, clock } = stage();
  const publication = registry.open("live/show", publisher("k"));
  if ("refused" in publication) throw new Error("refused");
  publication.end("lost");
  registry.close();
  expect(clock.pending).toBe(0);
});

const track: VideoTrack = {
  ...{ mediaType: "video", trackIndex: 0, codec: "avc", codecString: "avc1.42c01e" },
  ...{ width: 640, height: 360, frameRate: 25 },
  configuration: hex`0142c01effe100196742c01eda0280bfe5c0440000030004000003 00f03c58ba80010004 68ce0fc8`,
};
const sound: AudioTrack = {
  ...{ mediaType: "audio", trackIndex: 0, codec: "aac", codecString: "mp4a.40.2" },
  ...{ configuration: hex`1190`, sampleRate: 48_000, channels: 2 },
};
const sample = (mediaType: "video" | "audio", dts: number, isSync: boolean): MediaEvent => ({
  type: "sample",
  sample: {
    ...{ mediaType, trackIndex: 0, dts, compositionOffset: 0, isSync, isDisposable: false },
    ...{ audioSamples: mediaType === "audio" ? 1024 : 0, data: new Uint8Array(10) },
  },
});

/** A publication that goes on; what follows is on another connection of its publisher. */
function moving({ present = publisher("k", 0, { isMoving: true }), withVideo = true } = {}) {
  const { registry, clock } = stage();
  const first = registry.open("live/show", present);
  if ("refused" in first) throw new Error("refused");
  const seen: string[] = [];
  first.liveStream.observe({
    sample: ({ isVideo, at, isDiscontinuity }) =>
      seen.push(`${isVideo ? "video" : "audio"} ${at}${isDiscontinuity ? " broken" : ""}`),
    state: (state) => seen.push(state),
  });
  if (withVideo) first.input({ type: "track", track });
  first.input({ type: "track", track: sound });
  if (withVideo) first.input(sample("video", 1000, true));
  first.input(sample("audio", 1000, true));
  seen.length = 0;
  const next = (it = publisher("k")) => {
    const opened = registry.open("live/show", it);
    if ("refused" in opened) throw new Error("refused");
    return opened;
  };
  return { registry, clock, first, present, seen, next };
}

describe("a publisher that was asked to come on another connection", () => {
  test("takes its own place with its first sync sample, without a break", () => {
    const { registry, first, present, seen, next } = moving();
    const second = next();
    expect(present.dropped).toEqual([]);
    second.input({ type: "track", track });
    second.input({ type: "track", track: sound });
    second.input(sample("audio", 1085, true));
    first.input(sample("video", 1040, false));
    first.input(sample("audio", 1064, true));
    expect(seen).toEqual(["video 10040", "audio 10064"]);
    second.input(sample("video", 1080, true));
    expect(present.dropped).toEqual(["moved"]);
    expect(seen.slice(2)).toEqual(["audio 10085", "video 10080"]);
    first.input(sample("video", 1120, true));
    first.end("clean");
    second.input(sample("video", 1120, false));
    expect(seen.slice(4)).toEqual(["video 10120"]);
    expect(second.liveStream.tracks.map(({ configuration }) => configuration)).toEqual([1, 1]);
    second.end("clean");
    expect(seen.slice(5)).toEqual(["ended"]);
    expect(registry.open("live/show", publisher("j"))).toHaveProperty("liveStream");
  });

  test("takes it at once where there are no pictures, or the first connection ends", () => {
    const soundAlone = moving({ withVideo: false });
    const second = soundAlone.next();
    second.input({ type: "track", track: sound });
    second.input(sample("audio", 1021, true));
    expect([soundAlone.seen, soundAlone.present.dropped]).toEqual([["audio 10021"], ["moved"]]);

    const { first, seen, next } = moving();
    const other = next();
    other.input({ type: "track", track });
    first.end("clean");
    expect(seen).toEqual([]); // nobody is told of an end
    other.input(sample("video", 1080, true));
    expect(seen).toEqual(["video 10080"]);
  });

  test("takes it in the end, whatever it sends", () => {
    const { clock, present, next } = moving();
    next();
    clock.pass(5000);
    expect(present.dropped).toEqual(["moved"]);
    expect(clock.pending).toBe(0);
  });

  test("may think better of it", () => {
    const { clock, first, present, seen, next } = moving();
    next().end("lost");
    expect(clock.pending).toBe(0);
    first.input(sample("video", 1040, false));
    expect([seen, present.dropped]).toEqual([["video 10040"], []]);
  });

  test("may come a third time, and a fourth", () => {
    const { present, next, seen } = moving();
    const second = publisher("k", 0, { isMoving: true });
    next(second);
    const third = publisher("k", 0, { isMoving: true });
    const publication = next(third);
    expect([second.dropped, present.dropped]).toEqual([["taken-over"], []]);
    publication.input({ type: "track", track });
    publication.input(sample("video", 1080, true));
    const last = next();
    last.input({ type: "track", track });
    last.input(sample("video", 1120, true));
    expect([present.dropped, third.dropped]).toEqual([["moved"], ["moved"]]);
    expect(seen).toEqual(["video 10080", "video 10120"]);
  });

  test("is known by its address where it has no key", () => {
    const moves = { isMoving: true };
    const { registry } = moving({ present: publisher(undefined, 0, moves) });
    const elsewhere = publisher(undefined, 0, { address: "192.0.2.1" });
    expect(registry.open("live/show", elsewhere)).toMatchObject({ refused: "in-use" });
    expect(registry.open("live/show", publisher("j"))).toMatchObject({ refused: "in-use" });
    expect(registry.open("live/show", publisher(undefined))).toHaveProperty("liveStream");
  });
});
