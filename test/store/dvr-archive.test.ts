import { expect, test } from "vitest";
import type { Segment, StoredSegment } from "../../server/live/segment.ts";
import { type Bytes, concat } from "../../server/protocol/bytes/bytes.ts";
import { DvrArchive, type DvrLimits } from "../../server/store/dvr-archive.ts";
import type { DvrDisk } from "../../server/store/dvr-folder.ts";
import { videoTrack } from "../support/live-samples.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordingLog } from "../support/recording-log.ts";

const LIMITS: DvrLimits = { disk: 409_600, unwritten: 100_000, pause: 15_000, silence: 600_000 };
const SIZE = 8000; // two blocks

/** A disk that can be full, slow and broken. */
class FakeDisk implements DvrDisk {
  readonly files = new Map<string, Bytes>();
  readonly writes: string[] = [];
  room = Number.POSITIVE_INFINITY;
  gate: Promise<void> = Promise.resolve();
  opened = 0;

  get used(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async write(name: string, pieces: readonly Bytes[]): Promise<void> {
    await this.gate;
    this.writes.push(name);
    const bytes = concat(...pieces);
    if (this.used + bytes.length > this.room) {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    }
    this.files.set(name, bytes);
  }

  async open(name: string) {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    this.opened += 1;
    return {
      read: async (into: Uint8Array, position: number) => {
        const piece = bytes.subarray(position, position + into.length);
        into.set(piece);
        return piece.length;
      },
      close: async () => {
        this.opened -= 1;
      },
    };
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}

/** A segment of two parts: bytes that tell its number. */
function segment(mediaSequence: number, size = SIZE): Segment {
  const part = (partIndex: number) => ({
    number: 2 * mediaSequence + partIndex,
    partIndex,
    start: 0,
    duration: 90_000,
    samples: 1,
    isIndependent: true,
    pieces: [new Uint8Array(size / 2).fill(mediaSequence + partIndex)],
    byteLength: size / 2,
  });
  return {
    mediaSequence,
    track: videoTrack(),
    start: 0,
    duration: 180_000,
    programDateTime: 0,
    isDiscontinuity: false,
    isIndependent: true,
    isGap: false,
    parts: [part(0), part(1)],
    byteLength: size,
  };
}

function stage(limits: Partial<DvrLimits> = {}) {
  const disk = new FakeDisk();
  const clock = new ManualClock();
  const log = recordingLog();
  const archive = new DvrArchive({ disk, clock, log, limits: { ...LIMITS, ...limits } });
  const told: string[] = [];
  const keep = (number: number, { path = "live/show", size = SIZE } = {}) =>
    archive.keep(path, "life", segment(number, size), {
      leaving: () => told.push(`${path} ${number} leaving`),
      lost: () => told.push(`${path} ${number} lost`),
    });
  return { disk, clock, log, archive, told, keep };
}

async function read(stored: StoredSegment | undefined, start = 0, end = SIZE): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of stored?.read(start, end) ?? []) pieces.push(piece);
  return concat(...pieces);
}

test("DvrArchive gives back the bytes of a segment, and any range of them", async () => {
  const { keep, disk } = stage();
  const stored = await keep(7);
  expect(stored?.byteLength).toBe(SIZE);
  const whole = concat(new Uint8Array(4000).fill(7), new Uint8Array(4000).fill(8));
  expect(await read(stored)).toEqual(whole);
  expect(await read(stored, 3990, 4100)).toEqual(whole.subarray(3990, 4100));
  expect(disk.opened).toBe(0);
});

test("DvrArchive reads large segments in small pieces, and lets go of who leaves early", async () => {
  const { keep, disk } = stage({ disk: 10_000_000, unwritten: 10_000_000 });
  const stored = await keep(1, { size: 1_000_000 });
  const pieces = stored?.read(0, 1_000_000) ?? [];
  for await (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(65_536);
    expect(disk.opened).toBe(1);
    break;
  }
  expect(disk.opened).toBe(0);
});

