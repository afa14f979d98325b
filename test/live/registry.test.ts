import { expect, test } from "vitest";
import { type Publisher, Registry } from "../../server/live/registry.ts";
import { ManualClock } from "../support/manual-clock.ts";

const settings = {
  gracePeriod: 30_000,
  trackSkew: 10_000,
  historyTime: 12_000,
  historyBytes: 1_000_000,
  liveStreams: 2,
  waitingLiveStreams: 3,
  publisherYield: 5000,
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

function publisher(identity: string | undefined, silence = 0) {
  const dropped: string[] = [];
  const it: Publisher = {
    identity,
    silence: () => silence,
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
