import type { Clock } from "../live/clock.ts";
import type { LiveObserver } from "../live/live-observer.ts";
import type { LiveSample } from "../live/live-sample.ts";
import type { LiveStream } from "../live/live-stream.ts";
import type { Log } from "../log.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Recording } from "./recording.ts";
import type { RecordingManifest, RecordingReason } from "./recording-manifest.ts";
import type { RecordingRules } from "./recording-rules.ts";
import type { RecordingRefusal, Recordings } from "./recordings.ts";

/** What the recorder needs of the hub. */
export type RecordedRegistry = {
  find(streamPath: string): LiveStream | undefined;
  observe(observer: { published(liveStream: LiveStream): void }): () => void;
};

/** What bounds it; times in ms. */
export type RecorderLimits = {
  readonly recordTime: Milliseconds;
  readonly recordAllUnwritten: number;
  readonly recordChanges: number;
  readonly recordChangesTime: Milliseconds;
};

/** What the recorder is made of. */
export type RecorderOptions = {
  readonly registry: RecordedRegistry;
  readonly recordings: Recordings;
  readonly rules: RecordingRules;
  readonly clock: Clock;
  readonly limits: RecorderLimits;
  readonly log: Log;
};

/** Why a stream is not recorded. */
export type StartRefusal = {
  readonly refused: RecordingRefusal["refused"] | "not-live" | "already";
  /** For people. */
  readonly description: string;
};

/**
 * Records live streams: those that a rule names whenever somebody publishes them, and others for as long
 * as somebody asked for it. A publisher's return goes into a new file, and so do tracks that a file
 * cannot have because its head is written.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #streams = new Map<LiveStream, RecordedStream>();
  readonly #unobserve: () => void;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { registry, rules } = options;
    this.#unobserve = registry.observe({
      published: (liveStream) => {
        const known = this.#streams.get(liveStream);
        if (known !== undefined) known.republished();
        else if (rules.matches(liveStream.streamPath)) this.#observe(liveStream).start();
      },
    });
  }

  /** The recording that is being made of a stream. */
  recordingOf(streamPath: string): Recording | undefined {
    for (const [liveStream, stream] of this.#streams) {
      if (liveStream.streamPath === streamPath) return stream.recording;
    }
    return undefined;
  }

  /** Records a stream that is live, from its newest sync sample on, until it ends or is stopped. */
  start(streamPath: string): RecordingManifest | StartRefusal {
    const liveStream = this.#options.registry.find(streamPath);
    if (liveStream === undefined || liveStream.state !== "live") {
      return { refused: "not-live", description: `Nobody publishes ${streamPath}` };
    }
    const stream = this.#streams.get(liveStream) ?? this.#observe(liveStream);
    if (stream.recording !== undefined) {
      return { refused: "already", description: `${streamPath} is being recorded already` };
    }
    const begun = stream.start({ withHistory: true });
    return "refused" in begun ? begun : begun.manifest;
  }

  /**
   * Ends a recording that is being made; its stream is recorded no more, until somebody asks for it or
   * it is another broadcast.
   *
   * @returns when its file is complete; undefined where there is none
   */
  async stop(id: string): Promise<RecordingManifest | undefined> {
    for (const stream of this.#streams.values()) {
      const { recording } = stream;
      if (recording?.id !== id) continue;
      await stream.stop();
      return recording.manifest;
    }
    return undefined;
  }

  /** Records nothing more: the server ends. */
  close(): void {
    this.#unobserve();
    for (const stream of this.#streams.values()) stream.leave("shutdown");
    this.#streams.clear();
  }

  #observe(liveStream: LiveStream): RecordedStream {
    const stream = new RecordedStream(liveStream, this.#options, () => {
      this.#streams.delete(liveStream);
    });
    this.#streams.set(liveStream, stream);
    return stream;
  }
}

/** One live stream that is recorded, or may be. */
class RecordedStream {
  readonly #liveStream: LiveStream;
  readonly #options: RecorderOptions;
  readonly #unobserve: () => void;
  readonly #onOver: () => void;
  /** Whether the next publisher is recorded, too. */
  #isWanted = false;
  #recording: Recording | undefined;
  /** Video tracks whose first sync sample has come. */
  #begun = new Set<number>();
  /** Of the first sample of the present publisher: what lies before it is another's. */
  #epoch: number | undefined;
  #isFresh = false;
  /** When files were begun because tracks changed. */
  #changes: Milliseconds[] = [];

