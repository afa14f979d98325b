import { expect, test } from "vitest";
import type { Vitals } from "../../../server/live/health/vitals.ts";
import { LiveStream } from "../../../server/live/live-stream.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";
import { audioTrack, videoTrack } from "../../support/live-samples.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { type Pace, PacedEncoder } from "../../support/paced-encoder.ts";

const START = 1_700_000_000_000.25;

function stage() {
  const clock = new ManualClock(START);
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
        window: 10_000,
        windowBytes: 1_000_000,
      },
    },
    onIdle: () => {},
  });
  const encoder = new PacedEncoder(liveStream, clock);
  const report = () => {
    const { health } = liveStream;
    if (health === undefined) throw new Error("There is no health");
    return health;
  };
  const codes = () => report().findings.map(({ code }) => code);
  return { clock, liveStream, encoder, vitals: (): Vitals => report().vitals, codes };
}

/** @returns how a broadcast of such an encoder comes */
function measured(pace: Pace): Vitals & { readonly codes: readonly string[] } {
  const { encoder, vitals, codes } = stage();
  encoder.describeBoth();
  encoder.play({ audioBytes: 320, ...pace });
  return { ...vitals(), codes: codes() };
}

const video = ({ tracks }: Vitals) => {
  const [first] = tracks;
  if (first?.video === undefined) throw new Error("There is no video");
  return { ...first.video, jitter: first.jitter, bitrate: first.bitrate };
};

test("StreamHealth measures a good broadcast, and finds nothing amiss", () => {
  const vitals = measured({ seconds: 30 });
  expect(vitals.codes).toEqual([]);
  expect(vitals.age).toBe(30_000);
  const sound = (320 * 8 * 48_000) / 1024;
  for (const rate of [vitals.bitrate.now, vitals.bitrate.mean, vitals.bitrate.peak, vitals.swell]) {
    expect(rate / (25 * 80_000 + sound)).toBeCloseTo(1, 1);
  }
  expect(vitals.tracks[1]?.bitrate.mean).toBeCloseTo(sound, -4);
  expect(vitals.speed).toBeCloseTo(1, 2);
  expect(vitals.pause.longest).toBeLessThan(22);
  expect(Math.abs(vitals.avOffset ?? 99)).toBeLessThan(1);
  expect(vitals.bytes).toBeGreaterThan(30 * 25 * 10_000);
  const { frameRate, irregularity, keyframes, reorderDepth, missing, jitter } = video(vitals);
  expect(frameRate).toBeCloseTo(25, 6);
  expect({ irregularity, reorderDepth, missing }).toMatchObject({
    irregularity: 0,
    reorderDepth: 0,
    missing: { recent: 0, total: 0 },
  });
  expect(keyframes).toMatchObject({ last: 2000, pictures: 50, longest: 2000, shortest: 2000 });
  expect(jitter).toBeLessThan(0.01);
});

test("StreamHealth measures keyframes that are far apart, and the one that does not come", () => {
  const { encoder, vitals, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 6, gop: 300, audioBytes: 320 });
  expect(video(vitals()).keyframes).toMatchObject({ last: undefined, longest: 5960 });
  expect(codes()).toEqual(["KEYFRAMES_FAR_APART"]);
  expect(measured({ seconds: 26, gop: 300 })).toMatchObject({ codes: ["KEYFRAMES_FAR_APART"] });
  const { keyframes } = video(measured({ seconds: 26, gop: 300 }));
  expect(keyframes).toMatchObject({ last: 12_000, pictures: 300, longest: 12_000 });
});

test.each([
  { every: 6, codes: [] },
  { every: 2, codes: ["KEYFRAMES_IRREGULAR"] },
])("StreamHealth minds scene cuts when there are many (in one of $every GOPs)", (one) => {
  const { encoder, codes } = stage();
  encoder.describeBoth();
  let from = 0;
  for (let gop = 0; gop < 12; gop += 1) {
    const seconds = gop % one.every === one.every - 1 ? 0.64 : 2;
    encoder.play({ seconds, from, audioBytes: 320 });
    from += 1000 * seconds;
  }
  expect(codes()).toEqual(one.codes);
});

test("StreamHealth notices that no keyframe comes at all", () => {
  expect(measured({ seconds: 8, gop: 0 }).codes).toEqual(["NO_KEYFRAME"]);
});

