import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveTrack } from "../../server/live/live-track.ts";
import type { Part, Rendition } from "../../server/live/segment.ts";
import { Segmenter } from "../../server/live/segmenter.ts";
import { concat } from "../../server/protocol/bytes/bytes.ts";
import { readSamples } from "../support/fmp4.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const settings = {
  segment: 2000,
  longestSegment: 10_000,
  part: 200,
  window: 600_000,
  windowBytes: 1_000_000_000,
};

/** A track, and when its samples come. */
type Source = {
  readonly track: LiveTrack;
  readonly samples: readonly {
    /** As RTMP has it: whole ms. */
    readonly at: number;
    /** In ticks, where it is not `at`. */
    readonly dts?: number;
    readonly duration?: number;
    readonly isSync?: boolean;
  }[];
};

type Pictures = { rate: number; gop: number; claimed?: boolean; jitter?: readonly number[] };

const LENGTH = 12_000;

function pictures(id: number, { rate, gop, claimed = false, jitter = [0] }: Pictures): Source {
  const plain = videoTrack(id, 1, id - 1);
  const track = claimed
    ? { ...plain, track: { ...plain.track, frameRate: rate } as LiveTrack["track"] }
    : plain;
  const count = Math.floor((LENGTH * rate) / 1000);
  const samples = Array.from({ length: count }, (_, n) => ({
    at: Math.round((n * 1000) / rate) + (jitter[n % jitter.length] ?? 0),
    isSync: n % gop === 0,
  }));
  return { track, samples };
}

function sound(id: number, sampleRate: number, frame: number): Source {
  const plain = audioTrack(id);
  const track = { ...plain, timescale: sampleRate };
  const count = Math.floor((LENGTH * sampleRate) / 1000 / frame);
  const samples = Array.from({ length: count }, (_, n) => ({
    at: Math.round((n * frame * 1000) / sampleRate),
    dts: n * frame,
    duration: frame,
  }));
  return { track, samples };
}

/** Feeds all tracks as they would come, and keeps what was published the moment it was. */
function run(sources: readonly Source[], { lead = 0 } = {}) {
  const segmenter = new Segmenter(settings);
  const published = new Map<number, Part[]>();
  segmenter.onChange(() => {
    for (const { track, open, segments } of segmenter.renditions) {
      const known = published.get(track.id) ?? [];
      const parts = [...segments.flatMap((segment) => segment.parts), ...(open?.parts ?? [])];
      expect(parts.slice(0, known.length)).toEqual(known); // none was taken back
      published.set(track.id, parts);
    }
  });
  for (const { track } of sources) segmenter.expect(track.id);
  const all = sources.flatMap(({ track, samples }) =>
    samples.map((sample) => ({ track, ...sample })),
  );
  const arrival = (one: (typeof all)[number]): number =>
    one.at + (one.track.track.mediaType === "video" ? lead : 0);
  for (const { track, ...fields } of all.toSorted((a, b) => arrival(a) - arrival(b))) {
    segmenter.push(sampleAt(track, fields.at, { ...fields, size: 20 }));
  }
  segmenter.finish();
  return { segmenter, published };
}

const ms = (rendition: Rendition, ticks: number) => (ticks * 1000) / rendition.track.timescale;

/** What holds for every rendition, whatever came. */
function check(segmenter: Segmenter, published: Map<number, Part[]>): void {
  const target = segmenter.partTarget ?? 0;
  expect(Number.isInteger(target)).toBe(true);
  for (const rendition of segmenter.renditions) {
    const { segments } = rendition;
    const numbers = segments.map((segment) => segment.mediaSequence);
    expect(numbers).toEqual(numbers.map((_, n) => (numbers[0] ?? 0) + n));
    const parts = segments.flatMap((segment) => segment.parts);
    expect(parts.map(({ number }) => number)).toEqual(parts.map((_, n) => n + 1));
    expect(rendition.nextPart).toBe(parts.length + 1);
    expect(published.get(rendition.track.id)).toEqual(parts);
    expect(rendition.open).toBeUndefined();
    let next = segments[0]?.start ?? 0;
    for (const segment of segments) {
      expect(segment.start).toBe(next); // no drift of PROGRAM-DATE-TIME against EXTINF
      next += segment.duration;
      expect(segment.parts.map(({ partIndex }) => partIndex)).toEqual(
        segment.parts.map((_, n) => n),
      );
      expect(segment.parts.reduce((sum, { duration }) => sum + duration, 0)).toBe(segment.duration);
      const bytes = concat(...segment.parts.flatMap(({ pieces }) => pieces));
      expect(bytes.length).toBe(segment.byteLength);
      expect(Math.round(ms(rendition, segment.duration) / 1000)).toBeLessThanOrEqual(10);
    }
  }
}

