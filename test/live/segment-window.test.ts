import { describe, expect, test } from "vitest";
import type { KeptObserver, Segment, SegmentArchive } from "../../server/live/segment.ts";
import { Segmenter, type SegmenterSettings } from "../../server/live/segmenter.ts";
import { audioTrack, sampleAt, videoTrack } from "../support/live-samples.ts";

const settings: SegmenterSettings = {
  segment: 2000,
  longestSegment: 10_000,
  part: 200,
  window: 60_000,
  windowBytes: 10_000_000,
};
const video = videoTrack();
const audio = audioTrack();

/** Two pictures a second, a key frame every two seconds; sound in frames of half a second. */
function feed(segmenter: Segmenter, from: number, to: number, size = 100): void {
  for (let ms = from; ms < to; ms += 500) {
    segmenter.push(sampleAt(video, ms, { isSync: ms % 2000 === 0, size }));
    segmenter.push(sampleAt(audio, ms, { duration: 24_000, size: 20 }));
  }
}

/** Keeps what it is given, unless it is told not to. */
class FakeArchive implements SegmentArchive {
  readonly kept = new Map<string, { segment: Segment; observer: KeptObserver }>();
  readonly asked: string[] = [];
  readonly deleted: string[] = [];
  readonly lingers: (number | undefined)[] = [];
  takes: (segment: Segment) => boolean = () => true;

