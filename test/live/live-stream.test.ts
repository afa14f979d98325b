import { expect, test } from "vitest";
import type { LiveSample } from "../../server/live/live-sample.ts";
import { type LiveSettings, LiveStream } from "../../server/live/live-stream.ts";
import { concat } from "../../server/protocol/bytes/bytes.ts";
import { FlvDemuxer } from "../../server/protocol/flv/demuxer.ts";
import type { MediaEvent, Sample } from "../../server/protocol/media/sample.ts";
import type { AudioTrack, VideoTrack } from "../../server/protocol/media/track.ts";
import { hex } from "../support/hex.ts";
import { ManualClock } from "../support/manual-clock.ts";

const settings: LiveSettings = {
  gracePeriod: 30_000,
  trackSkew: 10_000,
  historyTime: 12_000,
  historyBytes: 1_000_000,
  segmenter: {
    segment: 2000,
    longestSegment: 10_000,
    part: 200,
    window: 60_000,
    windowBytes: 1_000_000,
  },
};

const video: VideoTrack = {
  mediaType: "video",
  trackIndex: 0,
  codec: "avc",
  codecString: "avc1.42c01e",
  // FFmpeg 5.1, libx264 baseline, 640x360
  configuration: hex`0142c01effe100196742c01eda0280bfe5c0440000030004000003 00f03c58ba80010004 68ce0fc8`,
  width: 640,
  height: 360,
  frameRate: 30,
};
const audio: AudioTrack = {
  mediaType: "audio",
  trackIndex: 0,
  codec: "aac",
  codecString: "mp4a.40.2",
  configuration: hex`1190`,
  sampleRate: 48_000,
  channels: 2,
};

const picture = (dts: number, isSync = false): Sample => ({
  mediaType: "video",
  trackIndex: 0,
  dts,
  compositionOffset: 0,
  isSync,
  isDisposable: false,
  audioSamples: 0,
  data: new Uint8Array(100),
});
const sound = (dts: number): Sample => ({
  ...picture(dts, true),
  mediaType: "audio",
  audioSamples: 1024,
});

function stage() {
  const clock = new ManualClock();
  const told: string[] = [];
  const samples: LiveSample[] = [];
  let idle = 0;
  const liveStream = new LiveStream("live/show", {
    clock,
    settings,
    onIdle: () => {
      idle += 1;
    },
  });
  liveStream.observe({
    state: (state) => told.push(state),
    tracks: () =>
      told.push(
        `tracks ${liveStream.tracks.map((track) => `${track.id}.${track.configuration}`).join(" ")}`,
      ),
    sample: (sample) => samples.push(sample),
    data: ({ name }) => told.push(`data ${name}`),
  });
  /** Lets `ms` of a broadcast at 25 pictures a second pass. */
  const play = (
    publication: ReturnType<LiveStream["publish"]>,
    { from = 0, ms = 1000, kinds = ["video", "audio"], gop = 1000 } = {},
  ): void => {
    for (let at = 0; at < ms; at += 20) {
      if (kinds.includes("video") && at % 40 === 0) {
        publication.input({ type: "sample", sample: picture(from + at, at % gop === 0) });
      }
      if (kinds.includes("audio")) publication.input({ type: "sample", sample: sound(from + at) });
      clock.pass(20);
    }
  };
  return { clock, liveStream, told, samples, play, idle: () => idle };
}

test("LiveStream announces tracks, then gives samples with the encoder's times", () => {
  const { liveStream, told, samples, clock } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: audio });
  publication.input({ type: "metadata", values: { width: 640 }, body: new Uint8Array(1) });
  publication.input({ type: "sample", sample: picture(500, true) });
  publication.input({ type: "sample", sample: sound(507) });
  publication.input({ type: "sample", sample: { ...picture(533), compositionOffset: -7 } });
  expect(told).toEqual(["live", "tracks 1.1", "tracks 1.1 2.1", "data onMetaData"]);
  expect(liveStream.metadata?.values).toEqual([{ width: 640 }]);
  const [first, second, third] = samples;
  expect(first?.dts).toBe(900_000);
  expect(second?.dts).toBe(480_000 + 7 * 48);
  expect(third?.dts).toBe(900_000 + 33 * 90);
  expect(third?.compositionOffset).toBe(-7 * 90);
  expect([first?.sequenceNumber, second?.sequenceNumber, third?.sequenceNumber]).toEqual([1, 1, 2]);
  expect(first?.serverTime).toBe(clock.now());
  expect(first?.isDiscontinuity).toBe(true);
  expect(third?.isDiscontinuity).toBe(false);
});