test.each([
  { depth: 0, delay: 0, offsets: [80] },
  { depth: 1, delay: 80, offsets: [40, 80, 0] }, // I P B
  { depth: 2, delay: 200, offsets: [80, 200, 80, 0, 40] }, // I P B b b, a pyramid
])("StreamHealth measures a reorder depth of $depth, and what it costs", (one) => {
  const { depth, delay, offsets } = one;
  const vitals = measured({ seconds: 10, gop: offsets.length * 10, offsets });
  expect(video(vitals)).toMatchObject({ reorderDepth: depth, reorderDelay: delay });
  expect(vitals.codes).toEqual(delay > 150 ? ["B_FRAMES"] : []);
});

test("StreamHealth sees that pictures behind a keyframe are shown before it", () => {
  const closed = [40, 80, 0, 80, 0, 80, 0, 80, 0, 40]; // I P b P b P b P b P
  const open = [80, 0, 80, 0, 80, 0, 80, 0, 80, 0]; // I b P b P b …
  expect(measured({ seconds: 10, gop: 10, offsets: closed }).codes).toEqual([]);
  expect(measured({ seconds: 10, gop: 10, offsets: open }).codes).toEqual(["OPEN_GOP"]);
});

test("StreamHealth measures keyframes, and finds those that lines stall on", () => {
  const sizes = (key: number) => (index: number) => (index % 50 === 0 ? key : 2_000);
  const well = measured({ seconds: 20, pictureBytes: sizes(60_000) });
  expect(video(well).keyframes.bytes).toBe(60_000);
  expect(well.codes).toEqual([]);
  const sick = measured({ seconds: 20, pictureBytes: sizes(400_000) });
  expect(sick.codes).toEqual(["KEYFRAMES_LARGE"]);
});

test.each([
  { room: 1, codes: [] },
  { room: 0.998, codes: [] },
  { room: 0.99, codes: ["AUDIO_CLOCK"] },
  { room: 48 / 44.1, codes: ["AUDIO_CLOCK"] },
])("StreamHealth compares what sound lasts with its timestamps ($room)", ({ room, codes }) => {
  const vitals = measured({ seconds: 30, audioRoom: room });
  expect(vitals.tracks[1]?.surplus).toBeCloseTo(1 / room - 1, 3);
  expect(vitals.codes).toEqual(codes);
});

test("StreamHealth takes gaps of sound for gaps", () => {
  const { encoder, vitals, codes } = stage();
  encoder.describeBoth();
  for (let from = 0; from < 30_000; from += 1000) {
    encoder.play({ seconds: 0.6, from, audioBytes: 320, gop: 10 });
    encoder.play({ seconds: 0.4, from: from + 600, gop: 10 });
  }
  expect(vitals().tracks[1]?.surplus).toBeCloseTo(0, 3);
  expect(codes()).toEqual([]);
});

test("StreamHealth does not mind a source that stalled once, and stamped a heap", () => {
  const { encoder, vitals, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 12, audioBytes: 320, gop: 25 });
  const times = [0, ...Array.from({ length: 12 }, (_, index) => 450 + index), 500, 540];
  encoder.play({ seconds: 0.6, from: 12_000, times, gop: 25 });
  for (let at = 12_450; at < 12_470; at += 1) {
    const place = { mediaType: "audio", trackIndex: 0, dts: at, compositionOffset: 0 } as const;
    const sample = { ...place, isSync: true, isDisposable: false, audioSamples: 1024 };
    encoder.publication.input({
      type: "sample",
      sample: { ...sample, data: new Uint8Array(320) },
    });
  }
  encoder.play({ seconds: 12, from: 12_600, audioBytes: 320, gop: 25 });
  expect(vitals().tracks[1]?.surplus).toBeCloseTo(0, 3);
  expect(vitals().tracks[0]?.disorder).toBe(1);
  expect(codes()).toEqual([]);
});

test("StreamHealth does not mind how an encoder starts", () => {
  // As OBS on a busy machine: a first picture, and the second when it is at leisure.
  const slow = (at: number) => (at > 0 && at < 2600 ? 2600 : at);
  expect(measured({ seconds: 8, arrive: slow })).toMatchObject({ stalls: 0, codes: [] });
  const arrive = (at: number) => (at < 1500 ? 1500 : at);
  const vitals = measured({ seconds: 9, arrive });
  expect(video(vitals).jitter).toBeLessThan(1);
  expect(measured({ seconds: 16, arrive }).codes).toEqual([]);
});

