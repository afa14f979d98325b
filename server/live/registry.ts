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
  /** Live streams that nobody publishes, kept for who waits for them. */
  readonly waitingLiveStreams: number;
  readonly publisherYield: Milliseconds;
};

/** All live streams of this server, by streamPath. */
export class Registry {
  readonly #clock: Clock;
  readonly #settings: RegistrySettings;
  readonly #liveStreams = new Map<string, LiveStream>();
  readonly #publishers = new Map<string, { publisher: Publisher; publication: Publication }>();

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
    const known = this.#liveStreams.get(streamPath);
    const isNew = known?.startedAt === undefined;
    if (isNew && this.#published() >= this.#settings.liveStreams) {
      const description = `No more than ${this.#settings.liveStreams} live streams at once`;
      return { refused: "too-many-live-streams", description };
    }
    const liveStream = known ?? this.#make(streamPath);
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
    });
    this.#liveStreams.set(streamPath, liveStream);
    return liveStream;
  }
}
