import { join } from "node:path";
import type { Clock } from "../live/clock.ts";
import type { LiveSample } from "../live/live-sample.ts";
import type { LiveTrack } from "../live/live-track.ts";
import { type Bytes, NO_BYTES, type OwnBytes } from "../protocol/bytes/bytes.ts";
import { finishedHead } from "../protocol/isobmff/file-head.ts";
import { fileHead } from "../protocol/isobmff/init-segment.ts";
import { mediaSegmentHead } from "../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import { type CutFragment, FragmentCutter } from "./recording-cutter.ts";
import { type RecordingFailure, RecordingFile, type RecordingHandle } from "./recording-file.ts";
import { type IndexedFragment, RecordingIndex } from "./recording-index.ts";
import {
  type RecordedTrack,
  type RecordingManifest,
  type RecordingReason,
  recordedTrack,
} from "./recording-manifest.ts";

/** What bounds one recording; times in ms, sizes in bytes. */
export type RecordingLimits = {
  readonly recordUnwritten: number;
  readonly recordFragment: number;
  readonly recordIndexRoom: number;
};

/** What a recording is made of. */
export type RecordingOptions = {
  readonly id: string;
  readonly streamPath: string;
  readonly folder: string;
  /** Of the program. */
  readonly version: string;
  readonly interval: Milliseconds;
  readonly clock: Clock;
  readonly limits: RecordingLimits;
  /** Opens its file; the manifest has its tracks by now. */
  readonly open: (recording: Recording) => Promise<RecordingHandle>;
  /** The tracks of the live stream now, for the file's head. */
  readonly tracks: () => readonly LiveTrack[];
  /** Something that the manifest tells changed. */
  readonly onChange: (recording: Recording) => void;
  /** Called once. It is to be ended then; what is in its file stays. */
  readonly onFailure: (recording: Recording, failure: RecordingFailure) => void;
};