  constructor(liveStream: LiveStream, options: RecorderOptions, onOver: () => void) {
    this.#liveStream = liveStream;
    this.#options = options;
    this.#onOver = onOver;
    const observer: LiveObserver = {
      sample: (sample) => this.#take(sample),
      state: (state) => {
        if (state === "ended") void this.#end("ended");
        else if (state === "reconnecting") void this.#end("lost");
      },
      tracks: () => {
        if (liveStream.startedAt !== undefined) return;
        this.leave("ended"); // nobody came back: what comes now is another broadcast
        this.#onOver();
      },
    };
    this.#unobserve = liveStream.observe(observer, { isViewer: false });
  }

  /** The recording that is being made. */
  get recording(): Recording | undefined {
    return this.#recording?.isOpen === true ? this.#recording : undefined;
  }

  /** Somebody publishes it now who did not before. */
  republished(): void {
    void this.#end("replaced");
    this.#epoch = undefined;
    this.#isFresh = true;
    if (this.#isWanted) this.start();
  }

  /** @param withHistory what is there of the present GOP goes into it, too */
  start({ withHistory = false }: { withHistory?: boolean } = {}): Recording | RecordingRefusal {
    const { recordings, log } = this.#options;
    const liveStream = this.#liveStream;
    const { streamPath } = liveStream;
    this.#isWanted = true;
    const begun = recordings.begin(streamPath, () => liveStream.tracks);
    if ("refused" in begun) {
      const code = "RECORDING_REFUSED";
      log.error(`cannot record: ${begun.description}`, { code, streamPath });
      return begun;
    }
    log.info("recording begins", { id: begun.id, streamPath });
    this.#recording = begun;
    this.#begun = new Set();
    if (withHistory) this.#takeHistory();
    return begun;
  }

  /** @returns when the file is complete */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#end("stopped");
  }

  leave(reason: RecordingReason): void {
    this.#unobserve();
    void this.#end(reason);
  }

  async #end(reason: RecordingReason): Promise<void> {
    const recording = this.#recording;
    this.#recording = undefined;
    await recording?.end(reason);
  }

  #take(sample: LiveSample): void {
    if (this.#epoch === undefined && this.#isFresh) this.#epoch = sample.epoch.index;
    const { recording } = this;
    if (recording === undefined) return;
    if (!recording.fits(sample)) {
      this.#changeOver(recording);
      return;
    }
    const { limits, recordings } = this.#options;
    const isEntry = sample.isSync && (sample.isVideo || this.#begun.size === 0);
    const isLarge =
      recording.duration >= limits.recordTime || recording.bytes >= recordings.largestFile;
    if (isEntry && isLarge) {
      void this.#end("rotated");
      this.start({ withHistory: true });
      return;
    }
    this.#give(recording, sample);
    if (recordings.unwritten <= limits.recordAllUnwritten) return;
    const message = "the disk is too slow for all recordings together";
    recording.fail({ code: "RECORDING_SLOW", message });
  }

  /** A file has the tracks that its head names: others go into a new one, and the present GOP again. */
  #changeOver(recording: Recording): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    this.#changes = this.#changes.filter((at) => now - at < limits.recordChangesTime);
    this.#changes.push(now);
    if (this.#changes.length > limits.recordChanges) {
      const message = "its tracks change too often: each change takes a file of its own";
      recording.fail({ code: "RECORDING_LIMIT", message });
      return;
    }
    void this.#end("changed");
    this.start({ withHistory: true });
  }

  #takeHistory(): void {
    const recording = this.#recording;
    if (recording === undefined) return;
    const from = this.#epoch ?? 0;
    for (const sample of this.#liveStream.history()) {
      if (sample.epoch.index >= from && recording.fits(sample)) this.#give(recording, sample);
    }
  }

  #give(recording: Recording, sample: LiveSample): void {
    if (sample.isVideo && !this.#begun.has(sample.track.id)) {
      if (!sample.isSync) return;
      this.#begun.add(sample.track.id);
    }
    recording.take(sample);
  }
}
