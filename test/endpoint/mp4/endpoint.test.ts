import { afterEach, describe, expect, test } from "vitest";
import type { MediaEvent } from "../../../server/protocol/media/sample.ts";
import { AAC, AVC, endlessStage, picture, sound } from "../../support/endless-stage.ts";
import { type InspectedBox, inspectBoxes } from "../../support/inspect.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function stage(...args: Parameters<typeof endlessStage>) {
  const staged = await endlessStage(...args);
  closers.push(staged.close);
  return staged;
}

const eventLoop = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const feed = (input: (event: MediaEvent) => void, from: number, to: number): void => {
  for (let dts = from; dts < to; dts += 40) {
    input({ type: "sample", sample: picture(dts, { isSync: dts % 400 === 0 }) });
    input({ type: "sample", sample: sound(dts + 5) });
  }
};

type Run = { trackId: number; time: number; durations: number[] };

/** Boxes by mux.js, a second opinion: what each fragment has of each track. */
function read(body: Buffer) {
  const boxes = inspectBoxes(body);
  const inside = (box: InspectedBox | undefined, type: string): InspectedBox[] =>
    box?.boxes?.filter((child) => child.type === type) ?? [];
  const moov = boxes.find(({ type }) => type === "moov");
  const tracks = inside(moov, "trak").map((trak) => inside(trak, "tkhd")[0]?.["trackId"]);
  const fragments = boxes
    .filter(({ type }) => type === "moof")
    .map((moof) => ({
      number: inside(moof, "mfhd")[0]?.["sequenceNumber"] as number,
      runs: inside(moof, "traf").map((traf): Run => {
        const samples = inside(traf, "trun")[0]?.["samples"] as { duration: number }[];
        return {
          trackId: inside(traf, "tfhd")[0]?.["trackId"] as number,
          time: inside(traf, "tfdt")[0]?.["baseMediaDecodeTime"] as number,
          durations: samples.map(({ duration }) => duration),
        };
      }),
    }));
  const samplesOf = (id: number): number =>
    fragments
      .flatMap(({ runs }) => runs.filter(({ trackId }) => trackId === id))
      .reduce((sum, { durations }) => sum + durations.length, 0);
  return { types: boxes.map(({ type }) => type), tracks, fragments, samplesOf };
}

const picturesTime = 40 * 90;
const soundTime = 40 * 48;

