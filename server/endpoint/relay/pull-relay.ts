import type { LiveStream, Publication } from "../../live/live-stream.ts";
import type { Publisher, Refusal } from "../../live/registry.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";
import { Course, type CourseLimits, type CourseOptions } from "./course.ts";
import { type HeldMedia, holdMedia } from "./held-media.ts";
import type { RelayLine } from "./line.ts";
import { remotePathOf } from "./relay-url.ts";

/** What a pull needs of the hub. */
export type PullHub = {
  open(streamPath: string, publisher: Publisher): Publication | Refusal;
  find(streamPath: string): Pick<LiveStream, "state"> | undefined;
};

/** Takes the messages of a publication: as for an encoder's. */
export type Feed = {
  /** @throws ProtocolError in connection scope where it is not worth going on */
  take(media: MediaEffect): void;
  bad(error: ProtocolError): void;
};

/** What a pull is made of. */
export type PullOptions = Omit<CourseOptions, "limits" | "kind"> & {
  readonly limits: CourseLimits & { readonly relayLinger: Milliseconds };
  readonly streamPath: string;
  readonly when: "always" | "demand";
  readonly hub: PullHub;
  readonly feed: (publication: Publication) => Feed;
  /** Names the source among publishers. */
  readonly identity: string;
  /** What a stream from there came through: see `RelayTrails`. */
  readonly trailOf: (relayId: string | undefined, remotePath: string | undefined) => string;
};

/** A publication that is being fed, and by which line. */
type Inflow = { readonly line: RelayLine; readonly publication: Publication; readonly feed: Feed };

const MAX_EARLY = 16;

/**
 * Plays a stream from another server and feeds it to the hub as a publisher: always, or from when
 * somebody watches until a while after the last one left.
 */
export class PullRelay {
  readonly #options: PullOptions;
  readonly #course: Course;
  #isClosed = false;
  #isWatched = false;
  #inflow: Inflow | undefined;
  #next: HeldMedia | undefined;
  /** Data messages that came before sound or pictures. */
  #early: MediaEffect[] = [];
  #via = "";
  #lastHeard: Milliseconds = 0;
  #cancelLinger: (() => void) | undefined;

  constructor(options: PullOptions) {
    this.#options = options;
    const { url, trailOf } = options;
    this.#course = new Course(
      { ...options, kind: "pull" },
      {
        obstacle: () => this.#obstacle(),
        connected: (_line, { relayId }) => {
          this.#via = trailOf(relayId, remotePathOf(url));
        },
        ready: () => {},
        handover: (next) => {
          // What it plays before a picture that can begin is kept until then.
          if (this.#next?.line !== next) this.#next = holdMedia(next, options.clock);
        },
        handoverOff: () => {
          this.#next = undefined;
        },
        media: (line, media) => this.#media(line, media),
        ended: (line) => {
          if (this.#inflow?.line === line) this.#end("clean");
        },
        badMessage: (error) => this.#guard(() => this.#inflow?.feed.bad(error)),
        over: () => {
          this.#next = undefined;
          this.#early = [];
          this.#end("lost");
        },
      },
    );
    if (options.when === "always") this.#course.want();
  }

  get course(): Course {
    return this.#course;
  }

  /** Somebody watches now, or nobody does any more. */
  watched(isWatched: boolean): void {
    if (this.#isClosed || this.#options.when === "always" || isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    if (isWatched) {
      this.#course.want();
      return;
    }
    const { clock, limits } = this.#options;
    this.#cancelLinger = clock.after(limits.relayLinger, () => this.#rest());
  }

  /** Ends it, in order. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLinger?.();
    this.#rest();
  }

  #rest(): void {
    this.#end("clean");
    this.#course.rest();
  }

  /** An encoder has the streamPath: it is left alone. */
  #obstacle(): { code: string; message: string } | undefined {
    const { hub, streamPath } = this.#options;
    if (hub.find(streamPath)?.state !== "live") return undefined;
    return { code: "RELAY_IN_USE", message: "somebody publishes under this path here" };
  }

  #media(line: RelayLine, media: MediaEffect): void {
    this.#lastHeard = this.#options.clock.now();
    if (this.#next?.line === line) {
      const held = this.#next.push(media);
      if (held === undefined) return;
      this.#next = undefined;
      this.#course.switched();
      for (const one of held) this.#feed(line, one);
      return;
    }
    this.#feed(line, media);
  }

  #feed(line: RelayLine, media: MediaEffect): void {
    if (this.#inflow?.line === line) {
      const { feed } = this.#inflow;
      this.#guard(() => feed.take(media));
      return;
    }
    // Words alone are no broadcast: they are kept until there is one.
    this.#early.push(media);
    if (media.kind === "data" && this.#early.length <= MAX_EARLY) return;
    const inflow = this.#open(line);
    const early = this.#early;
    this.#early = [];
    if (inflow === undefined) return;
    for (const one of early) this.#guard(() => inflow.feed.take(one));
  }

  /** Begins the publication, or goes on with it on another line. */
  #open(line: RelayLine): Inflow | undefined {
    const { hub, streamPath, identity, clock, feed } = this.#options;
    this.#inflow = undefined; // the newcomer takes over from itself
    const publication = hub.open(streamPath, {
      identity,
      via: this.#via,
      silence: () => clock.now() - this.#lastHeard,
      drop: () => {
        if (this.#inflow?.line !== line) return;
        this.#inflow = undefined;
        this.#course.fail("RELAY_IN_USE", "somebody else publishes under this path here now");
      },
    });
    if ("refused" in publication) {
      this.#course.fail("RELAY_IN_USE", publication.description);
      return undefined;
    }
    this.#inflow = { line, publication, feed: feed(publication) };
    this.#course.flows(true);
    return this.#inflow;
  }

  #end(how: "clean" | "lost"): void {
    const inflow = this.#inflow;
    this.#inflow = undefined;
    inflow?.publication.end(how);
    if (inflow !== undefined) this.#course.flows(false);
  }

  /** What cannot be understood any more costs the line. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "RELAY_FAULT";
      this.#course.fail(code, error instanceof Error ? error.message : String(error));
    }
  }
}
