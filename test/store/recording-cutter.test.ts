import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveSample } from "../../server/live/live-sample.ts";
import type { LiveTrack } from "../../server/live/live-track.ts";
import { type CutFragment, FragmentCutter } from "../../server/store/recording-cutter.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const INTERVAL = 1000;
const newCutter = (bytes = 2 ** 20) => new FragmentCutter({ interval: INTERVAL, bytes });

const video = videoTrack();
const audio = audioTrack();
const other = videoTrack(3);

/** Pictures each 40 ms, sync samples each `gop` of them, and sound each 20 ms, in order of time. */
function broadcast(ms: number, gop: number, tracks: readonly LiveTrack[] = [video, audio]) {
  const samples: LiveSample[] = [];
  for (let at = 0; at < ms; at += 20) {
    for (const track of tracks) {
      const isVideo = track.track.mediaType === "video";
      if (isVideo && at % 40 !== 0) continue;
      const isSync = !isVideo || (at / 40) % gop === 0;
      samples.push(sampleAt(track, 10_000 + at, { isSync, duration: 960, step: 3600 }));
    }
  }
  return samples;
}

function cutAll(samples: readonly LiveSample[], cutter = newCutter()): CutFragment[][] {
  const groups = samples.map((sample) => [...cutter.push(sample)]);
  return [...groups.filter((group) => group.length > 0), [...cutter.finish()]];
}

const ofTrack = (groups: readonly (readonly CutFragment[])[], { id }: LiveTrack) =>
  groups.flat().filter(({ live }) => live.id === id);
const msOf = ({ live, samples }: CutFragment) => ((samples[0]?.dts ?? 0) * 1000) / live.timescale;
const span = ({ live, durations }: CutFragment) =>
  (durations.reduce((sum, one) => sum + one, 0) * 1000) / live.timescale;

test.each([12, 25, 50, 75, 250])(
  "FragmentCutter begins a fragment at every sync sample of a GOP of %i pictures, none longer than the interval",
  (gop) => {
    const samples = broadcast(7000, gop);
    const groups = cutAll(samples);
    const fragments = ofTrack(groups, video);
    const begins = fragments.flatMap(({ samples: [first] }) => (first?.isSync ? [first.dts] : []));
    const syncs = samples.filter(({ isVideo, isSync }) => isVideo && isSync).map(({ dts }) => dts);
    // Of GOPs that are short, some may share a fragment.
    if (gop >= 25) expect(begins).toEqual(syncs);
    for (const fragment of groups.flat()) expect(span(fragment)).toBeLessThanOrEqual(INTERVAL);
    expect(groups.every(([first]) => first?.live === video)).toBe(true);
  },
);

test("FragmentCutter gives every sample once, in order, with the distance to the next as its duration", () => {
  const tracks = [video, audio, other];
  const holds = fc.property(
    fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 900 }), fc.boolean()), {
      maxLength: 120,
    }),
    (steps) => {
      const times = [10_000, 10_000, 10_000];
      const samples = steps.map(([which, step, isSync]) => {
        times[which] = (times[which] ?? 0) + step;
        const track = tracks[which] ?? video;
        return sampleAt(track, times[which] ?? 0, {
          isSync: isSync || track === audio,
          serverTime: Math.max(...times),
        });
      });
      const cutter = newCutter(2000);
      const groups = cutAll(samples, cutter);
      expect(cutter.bytes).toBe(0);
      for (const track of tracks) {
        const given = samples.filter((sample) => sample.track === track);
        const fragments = ofTrack(groups, track);
        expect(fragments.flatMap((one) => one.samples)).toEqual(given);
        const durations = fragments.flatMap((one) => one.durations);
        for (const [index, duration] of durations.slice(0, -1).entries()) {
          const [one, next] = given.slice(index, index + 2);
          const stood = (next?.serverTime ?? 0) - (one?.serverTime ?? 0);
          const distance = (next?.dts ?? 0) - (one?.dts ?? 0);
          // One that stood still may have been written before its successor came.
          if (stood <= INTERVAL) expect(duration).toBe(distance);
        }
      }
    },
  );
  fc.assert(holds, { numRuns: 60 });
});

test("FragmentCutter keeps no more than the interval, however a track lags or falls silent", () => {
  const cutter = newCutter();
  const waiting = new Map<number, number>();
  let longest = 0;
  // Sound is 300 ms behind, and ends after 3 s; the encoder goes on.
  const pictures = broadcast(8000, 50, [video]);
  const sound = broadcast(3000, 50, [audio]);
  const arrival = (sample: LiveSample) => sample.at + (sample.isVideo ? 0 : 300);
  for (const sample of [...pictures, ...sound].sort((a, b) => arrival(a) - arrival(b))) {
    waiting.set(sample.track.id, sample.at);
    for (const fragment of cutter.push(sample)) {
      const end = msOf(fragment) + span(fragment);
      if (fragment.live === video) longest = Math.max(longest, sample.at - end);
    }
    expect(sample.at - cutter.earliest).toBeLessThanOrEqual(INTERVAL + 300);
  }
  expect(longest).toBeLessThanOrEqual(INTERVAL * 0.25 + 40);
});

test("FragmentCutter cuts other video tracks where the leading one is cut", () => {
  const groups = cutAll(broadcast(6000, 50, [video, other, audio]));
  expect(ofTrack(groups, other).map(msOf)).toEqual(ofTrack(groups, video).map(msOf));
  const isSyncOf = (track: LiveTrack) =>
    ofTrack(groups, track).map(({ samples: [first] }) => first?.isSync);
  expect(isSyncOf(other)).toEqual(isSyncOf(video));
});

test("FragmentCutter writes a picture that stands still, for as long as it has", () => {
  const cutter = newCutter();
  cutter.push(sampleAt(video, 10_000, { isSync: true }));
  const groups: (readonly CutFragment[])[] = [];
  for (let at = 10_000; at < 13_000; at += 20) groups.push(cutter.push(sampleAt(audio, at)));
  const [fragment] = groups.flat().filter(({ live }) => live === video);
  expect(fragment === undefined ? 0 : span(fragment)).toBeGreaterThan(INTERVAL);
});