test("StreamHealth tells pictures that stop from none", () => {
  const { clock, encoder, liveStream, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 4, audioBytes: 320 });
  encoder.play({ seconds: 12, from: 4000, audioBytes: 320, times: [] });
  expect(codes()).toEqual(["VIDEO_STOPPED"]);
  encoder.publication.end("clean");
  const next = new PacedEncoder(liveStream, clock);
  next.describe(audioTrack().track); // a broadcast of sound alone is none that lacks pictures
  next.play({ seconds: 12, audioBytes: 320, times: [] });
  expect(codes()).toEqual([]);
});

test("StreamHealth measures jitter by what is latest of nearly all", () => {
  const arrive = (at: number) => at + (Math.round(at / 40) % 10 === 0 ? 200 : 0);
  const vitals = measured({ seconds: 20, arrive });
  expect(video(vitals).jitter).toBeCloseTo(200, 0);
  expect(vitals.codes).toEqual(["ARRIVAL_JITTER"]);
  // One in two hundred is nobody's jitter.
  const seldom = (at: number) => at + (Math.round(at / 40) % 240 === 0 ? 200 : 0);
  expect(video(measured({ seconds: 20, arrive: seldom })).jitter).toBeLessThan(1);
});

test.each(["audio", "video"] as const)("StreamHealth measures how late the %s is", (late) => {
  const arrive = (at: number, mediaType: string) => at + (mediaType === late ? 300 : 0);
  const vitals = measured({ seconds: 12, arrive });
  expect(vitals.avOffset).toBeCloseTo(late === "video" ? 300 : -300, 0);
  expect(vitals.codes).toEqual(["AV_OFFSET"]);
});

test("StreamHealth measures pauses and stalls", () => {
  const arrive = (at: number) => Math.ceil(at / 1500) * 1500; // in bursts
  const vitals = measured({ seconds: 20, arrive });
  expect(vitals.pause.longest).toBeCloseTo(1500, 0);
  expect(vitals.stalls).toBeGreaterThan(10);
  expect(vitals.codes).toEqual(["ARRIVAL_STALLS"]);
});

test("StreamHealth sees a pause while it lasts, and forgets it after a minute", () => {
  const { clock, encoder, vitals, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 10, audioBytes: 320 });
  clock.pass(6000);
  expect(vitals().pause.current).toBeGreaterThan(5900);
  expect(codes()).toEqual(["STANDS_STILL"]);
  encoder.play({ seconds: 80, from: 16_000, audioBytes: 320 });
  expect(vitals().pause.current).toBeLessThan(50);
  expect(vitals().pause.longest).toBeLessThan(50);
  expect(codes()).toEqual([]);
});

test("StreamHealth counts pictures that timestamps leave room for", () => {
  const vitals = measured({ seconds: 20, isLost: (index) => index % 60 === 31 });
  expect(video(vitals).missing).toMatchObject({ recent: 7, total: 8 });
  expect(vitals.codes).toEqual(["PICTURES_MISSING"]);
});

test("StreamHealth tells a variable frame rate from missing pictures", () => {
  const times: number[] = [];
  let time = 0;
  for (let index = 0; time < 20_000; index += 1) {
    times.push(time);
    time += [33, 50, 41, 90, 37][index % 5] ?? 0;
  }
  const vitals = measured({ seconds: 20, times });
  expect(video(vitals).irregularity).toBeGreaterThan(0.3);
  expect(vitals.codes).toEqual(["FRAME_RATE_VARIABLE"]);
});

test("StreamHealth is not misled by a start in disorder", () => {
  // As GStreamer's live sources under load: the first pictures come by the clock, in a heap.
  const heap = [0, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 233];
  const steady = Array.from({ length: 600 }, (_, index) => Math.round(267 + (index * 1000) / 30));
  const vitals = measured({ seconds: 20, times: [...heap, ...steady], gop: 60 });
  expect(video(vitals).missing).toMatchObject({ recent: 0, total: expect.any(Number) });
  expect(video(vitals).missing.total).toBeLessThan(8);
  expect(vitals.codes).not.toContain("FRAME_RATE_VARIABLE");
});

test("StreamHealth is not misled by timestamps of whole ms", () => {
  const times = Array.from({ length: 1200 }, (_, index) => Math.round((index * 1000) / 60));
  const vitals = measured({ seconds: 20, times, gop: 120, pictureBytes: () => 4000 });
  expect(video(vitals).frameRate).toBeCloseTo(60, 1);
  expect(video(vitals)).toMatchObject({ irregularity: 0, missing: { total: 0 } });
  expect(vitals.codes).toEqual([]);
});