test("LiveStream gives no picture before a sync sample", () => {
  const { liveStream, samples } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0) });
  publication.input({ type: "sample", sample: picture(40, true) });
  expect(samples).toHaveLength(1);
});

test("LiveStream refuses a sample of a track that nobody described, and goes on", () => {
  const { liveStream } = stage();
  const publication = liveStream.publish();
  expect(() => publication.input({ type: "sample", sample: sound(0) })).toThrow(
    expect.objectContaining({ code: "SAMPLE_WITHOUT_TRACK", scope: "message" }),
  );
  publication.input({ type: "track", track: audio });
  publication.input({ type: "sample", sample: sound(0) });
});

test("LiveStream continues over a publisher's return: same tracks, same numbers, later times", () => {
  const { liveStream, told, samples, clock, play } = stage();
  const first = liveStream.publish();
  first.input({ type: "track", track: video });
  first.input({ type: "track", track: audio });
  play(first);
  first.end("lost");
  const last = samples.at(-1);
  clock.pass(5000);
  const second = liveStream.publish();
  first.input({ type: "sample", sample: picture(9000, true) }); // an echo of the old one
  second.input({ type: "track", track: video });
  second.input({ type: "track", track: audio });
  const before = samples.length;
  play(second, { from: 77_000 });
  expect(told).toEqual(["live", "tracks 1.1", "tracks 1.1 2.1", "reconnecting", "live"]);
  const next = samples[before];
  expect(next?.isDiscontinuity).toBe(true);
  expect(next?.sequenceNumber).toBe(26);
  expect((next?.dts ?? 0) / 90).toBeGreaterThan((last?.dts ?? 0) / 48);
  expect((next?.dts ?? 0) / 90 - (last?.dts ?? 0) / 48).toBeLessThan(200);
});

test("LiveStream gives a new configuration the next number, and only what changed", () => {
  const { liveStream, told, play } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: audio });
  play(publication);
  publication.input({ type: "track", track: { ...video, width: 1280, height: 720 } });
  publication.input({ type: "track", track: audio });
  expect(told.slice(3)).toEqual(["tracks 1.2 2.1"]);
  expect(liveStream.history().filter((sample) => sample.isVideo)).toEqual([]);
});

test("LiveStream.newestSync is the newest picture that can be shown alone, until it is of no use", () => {
  const { liveStream } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  expect(liveStream.newestSync(1)).toBeUndefined();
  for (const [dts, isSync] of [
    [0, true],
    [40, false],
    [80, true],
    [120, false],
  ] as const) {
    publication.input({ type: "sample", sample: picture(dts, isSync) });
  }
  expect(liveStream.newestSync(1)?.sequenceNumber).toBe(3);
  expect(liveStream.newestSync(2)).toBeUndefined();
  publication.input({ type: "track", track: { ...video, width: 1280, height: 720 } });
  expect(liveStream.newestSync(1)).toBeUndefined();
});

test("LiveStream says ended after a goodbye, and lets everything go when the grace period is over", () => {
  const { liveStream, told, clock, play, idle } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  play(publication, { kinds: ["video"] });
  publication.end("clean");
  publication.end("lost"); // of no effect
  expect(told.at(-1)).toBe("ended");
  expect(liveStream.history().length).toBeGreaterThan(0);
  clock.pass(29_999);
  expect(idle()).toBe(0);
  clock.pass(1);
  expect(idle()).toBe(1);
  expect(liveStream.history()).toEqual([]);
  expect(liveStream.tracks).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("LiveStream withdraws a track that stops while another goes on, and announces it again", () => {
  const { liveStream, told, play } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: audio });
  play(publication);
  play(publication, { from: 1000, ms: 2000, kinds: ["video"] });
  expect(told.at(-1)).toBe("tracks 1.1");
  const { renditions } = liveStream.segmenter;
  expect(renditions.map(({ isRetired }) => isRetired)).toEqual([false, true]);
  play(publication, { from: 3000 });
  expect(told.at(-1)).toBe("tracks 1.1 2.1");
});