/** … and what holds where frames are even; where they are not, independent parts may be shorter. */
function checkDurations(segmenter: Segmenter, { isEven = true } = {}): void {
  const target = segmenter.partTarget ?? 0;
  for (const rendition of segmenter.renditions) {
    for (const { parts } of rendition.segments) {
      for (const [index, part] of parts.entries()) {
        const duration = ms(rendition, part.duration);
        expect(duration).toBeLessThanOrEqual(target);
        // A key frame is not taken into the part before it: a segment may begin there.
        const isBeforeKey = parts[index + 1]?.isIndependent === true;
        const mayBeShort =
          part === parts.at(-1) || (!isEven && (part.isIndependent || isBeforeKey));
        if (!mayBeShort) expect(duration).toBeGreaterThanOrEqual(0.85 * target);
      }
    }
  }
}

const evenRate = fc.constantFrom(23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 10, 5);
/** Samples a second, and in a frame. */
const SOUNDS: readonly (readonly [number, number])[] = [
  ...([
    [48_000, 1024],
    [44_100, 1024],
    [24_000, 1024],
    [22_050, 1024],
    [32_000, 1024],
  ] as const), // AAC
  ...([
    [48_000, 960],
    [48_000, 2880],
  ] as const), // Opus
  ...([
    [48_000, 4608],
    [44_100, 4608],
  ] as const), // FLAC
  ...([
    [48_000, 1536],
    [48_000, 1152],
    [8000, 1024],
  ] as const), // AC-3, MP3, AAC
];
const anySound = fc.constantFrom(...SOUNDS);
const gop = fc.integer({ min: 10, max: 150 });
const lead = fc.integer({ min: -400, max: 400 });

test("parts of even frames keep the rules at any rate, beside any sound, however it is interleaved", () => {
  const holds = fc.property(
    ...[evenRate, gop, fc.boolean(), anySound, lead],
    (rate, length, claimed, audio, ahead) => {
      const { segmenter, published } = run(
        [pictures(1, { rate, gop: length, claimed }), sound(9, ...audio)],
        {
          lead: ahead,
        },
      );
      check(segmenter, published);
      checkDurations(segmenter);
    },
  );
  fc.assert(holds, { numRuns: 15 });
});

test("parts of sound alone keep the rules", () => {
  const holds = fc.property(anySound, (audio) => {
    const { segmenter, published } = run([sound(9, ...audio)]);
    check(segmenter, published);
    checkDurations(segmenter);
  });
  fc.assert(holds, { numRuns: 12 });
});

test("parts are cut as well as can be where frames come unevenly", () => {
  const jitter = fc.array(fc.integer({ min: -12, max: 12 }), { minLength: 3, maxLength: 40 });
  const holds = fc.property(evenRate, gop, jitter, (rate, length, uneven) => {
    const source = pictures(1, { rate, gop: length, jitter: [0, ...uneven] });
    const sorted = [...source.samples].sort((a, b) => a.at - b.at);
    const at = sorted.map((sample) => sample.at + 20);
    const samples = source.samples.map((sample, n) => ({ ...sample, at: at[n] ?? 0 }));
    const { segmenter, published } = run([{ ...source, samples }, sound(9, 48_000, 1024)]);
    check(segmenter, published);
    const target = segmenter.partTarget ?? 0;
    for (const rendition of segmenter.renditions) {
      for (const part of rendition.segments.flatMap(({ parts }) => parts)) {
        if (part.samples > 1) expect(ms(rendition, part.duration)).toBeLessThanOrEqual(target);
      }
    }
  });
  fc.assert(holds, { numRuns: 15 });
});

