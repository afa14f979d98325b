import { createHash } from "node:crypto";
import type { Clock } from "../live/clock.ts";
import type { KeptObserver, Segment, SegmentArchive, StoredSegment } from "../live/segment.ts";
import type { Log } from "../log.ts";
import type { Bytes } from "../protocol/bytes/bytes.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import { codeOf, type DvrDisk } from "./dvr-folder.ts";

/** What bounds an archive; sizes in bytes. */
export type DvrLimits = {
  /** All segments of all streams together. */
  readonly disk: number;
  /** What waits to be written: what comes on top of it is not kept. */
  readonly unwritten: number;
  /** After the disk failed nothing is written for so long … */
  readonly pause: Milliseconds;
  /** … and nothing more is said of it for so long. */
  readonly silence: Milliseconds;
};

/** What an archive is made of. */
export type DvrArchiveOptions = {
  readonly disk: DvrDisk;
  readonly limits: DvrLimits;
  readonly clock: Clock;
  readonly log: Log;
};

/** From here on the oldest are not listed any more: there is time before they have to go. */
const LISTED_OF_DISK = 0.9;

/** A file takes whole blocks. */
const BLOCK = 4096;

/** Bytes that a reader is given at once. */
const READ_SIZE = 65_536;

type Kept = {
  readonly name: string;
  readonly size: number;
  readonly observer: KeptObserver;
  readers: number;
  isLeaving: boolean;
  /** It is to be removed, and is once nobody reads it. */
  isGone: boolean;
};

/**
 * Keeps segments of all live streams on disk, one file each, oldest dropped first where they would take
 * more than they may. Writing goes one segment after another beside all else that happens; a disk that
 * is too slow, full or broken costs depth of the rewind window and a line in the log, nothing else.
 */
