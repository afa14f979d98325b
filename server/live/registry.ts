import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Clock } from "./clock.ts";
import { type LiveSettings, LiveStream, type Publication } from "./live-stream.ts";

/** Who wants to publish, as far as the hub needs to know. */
export type Publisher = {
  /** Names the key that was shown; without one there is no identity. Never the key itself. */
  readonly identity: string | undefined;
  /** ms since it sent anything. */
  silence(): Milliseconds;
  /** Its place was given to another: it is to be told so and closed. */
  drop(reason: "taken-over" | "silent"): void;
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
  readonly publisherYield: Milliseconds;
};

/** All live streams of this server, by streamPath. */
export class Registry {
  readonly #clock: Clock;
  readonly #settings: RegistrySettings;
  readonly #liveStreams = new Map<string, LiveStream>();
  readonly #publishers = new Map<string, { publisher: Publisher; publication: Publication }>();
  readonly #listeners = new Set<(liveStream: LiveStream) => void>();

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

  find(streamPath: string): LiveStream | undefined {
    return this.#liveStreams.get(streamPath);
  }

  /**
   * Tells when something about a live stream changes that a list of them shows: it came, its
   * state or tracks changed, it went.
   *
   * @returns takes the listener out again
   */
  onChange(listener: (liveStream: LiveStream) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Begins a publication. With the same key a newcomer takes over; otherwise the streamPath is in
   * use, unless its publisher has been silent for a while. Of many at once exactly one wins.
   */
  open(streamPath: string, publisher: Publisher): Publication | Refusal {
    const present = this.#publishers.get(streamPath);
    if (present !== undefined) {
      const hasSameKey =
        publisher.identity !== undefined && publisher.identity === present.publisher.identity;
      const isSilent = present.publisher.silence() >= this.#settings.publisherYield;
      if (!hasSameKey && !isSilent) {
        return { refused: "in-use", description: `${streamPath} is being published already` };
      }
      this.#publishers.delete(streamPath);
      present.publisher.drop(hasSameKey ? "taken-over" : "silent");
    }
    const liveStream = this.#get(streamPath);
    if (liveStream === undefined) {
      const description = `No more than ${this.#settings.liveStreams} live streams at once`;
      return { refused: "too-many-live-streams", description };
    }
    const inner = liveStream.publish();
    const publication: Publication = {
      liveStream,
      input: (event) => inner.input(event),
      end: (reason) => {
        if (this.#publishers.get(streamPath)?.publication === publication) {
          this.#publishers.delete(streamPath);
        }
        inner.end(reason);
      },
    };
    this.#publishers.set(streamPath, { publisher, publication });
    return publication;
  }

  /**
   * The live stream that somebody wants to watch, made if there is none yet; undefined when there
   * are too many. `release` it, or it stays.
   */
  watch(streamPath: string): LiveStream | undefined {
    return this.#get(streamPath);
  }

  /** Forgets a live stream that nobody publishes and nobody watches any more. */
  release(liveStream: LiveStream): void {
    const isIdle = liveStream.state === "waiting" || liveStream.startedAt === undefined;
    if (!isIdle || liveStream.observers > OWN_OBSERVERS) return;
    if (this.#liveStreams.get(liveStream.streamPath) !== liveStream) return;
    this.#liveStreams.delete(liveStream.streamPath);
    this.#tell(liveStream);
  }

  #get(streamPath: string): LiveStream | undefined {
    const known = this.#liveStreams.get(streamPath);
    if (known !== undefined) return known;
    if (this.#liveStreams.size >= this.#settings.liveStreams) return undefined;
    const liveStream = new LiveStream(streamPath, {
      clock: this.#clock,
      settings: this.#settings,
      onIdle: () => this.release(liveStream),
    });
    liveStream.observe({
      state: () => this.#tell(liveStream),
      tracks: () => this.#tell(liveStream),
    });
    this.#liveStreams.set(streamPath, liveStream);
    return liveStream;
  }

  #tell(liveStream: LiveStream): void {
    for (const listener of this.#listeners) listener(liveStream);
  }
}

/** The registry watches each live stream itself. */
const OWN_OBSERVERS = 1;