test("a picture that comes late, at the end of a loop or behind lost ones, breaks no rule of parts", () => {
  const late = fc.record({
    at: fc.integer({ min: 40, max: 200 }),
    by: fc.integer({ min: 3, max: 120 }),
  });
  // Where two are late, one right behind the other, the first part may be shorter: nobody knows the third.
  const apart = fc
    .uniqueArray(late, { maxLength: 4, selector: ({ at }) => Math.floor(at / 4) })
    .map((all) => all.map(({ at, by }) => ({ at: at - (at % 4), by })));
  const holds = fc.property(apart, (all) => {
    const source = pictures(1, { rate: 30, gop: 30, claimed: true });
    const shift = (n: number) => all.reduce((sum, { at, by }) => sum + (n >= at ? by : 0), 0);
    const samples = source.samples.map((sample, n) => ({ ...sample, at: sample.at + shift(n) }));
    const { segmenter, published } = run([{ ...source, samples }, sound(9, 48_000, 1024)]);
    check(segmenter, published);
    checkDurations(segmenter, { isEven: false });
    const defaults = { duration: 0, size: 0, flags: 0 };
    const init = { trackId: 1, timescale: 90_000, sampleEntry: "avc1", defaults };
    const shown = segmenter.renditions[0]?.segments.flatMap(({ parts }) =>
      parts.flatMap(({ pieces }) =>
        readSamples(concat(...pieces), init).map((sample) => sample.dts + sample.compositionOffset),
      ),
    );
    expect(shown).toEqual(samples.map(({ at }) => at * 90));
  });
  fc.assert(holds, { numRuns: 15 });
});

test("sizes of a picture with common key frames are cut at the same moments, part by part too", () => {
  const holds = fc.property(evenRate, gop, lead, (rate, length, ahead) => {
    const ladder = [1, 2, 3].map((id) => pictures(id, { rate, gop: length }));
    const { segmenter, published } = run([...ladder, sound(9, 48_000, 1024)], { lead: ahead });
    check(segmenter, published);
    const cutsOf = (rendition: Rendition | undefined) =>
      rendition?.segments.map(({ mediaSequence, start, parts }) => [
        mediaSequence,
        start,
        parts.map(({ duration }) => duration),
      ]);
    const [first, second, third] = segmenter.renditions;
    expect(cutsOf(second)).toEqual(cutsOf(first));
    expect(cutsOf(third)).toEqual(cutsOf(first));
  });
  fc.assert(holds, { numRuns: 15 });
});

test("sound whose clock is moved goes on where its published part ended, and loses no time over it", () => {
  for (const moved of [60, 120, 700, -60]) {
    const plain = sound(9, 48_000, 1024);
    // As the audio clock places them: on by so much from some frame on, never before the one before.
    const shift = (moved * 48_000) / 1000;
    for (const from of [99, 103, 107, 108]) {
      let last = -1;
      const samples = plain.samples.map((sample, n) => {
        const dts = Math.max((sample.dts ?? 0) + (n >= from ? shift : 0), last + 1);
        last = dts;
        return { ...sample, dts };
      });
      const { segmenter, published } = run([
        pictures(1, { rate: 30, gop: 60 }),
        { ...plain, samples },
      ]);
      check(segmenter, published);
    }
  }
});

test("a key frame that comes before the one that leads begins the segment, however full its part is", () => {
  // Renditions with and without B-frames, in the order of their decode times; five pictures are a part.
  for (let early = 20; early <= 180; early += 20) {
    const samples = pictures(1, { rate: 24, gop: 48 }).samples.map((sample) => ({
      ...sample,
      at: sample.at + 400,
    }));
    const leading: Source = { track: videoTrack(1), samples };
    const follower: Source = {
      track: videoTrack(2, 1, 1),
      samples: samples.map((sample) => ({ ...sample, at: sample.at - early })),
    };
    const { segmenter, published } = run([leading, follower]);
    check(segmenter, published);
    checkDurations(segmenter);
    const [first, second] = segmenter.renditions;
    expect(second?.segments.every(({ isIndependent }) => isIndependent)).toBe(true);
    expect(second?.segments.slice(1).map(({ start }) => start / 90 + early)).toEqual(
      first?.segments.slice(1).map(({ start }) => start / 90),
    );
  }
});

test("a part that lacks length does not take the key frame that the next segment begins with", () => {
  // A part of five pictures, eight of six, five more; then a key frame that stands for 60 ms, before the leader's.
  const pace = { rate: 30, gop: 58 };
  const samples = pictures(1, pace).samples.map((one) => ({ ...one, at: one.at + 400 }));
  const leading: Source = { track: videoTrack(1), samples };
  const late = samples.map((one, n) => ({ ...one, at: one.at - 200 + 27 * Math.ceil(n / 58) }));
  const { segmenter, published } = run([leading, { track: videoTrack(2, 1, 1), samples: late }]);
  check(segmenter, published);
  const [, follower] = segmenter.renditions;
  expect(follower?.segments.every(({ isIndependent }) => isIndependent)).toBe(true);
});
