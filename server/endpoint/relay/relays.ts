import type { Clock } from "../../live/clock.ts";
import type { LiveStream, Publication } from "../../live/live-stream.ts";
import type { RegistryObserver } from "../../live/registry.ts";
import type { Log } from "../../log.ts";
import { withFields } from "../../log-context.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Encryption, Random } from "../../protocol/rtmp/handshake.ts";
import type { Course, RelayFailure, RelayState } from "./course.ts";
import type { Dial, RelayTls } from "./dial.ts";
import { Line, type LineEvents, type RelayLine } from "./line.ts";
import { type Feed, type PullHub, PullRelay } from "./pull-relay.ts";
import { type PushLimits, PushRelay } from "./push-relay.ts";
import { checkSpec, isPattern, matches, type RelaySpec, urlFor } from "./relay-spec.ts";
import type { RelayTrails } from "./relay-trails.ts";
import { type RelayKind, type RelayUrl, shownUrl, tcUrlOf } from "./relay-url.ts";

/** What relays need of the hub. */
export type RelayHub = Omit<PullHub, "find"> & {
  observe(observer: RegistryObserver): () => void;
  find(streamPath: string): LiveStream | undefined;
  list(): readonly LiveStream[];
  via(streamPath: string): string | undefined;
  watch(streamPath: string): LiveStream | undefined;
  release(liveStream: LiveStream): void;
};

/** What relays are made of. */
export type RelaysOptions = {
  readonly hub: RelayHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly dial: Dial;
  readonly tls: RelayTls;
  readonly trails: RelayTrails;
  readonly random: Random;
  /** For rtmpe and rtmpte. */
  readonly encryption: Encryption;
  /** 0 to 1, another each time. */
  readonly chance: () => number;
  /** Takes the messages of what is pulled, as of an encoder. */
  readonly feed: (publication: Publication, log: Log) => Feed;
  readonly limits: PushLimits & { readonly relays: number };
};

/** A relay as it is told to others: nothing in it is secret. */
export type RelayStatus = {
  readonly id: string;
  readonly kind: RelayKind;
  readonly streamPath: string;
  readonly url: string;
  readonly when: "always" | "demand" | "published";
  readonly state: RelayState;
  readonly since: Milliseconds;
  readonly attempts: number;
  readonly retryAt: Milliseconds | undefined;
  readonly lastFailure: RelayFailure | undefined;
  readonly bytes: number;
  readonly samplesDropped: number;
  readonly leftOut: readonly string[];
};

/** There are as many relays as there may be. */
export class TooManyRelays extends Error {
  override readonly name = "TooManyRelays";
}

/** Payload of one chunk that we send: large, since nothing has to get in between. */
const CHUNK_SIZE = 65_536;

type Pull = {
  readonly kind: "pull";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly url: RelayUrl;
  readonly relay: PullRelay;
  /** By who asks without watching: see `ask`. */
  askedUntil: Milliseconds;
  cancelAsked: (() => void) | undefined;
  /** Lets go of the live stream that is kept while it is asked for: there is something to wait for. */
  letGo: (() => void) | undefined;
};

type Push = {
  readonly kind: "push";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly streamPath: string;
  readonly url: RelayUrl;
  readonly relay: PushRelay;
};

/** A push of all streams of an application: it has a push for each one that is published. */
type PushAll = {
  readonly kind: "push-all";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly since: Milliseconds;
  readonly pushes: Map<string, Push>;
};