export class DvrArchive implements SegmentArchive {
  readonly #options: DvrArchiveOptions;
  /** What lies on the disk, oldest first. */
  readonly #kept = new Set<Kept>();
  #used = 0;
  /** Less than may be used, where the disk had no room for more. */
  #room: number;
  #unwritten = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #pausedUntil: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Of streams that have ended: they go at their time, the earliest first. */
  #ended: { readonly kept: Kept; readonly at: Milliseconds }[] = [];
  #cancelSweep: (() => void) | undefined;
  #silentUntil: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: DvrArchiveOptions) {
    this.#options = options;
    this.#room = options.limits.disk;
  }

  /** Bytes on the disk, in whole blocks. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that wait to be written. */
  get unwritten(): number {
    return this.#unwritten;
  }

  keep(
    streamPath: string,
    life: string,
    segment: Segment,
    observer: KeptObserver,
  ): Promise<StoredSegment | undefined> {
    const { limits, clock } = this.#options;
    const { byteLength } = segment;
    if (clock.now() < this.#pausedUntil || byteLength > limits.disk) {
      return Promise.resolve(undefined);
    }
    if (this.#unwritten + byteLength > limits.unwritten) {
      this.#fail("the disk is too slow");
      return Promise.resolve(undefined);
    }
    this.#unwritten += byteLength;
    const name = nameOf(streamPath, life, segment);
    const pieces = segment.parts.flatMap((part) => part.pieces);
    const written = this.#writing.then(async () => {
      try {
        return await this.#write(name, pieces, byteLength, observer);
      } finally {
        this.#unwritten -= byteLength;
      }
    });
    this.#writing = written;
    return written;
  }

  async #write(
    name: string,
    pieces: readonly Bytes[],
    byteLength: number,
    observer: KeptObserver,
  ): Promise<StoredSegment | undefined> {
    const { disk, limits, clock } = this.#options;
    if (clock.now() < this.#pausedUntil) return undefined;
    const size = Math.ceil(byteLength / BLOCK) * BLOCK;
    await this.#makeRoom(size);
    try {
      await disk.write(name, pieces).catch(async (error: unknown) => {
        if (!isFull(error) || this.#used === 0) throw error;
        // Somebody else fills the disk: less of it is ours, and by and by more again.
        this.#room = this.#used * LISTED_OF_DISK;
        this.#report(`rewinding is cut short: ${codeOf(error)}`);
        await this.#makeRoom(size);
        await disk.write(name, pieces);
      });
    } catch (error) {
      this.#fail(codeOf(error));
      return undefined;
    }
    this.#room = Math.min(limits.disk, Math.max(this.#room, this.#used + size) + size / 8);
    const kept = { name, size, observer, readers: 0, isLeaving: false, isGone: false };
    this.#kept.add(kept);
    this.#used += size;
    return this.#stored(kept, byteLength);
  }

  /** The oldest make room, after they were announced as leaving. */
  async #makeRoom(size: number): Promise<void> {
    let used = this.#used + size;
    const removed: Promise<void>[] = [];
    for (const kept of this.#kept) {
      if (used <= this.#room * LISTED_OF_DISK) break;
      if (!kept.isLeaving) kept.observer.leaving();
      kept.isLeaving = true;
      if (used > this.#room) {
        kept.observer.lost();
        removed.push(this.#remove(kept));
      }
      used -= kept.size;
    }
    await Promise.all(removed);
  }

  #stored(kept: Kept, byteLength: number): StoredSegment {
    return {
      byteLength,
      read: (start, end) => this.#read(kept, start, end),
      delete: (linger = 0) => {
        if (linger > 0) this.#removeLater(kept, linger);
        else void this.#remove(kept);
      },
    };
  }

  async *#read(kept: Kept, start: number, end: number): AsyncGenerator<Bytes> {
    if (kept.isGone) throw new Error("Cannot read a segment that has left the archive");
    kept.readers += 1;
    try {
      const file = await this.#options.disk.open(kept.name);
      try {
        for (let position = start; position < end; ) {
          const into = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, end - position));
          const length = await file.read(into, position);
          if (length === 0) throw new Error(`Cannot read ${kept.name}: it is too short`);
          yield into.subarray(0, length);
          position += length;
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!kept.isGone) {
        this.#report(`a segment cannot be read: ${codeOf(error)}`);
        kept.observer.lost();
        void this.#remove(kept);
      }
      throw error;
    } finally {
      kept.readers -= 1;
      if (kept.isGone && kept.readers === 0) await this.#unlink(kept);
    }
  }

  async #remove(kept: Kept): Promise<void> {
    if (!this.#kept.delete(kept)) return;
    kept.isGone = true;
    if (kept.readers === 0) await this.#unlink(kept);
  }

  #removeLater(kept: Kept, linger: Milliseconds): void {
    const { clock } = this.#options;
    this.#ended.push({ kept, at: clock.now() + linger });
    this.#cancelSweep ??= clock.after(linger, () => this.#sweep());
  }

  #sweep(): void {
    const { clock } = this.#options;
    const now = clock.now();
    this.#cancelSweep = undefined;
    const due = this.#ended.filter(({ at }) => at <= now);
    this.#ended = this.#ended.filter(({ at }) => at > now);
    for (const { kept } of due) void this.#remove(kept);
    const [next] = this.#ended;
    if (next !== undefined) {
      this.#cancelSweep = clock.after(next.at - now, () => this.#sweep());
    }
  }

  /** The server goes away: nothing is written any more. */
  async close(): Promise<void> {
    this.#pausedUntil = Number.POSITIVE_INFINITY;
    this.#cancelSweep?.();
    await this.#writing;
  }

  async #unlink({ name, size }: Kept): Promise<void> {
    await this.#options.disk.remove(name).catch(() => {}); // what is not there need not go
    this.#used -= size;
  }

  #fail(reason: string): void {
    const { clock, limits } = this.#options;
    this.#pausedUntil = clock.now() + limits.pause;
    this.#report(`rewinding is cut short: ${reason}`);
  }

  #report(message: string): void {
    const { clock, limits, log } = this.#options;
    if (clock.now() < this.#silentUntil) return;
    this.#silentUntil = clock.now() + limits.silence;
    log.warn(message, { code: "DVR_DISK" });
  }
}

const isFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes(codeOf(error));

/** Stream paths are strangers' words: in names of files stand their digests. */
function nameOf(streamPath: string, life: string, { track, mediaSequence }: Segment): string {
  const folder = createHash("sha256").update(`${life} ${streamPath}`).digest("hex").slice(0, 20);
  return `${folder}/${track.id}-${mediaSequence}.m4s`;
}
