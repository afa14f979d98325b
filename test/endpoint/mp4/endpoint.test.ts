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

/** Boxes by mux.js, a second opinion; `trackId`, `number` and `tfdt` of each fragment. */
function read(body: Buffer) {
  const boxes = inspectBoxes(body);
  const inside = (box: InspectedBox | undefined, type: string): InspectedBox[] =>
    box?.boxes?.filter((child) => child.type === type) ?? [];
  const moov = boxes.find(({ type }) => type === "moov");
  const tracks = inside(moov, "trak").map((trak) => inside(trak, "tkhd")[0]?.["trackId"]);
  const fragments = boxes
    .filter(({ type }) => type === "moof")
    .map((moof) => {
      const [traf] = inside(moof, "traf");
      return {
        trackId: inside(traf, "tfhd")[0]?.["trackId"],
        number: inside(moof, "mfhd")[0]?.["sequenceNumber"] as number,
        time: inside(traf, "tfdt")[0]?.["baseMediaDecodeTime"] as number,
      };
    });
  return { types: boxes.map(({ type }) => type), tracks, fragments };
}

describe("live.mp4", () => {
  test("is one file of all tracks, whose fragments are numbered through", async () => {
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
    expect(fragments.slice(0, 4).map(({ trackId, time }) => [trackId, time])).toEqual([
      [1, 10_800 * 90],
      [2, 10_805 * 48],
      [1, 10_840 * 90],
      [2, 10_845 * 48],
    ]);
    expect(fragments).toHaveLength(20);
    for (const [index, { number }] of fragments.entries()) {
      if (index > 0) expect(number).toBe((fragments[index - 1]?.number ?? 0) + 1);
    }
  });

  test("is the same from its first picture on, whoever takes it", async () => {
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
    for (const viewer of [early, late])
      await viewer.until("the end", ({ ended }) => ended === "end");
    const moov = late.body.indexOf("moof") - 4;
    expect(early.body.subarray(0, moov).equals(late.body.subarray(0, moov))).toBe(true);
    const rest = late.body.subarray(moov);
    expect(early.body.subarray(early.body.length - rest.length).equals(rest)).toBe(true);
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
    expect(read(viewer.body).fragments).toHaveLength(2);
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
    const { fragments } = read(viewer.body);
    expect(fragments.filter(({ trackId }) => trackId === 1)).toHaveLength(100);
    expect(fragments.filter(({ trackId }) => trackId === 2)).toHaveLength(2);
    expect(fragments.some(({ trackId }) => trackId === 3)).toBe(false);
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