/** All relays of this server: those that were set, and those that were made while it runs. */
export class Relays {
  readonly #options: RelaysOptions;
  readonly #relays = new Map<string, Pull | Push | PushAll>();
  readonly #unobserve: () => void;
  #nextId = 1;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#unobserve = options.hub.observe({
      published: (liveStream) => this.#published(liveStream, true),
      viewers: ({ streamPath }) => this.#watched(streamPath),
    });
  }

  /**
   * Begins a relay.
   *
   * @throws RelaySpecError, TooManyRelays
   */
  create(spec: RelaySpec): RelayStatus {
    checkSpec(spec);
    const { limits, clock, hub } = this.#options;
    if (this.#relays.size >= limits.relays) {
      throw new TooManyRelays(`No more than ${limits.relays} relays at once`);
    }
    const id = `r${this.#nextId}`;
    this.#nextId += 1;
    const relay: Pull | Push | PushAll =
      spec.kind === "pull"
        ? this.#pull(id, spec)
        : isPattern(spec)
          ? { kind: "push-all", id, spec, since: clock.now(), pushes: new Map() }
          : this.#push(id, spec, spec.streamPath);
    this.#relays.set(id, relay);
    if (relay.kind === "pull") this.#watched(spec.streamPath);
    else for (const liveStream of hub.list()) this.#published(liveStream, false);
    const [status] = this.#statuses(relay);
    if (status === undefined) throw new Error("A relay without a status");
    return status;
  }

  /** Ends one, in order. @returns whether there was one */
  delete(id: string): boolean {
    const relay = this.#relays.get(id);
    if (relay === undefined) return false;
    this.#relays.delete(id);
    this.#close(relay);
    return true;
  }

  list(): readonly RelayStatus[] {
    return [...this.#relays.values()].flatMap((relay) => this.#statuses(relay));
  }

  /**
   * Somebody asks for a stream by requests of their own (HLS): that is as good as watching, for a
   * while.
   *
   * @returns whether it is brought here on demand: it is worth waiting for
   */
  ask(streamPath: string): boolean {
    let isPulled = false;
    for (const relay of this.#relays.values()) {
      if (relay.kind !== "pull" || relay.spec.streamPath !== streamPath) continue;
      isPulled = true;
      this.#asked(relay);
    }
    return isPulled;
  }

  /** Ends all of them, in order: the server goes away. */
  close(): void {
    this.#unobserve();
    for (const relay of this.#relays.values()) this.#close(relay);
    this.#relays.clear();
  }

  #close(relay: Pull | Push | PushAll): void {
    switch (relay.kind) {
      case "pull":
        relay.cancelAsked?.();
        relay.relay.close();
        relay.letGo?.();
        return;
      case "push":
        relay.relay.detach();
        return;
      case "push-all":
        for (const push of relay.pushes.values()) push.relay.detach();
    }
  }

  #pull(id: string, spec: RelaySpec): Pull {
    const { hub, feed, trails, clock, chance, limits } = this.#options;
    const { streamPath, when = "demand", tls } = spec;
    const url = urlFor(spec, streamPath);
    const log = withFields(this.#options.log, { relay: id, kind: "pull", streamPath });
    const relay = new PullRelay({
      ...{ url, clock, chance, limits, log, streamPath, when, hub },
      connect: (to, events) => this.#connect(to, "play", trails.ofPull(streamPath), tls, events),
      feed: (publication) => feed(publication, log),
      identity: `relay ${id}`,
      trailOf: (relayId, remotePath) => trails.through(relayId, remotePath),
    });
    return {
      ...{ kind: "pull", id, spec, url, relay },
      ...{ askedUntil: 0, cancelAsked: undefined, letGo: undefined },
    };
  }

  #push(id: string, spec: RelaySpec, streamPath: string): Push {
    const { hub, trails, clock, chance, limits } = this.#options;
    const { tls, enhanced = false } = spec;
    const url = urlFor(spec, streamPath);
    const log = withFields(this.#options.log, { relay: id, kind: "push", streamPath });
    const trail = (): string => trails.ofPush(streamPath, hub.via(streamPath));
    const relay = new PushRelay({
      ...{ url, clock, chance, limits, log, enhanced },
      connect: (to, events) => this.#connect(to, "publish", trail(), tls, events),
    });
    return { kind: "push", id, spec, streamPath, url, relay };
  }

  #connect(
    url: RelayUrl,
    purpose: "play" | "publish",
    relayTrail: string,
    tls: RelayTls | undefined,
    events: LineEvents,
  ): RelayLine {
    const { dial, random, encryption } = this.#options;
    const { app, streamName, scheme } = url;
    const isEncrypted = scheme === "rtmpe" || scheme === "rtmpte";
    return new Line(
      dial(url, { ...this.#options.tls, ...tls }),
      {
        ...{ random, purpose, app, tcUrl: tcUrlOf(url), streamName, relayTrail },
        chunkSize: CHUNK_SIZE,
        encryption: isEncrypted ? encryption : undefined,
      },
      events,
    );
  }

  /** @param isNew it is so only now */
  #published(liveStream: LiveStream, isNew: boolean): void {
    const { streamPath } = liveStream;
    if (liveStream.state !== "live") return;
    for (const relay of this.#relays.values()) {
      if (relay.kind === "push" && relay.streamPath === streamPath) {
        relay.relay.attach(liveStream, isNew);
      } else if (relay.kind === "push-all" && matches(relay.spec, streamPath)) {
        this.#pushOneOf(relay, liveStream, isNew);
      }
    }
  }

  #pushOneOf(all: PushAll, liveStream: LiveStream, isNew: boolean): void {
    const { limits, log } = this.#options;
    const { streamPath } = liveStream;
    // Whoever is not published any more makes room.
    for (const [path, { relay }] of all.pushes) {
      if (path !== streamPath && relay.course.state === "idle") {
        relay.detach();
        all.pushes.delete(path);
      }
    }
    const known = all.pushes.get(streamPath);
    if (known === undefined && all.pushes.size >= limits.relays) {
      const message = `${streamPath} is not relayed: there are ${limits.relays} already`;
      log.warn(message, { code: "RELAYS", relay: all.id });
      return;
    }
    const push = known ?? this.#push(`${all.id}.${streamPath}`, all.spec, streamPath);
    all.pushes.set(streamPath, push);
    push.relay.attach(liveStream, isNew);
  }

  #watched(streamPath: string): void {
    const { hub, clock } = this.#options;
    for (const relay of this.#relays.values()) {
      if (relay.kind !== "pull" || relay.spec.streamPath !== streamPath) continue;
      const isWatched = (hub.find(streamPath)?.viewers ?? 0) > 0;
      relay.relay.watched(isWatched || clock.now() < relay.askedUntil);
    }
  }

  #asked(pull: Pull): void {
    const { clock, limits } = this.#options;
    const { streamPath } = pull.spec;
    const now = clock.now();
    const wasAsked = now < pull.askedUntil;
    pull.askedUntil = now + limits.relayLinger;
    if (wasAsked) return;
    pull.letGo ??= this.#keep(streamPath);
    const look = (): void => {
      const left = pull.askedUntil - clock.now();
      if (left > 0) {
        pull.cancelAsked = clock.after(left, look);
        return;
      }
      pull.letGo?.();
      pull.letGo = undefined;
      this.#watched(streamPath);
    };
    pull.cancelAsked?.();
    pull.cancelAsked = clock.after(limits.relayLinger, look);
    this.#watched(streamPath);
  }

  #keep(streamPath: string): (() => void) | undefined {
    const { hub } = this.#options;
    const liveStream = hub.watch(streamPath);
    const unobserve = liveStream?.observe({}, { isViewer: false });
    if (liveStream === undefined || unobserve === undefined) return undefined;
    return () => {
      unobserve();
      hub.release(liveStream);
    };
  }

  #statuses(relay: Pull | Push | PushAll): RelayStatus[] {
    const { id, spec } = relay;
    switch (relay.kind) {
      case "pull": {
        const shown = shownUrl(relay.url, "pull");
        const { when = "demand" } = spec;
        return [
          {
            ...{ id, kind: "pull", streamPath: spec.streamPath, url: shown, when, ...NONE },
            ...statusOf(relay.relay.course),
          },
        ];
      }
      case "push":
        return [pushStatus(relay)];
      case "push-all": {
        const pushes = [...relay.pushes.values()].map(pushStatus);
        const url = shownUrl(urlFor(spec, spec.streamPath), "push");
        const bytes = pushes.reduce((sum, push) => sum + push.bytes, 0);
        const whole: RelayStatus = {
          ...{ id, kind: "push", streamPath: spec.streamPath, url, when: "published", ...NONE },
          ...{ state: pushes.some(({ state }) => state === "live") ? "live" : "idle", bytes },
          ...{ since: relay.since, attempts: 0, retryAt: undefined, lastFailure: undefined },
        };
        return [whole, ...pushes];
      }
    }
  }
}

const NONE = { samplesDropped: 0, leftOut: [] } as const;

function pushStatus({ id, streamPath, url, relay }: Push): RelayStatus {
  const { course, samplesDropped, leftOut } = relay;
  return {
    ...{ id, kind: "push", streamPath, url: shownUrl(url, "push"), when: "published" },
    ...{ samplesDropped, leftOut },
    ...statusOf(course),
  };
}

const statusOf = ({ state, since, attempts, retryAt, lastFailure, bytes }: Course) => ({
  ...{ state, since, attempts, retryAt, lastFailure, bytes },
});
