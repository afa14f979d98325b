import type { Bytes, OwnBytes } from "../../server/protocol/bytes/bytes.ts";
import { concat } from "../../server/protocol/bytes/bytes.ts";
import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";
import { type Frame, FrameFlag } from "../../server/protocol/wire/frame.ts";
import { isRaw, type PlannedTrack } from "./plan.ts";

/** What waits for its SourceBuffer. */
type Job =
  | { readonly name: "init"; readonly mimeType: string; readonly bytes: Bytes }
  | { readonly name: "media"; readonly frame: Frame; readonly timescale: number }
  | { readonly name: "remove"; readonly end: number };

/** Bytes that may wait: a SourceBuffer that takes nothing would let them grow for ever. */
const MAX_WAITING = 48 * 1024 * 1024;

/** Sound that is held back while the browser wants nothing: so much of it (seconds), the newest. */
const SOUND_HELD = 12;

/** Raw sound that is further than this (seconds) from where the last ended is placed anew. */
const RAW_GAP = 0.06;

/** Tracks of one kind, one at a time, on their way into one SourceBuffer: one append at a time, what piled up in one. */
export class TrackBuffer {
  #track: AnnouncedTrack;
  readonly #buffer: SourceBuffer;
  readonly #raw: boolean;
  readonly #onError: (error: unknown) => void;
  readonly #onAppended: () => void;
  readonly #playhead: () => number;
  #jobs: Job[] = [];
  #isHeld = false;
  #waiting = 0;
  #mimeType: string;
  #lastInit: Bytes | undefined;
  #rawEnd: number | undefined;
  #refusals = 0;
  #appending: { readonly shownUntil: number; readonly bytes: number } | undefined;
  #edge: number | undefined;
  #reach = 0;

