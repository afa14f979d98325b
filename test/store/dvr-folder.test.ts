import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Segment } from "../../server/live/segment.ts";
import { DvrArchive } from "../../server/store/dvr-archive.ts";
import { DvrFolder } from "../../server/store/dvr-folder.ts";
import { videoTrack } from "../support/live-samples.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordingLog } from "../support/recording-log.ts";

const LIFE = "0123456789abcdef0123";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-dvr-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("DvrFolder writes a file of many pieces, reads any part of it, and removes it", async () => {
  const disk = new DvrFolder(join(folder, "dvr"));
  const pieces = Array.from({ length: 1300 }, (_, n) => new Uint8Array(n % 7).fill(n % 251));
  const whole = Buffer.concat(pieces);
  await disk.write(`${LIFE}/1-1.m4s`, pieces);
  const file = await disk.open(`${LIFE}/1-1.m4s`);
  const into = new Uint8Array(5000);
  const length = await file.read(into, 100);
  expect(Buffer.from(into.subarray(0, length))).toEqual(whole.subarray(100, 5100));
  expect(await file.read(into, whole.length)).toBe(0);
  await file.close();
  await disk.remove(`${LIFE}/1-1.m4s`);
  expect(existsSync(join(folder, "dvr", LIFE))).toBe(false);
});

test("DvrFolder rejects where it cannot write, and leaves nothing behind", async () => {
  writeFileSync(join(folder, "file"), "");
  const disk = new DvrFolder(join(folder, "file"));
  await expect(disk.write(`${LIFE}/1-1.m4s`, [new Uint8Array(1)])).rejects.toThrow();
  await expect(disk.open(`${LIFE}/1-1.m4s`)).rejects.toThrow();
  const other = new DvrFolder(join(folder, "dvr"));
  await other.write(`${LIFE}/1-1.m4s`, [new Uint8Array(1)]);
  await expect(other.write(`${LIFE}/1-1.m4s`, [new Uint8Array(1)])).rejects.toThrow(/EEXIST/);
});

test("DvrFolder clears what earlier processes left, and only that", () => {
  expect(new DvrFolder(join(folder, "none")).clear()).toBeUndefined();
  mkdirSync(join(folder, LIFE));
  writeFileSync(join(folder, LIFE, "1-1.m4s"), "x");
  mkdirSync(join(folder, "mine"));
  expect(new DvrFolder(folder).clear()).toBeUndefined();
  expect(readdirSync(folder)).toEqual(["mine"]);
});

test.skipIf(process.getuid?.() !== 0)(
  "a rewind window on a disk that fills keeps the newest of it, and says so once",
  async ({ skip }) => {
    const mounted = join(folder, "small");
    mkdirSync(mounted);
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", mounted]);
    if (mount.status !== 0) skip(); // a container that may not
    try {
      const log = recordingLog();
      const limits = { disk: 1e9, unwritten: 1e7, pause: 15_000, silence: 600_000 };
      const disk = new DvrFolder(mounted);
      const archive = new DvrArchive({ disk, limits, clock: new ManualClock(), log });
      const lost: number[] = [];
      const bytes = new Uint8Array(100_000).fill(7);
      for (let mediaSequence = 1; mediaSequence <= 40; mediaSequence += 1) {
        const observer = { leaving: () => {}, lost: () => void lost.push(mediaSequence) };
        const stored = await archive.keep("live/show", "life", segmentOf(mediaSequence, bytes), {
          ...observer,
        });
        expect(stored?.byteLength).toBe(100_000);
      }
      const [life = ""] = readdirSync(mounted);
      const files = readdirSync(join(mounted, life));
      expect(files.length).toBeGreaterThanOrEqual(8);
      expect(files).toContain("1-40.m4s");
      expect(lost).toEqual(Array.from({ length: 40 - files.length }, (_, n) => n + 1));
      expect(log.lines.map(({ message }) => message)).toEqual(["rewinding is cut short: ENOSPC"]);
    } finally {
      spawnSync("umount", [mounted]);
    }
  },
);

const segmentOf = (mediaSequence: number, bytes: Uint8Array): Segment => {
  const common = { start: 0, duration: 180_000, isIndependent: true, byteLength: bytes.length };
  const part = { ...common, number: 1, partIndex: 0, samples: 1, pieces: [bytes] };
  const track = videoTrack();
  const rest = { programDateTime: 0, isDiscontinuity: false, isGap: false };
  return { ...common, ...rest, mediaSequence, track, parts: [part] };
};
