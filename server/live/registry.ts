import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Clock } from "./clock.ts";
import { type Feed, Handover, type HandoverLimits } from "./handover.ts";
import type { StreamWarning } from "./live-observer.ts";
import { type LiveSettings, LiveStream, type Publication } from "./live-stream.ts";

/** Who wants to publish, as far as the hub needs to know. */
export type Publisher = {
  /** Names the key that was shown; without one there is no identity. Never the key itself. */
  readonly identity: string | undefined;
  /** Where it comes from, where that is known. */
  readonly address?: string;
  /** Servers that the broadcast came through, where it is a relay's: see `RelayTrails`. */
  readonly via?: string | undefined;
  /** ms since it sent anything. */
  silence(): Milliseconds;
  /** It was asked to come on another connection, and may be doing so. */
  isMoving?(): boolean;
  /**
   * Its place was given to another: it is to be told so and closed. "moved": to itself on another
   * connection, which is no error.
   */
  drop(reason: "taken-over" | "silent" | "moved"): void;
};

/** Why somebody may not publish under a streamPath now. */
export type Refusal = {
  readonly refused: "in-use" | "too-many-live-streams";
  /** For people. */
  readonly description: string;
};

/** What the registry itself is bounded by; times in ms. */
export type RegistrySettings = LiveSettings & {
  readonly liveStreams: number;
  /** Live streams that nobody publishes, kept for who waits for them. */
  readonly waitingLiveStreams: number;
  readonly publisherYield: Milliseconds;
  readonly handover: HandoverLimits;
};

/** Who publishes, and who is about to in its place. */
type Present = {
  readonly publisher: Publisher;
  readonly publication: Publication;
  successor?: Successor | undefined;
};

type Successor = {
  readonly publisher: Publisher;
  readonly publication: Publication;
  readonly handover: Handover;
};

/** Who is told of what happens to all live streams. */
export type RegistryObserver = {
  /** Somebody begins, or continues, to publish. */
  published?(liveStream: LiveStream): void;
  /** The first viewer came, or the last one left. */
  viewers?(liveStream: LiveStream): void;
  /** There is something to warn of: once in a broadcast. */
  warning?(liveStream: LiveStream, warning: StreamWarning): void;
};

/** All live streams of this server, by streamPath. */
export class Registry {
  readonly #clock: Clock;
  readonly #settings: RegistrySettings;
  readonly #liveStreams = new Map<string, LiveStream>();
  readonly #publishers = new Map<string, Present>();
  readonly #observers = new Set<RegistryObserver>();

