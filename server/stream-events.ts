import type { LiveObserver } from "./live/live-observer.ts";
import type { LiveStream } from "./live/live-stream.ts";
import { inOrder } from "./live/track-choice.ts";
import type { Log } from "./log.ts";
import type { DataValue, Milliseconds } from "./protocol/media/sample.ts";

/** A track as the library tells of it. */
export type StreamTrack = {
  /** Within the live stream, and the same on every transport. */
  readonly id: number;
  readonly mediaType: "video" | "audio";
  /** The encoder's own number among those of its kind. */
  readonly index: number;
  /** For people. */
  readonly name: string;
  /** BCP 47; "und" where the encoder did not say. */
  readonly language: string;
  /** RFC 6381. */
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
};

/** What happens to live streams, by the name of the event. */
export type StreamEvents = {
  /** A broadcast began. A publisher's return within the grace period continues it. */
  readonly publish: { readonly streamPath: string };
  /** Its tracks are these now. */
  readonly tracks: { readonly streamPath: string; readonly tracks: readonly StreamTrack[] };
  /** onMetaData, a cue point, text: names and values come from strangers. */
  readonly data: {
    readonly streamPath: string;
    /** Unique: viewers are told of it under the same. */
    readonly id: string;
    readonly name: string;
    /** On the live stream's timeline. */
    readonly time: Milliseconds;
    readonly values: readonly DataValue[];
  };
  /** A recording began, ended or failed. */
  readonly recording: {
    readonly streamPath: string;
    readonly id: string;
    readonly state: "recording" | "complete" | "failed";
    /** Its file, complete or not. */
    readonly file: string;
  };
  /** It is over: its publisher said goodbye, or did not come back in time. */
  readonly end: { readonly streamPath: string };
};

type Listener<Name extends keyof StreamEvents> = (event: StreamEvents[Name]) => void;

/** What the events need of the hub. */
export type ObservedRegistry = {
  observe(observer: { published(liveStream: LiveStream): void }): () => void;
};

/**
 * Tells the program that the server is part of what happens to its live streams. A listener that
 * throws costs a line in the log and nothing else.
 */
export class StreamEventSource {
  readonly #log: Log;
  readonly #listeners: { readonly [Name in keyof StreamEvents]: Set<Listener<Name>> } = {
    publish: new Set(),
    tracks: new Set(),
    data: new Set(),
    recording: new Set(),
    end: new Set(),
  };
  /** Streams that are observed, and whether their end is still to be told. */
  readonly #onAir = new Map<LiveStream, boolean>();

  constructor(registry: ObservedRegistry, log: Log) {
    this.#log = log;
    registry.observe({ published: (liveStream) => this.#published(liveStream) });
  }

  /** @returns takes the listener out again */
  on<Name extends keyof StreamEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    const own: Listener<Name> = (event) => listener(event); // the same one may be given twice
    listeners.add(own);
    return () => {
      listeners.delete(own);
    };
  }

  /** Tells of a recording. */
  recording(event: StreamEvents["recording"]): void {
    this.#tell("recording", event);
  }

  #published(liveStream: LiveStream): void {
    const wasOnAir = this.#onAir.get(liveStream);
    if (wasOnAir === undefined) this.#observe(liveStream);
    this.#onAir.set(liveStream, true);
    if (wasOnAir !== true) this.#tell("publish", { streamPath: liveStream.streamPath });
  }

  #observe(liveStream: LiveStream): void {
    const { streamPath } = liveStream;
    const observer: LiveObserver = {
      tracks: () => {
        if (liveStream.startedAt === undefined) {
          // Nobody came back: whoever watches still, watches something new.
          stop();
          this.#end(liveStream);
          this.#onAir.delete(liveStream);
          return;
        }
        const tracks = inOrder(liveStream.tracks).map(streamTrack);
        this.#tell("tracks", { streamPath, tracks });
      },
      data: ({ id, name, at, values }) =>
        this.#tell("data", { streamPath, id, name, time: at, values }),
      state: (state) => {
        if (state === "ended") this.#end(liveStream);
      },
    };
    const stop = liveStream.observe(observer, { isViewer: false });
  }

  #end(liveStream: LiveStream): void {
    if (this.#onAir.get(liveStream) !== true) return;
    this.#onAir.set(liveStream, false);
    this.#tell("end", { streamPath: liveStream.streamPath });
  }

  #tell<Name extends keyof StreamEvents>(name: Name, event: StreamEvents[Name]): void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error(`a listener to "${name}" failed`, { error });
      }
    }
  }
}

function streamTrack({ id, name, language, track }: LiveStream["tracks"][number]): StreamTrack {
  const { mediaType, trackIndex: index, codecString: codec } = track;
  const common = { id, mediaType, index, name, language, codec };
  return track.mediaType === "video"
    ? { ...common, width: track.width, height: track.height }
    : { ...common, sampleRate: track.sampleRate, channels: track.channels };
}