test("LiveStream withdraws what a returned publisher does not give any more", () => {
  const { liveStream, told, play } = stage();
  const first = liveStream.publish();
  first.input({ type: "track", track: video });
  first.input({ type: "track", track: audio });
  play(first);
  first.end("lost");
  const second = liveStream.publish();
  second.input({ type: "track", track: audio });
  play(second, { ms: 1500, kinds: ["audio"] });
  expect(told.at(-1)).toBe("tracks 2.1");
});

test("LiveStream names what cannot be played, for as long as its publisher is there", () => {
  const { liveStream } = stage();
  const first = liveStream.publish();
  const speex = { mediaType: "audio", trackIndex: 0, codecName: "Speex" } as const;
  first.input({ type: "unplayable", track: speex });
  expect(liveStream.unplayable).toEqual([speex]);
  first.input({ type: "track", track: audio });
  expect(liveStream.unplayable).toEqual([]);
  first.input({ type: "unplayable", track: speex });
  expect(liveStream.tracks).toEqual([]);
  first.end("lost");
  liveStream.publish();
  expect(liveStream.unplayable).toEqual([]);
});

test("LiveStream measures each track's rate", () => {
  const { liveStream, play } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  play(publication, { ms: 8000, kinds: ["video"] });
  const [status] = liveStream.status();
  expect(status?.bitrate).toBeGreaterThan(19_000);
  expect(status?.bitrate).toBeLessThan(21_000);
});

test("LiveStream marks the break on the sample that is delivered, where an encoder begins without a sync sample", () => {
  const { liveStream, samples } = stage();
  const first = liveStream.publish();
  first.input({ type: "track", track: video });
  first.input({ type: "sample", sample: picture(0, true) });
  first.end("lost");
  const second = liveStream.publish();
  second.input({ type: "sample", sample: picture(500) });
  second.input({ type: "sample", sample: picture(540, true) });
  second.input({ type: "sample", sample: picture(580) });
  expect(samples.map(({ isDiscontinuity }) => isDiscontinuity)).toEqual([true, true, false]);
});

test("LiveStream loses no picture when the encoder's clock jumps within a GOP", () => {
  const { liveStream, samples } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: picture(0, true) });
  publication.input({ type: "sample", sample: picture(40) });
  publication.input({ type: "sample", sample: picture(9_000_080) });
  publication.input({ type: "sample", sample: picture(9_000_120) });
  expect(samples).toHaveLength(4);
  expect(samples.map(({ isDiscontinuity }) => isDiscontinuity)).toEqual([true, false, true, false]);
});

test("LiveStream withdraws a track whose clock stands still while the others go on", () => {
  const { liveStream, told, clock } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: audio });
  for (let at = 0; at < 15_000; at += 40) {
    publication.input({ type: "sample", sample: picture(at, at % 1000 === 0) });
    publication.input({ type: "sample", sample: sound(0) });
    clock.pass(40);
  }
  expect(told.at(-1)).toBe("tracks 1.1");
});

test("a track that is called something else is announced, and its configuration stays", () => {
  const { liveStream, told } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: audio });
  const [before] = liveStream.tracks;
  told.length = 0;
  publication.input({ type: "track", track: { ...audio, language: "de", name: "Kommentar" } });
  const [after] = liveStream.tracks;
  expect(after).toMatchObject({ language: "de", name: "Kommentar", configuration: 1 });
  expect(after?.initSegment).toBe(before?.initSegment);
  expect(told.filter((one) => one.startsWith("tracks"))).toHaveLength(1);
  publication.input({ type: "track", track: { ...audio, language: "de", name: "Kommentar" } });
  expect(told.filter((one) => one.startsWith("tracks"))).toHaveLength(1);
});

test("other colours are another configuration", () => {
  const { liveStream } = stage();
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
  publication.input({ type: "track", track: { ...video, colour } });
  publication.input({ type: "track", track: { ...video, colour: { ...colour } } });
  expect(liveStream.tracks).toMatchObject([{ id: 1, configuration: 2 }]);
});

test("an encoder that tells of itself is told on, until another one publishes", () => {
  const { liveStream, clock } = stage();
  const heard: unknown[] = [];
  liveStream.observe({ encoder: (status) => heard.push(status) });
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  publication.input({ type: "sample", sample: { ...picture(500, true), compositionOffset: 80 } });
  const composed = clock.now() - 200;
  publication.input({
    ...{ type: "encoder-report", trackIndex: 0, dts: 500, compositionOffset: 80 },
    report: { times: { composed, sent: composed + 50 } },
  });
  // The timeline begins at 10 s.
  const told = { clock: { composed, position: 10_080, offset: 150 }, delays: { total: 50 } };
  expect(liveStream.encoder).toMatchObject(told);
  expect(heard).toEqual([liveStream.encoder]);
  liveStream.publish();
  expect(liveStream.encoder).toBeUndefined();
});