test("StreamHealth measures a frame rate against the one that was announced", () => {
  const { encoder, vitals, codes } = stage();
  const { track } = videoTrack();
  if (track.mediaType !== "video") throw new Error("It is video");
  encoder.describe({ ...track, frameRate: 60 }, audioTrack().track);
  encoder.play({ seconds: 12, audioBytes: 320 });
  expect(video(vitals()).frameRate).toBeCloseTo(25, 6);
  expect(codes()).toEqual(["FRAME_RATE_LOW"]);
});

test.each([
  [0.7, "SLOWER_THAN_TIME"],
  [3, "FASTER_THAN_TIME"],
])("StreamHealth measures an encoder at %s times the pace of time", (speed, code) => {
  const vitals = measured({ seconds: 40, arrive: (at) => at / speed });
  expect(vitals.speed).toBeCloseTo(speed, 1);
  expect(vitals.codes).toContain(code);
});

test("StreamHealth does not take what was held back for an encoder that is too fast", () => {
  const { encoder, codes } = stage();
  encoder.describeBoth();
  // Nothing for eight seconds, and then all of it.
  const arrive = (at: number) => (at < 10_000 || at > 18_000 ? at : 18_000);
  encoder.play({ seconds: 19, audioBytes: 320, gop: 25, arrive });
  const told = new Set<string>(codes());
  for (let from = 19_000; from < 40_000; from += 1000) {
    encoder.play({ seconds: 1, from, audioBytes: 320, gop: 25 });
    for (const code of codes()) told.add(code);
  }
  expect([...told].sort()).toEqual(["ARRIVAL_STALLS", "STANDS_STILL"]);
});

test("StreamHealth counts timestamps that stand still, or go backwards", () => {
  // As of an encoder that stamps pictures with B-frames in the order they are shown in.
  const times = Array.from(
    { length: 500 },
    (_, index) => 40 * index + ([0, 40, -40][index % 3] ?? 0),
  );
  const vitals = measured({ seconds: 20, times, gop: 50, arrive: (at) => at + 80 });
  expect(vitals.tracks[0]?.disorder).toBeGreaterThan(15);
  expect(vitals.codes).toEqual(["TIMESTAMPS_DISORDERED"]);
  const still = Array.from({ length: 500 }, (_, index) =>
    index < 300 ? 40 * index : Math.max(12_000 + index - 300, 40 * index - 6000),
  );
  const arrive = (at: number, mediaType: string) =>
    at < 12_000 || mediaType === "audio" ? at : Math.min(20_000, 12_000 + 40 * (at - 12_000));
  expect(measured({ seconds: 20, times: still, arrive }).codes).toEqual(["TIMESTAMPS_DISORDERED"]);
});

test("StreamHealth measures how far the encoder's clock is off", () => {
  const arrive = (at: number) => at * 1.001 + (Math.round(at) % 3) * 4;
  const vitals = measured({ seconds: 150, arrive, pictureBytes: () => 500 });
  expect(vitals.drift?.ppm).toBeGreaterThan(-1050);
  expect(vitals.drift?.ppm).toBeLessThan(-950);
  expect(vitals.codes).toEqual(["CLOCK_DRIFT"]);
});

test("StreamHealth tells of jumps of the timestamps, and measures nothing across them", () => {
  const { encoder, vitals, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 10, audioBytes: 320 });
  encoder.play({ seconds: 10, audioBytes: 320, from: 900_000 });
  expect(vitals().jumps).toEqual({ recent: 1, total: 1 });
  expect(codes()).toEqual(["TIMESTAMP_JUMPS"]);
  expect(video(vitals()).jitter).toBeLessThan(50);
  expect(video(vitals()).keyframes.longest).toBe(2000);
  expect(vitals().drift).toBeUndefined();
});

test("StreamHealth tells silence from sound, and sound that stops from none", () => {
  expect(measured({ seconds: 25, audioBytes: 6 }).codes).toEqual(["AUDIO_SILENT"]);
  const { encoder, codes } = stage();
  encoder.describeBoth();
  encoder.play({ seconds: 4, audioBytes: 320 });
  encoder.play({ seconds: 8, from: 4000 });
  expect(codes()).toEqual(["AUDIO_STOPPED"]);
  const mute = stage();
  mute.encoder.describe(videoTrack().track);
  mute.encoder.play({ seconds: 12 });
  expect(mute.codes()).toEqual(["AUDIO_MISSING"]);
});