test("DvrArchive writes one after another, and takes no more than may wait", async () => {
  const { keep, disk, archive, log, clock } = stage();
  let open = () => {};
  disk.gate = new Promise((resolve) => {
    open = resolve;
  });
  const all = Array.from({ length: 20 }, (_, n) => keep(n + 1));
  expect(archive.unwritten).toBe(96_000); // twelve of them
  open();
  const kept = await Promise.all(all);
  // What was on its way when the disk was found too slow is not waited for either.
  expect(kept.slice(12).every((stored) => stored === undefined)).toBe(true);
  expect(archive.unwritten).toBe(0);
  expect(log.lines.map(({ fields }) => fields["code"])).toEqual(["DVR_DISK"]);
  clock.pass(15_000);
  expect(await keep(21)).toBeDefined();
  const order = disk.writes.map((name) => Number(name.split("-")[1]?.replace(".m4s", "")));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("DvrArchive stays within its size over all streams: the oldest are announced, then dropped", async () => {
  const { keep, told, archive, disk } = stage();
  for (let number = 1; number <= 100; number += 1) {
    await keep(number, { path: number % 2 === 0 ? "live/a" : "live/b" });
    expect(archive.used).toBeLessThanOrEqual(LIMITS.disk);
  }
  expect(disk.files.size).toBe(50); // of two blocks each
  expect(told.indexOf("live/b 1 leaving")).toBe(0);
  expect(told.indexOf("live/b 1 lost")).toBeGreaterThan(told.indexOf("live/b 5 leaving"));
  expect(told.filter((line) => line.endsWith("lost"))).toHaveLength(50);
});

test("DvrArchive deletes what left the window, but not while it is being read", async () => {
  const { keep, disk, archive } = stage({ disk: 10_000_000, unwritten: 10_000_000 });
  const stored = await keep(1, { size: 200_000 });
  const reader = stored?.read(0, 200_000)[Symbol.asyncIterator]();
  await reader?.next();
  stored?.delete();
  expect(disk.files.size).toBe(1);
  while (!((await reader?.next())?.done ?? true));
  expect(disk.files.size).toBe(0);
  expect(archive.used).toBe(0);
  await expect(read(stored)).rejects.toThrow();
});

test("DvrArchive deletes what is there at the end of a stream after a while", async () => {
  const { keep, disk, clock } = stage();
  const first = await keep(1);
  const second = await keep(2);
  first?.delete(75_000);
  clock.pass(10_000);
  second?.delete(75_000);
  clock.pass(65_000);
  await Promise.resolve();
  expect([...disk.files.keys()].map((name) => name.split("/")[1])).toEqual(["1-2.m4s"]);
  clock.pass(10_000);
  await Promise.resolve();
  expect(disk.files.size).toBe(0);
  expect(clock.pending).toBe(0);
});

test("DvrArchive on a full disk makes do with less of it, says so once, and grows again", async () => {
  const { keep, disk, log, clock, told } = stage();
  disk.room = 20 * SIZE;
  const kept: boolean[] = [];
  for (let number = 1; number <= 200; number += 1) {
    kept.push((await keep(number)) !== undefined);
    clock.pass(2000);
  }
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]?.message).toMatch(/ENOSPC/);
  expect(told).toContain("live/show 1 lost");
  expect(kept.every((isKept) => isKept)).toBe(true);
  expect(disk.files.size).toBeGreaterThan(15);
  disk.room = Number.POSITIVE_INFINITY;
  for (let number = 201; number <= 300; number += 1) {
    await keep(number);
    clock.pass(2000);
  }
  expect(disk.files.size).toBeGreaterThan(25);
});

test("DvrArchive pauses where the disk takes nothing, and goes on when it does", async () => {
  const { keep, disk, log, clock } = stage();
  disk.room = 0;
  expect(await keep(1)).toBeUndefined();
  disk.room = Number.POSITIVE_INFINITY;
  expect(await keep(2)).toBeUndefined();
  expect(disk.writes).toHaveLength(1);
  clock.pass(15_000);
  expect(await keep(3)).toBeDefined();
  disk.room = 0;
  expect(await keep(4)).toBeUndefined();
  expect(log.lines).toHaveLength(1);
});

test("DvrArchive tells of a segment that is not there any more", async () => {
  const { keep, disk, told, log } = stage();
  const stored = await keep(1);
  disk.files.clear();
  await expect(read(stored)).rejects.toThrow();
  expect(told).toEqual(["live/show 1 lost"]);
  expect(log.lines).toHaveLength(1);
});

test("DvrArchive writes nothing once it is closed", async () => {
  const { keep, disk, archive } = stage();
  const under = keep(1);
  await archive.close();
  await under;
  const files = disk.files.size;
  expect(await keep(2)).toBeUndefined();
  expect(disk.files.size).toBe(files);
});