test("nanoseconds reach the composition offset of a picture, and the place of sound", () => {
  const { liveStream, samples } = stage();
  const publication = liveStream.publish();
  const demuxer = new FlvDemuxer({ place: (at) => at, peek: (at) => at });
  const take = (events: readonly MediaEvent[]) => {
    for (const event of events) publication.input(event);
  };
  take(demuxer.video(0, concat(hex`90 61766331`, video.configuration)));
  take(demuxer.audio(0, hex`af00 1190`));
  const slice = hex`00000001 65`;
  take(demuxer.video(1000, concat(hex`91 61766331 000028`, slice)));
  // CodedFrames, 40 ms and 500,000 ns; CodedFramesX, 999,999 ns at most; -1 ms and 500,000 ns.
  take(demuxer.video(1040, concat(hex`97 02 07a120 01 61766331 000028`, slice)));
  take(demuxer.video(1080, concat(hex`97 02 ffffff 03 61766331`, slice)));
  take(demuxer.video(1120, concat(hex`97 02 07a120 01 61766331 ffffff`, slice)));
  take(demuxer.audio(1120, hex`97 02 07a120 01 6d703461 211004`));
  const [first, ...others] = samples.map(({ compositionOffset }) => compositionOffset);
  expect(first).toBe(3600);
  expect(others).toEqual([3645, 90, -45, 0]);
  const [begin, , , last, heard] = samples;
  const distance = (heard?.dts ?? 0) / 48_000 - (last?.dts ?? 0) / 90_000;
  expect(distance).toBeCloseTo(0.0005, 6);
  expect((last?.dts ?? 0) - (begin?.dts ?? 0)).toBe(120 * 90);
});

test("LiveStream warns of key frames that are too far apart, once, and as long as they are", () => {
  const clock = new ManualClock();
  const warned: string[] = [];
  const liveStream = new LiveStream("live/show", {
    clock,
    settings,
    onIdle: () => {},
    onWarning: ({ code, message }) => warned.push(`${code} ${message}`),
  });
  let changes = 0;
  liveStream.observe({ warnings: () => (changes += 1) });
  const publication = liveStream.publish();
  publication.input({ type: "track", track: video });
  const play = (from: number, to: number, gop: number) => {
    for (let ms = from; ms < to; ms += 40) {
      clock.pass(40);
      publication.input({ type: "sample", sample: picture(ms, (ms - from) % gop === 0) });
    }
  };
  play(0, 20_000, 10_000);
  expect(liveStream.warnings).toEqual([]);
  play(20_000, 60_000, 20_000);
  expect(liveStream.warnings.map(({ code }) => code)).toEqual(["LONG_GOP"]);
  expect(warned).toHaveLength(1);
  expect(warned[0]).toMatch(/OBS: Settings, Output, Keyframe Interval 2 s; ffmpeg: -g/);
  play(60_000, 70_000, 2000);
  expect(liveStream.warnings).toEqual([]);
  play(70_000, 100_000, 30_000);
  expect(liveStream.warnings).toHaveLength(1);
  expect(changes).toBe(3);
  expect(warned).toHaveLength(1);
});

test("LiveStream takes the encoder's rates for those of its renditions until it knows better", () => {
  const { liveStream, play } = stage();
  const publication = liveStream.publish();
  const values = { videodatarate: 2500, audiodatarate: 160 };
  publication.input({ type: "metadata", values, body: Uint8Array.of(2) });
  publication.input({ type: "track", track: video });
  publication.input({ type: "track", track: audio });
  play(publication, { ms: 500 });
  const [pictures, sound] = liveStream.segmenter.renditions;
  expect(pictures?.averageBitrate).toBe(2_500_000);
  expect(pictures?.peakBitrate).toBe(3_125_000);
  expect(sound?.averageBitrate).toBe(160_000);
  play(publication, { from: 500, ms: 3000 });
  expect(liveStream.segmenter.renditions[0]?.averageBitrate).toBeLessThan(100_000);
});