test("StreamHealth tells what the encoder reports that it left out, and what was not understood", () => {
  const { encoder, liveStream, vitals, codes } = stage();
  encoder.describeBoth();
  const { publication } = encoder;
  const tell = (dropped: number, skipped: number) =>
    publication.input({
      ...{ type: "encoder-report", trackIndex: 0, dts: 0, compositionOffset: 0 },
      report: {
        times: {},
        session: { rendered: 100, lagged: 0, dropped, output: 100 },
        rendition: { input: 100, skipped, output: 100 },
      },
    });
  tell(3, 0);
  encoder.play({ seconds: 3, audioBytes: 320 });
  tell(0, 7);
  publication.input({ type: "bad-message", code: "AVC_TAG" });
  encoder.play({ seconds: 3, from: 3000, audioBytes: 320 });
  const none = { dropped: 3, skipped: 7, lagged: 0 };
  expect(vitals().drops).toEqual({ recent: none, total: none });
  expect(vitals().badMessages).toEqual({ recent: 1, total: 1 });
  expect(codes()).toEqual(["FRAMES_DROPPED", "ENCODER_OVERLOADED", "MESSAGES_DROPPED"]);
  expect(liveStream.healthHistory?.drops.reduce((sum, drops) => sum + drops, 0)).toBe(11);
});

test("StreamHealth says that nothing comes, and that no browser plays what comes", () => {
  const { clock, codes, encoder } = stage();
  clock.pass(6000);
  expect(codes()).toEqual(["NO_MEDIA"]);
  const other = stage();
  const track = { mediaType: "video", trackIndex: 0, codecName: "Sorenson H.263" } as const;
  other.encoder.publication.input({ type: "unplayable", track });
  const frame = { mediaType: "video", trackIndex: 0, isSync: true } as const;
  for (let dts = 0; dts < 5000; dts += 40) {
    other.clock.pass(40);
    const tag = new Uint8Array(1000);
    other.encoder.publication.input({ type: "opaque", frame: { ...frame, dts, tag } });
  }
  expect(other.codes()).toEqual(["CODEC_UNPLAYABLE"]);
  expect(other.vitals().bitrate.now).toBeCloseTo(200_000, -4);
  encoder.publication.end("lost");
});

test("StreamHealth names settings of the encoder that the metadata name", () => {
  const { encoder, liveStream } = stage();
  const values = { encoder: "Lavf59.27.100" };
  encoder.publication.input({ type: "metadata", values, body: Uint8Array.of(2) });
  encoder.describeBoth();
  encoder.play({ seconds: 25, gop: 250, audioBytes: 320 });
  expect(liveStream.health?.findings).toEqual([
    {
      code: "KEYFRAMES_FAR_APART",
      severity: "warning",
      message: "Keyframe interval is 10 s: add -g 50 -keyint_min 50",
    },
  ]);
});

test("StreamHealth keeps two minutes by the second, and begins anew with each publisher", () => {
  const { clock, encoder, liveStream } = stage();
  encoder.describeBoth();
  const bytes = (index: number) => 1000 + Math.floor(index / 25);
  encoder.play({ seconds: 130, audioBytes: 320, pictureBytes: bytes });
  const history = liveStream.healthHistory;
  expect(history?.at).toBe(START + 130_000);
  for (const [name, figures] of Object.entries(history ?? {})) {
    if (name !== "at") expect([name, figures]).toEqual([name, expect.any(Array)]);
    if (Array.isArray(figures)) expect(figures).toHaveLength(LIMITS.healthSeconds);
  }
  expect(history?.pictures.slice(1)).toEqual(Array(119).fill(25));
  expect(history?.bitrate.at(-1)).toBeGreaterThan(history?.bitrate[0] ?? 0);
  clock.pass(3_600_000); // whoever asks late is not kept waiting
  expect(liveStream.healthHistory).toMatchObject({ at: START + 3_730_000 });
  expect(liveStream.healthHistory?.bitrate).toEqual(Array(120).fill(0));
  encoder.publication.end("lost");
  expect([liveStream.health, liveStream.healthHistory]).toEqual([undefined, undefined]);
  new PacedEncoder(liveStream, clock).play({ seconds: 2 });
  expect(liveStream.health?.vitals).toMatchObject({ age: 2000, stalls: 0, jumps: { total: 0 } });
});