  async keep(streamPath: string, life: string, segment: Segment, observer: KeptObserver) {
    const name = `${segment.track.id}-${segment.mediaSequence}`;
    this.asked.push(`${streamPath} ${life} ${name}`);
    if (!this.takes(segment)) return undefined;
    this.kept.set(name, { segment: { ...segment, parts: [] }, observer });
    return {
      byteLength: segment.byteLength,
      read: async function* () {},
      delete: (linger?: number) => {
        this.kept.delete(name);
        this.deleted.push(name);
        this.lingers.push(linger);
      },
    };
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function stage(more: Partial<SegmenterSettings> = {}) {
  const archive = new FakeArchive();
  const rewinding = { listed: 600_000, window: 630_000, memory: 30_000, unstored: 60_000 };
  const segmenter = new Segmenter(
    { ...settings, ...rewinding, linger: 75_000, archive, ...more },
    { streamPath: "live/show", life: "l1" },
  );
  let changes = 0;
  segmenter.onChange(() => {
    changes += 1;
  });
  /** Feeds minutes, with time for the archive in between. */
  const play = async (from: number, to: number, size?: number) => {
    for (let ms = from; ms < to; ms += 10_000) {
      feed(segmenter, ms, Math.min(to, ms + 10_000), size);
      await settled();
    }
  };
  const pictures = () => segmenter.renditions[0]?.segments ?? [];
  return { archive, segmenter, play, pictures, changes: () => changes };
}

const inMemory = (segments: readonly Segment[]) => segments.filter(({ parts }) => parts.length > 0);
const numbers = (segments: readonly Segment[]) => segments.map((one) => one.mediaSequence);

describe("a window with an archive", () => {
  test("has the newest in memory, older ones stored, and no hole", async () => {
    const { archive, play, pictures, segmenter } = await stage();
    await play(0, 1_200_000);
    const segments = pictures();
    expect(archive.asked[0]).toBe("live/show l1 1-1");
    expect(numbers(segments)).toEqual(
      segments.map((_, n) => (segments[0]?.mediaSequence ?? 0) + n),
    );
    expect(segments.length).toBeGreaterThanOrEqual(315);
    expect(segments.length).toBeLessThanOrEqual(316);
    expect(inMemory(segments).length).toBeLessThanOrEqual(20);
    expect(
      segments.slice(0, -20).every(({ stored, isGap }) => stored !== undefined && !isGap),
    ).toBe(true);
    expect(archive.kept.size).toBe(2 * segments.length);
    expect(archive.lingers.every((linger) => linger === undefined)).toBe(true);
    const listed = segments.filter((one) => one.mediaSequence >= segmenter.firstListed);
    expect(listed).toHaveLength(300);
  });

  test("holds hours without their bytes", async () => {
    const hours = { listed: 7_200_000, window: 7_230_000 };
    const { play, pictures, segmenter } = await stage(hours);
    await play(0, 2 * 3_600_000, 5000);
    expect(pictures().length).toBeGreaterThan(3550);
    let held = 0;
    for (const rendition of segmenter.renditions) {
      for (const { parts } of rendition.segments) {
        for (const { byteLength } of parts) held += byteLength;
      }
    }
    expect(held).toBeLessThan(1_000_000);
    expect(held).toBeGreaterThan(200_000);
  });

  test("where the archive takes nothing, is a window in memory", async () => {
    const { archive, play, pictures } = await stage();
    archive.takes = () => false;
    await play(0, 300_000);
    expect(pictures().length).toBeGreaterThanOrEqual(30);
    expect(pictures().length).toBeLessThanOrEqual(32);
    expect(pictures().every(({ isGap, parts }) => !isGap && parts.length > 0)).toBe(true);
  });

  test("lists a gap where the archive failed for a while", async () => {
    const { archive, play, pictures } = await stage();
    archive.takes = ({ mediaSequence }) => mediaSequence < 20 || mediaSequence > 30;
    await play(0, 300_000);
    const gaps = pictures().filter(({ isGap }) => isGap);
    expect(numbers(gaps)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    expect(gaps.every(({ parts, stored }) => parts.length === 0 && stored === undefined)).toBe(
      true,
    );
    expect(pictures()[0]?.mediaSequence).toBe(1);
  });

  test("lists a gap where a stored segment is lost; at the old end, drops it", async () => {
    const { archive, play, pictures, changes } = await stage();
    await play(0, 300_000);
    const before = changes();
    archive.kept.get("1-50")?.observer.lost();
    expect(numbers(pictures().filter(({ isGap }) => isGap))).toEqual([50]);
    expect(changes()).toBe(before + 1);
    archive.kept.get("1-2")?.observer.lost();
    archive.kept.get("1-1")?.observer.lost();
    expect(pictures()[0]?.mediaSequence).toBe(3);
    archive.kept.get("1-148")?.observer.lost(); // in memory still
    expect(pictures()[145]?.isGap).toBe(false);
    expect(pictures()[145]?.stored).toBeUndefined();
  });

  test("does not list what soon makes room", async () => {
    const { archive, play, segmenter } = await stage();
    await play(0, 300_000);
    expect(segmenter.firstListed).toBe(1);
    archive.kept.get("2-7")?.observer.leaving();
    expect(segmenter.firstListed).toBe(8);
  });

  test("at the end gives all back, after a while, and still has it for who knows of it", async () => {
    const { archive, play, pictures, segmenter } = await stage();
    await play(0, 100_000);
    const segments = pictures();
    const known = segments.length;
    archive.lingers.length = 0;
    feed(segmenter, 100_000, 110_000); // some are on their way
    segmenter.remove(video.id);
    segmenter.remove(audio.id);
    await settled();
    expect(archive.kept.size).toBe(0);
    expect(segments.length).toBeGreaterThanOrEqual(known);
    expect(new Set(archive.lingers)).toEqual(new Set([75_000, undefined]));
    expect(segmenter.renditions).toEqual([]);
  });
});

test("a window in memory lists less than it keeps", () => {
  const segmenter = new Segmenter({ ...settings, listed: 30_000 });
  feed(segmenter, 0, 200_000);
  const segments = segmenter.renditions[0]?.segments ?? [];
  expect(segments.filter((one) => one.mediaSequence >= segmenter.firstListed)).toHaveLength(15);
  expect(segments).toHaveLength(30);
});

test("a window that bytes bound lists less than it keeps, too", () => {
  const segmenter = new Segmenter({ ...settings, windowBytes: 200_000 });
  let listed = 0;
  segmenter.onChange(() => {
    const [oldest] = segmenter.renditions[0]?.segments ?? [];
    if (oldest === undefined) return;
    expect(segmenter.firstListed).toBeGreaterThanOrEqual(listed);
    listed = segmenter.firstListed;
  });
  feed(segmenter, 0, 200_000, 2500);
  const segments = segmenter.renditions[0]?.segments ?? [];
  const [oldest] = segments;
  expect(segments.length).toBeLessThan(20);
  expect(segmenter.firstListed - (oldest?.mediaSequence ?? 0)).toBeGreaterThanOrEqual(2);
  expect(segmenter.firstListed).toBeLessThan((oldest?.mediaSequence ?? 0) + 6);
});