describe("live.mp4", () => {
  test("is one file of all tracks: a picture and its sound together, numbered through, from 0 on", async () => {
    const { take, publish, mp4 } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    feed(input, 0, 1000);
    const late = take("live.mp4", { headers: { range: "bytes=0-" } });
    await late.until("the history", ({ body }) => body.length > 0);
    expect(mp4.viewers("live/show")).toBe(1);
    feed(input, 1000, 1200);
    end("clean");
    await late.until("the end", ({ ended }) => ended !== undefined);
    expect([late.status, late.ended]).toEqual([200, "end"]);
    expect(late.headers).toMatchObject({
      "content-type": "video/mp4",
      "cache-control": "no-store",
      "access-control-allow-origin": "*",
      "accept-ranges": "none",
    });
    expect(late.headers["content-length"]).toBeUndefined();
    const { types, tracks, fragments } = read(late.body);
    expect(types).toEqual(["ftyp", "moov", ...fragments.flatMap(() => ["moof", "mdat"])]);
    expect(tracks).toEqual([1, 2]);
    expect(fragments.slice(0, 3)).toEqual([
      // The history begins with a picture; what follows it waits for the next one.
      { number: 1, runs: [{ trackId: 1, time: 0, durations: [picturesTime] }] },
      {
        number: 2,
        runs: [
          { trackId: 1, time: picturesTime, durations: [picturesTime] },
          { trackId: 2, time: 5 * 48, durations: [soundTime] },
        ],
      },
      {
        number: 3,
        runs: [
          { trackId: 1, time: 2 * picturesTime, durations: [picturesTime] },
          { trackId: 2, time: 5 * 48 + soundTime, durations: [soundTime] },
        ],
      },
    ]);
    expect(fragments.map(({ number }) => number)).toEqual(fragments.map((_, index) => index + 1));
    const whole = read(late.body);
    expect([whole.samplesOf(1), whole.samplesOf(2)]).toEqual([10, 10]);
    // All bytes are there: each picture's are its own time's.
    for (let at = 800; at < 1200; at += 40) {
      expect(late.body.includes(Buffer.from(picture(at).data))).toBe(true);
      expect(late.body.includes(Buffer.from(sound(at + 5).data))).toBe(true);
    }
  });

  test("begins at 0 for everybody, and has the same samples from a picture on", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    feed(input, 0, 400);
    const early = take("live.mp4");
    await early.until("the history", ({ body }) => body.length > 0);
    feed(input, 400, 600);
    const late = take("live.mp4");
    await late.until("the history", ({ body }) => body.length > 0);
    feed(input, 600, 700);
    end("clean");
    for (const viewer of [early, late]) {
      await viewer.until("the end", ({ ended }) => ended === "end");
    }
    const moof = late.body.indexOf("moof") - 4;
    expect(early.body.subarray(0, moof).equals(late.body.subarray(0, moof))).toBe(true);
    const mine = read(early.body).fragments.slice(-3);
    const theirs = read(late.body).fragments.slice(-3);
    expect(mine.map(({ runs }) => runs.map(({ time }) => time))).toEqual(
      theirs.map(({ runs }) =>
        runs.map(({ time, trackId }) => time + 400 * (trackId === 1 ? 90 : 48)),
      ),
    );
  });

  test("leaves a number out where its player cannot add up: VLC looks at times there only", async () => {
    const { take, publish } = await stage();
    const first = publish();
    first.input({ type: "track", track: AVC });
    first.input({ type: "track", track: AAC });
    feed(first.input, 0, 120);
    const viewer = take("live.mp4");
    await viewer.until("the history", ({ body }) => body.length > 0);
    first.end("lost");
    const second = publish();
    second.input({ type: "track", track: AVC });
    second.input({ type: "track", track: AAC });
    feed(second.input, 0, 80);
    second.end("clean");
    await viewer.until("the end", ({ ended }) => ended === "end");
    const { fragments } = read(viewer.body);
    // The picture behind the break, then the sound behind it, which waits for the next one.
    expect(fragments.map(({ number }) => number)).toEqual([1, 2, 3, 4, 6, 8, 9]);
    const times = fragments.flatMap(({ runs }) =>
      runs.filter(({ trackId }) => trackId === 1).map(({ time }) => time),
    );
    expect(times).toEqual([0, 40, 80, 185, 225].map((ms) => ms * 90));
  });

  test.each<{ name: string; change: MediaEvent[] }>([
    {
      name: "a track is configured anew",
      change: [
        {
          type: "track",
          track: { ...AAC, sampleRate: 44_100, configuration: Uint8Array.of(0x12, 0x10) },
        },
      ],
    },
    {
      name: "a kind of track comes that it has not",
      change: [{ type: "track", track: { ...AVC, trackIndex: 0 } }],
    },
  ])("ends in order when $name", async ({ change }) => {
    const { take, publish } = await stage();
    const { input } = publish();
    input({ type: "metadata", values: { audiocodecid: 10 }, body: Uint8Array.of(2, 0, 0) });
    input({ type: "track", track: AAC });
    input({ type: "sample", sample: sound(0) });
    const viewer = take("live.mp4");
    await viewer.until("the history", ({ body }) => body.length > 0);
    input({ type: "sample", sample: sound(21) });
    for (const event of change) input(event);
    await viewer.until("the end", ({ ended }) => ended !== undefined);
    expect(viewer.ended).toBe("end");
    expect(read(viewer.body).samplesOf(1)).toBe(2);
    const again = take("live.mp4");
    await again.until("the new tracks", ({ body }) => body.length > 0);
    expect(read(again.body).tracks.length).toBeGreaterThan(0);
  });

  test("goes on when more tracks of its kinds come, and when its own are silent and return", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    feed(input, 0, 40);
    const viewer = take("live.mp4");
    await viewer.until("the history", ({ body }) => body.length > 0);
    input({ type: "track", track: { ...AAC, trackIndex: 1 } });
    input({ type: "sample", sample: sound(40, { trackIndex: 1 }) });
    input({ type: "track-end", mediaType: "audio", trackIndex: 0 });
    for (let dts = 40; dts < 4000; dts += 40) input({ type: "sample", sample: picture(dts) });
    input({ type: "sample", sample: sound(4000) });
    end("clean");
    await viewer.until("the end", ({ ended }) => ended !== undefined);
    const { samplesOf } = read(viewer.body);
    expect([1, 2, 3].map(samplesOf)).toEqual([100, 2, 0]);
  });

  test("goes on when a track has another name, and begins with a picture for who comes then", async () => {
    const { take, publish } = await stage();
    const { input, end } = publish();
    input({ type: "track", track: AVC });
    input({ type: "track", track: AAC });
    feed(input, 0, 200);
    const viewer = take("live.mp4");
    await viewer.until("the history", ({ body }) => body.length > 0);
    input({ type: "track", track: { ...AVC, frameRate: 25 } });
    input({ type: "track", track: { ...AAC, name: "Commentary" } });
    feed(input, 200, 320);
    const late = take("live.mp4");
    await late.until("the history", ({ body }) => body.length > 0);
    feed(input, 320, 400);
    end("clean");
    for (const taker of [viewer, late]) {
      await taker.until("the end", ({ ended }) => ended === "end");
      const { fragments, samplesOf } = read(taker.body);
      expect([1, 2].map(samplesOf)).toEqual([10, 10]);
      for (const { runs } of fragments) {
        expect(new Set(runs.map(({ trackId }) => trackId)).size).toBe(runs.length);
      }
    }
  });

  test("holds the tracks that are asked for", async () => {
    const { take, publish, mp4 } = await stage();
    const { input } = publish();
    input({ type: "track", track: AAC });
    input({ type: "track", track: { ...AAC, trackIndex: 1 } });
    input({ type: "track", track: AVC });
    const viewers = ["3", "2,1", "2", ""].map((ids) => take(`live.mp4${ids && `?tracks=${ids}`}`));
    for (const viewer of viewers) await viewer.until("it begins", ({ body }) => body.length > 0);
    expect(viewers.map(({ body }) => read(body).tracks)).toEqual([[3], [1, 2], [2], [3, 1]]);
    const missing = take("live.mp4?tracks=1,7");
    while (mp4.viewers() < 5) await eventLoop();
    expect(missing.status).toBeUndefined();
    const wrong = take("live.mp4?tracks=one");
    await wrong.until("an answer", ({ ended }) => ended === "end");
    expect(wrong.status).toBe(400);
  });

  test.each([
    { name: "at once where metadata names no other track", says: { videocodecid: 7 }, after: 0 },
    {
      name: "after a second where it names one",
      says: { videocodecid: 7, audiocodecid: 10 },
      after: 1000,
    },
    { name: "after a tenth without metadata", says: undefined, after: 100 },
  ])("begins with pictures alone $name", async ({ says, after }) => {
    const { take, publish, clock, mp4 } = await stage();
    const { input } = publish();
    if (says !== undefined) input({ type: "metadata", values: says, body: Uint8Array.of(2, 0, 0) });
    input({ type: "track", track: AVC });
    const viewer = take("live.mp4");
    while (mp4.viewers() === 0) await eventLoop();
    if (after > 0) {
      clock.pass(after - 1);
      await eventLoop();
      expect(viewer.status).toBeUndefined();
      clock.pass(1);
    }
    await viewer.until("it begins", ({ body }) => body.length > 0);
    expect(read(viewer.body).tracks).toEqual([1]);
  });

  test("begins with pictures alone where the sound is of no use to a browser", async () => {
    const { take, publish } = await stage();
    const { input } = publish();
    input({
      type: "metadata",
      values: { videocodecid: 7, audiocodecid: 11 },
      body: Uint8Array.of(2),
    });
    input({ type: "unplayable", track: { mediaType: "audio", trackIndex: 0, codecName: "Speex" } });
    input({ type: "track", track: AVC });
    const viewer = take("live.mp4");
    await viewer.until("it begins", ({ body }) => body.length > 0);
  });

  test("waits where there is nothing but what no browser plays", async () => {
    const { take, publish, mp4, clock } = await stage();
    const { input } = publish();
    input({ type: "unplayable", track: { mediaType: "audio", trackIndex: 0, codecName: "Speex" } });
    const viewer = take("live.mp4");
    while (mp4.viewers() === 0) await eventLoop();
    clock.pass(45_000);
    await viewer.until("an answer", ({ ended }) => ended === "end");
    expect(viewer.status).toBe(404);
  });
});