  constructor(clock: Clock, settings: RegistrySettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get size(): number {
    return this.#liveStreams.size;
  }

  /** All live streams, also those that only have somebody waiting. */
  list(): readonly LiveStream[] {
    return [...this.#liveStreams.values()];
  }

  /** @returns takes the observer out again */
  observe(observer: RegistryObserver): () => void {
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
    };
  }

  /** What the present broadcast came through: see `Publisher`. */
  via(streamPath: string): string | undefined {
    return this.#publishers.get(streamPath)?.publisher.via;
  }

  find(streamPath: string): LiveStream | undefined {
    return this.#liveStreams.get(streamPath);
  }

  /**
   * Begins a publication. With the same key a newcomer takes over; otherwise the streamPath is in
   * use, unless its publisher has been silent for a while. Of many at once exactly one wins.
   *
   * One that was asked to come on another connection takes over from itself, without a break: known
   * by its key, or without one by its address.
   */
  open(streamPath: string, publisher: Publisher): Publication | Refusal {
    const present = this.#publishers.get(streamPath);
    if (present !== undefined) {
      const hasSameKey =
        publisher.identity !== undefined && publisher.identity === present.publisher.identity;
      if (hasSameKey || isAtSamePlace(publisher, present.publisher)) {
        if (present.publisher.isMoving?.() === true) {
          return this.#handOver(streamPath, present, publisher);
        }
      }
      const isSilent = present.publisher.silence() >= this.#settings.publisherYield;
      if (!hasSameKey && !isSilent) {
        return { refused: "in-use", description: `${streamPath} is being published already` };
      }
      this.#publishers.delete(streamPath);
      present.publisher.drop(hasSameKey ? "taken-over" : "silent");
      present.successor?.publisher.drop("taken-over");
    }
    const known = this.#liveStreams.get(streamPath);
    const isNew = known?.startedAt === undefined;
    if (isNew && this.#published() >= this.#settings.liveStreams) {
      const description = `No more than ${this.#settings.liveStreams} live streams at once`;
      return { refused: "too-many-live-streams", description };
    }
    const liveStream = known ?? this.#make(streamPath);
    return this.#begin(streamPath, publisher, liveStream);
  }

  #begin(streamPath: string, publisher: Publisher, liveStream: LiveStream): Publication {
    const publication = this.#publication(streamPath, liveStream, liveStream.publish());
    this.#publishers.set(streamPath, { publisher, publication });
    for (const observer of this.#observers) observer.published?.(liveStream);
    return publication;
  }

  /** The present one goes on until the newcomer has something to go on with. */
  #handOver(streamPath: string, present: Present, publisher: Publisher): Publication {
    const { liveStream } = present.publication;
    present.successor?.publisher.drop("taken-over");
    const handover = new Handover({
      hasVideo: () => liveStream.tracks.some(({ track }) => track.mediaType === "video"),
      clock: this.#clock,
      limits: this.#settings.handover,
      begin: () => {
        present.successor = undefined;
        const inner = liveStream.publish({ goesOn: true });
        this.#publishers.set(streamPath, { publisher, publication });
        present.publisher.drop("moved");
        return inner;
      },
    });
    const publication = this.#publication(streamPath, liveStream, handover);
    present.successor = { publisher, publication, handover };
    return publication;
  }

  #publication(streamPath: string, liveStream: LiveStream, inner: Feed): Publication {
    const publication: Publication = {
      liveStream,
      input: (event) => inner.input(event),
      end: (reason) => {
        const present = this.#publishers.get(streamPath);
        if (present?.publication === publication) {
          if (present.successor !== undefined) {
            present.successor.handover.begin();
            return;
          }
          this.#publishers.delete(streamPath);
        }
        if (present?.successor?.publication === publication) present.successor = undefined;
        inner.end(reason);
      },
    };
    return publication;
  }

  /**
   * The live stream that somebody wants to watch, made if there is none yet; undefined when there
   * are too many. `release` it, or it stays.
   */
  watch(streamPath: string): LiveStream | undefined {
    const known = this.#liveStreams.get(streamPath);
    if (known !== undefined) return known;
    const waiting = this.#liveStreams.size - this.#published();
    return waiting < this.#settings.waitingLiveStreams ? this.#make(streamPath) : undefined;
  }

  /** The server goes away: nobody is waited for any more. */
  close(): void {
    for (const liveStream of this.#liveStreams.values()) liveStream.close();
  }

  /** Forgets a live stream that nobody publishes and nobody watches any more. */
  release(liveStream: LiveStream): void {
    const isIdle = liveStream.state === "waiting" || liveStream.startedAt === undefined;
    if (!isIdle || liveStream.observers > 0) return;
    if (this.#liveStreams.get(liveStream.streamPath) !== liveStream) return;
    this.#liveStreams.delete(liveStream.streamPath);
  }

  #published(): number {
    let published = 0;
    for (const { startedAt } of this.#liveStreams.values())
      if (startedAt !== undefined) published += 1;
    return published;
  }

  #make(streamPath: string): LiveStream {
    const liveStream = new LiveStream(streamPath, {
      clock: this.#clock,
      settings: this.#settings,
      onIdle: () => this.release(liveStream),
      onViewers: () => {
        for (const observer of this.#observers) observer.viewers?.(liveStream);
      },
      onWarning: (warning) => {
        for (const observer of this.#observers) observer.warning?.(liveStream, warning);
      },
    });
    this.#liveStreams.set(streamPath, liveStream);
    return liveStream;
  }
}

/** Two that nobody can tell apart, but for their connections. */
const isAtSamePlace = (a: Publisher, b: Publisher): boolean =>
  a.identity === undefined &&
  b.identity === undefined &&
  a.address !== undefined &&
  a.address === b.address;