  constructor(
    mediaSource: MediaSource,
    { track, mimeType }: PlannedTrack,
    host: {
      onError(error: unknown): void;
      onAppended(): void;
      /** Where the element plays, seconds. */
      playhead(): number;
    },
  ) {
    this.#track = track;
    this.#mimeType = mimeType;
    this.#raw = isRaw(mimeType);
    this.#onError = host.onError;
    this.#onAppended = host.onAppended;
    this.#playhead = host.playhead;
    this.#buffer = mediaSource.addSourceBuffer(mimeType);
    if (this.#raw) this.#buffer.mode = "sequence";
    this.#buffer.addEventListener("updateend", () => {
      this.#appended();
    });
    this.#buffer.addEventListener("error", () => {
      this.#onError(new Error(`Cannot append to ${this.#mimeType}`));
    });
  }

  /** The track that is played now. */
  get track(): AnnouncedTrack {
    return this.#track;
  }

  /**
   * Until when appended media can be shown, seconds: by the times of the samples, since declared
   * durations of pictures are generous. Undefined until the first append is done.
   */
  get edge(): number | undefined {
    return this.#edge;
  }

  /**
   * Takes an init segment, of this track or of the one that takes its place. The same one again would
   * only break the GOP, and is left out.
   */
  init({ track, mimeType }: PlannedTrack, bytes: Bytes): void {
    this.#track = track;
    if (this.#raw) return;
    if (this.#lastInit !== undefined && sameBytes(this.#lastInit, bytes)) return;
    this.#lastInit = bytes;
    this.#jobs.push({ name: "init", mimeType, bytes });
    // The media that follows at once goes into the same append.
    queueMicrotask(() => this.#pump());
  }

  /** Takes samples in decode order. @param interval seconds that the last of them is shown for */
  append(frames: readonly Frame[], interval: number): void {
    for (const frame of frames) {
      if (this.#isHeld) this.#makeWay(frame);
      this.#jobs.push({ name: "media", frame, timescale: this.#track.timescale });
      this.#waiting += frame.payload.length;
    }
    this.#reach = interval;
    if (this.#waiting > MAX_WAITING) {
      this.#onError(new Error(`Cannot hold ${this.#waiting} bytes for ${this.#mimeType}`));
      return;
    }
    this.#pump();
  }

  /**
   * Whether the browser wants nothing now (ManagedMediaSource): then only the newest is kept that can be
   * begun with, to be appended when it wants some again.
   */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#pump();
  }

  /** Forgets what lies before `end` (seconds). */
  evict(end: number): void {
    const { buffered } = this.#buffer;
    if (buffered.length === 0 || buffered.start(0) >= end) return;
    if (this.#jobs.some(({ name }) => name === "remove")) return;
    this.#jobs.push({ name: "remove", end });
    this.#pump();
  }

  #pump(): void {
    if (this.#buffer.updating || this.#isHeld) return;
    const job = this.#jobs[0];
    if (job === undefined) return;
    try {
      if (job.name === "remove") {
        this.#buffer.remove(0, job.end);
        this.#jobs.shift();
      } else {
        this.#appendNext();
      }
      this.#refusals = 0;
    } catch (error) {
      this.#refused(error);
    }
  }

  /** What is held back is forgotten where something newer can be begun with. */
  #makeWay({ flags, dts }: Frame): void {
    const isVideo = this.#track.mediaType === "video";
    if (isVideo && (flags & FrameFlag.Sync) === 0) return;
    const oldest = isVideo ? dts : dts - SOUND_HELD * this.#track.timescale;
    this.#jobs = this.#jobs.filter((job) => {
      if (job.name !== "media" || job.frame.dts >= oldest) return true;
      this.#waiting -= job.frame.payload.length;
      return false;
    });
  }

  /** One append: an init segment if one is due, and all the media that waits behind it. */
  #appendNext(): void {
    const pieces: Bytes[] = [];
    let shownUntil = Number.NEGATIVE_INFINITY;
    let bytes = 0;
    let taken = 0;
    for (const job of this.#jobs) {
      if (job.name === "remove") break;
      if (job.name === "init") {
        if (taken > 0) break;
        if (job.mimeType !== this.#mimeType) {
          this.#buffer.changeType(job.mimeType);
          this.#mimeType = job.mimeType;
        }
        pieces.push(job.bytes);
      } else {
        const { frame, timescale } = job;
        const start = (frame.dts + frame.compositionOffset) / timescale;
        if (this.#raw && !this.#placeRaw(start, frame.duration / timescale, taken)) {
          break;
        }
        pieces.push(this.#raw ? frame.payload.subarray(frame.dataOffset) : frame.payload);
        shownUntil = Math.max(shownUntil, start);
        bytes += frame.payload.length;
      }
      taken += 1;
    }
    const [first] = pieces;
    if (first === undefined) return;
    // Frames are views of a WebSocket message: memory of this page, never shared.
    this.#buffer.appendBuffer(pieces.length === 1 ? (first as OwnBytes) : concat(...pieces));
    this.#jobs.splice(0, taken);
    this.#appending = { shownUntil: shownUntil + this.#reach, bytes };
  }

  /** Raw sound has no times of its own. @returns false where a new place needs a new append */
  #placeRaw(start: number, duration: number, taken: number): boolean {
    const expected = this.#rawEnd;
    if (expected === undefined || Math.abs(start - expected) > RAW_GAP) {
      if (taken > 0) return false;
      this.#buffer.timestampOffset = start;
      this.#rawEnd = start + duration;
    } else {
      this.#rawEnd = expected + duration;
    }
    return true;
  }

  #appended(): void {
    const done = this.#appending;
    this.#appending = undefined;
    if (done !== undefined) {
      this.#waiting -= done.bytes;
      if (Number.isFinite(done.shownUntil)) {
        this.#edge = Math.max(this.#edge ?? done.shownUntil, done.shownUntil);
        this.#onAppended();
      }
    }
    this.#pump();
  }

  /** Full: make room behind the playhead and try again, once; then somebody else must decide. */
  #refused(error: unknown): void {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    const end = this.#playhead() - 1;
    this.#refusals += 1;
    if (full && this.#refusals === 1 && end > 0) {
      this.#jobs.unshift({ name: "remove", end });
      try {
        this.#buffer.remove(0, end);
        this.#jobs.shift();
        return;
      } catch (second) {
        this.#onError(second);
        return;
      }
    }
    this.#onError(error);
  }
}

function sameBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
