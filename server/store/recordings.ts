import { randomBytes } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { type FileHandle, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../live/clock.ts";
import type { LiveTrack } from "../live/live-track.ts";
import type { Log } from "../log.ts";
import type { Bytes } from "../protocol/bytes/bytes.ts";
import { finishedHead } from "../protocol/isobmff/file-head.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import { Recording, type RecordingLimits } from "./recording.ts";
import { type RecordingFailure, RecordingFile, type RecordingHandle } from "./recording-file.ts";
import { type IndexedFragment, RecordingIndex } from "./recording-index.ts";
import {
  type RecordingManifest,
  readManifest,
  readRows,
  writeRows,
  writeWhole,
} from "./recording-manifest.ts";
import { isFragmentAt, scanRecording } from "./recording-scan.ts";

/** What bounds all recordings together; times in ms, sizes in bytes. */
export type RecordingsLimits = RecordingLimits & {
  readonly recordings: number;
  readonly recordingFiles: number;
  readonly recordAllUnwritten: number;
  readonly recordFreeDisk: number;
  readonly recordDiskCheck: Milliseconds;
  readonly recordIndexes: number;
};

/** What the recordings are made of. */
export type RecordingsOptions = {
  readonly folder: string;
  /** Of the program. */
  readonly version: string;
  readonly interval: Milliseconds;
  /** Older ones are removed; undefined: none are. */
  readonly keep: Milliseconds | undefined;
  /** Bytes of all together; the oldest are removed. */
  readonly disk: number;
  readonly clock: Clock;
  readonly limits: RecordingsLimits;
  readonly log: Log;
  /** Opens a new file instead of the system. */
  readonly openFile?: (path: string) => Promise<RecordingHandle>;
  /** One began, ended or failed. */
  readonly onState?: (manifest: RecordingManifest, path: string) => void;
};

/** Why nothing can be recorded now. */
export type RecordingRefusal = {
  readonly refused: "too-many" | "disk";
  /** For people. */
  readonly description: string;
};

/** A recording as those who serve it need it. */
export type RecordingSource = {
  readonly manifest: RecordingManifest;
  readonly path: string;
  /** Fragments may be added to it. */
  readonly isGrowing: boolean;
  /** What stands at the beginning of the file, as of now. */
  readonly head: Bytes;
  readonly index: RecordingIndex;
  /** Bytes of the file, as of now. */
  readonly length: number;
};

/** The folder cannot be used: one line for people. */
export class RecordingsError extends Error {
  override readonly name = "RecordingsError";
}

/** One that is finished. */
type Finished = { readonly manifest: RecordingManifest };

/** Names of our own; others are left alone. Time, a readable part, and chance. */
const OWN_ID = /^\d{8}T\d{6}Z-(?:[a-z0-9-]{1,40}-)?[0-9a-f]{8}$/;

/** A file that was written to so lately, by a process that lives, may still be. */
const STILL_WRITTEN: Milliseconds = 30_000;

/** All recordings of this server: those being written, and those in the folder. */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #active = new Map<string, Recording>();
  readonly #finished = new Map<string, Finished>();
  /** Of finished ones, the one used last at the end. */
  readonly #loaded = new Map<string, Promise<{ index: RecordingIndex; head: Bytes } | undefined>>();
  /** Manifests on their way to the disk. */
  readonly #saving = new Map<string, Promise<void>>();
  /** Their files are closed, and what is beside those is not yet. */
  readonly #ending = new Map<string, Promise<void>>();
  #cancelCheck: (() => void) | undefined;
  #isClosed = false;
  #tidying: Promise<void> = Promise.resolve();
  /** Behind the one that goes on. */
  #nextTidy: Promise<void> | undefined;

  /** @throws RecordingsError where the folder cannot be made */
  constructor(options: RecordingsOptions) {
    this.#options = options;
    const { folder } = options;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!statSync(folder).isDirectory()) throw new Error("it is no folder");
    } catch (error) {
      throw new RecordingsError(`--record-dir: cannot make ${folder} (${codeOf(error)})`);
    }
  }

  /** How many are being written. */
  get active(): number {
    return this.#active.size;
  }

  /** Bytes in memory, of all of them. */
  get unwritten(): number {
    let bytes = 0;
    for (const recording of this.#active.values()) bytes += recording.unwritten;
    return bytes;
  }

  /** No file becomes larger than this: then the oldest can always be removed. */
  get largestFile(): number {
    return this.#options.disk / 4;
  }

  /**
   * Looks at what the folder has, and finishes what was left open when the server vanished.
   *
   * @returns when all of it is known
   */
  async load(): Promise<void> {
    const { folder, log } = this.#options;
    const open: RecordingManifest[] = [];
    try {
      for (const name of await readdir(folder)) {
        const id = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
        if (!OWN_ID.test(id) || this.#active.has(id)) continue;
        const manifest = await readManifest(join(folder, name));
        if (manifest?.id !== id) {
          log.warn("a recording's manifest cannot be read", { code: "RECORDING_MANIFEST", id });
        } else if (manifest.writer !== null) open.push(manifest);
        else if (await exists(this.#path(id))) this.#finished.set(id, { manifest });
        else await this.#remove(id);
      }
    } catch (error) {
      log.error(`recordings cannot be read: ${codeOf(error)}`, { code: "RECORDING_FOLDER" });
    }
    for (const manifest of open.sort(byAge)) await this.#recover(manifest);
    await this.tidy();
  }

  /** Begins to record; the file comes with the first samples. */
  begin(streamPath: string, tracks: () => readonly LiveTrack[]): Recording | RecordingRefusal {
    const { clock, limits, folder, version, interval } = this.#options;
    if (this.#active.size >= limits.recordings) {
      const description = `No more than ${limits.recordings} recordings at once`;
      return { refused: "too-many", description };
    }
    const openFile = this.#options.openFile ?? openNew;
    const recording = new Recording({
      id: newId(streamPath, clock.now()),
      ...{ streamPath, folder, version, interval, clock, limits, tracks },
      open: async (one) => {
        await this.#save(one.manifest);
        return openFile(one.path);
      },
      onChange: (one) => this.#changed(one),
      onFailure: (one, failure) => this.#failed(one, failure),
    });
    this.#active.set(recording.id, recording);
    this.#cancelCheck ??= clock.after(limits.recordDiskCheck, () => this.#check());
    this.#options.onState?.(recording.manifest, recording.path);
    return recording;
  }

  /** All of them, the newest first. */
  list(): RecordingManifest[] {
    const active = [...this.#active.values()].map(({ manifest }) => manifest);
    const finished = [...this.#finished.values()].map(({ manifest }) => manifest);
    return [...active, ...finished].sort((a, b) => byAge(b, a));
  }

  find(id: string): RecordingManifest | undefined {
    return this.#active.get(id)?.manifest ?? this.#finished.get(id)?.manifest;
  }

  /** What is to be served of one; undefined where there is none, or nothing of it yet. */
  async source(id: string): Promise<RecordingSource | undefined> {
    const recording = this.#active.get(id);
    if (recording !== undefined) {
      const { manifest, path, index, head } = recording;
      if (index === undefined) return undefined;
      return { manifest, path, isGrowing: true, head, index, length: index.length };
    }
    const finished = this.#finished.get(id);
    if (finished === undefined) return undefined;
    const { manifest } = finished;
    const loading = this.#loaded.get(id) ?? this.#load(manifest);
    this.#loaded.delete(id);
    this.#loaded.set(id, loading);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > this.#options.limits.recordIndexes && oldest !== undefined) {
      this.#loaded.delete(oldest);
    }
    const loaded = await loading;
    if (loaded === undefined) return undefined;
    const path = this.#path(id);
    return { manifest, path, isGrowing: false, ...loaded, length: manifest.bytes };
  }

  /** Removes one with all that belongs to it. */
  async delete(id: string): Promise<"deleted" | "unknown" | "active"> {
    if (this.#active.has(id)) return "active";
    if (!this.#finished.has(id)) return "unknown";
    await this.#remove(id);
    return "deleted";
  }

  /** Removes what is too old, and the oldest where there is too much. */
  tidy(): Promise<void> {
    this.#nextTidy ??= this.#tidying.then(() => {
      this.#nextTidy = undefined;
      this.#tidying = this.#tidy();
      return this.#tidying;
    });
    return this.#nextTidy;
  }

  /** Ends all that are being written. @returns when their files are closed */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
    await Promise.all([...this.#active.values()].map((recording) => recording.end("shutdown")));
    await Promise.all(this.#ending.values());
    await Promise.all(this.#saving.values());
  }

  #path(id: string): string {
    return join(this.#options.folder, `${id}.mp4`);
  }

  #changed(recording: Recording): void {
    if (!recording.isOver) {
      void this.#save(recording.manifest);
      return;
    }
    const { id } = recording;
    const ended = this.#ended(recording).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ended);
  }

  #failed(recording: Recording, { code, message }: RecordingFailure): void {
    const { id, streamPath } = recording;
    this.#options.log.error(`recording stopped: ${message}`, { code, id, streamPath });
    void recording.end("failed");
  }

  async #ended(recording: Recording): Promise<void> {
    const { log, folder } = this.#options;
    const { id, streamPath, manifest, index, path } = recording;
    this.#options.onState?.(manifest, path);
    if (index === undefined || recording.isEmpty) {
      this.#active.delete(id);
      // Of one that failed there is something to tell, until the server ends.
      if (recording.failure !== undefined) this.#finished.set(id, { manifest });
      await this.#remove(id, recording.failure !== undefined);
      return;
    }
    this.#finished.set(id, { manifest });
    this.#active.delete(id);
    try {
      await writeWhole(join(folder, `${id}.index.json`), writeRows(index.rows()));
    } catch {
      // Whoever needs it finds out by reading the file.
    }
    await this.#save(manifest);
    const { reason, bytes, duration } = manifest;
    log.info("recording ended", { id, streamPath, reason, bytes, seconds: duration });
    await this.tidy();
  }

  /** One after another, so that the last word is the last one. */
  #save(manifest: RecordingManifest): Promise<void> {
    const { folder, log } = this.#options;
    const { id } = manifest;
    const before = this.#saving.get(id) ?? Promise.resolve();
    const saved = before.then(async () => {
      try {
        await writeWhole(join(folder, `${id}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
      } catch (error) {
        const code = "RECORDING_MANIFEST";
        log.warn(`a recording's manifest cannot be written: ${codeOf(error)}`, { code, id });
      }
    });
    this.#saving.set(id, saved);
    void saved.then(() => {
      if (this.#saving.get(id) === saved) this.#saving.delete(id);
    });
    return saved;
  }

  async #remove(id: string, isStillTold = false): Promise<void> {
    const { folder } = this.#options;
    if (!isStillTold) this.#finished.delete(id);
    this.#loaded.delete(id);
    await this.#saving.get(id);
    for (const ending of [".mp4", ".index.json", ".json"]) {
      await rm(join(folder, `${id}${ending}`), { force: true }).catch(() => {});
    }
  }

  async #load(
    manifest: RecordingManifest,
  ): Promise<{ index: RecordingIndex; head: Bytes } | undefined> {
    const { id, headLength, tracks } = manifest;
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path(id), "r");
      const head = new Uint8Array(headLength);
      await file.read(head, 0, headLength, 0);
      const rows = await readRows(join(this.#options.folder, `${id}.index.json`));
      if (rows !== undefined && isWithin(rows, manifest.bytes - headLength)) {
        const index = new RecordingIndex(headLength, tracks);
        index.add(rows);
        return { index, head };
      }
      const index = await scanRecording(file, headLength, manifest.bytes, tracks);
      return { index, head };
    } catch (error) {
      const code = "RECORDING_READ";
      this.#options.log.warn(`a recording cannot be read: ${codeOf(error)}`, { code, id });
      this.#loaded.delete(id);
      return undefined;
    } finally {
      await file?.close();
    }
  }

  /** Finishes a file whose writer vanished: what is not complete is cut off. */
  async #recover(manifest: RecordingManifest): Promise<void> {
    const { log, clock, folder } = this.#options;
    const { id, streamPath } = manifest;
    const path = this.#path(id);
    let file: FileHandle | undefined;
    try {
      const { size, mtimeMs } = await stat(path);
      const isFresh = clock.now() - mtimeMs < STILL_WRITTEN;
      if (isFresh && isOtherProcess(manifest.writer)) {
        clock.after(STILL_WRITTEN, () => {
          if (!this.#isClosed) void this.#recover(manifest);
        });
        return;
      }
      file = await open(path, "r+");
      const { headLength, tracks } = manifest;
      const index = await scanRecording(file, headLength, size, tracks);
      if (index.count === 0) {
        const isEmpty = size <= headLength || (await isFragmentAt(file, headLength));
        if (!isEmpty) throw new Error("it does not begin as its manifest says");
        await file.close();
        await this.#remove(id);
        log.info("an empty recording was removed", { id, streamPath });
        return;
      }
      const head = new Uint8Array(headLength);
      await file.read(head, 0, headLength, 0);
      await file.truncate(index.length);
      const length = await RecordingFile.of(file, index.length).finish(() => ({
        head: finishedHead(head, index.contents()),
        end: index.randomAccess(),
      }));
      const finished: RecordingManifest = {
        ...manifest,
        state: manifest.failure === null ? "complete" : "failed",
        endedAt: manifest.endedAt ?? new Date(Math.round(mtimeMs)).toISOString(),
        reason: manifest.reason ?? "crash",
        ...{ headLength, bytes: length ?? index.length, writer: null },
        duration: index.duration / 1000,
      };
      await writeWhole(join(folder, `${id}.index.json`), writeRows(index.rows())).catch(() => {});
      this.#finished.set(id, { manifest: finished });
      await this.#save(finished);
      const { duration: seconds } = finished;
      const cutOff = size - index.length;
      log.info("a recording that was left open was finished", { id, streamPath, seconds, cutOff });
      this.#options.onState?.(finished, path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") await this.#remove(id);
      else {
        const code = "RECORDING_READ";
        log.warn(`a recording cannot be finished: ${codeOf(error)}`, { code, id, streamPath });
      }
    } finally {
      await file?.close().catch(() => {});
    }
  }

  async #tidy(): Promise<void> {
    const { keep, disk, clock, limits, log } = this.#options;
    const oldest = [...this.#finished.values()].map(({ manifest }) => manifest).sort(byAge);
    let bytes = oldest.reduce((sum, one) => sum + one.bytes, 0);
    for (const recording of this.#active.values()) bytes += recording.bytes;
    let count = oldest.length;
    for (const { id, endedAt, streamPath, bytes: own } of oldest) {
      const age = clock.now() - Date.parse(endedAt ?? "");
      const isOld = keep !== undefined && age > keep;
      if (!isOld && bytes <= disk && count <= limits.recordingFiles) continue;
      await this.#remove(id);
      bytes -= own;
      count -= 1;
      const why = isOld ? "age" : "size";
      log.info("a recording was removed", { id, streamPath, why });
    }
    if (bytes <= disk) return;
    const largest = [...this.#active.values()].sort((a, b) => b.bytes - a.bytes)[0];
    const message = `recordings may have ${disk} bytes, and those being written have more`;
    largest?.fail({ code: "RECORDING_LIMIT", message });
  }

  /** Now and then while something is being written: whether there is room for more. */
  #check(): void {
    this.#cancelCheck = undefined;
    if (this.#active.size === 0 || this.#isClosed) return;
    const { clock, limits, folder } = this.#options;
    this.#cancelCheck = clock.after(limits.recordDiskCheck, () => this.#check());
    void this.tidy();
    statfs(folder).then(
      ({ bavail, blocks, bsize }) => {
        const least = Math.min(limits.recordFreeDisk, (blocks * bsize) / 20);
        const free = bavail * bsize;
        if (free >= least) return;
        const message = `only ${free} bytes are free on the disk: ${Math.round(least)} are to stay so`;
        for (const recording of this.#active.values()) {
          recording.fail({ code: "RECORDING_DISK_FULL", message });
        }
      },
      () => {},
    ); // where the system does not tell, it tells by refusing to write
  }
}

/** By when they began, then by name. */
const byAge = (a: RecordingManifest, b: RecordingManifest): number =>
  Date.parse(a.startedAt) - Date.parse(b.startedAt) || (a.id < b.id ? -1 : 1);

/** A name for files: nothing of a stranger's text is in it but letters and digits. */
function newId(streamPath: string, now: Milliseconds): string {
  const moment = new Date(Math.floor(now)).toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "");
  const readable = streamPath
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return [moment, ...(readable === "" ? [] : [readable]), randomBytes(4).toString("hex")].join("-");
}

/** Whether an index can be of a file that has so many bytes of fragments. */
const isWithin = (rows: readonly IndexedFragment[], most: number): boolean =>
  rows.every(({ headLength, length }) => headLength <= length) &&
  rows.reduce((sum, { length }) => sum + length, 0) <= most;

const openNew = (path: string): Promise<FileHandle> => open(path, "wx", 0o600);

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

function isOtherProcess(pid: number | null): boolean {
  if (pid === null || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