/** One file of one live stream, from its first sample to its end. */
export class Recording {
  readonly id: string;
  readonly streamPath: string;
  readonly path: string;
  readonly startedAt: Milliseconds;
  readonly #options: RecordingOptions;
  readonly #cutter: FragmentCutter;
  readonly #file: RecordingFile;
  #index: RecordingIndex | undefined;
  #head: OwnBytes = NO_BYTES;
  #tracks: readonly RecordedTrack[] = [];
  /** The file's tracks and their configurations. */
  #configurations = new Map<number, number>();
  /** Where the file's own time begins on the live stream's timeline. */
  #begin: Milliseconds | undefined;
  #begins: Milliseconds | undefined;
  #sequenceNumber = 0;
  #bytes = 0;
  #reason: RecordingReason | undefined;
  #endedAt: Milliseconds | undefined;
  #finished: Promise<void> | undefined;
  #isOver = false;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.id = options.id;
    this.streamPath = options.streamPath;
    this.path = join(options.folder, `${options.id}.mp4`);
    this.startedAt = options.clock.now();
    this.#cutter = new FragmentCutter({
      interval: options.interval,
      bytes: options.limits.recordFragment,
    });
    this.#file = new RecordingFile(
      () => options.open(this),
      (failure) => {
        this.#endedAt ??= options.clock.now();
        options.onFailure(this, failure);
      },
    );
  }

  /** What lies in the file by now; undefined before its head does. */
  get index(): RecordingIndex | undefined {
    return this.#index;
  }

  /** The file's head with what is known by now. */
  get head(): Bytes {
    const index = this.#index;
    return index === undefined ? this.#head : finishedHead(this.#head, index.contents());
  }

  /** Bytes that the file has. */
  get bytes(): number {
    return this.#bytes;
  }

  get duration(): Milliseconds {
    return this.#index?.duration ?? 0;
  }

  /** Bytes in memory. */
  get unwritten(): number {
    return this.#cutter.bytes + this.#file.unwritten;
  }

  get failure(): RecordingFailure | undefined {
    return this.#file.failure;
  }

  /** Samples are taken: it was not ended, and nothing failed. */
  get isOpen(): boolean {
    return this.#finished === undefined && this.failure === undefined;
  }

  /** The file is closed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing was ever written. */
  get isEmpty(): boolean {
    return (this.#index?.count ?? 0) === 0;
  }

  get manifest(): RecordingManifest {
    const { failure } = this;
    return {
      format: 1,
      server: this.#options.version,
      id: this.id,
      streamPath: this.streamPath,
      startedAt: iso(this.startedAt),
      endedAt: this.#endedAt === undefined ? null : iso(this.#endedAt),
      state: failure !== undefined ? "failed" : this.#isOver ? "complete" : "recording",
      reason: this.#reason ?? null,
      failure: failure ?? null,
      tracks: [...this.#tracks],
      headLength: this.#head.length,
      bytes: this.#bytes,
      duration: this.duration / 1000,
      begins: this.#begins === undefined ? null : iso(this.#begins),
      writer: this.#isOver ? null : process.pid,
    };
  }

  /** Whether a sample can go into this file: of a track and configuration that it has. */
  fits({ track, dts, compositionOffset }: LiveSample): boolean {
    if (this.#begin === undefined) {
      const known = this.#cutter.tracks.find(({ id }) => id === track.id);
      return known === undefined || known.configuration === track.configuration;
    }
    const earliest = ((dts + Math.min(0, compositionOffset)) * 1000) / track.timescale;
    // To the tick of a track alone: the file's beginning is another's.
    return (
      this.#configurations.get(track.id) === track.configuration && earliest >= this.#begin - 1
    );
  }

  /** Takes a sample that fits. Never waits: what the disk does not take in time fails the recording. */
  take(sample: LiveSample): void {
    if (!this.isOpen) return;
    this.#write(this.#cutter.push(sample), sample);
    const { recordUnwritten } = this.#options.limits;
    if (this.unwritten <= recordUnwritten) return;
    const message = `the disk is too slow: ${this.unwritten} bytes wait for it`;
    this.#file.fail({ code: "RECORDING_SLOW", message });
  }

  /** Gives up: what is in the file stays. */
  fail(failure: RecordingFailure): void {
    this.#file.fail(failure);
  }

  /** Ends the file in order. @returns when it is closed */
  end(reason: RecordingReason): Promise<void> {
    this.#finished ??= this.#finish(this.failure === undefined ? reason : "failed");
    return this.#finished;
  }

  async #finish(reason: RecordingReason): Promise<void> {
    this.#reason = reason;
    this.#endedAt ??= this.#options.clock.now();
    if (this.failure === undefined) this.#write(this.#cutter.finish());
    const length = await this.#file.finish(() => {
      const index = this.#index;
      return index && { head: this.head, end: index.randomAccess() };
    });
    this.#bytes = length ?? this.#bytes;
    if (this.failure !== undefined) this.#reason = "failed";
    this.#isOver = true;
    this.#options.onChange(this);
  }

  #write(cuts: readonly CutFragment[], newest?: LiveSample): void {
    if (cuts.length === 0) return;
    const begin = this.#begin ?? this.#start(cuts, newest);
    const fragments: IndexedFragment[] = [];
    const pieces: Bytes[] = [];
    for (const cut of cuts) {
      const { head, fragment } = this.#fragment(cut, begin);
      pieces.push(head, ...cut.samples.map(({ data }) => data));
      fragments.push(fragment);
    }
    const isFirst = this.#sequenceNumber === cuts.length;
    const headLength = this.#head.length;
    this.#file.append(isFirst ? [this.#head, ...pieces] : pieces, () => {
      if (this.#index === undefined) {
        const tracks = this.#tracks.map(({ id, timescale }) => ({ id, timescale }));
        this.#index = new RecordingIndex(headLength, tracks);
        this.#options.onChange(this);
      }
      this.#index.add(fragments);
      this.#bytes = this.#index.length;
    });
  }

  /** The first fragments are there: the tracks are known, and where the file's time begins. */
  #start(cuts: readonly CutFragment[], newest: LiveSample | undefined): Milliseconds {
    const given = [...this.#cutter.tracks, ...cuts.map(({ live }) => live)];
    const all = new Map(this.#options.tracks().map((live) => [live.id, live]));
    for (const live of given) all.set(live.id, live);
    const tracks = [...all.values()].sort((a, b) => rank(a) - rank(b));
    this.#configurations = new Map(tracks.map(({ id, configuration }) => [id, configuration]));
    this.#tracks = tracks.map(recordedTrack);
    this.#head = fileHead(
      tracks.map(({ id, timescale, track, language }) => ({
        trackId: id,
        timescale,
        track,
        language,
      })),
      { createdAt: this.startedAt, indexRoom: this.#options.limits.recordIndexRoom },
    );
    let begin = this.#cutter.earliest;
    for (const { samples, live } of cuts) {
      for (const { dts, compositionOffset } of samples) {
        const at = ((dts + Math.min(0, compositionOffset)) * 1000) / live.timescale;
        begin = Math.min(begin, at);
      }
    }
    this.#begin = begin;
    const any = newest ?? cuts[0]?.samples[0];
    this.#begins = begin + (any?.epoch.wallOffset ?? 0);
    return begin;
  }

  #fragment(
    { live, samples, durations }: CutFragment,
    begin: Milliseconds,
  ): { head: OwnBytes; fragment: IndexedFragment } {
    this.#sequenceNumber += 1;
    const [first] = samples;
    const from = first?.dts ?? 0;
    const time = Math.max(0, from - Math.round((begin * live.timescale) / 1000));
    const head = mediaSegmentHead({
      trackId: live.id,
      sequenceNumber: this.#sequenceNumber,
      baseMediaDecodeTime: time,
      mediaType: live.track.mediaType,
      samples: samples.map(({ data, isSync, isDisposable, compositionOffset }, index) => ({
        duration: durations[index] ?? 1,
        size: data.length,
        isSync,
        isDisposable,
        compositionOffset,
      })),
    });
    const fragment = {
      trackId: live.id,
      length: samples.reduce((sum, { data }) => sum + data.length, head.length),
      headLength: head.length,
      time,
      duration: durations.reduce((sum, duration) => sum + duration, 0),
      isSync: first?.isSync ?? false,
      compositionOffset: first?.compositionOffset ?? 0,
    };
    return { head, fragment };
  }
}

const rank = ({ id, track }: LiveTrack): number =>
  (track.mediaType === "video" ? 0 : 1_000_000) + id;

const iso = (at: Milliseconds): string => new Date(Math.round(at)).toISOString();
