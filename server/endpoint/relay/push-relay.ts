import { LaneMessage } from "../../live/lane.ts";
import type { LiveState } from "../../live/live-observer.ts";
import { LiveSample } from "../../live/live-sample.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { type Backlog, Subscription } from "../../live/subscription.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Capabilities } from "../../protocol/rtmp/capabilities.ts";
import { Course, type CourseLimits, type CourseOptions } from "./course.ts";
import type { RelayLine } from "./line.ts";
import { type Item, type Outgoing, TagsOut } from "./tags-out.ts";

/** What bounds a push; times in ms, sizes in bytes. */
export type PushLimits = CourseLimits & {
  readonly relayBacklog: number;
  readonly relaySoundBacklog: number;
  readonly backlogMessages: number;
  readonly relayBacklogTime: Milliseconds;
  readonly relayLinger: Milliseconds;
};

/** What a push is made of. */
export type PushOptions = Omit<CourseOptions, "limits" | "kind"> & {
  readonly limits: PushLimits;
  /** The server is taken to read Enhanced RTMP, whatever it says. */
  readonly enhanced: boolean;
};

/** Bytes that a line may hold unsent; what is more waits where pictures can be left out of it. */
const AHEAD = 262_144;

/** What one line is given of a live stream. */
type Flow = {
  readonly line: RelayLine;
  readonly tags: TagsOut;
  readonly waiting: Subscription<Item>;
};

/**
 * Publishes one live stream to another server for as long as somebody publishes it here: from the
 * newest sync sample on, at its own times. Where the server does not keep up, whole pictures are
 * left out up to the next sync sample.
 */
export class PushRelay {
  readonly #options: PushOptions;
  readonly #course: Course;
  readonly #backlog: Backlog;
  #liveStream: LiveStream | undefined;
  #unobserve: (() => void) | undefined;
  #flow: Flow | undefined;
  /** A line that takes over at the next sync sample. */
  #next: RelayLine | undefined;
  readonly #capabilities = new WeakMap<RelayLine, Capabilities>();
  #base: Milliseconds | undefined;
  /** When the present publisher came. */
  #liveSince: Milliseconds = 0;
  #cancelEnd: (() => void) | undefined;
  #isEnding = false;
  #dropped = 0;
  #told = "";

  constructor(options: PushOptions) {
    this.#options = options;
    const { relayBacklog, relayBacklogTime, relaySoundBacklog, backlogMessages } = options.limits;
    this.#backlog = {
      bytes: relayBacklog,
      time: relayBacklogTime,
      soundBytes: relaySoundBacklog,
      messages: backlogMessages,
      historyTime: relayBacklogTime,
    };
    this.#course = new Course(
      { ...options, kind: "push" },
      {
        connected: (line, { capabilities }) => {
          if (capabilities !== undefined) this.#capabilities.set(line, capabilities);
        },
        ready: (line) => this.#begin(line),
        handover: (next) => {
          this.#next = next;
        },
        handoverOff: () => {
          this.#next = undefined;
        },
        drain: () => this.#pump(),
        over: () => {
          this.#dropped += this.#flow?.waiting.samplesDropped ?? 0;
          this.#flow = undefined;
          this.#next = undefined;
        },
      },
    );
  }

  get course(): Course {
    return this.#course;
  }

  /** Samples that were left out, because the server did not take them in time. */
  get samplesDropped(): number {
    return this.#dropped + (this.#flow?.waiting.samplesDropped ?? 0);
  }

  /** Tracks that are left out, because the server does not say that it reads them. */
  get leftOut(): readonly string[] {
    return this.#flow?.tags.leftOut ?? [];
  }

  /**
   * Somebody publishes this now.
   *
   * @param isNew it begins only now: what its history holds is another broadcast's
   */
  attach(liveStream: LiveStream, isNew: boolean): void {
    if (this.#liveStream === liveStream) return;
    this.detach();
    this.#liveStream = liveStream;
    this.#base = undefined;
    this.#unobserve = liveStream.observe(
      {
        sample: (sample) => this.#take(sample),
        opaque: (frame) => this.#take(frame),
        data: (event) => this.#take(event),
        tracks: () => {
          // Nobody comes back any more: it is not to be kept for our sake.
          if (liveStream.startedAt === undefined) this.detach();
          else this.#flow?.waiting.keep(liveStream.tracks.map(({ id }) => id));
        },
        state: (state) => this.#onState(state),
      },
      { isViewer: false },
    );
    this.#onState(liveStream.state);
    if (!isNew) this.#liveSince = Number.NEGATIVE_INFINITY;
  }

  /** Ends it, in order. */
  detach(): void {
    this.#cancelEnd?.();
    this.#cancelEnd = undefined;
    this.#unobserve?.();
    this.#unobserve = undefined;
    this.#liveStream = undefined;
    this.#isEnding = false;
    this.#course.rest();
  }

  #onState(state: LiveState): void {
    const { clock, limits } = this.#options;
    this.#cancelEnd?.();
    this.#cancelEnd = undefined;
    this.#isEnding = false;
    switch (state) {
      case "live":
        this.#liveSince = clock.now();
        this.#course.want();
        return;
      case "reconnecting":
        // The encoder may be back in a moment: the server need not know.
        this.#cancelEnd = clock.after(limits.relayLinger, () => this.#course.rest());
        return;
      case "ended":
        this.#isEnding = true;
        this.#cancelEnd = clock.after(limits.relayBacklogTime, () => this.#course.rest());
        this.#pump();
        return;
      case "waiting":
        this.detach();
        return;
    }
  }

  #begin(line: RelayLine): void {
    if (this.#liveStream === undefined) return;
    const since = this.#liveSince;
    const history = this.#liveStream.history().filter(({ serverTime }) => serverTime >= since);
    this.#start(line, history[0]?.at);
    const now = this.#options.clock.now();
    this.#flow?.waiting.join(history.map(alone), now);
    this.#pump();
  }

  #start(line: RelayLine, at: Milliseconds | undefined): void {
    const liveStream = this.#liveStream;
    if (liveStream === undefined) return;
    const capabilities = this.#options.enhanced ? "all" : this.#capabilities.get(line);
    const tags = new TagsOut(capabilities, this.#base);
    this.#flow = { line, tags, waiting: new Subscription<Item>(this.#backlog) };
    for (const message of tags.opening(liveStream, at)) this.#send(line, message);
  }

  #take(item: Item): void {
    if (this.#next !== undefined && item instanceof LiveSample) this.#switchAt(item, this.#next);
    const flow = this.#flow;
    if (flow === undefined) return;
    if (item instanceof LiveSample) {
      flow.waiting.offer(alone(item), this.#options.clock.now());
    } else {
      const size = "tag" in item ? item.tag.length : item.body.length;
      const isFull =
        flow.waiting.bytes + flow.waiting.noticeBytes + size > this.#backlog.soundBytes;
      if (isFull) this.#dropped += 1;
      else flow.waiting.insert(item, size);
    }
    this.#pump();
  }

  /** The line that is to take over does so where pictures can begin. */
  #switchAt(sample: LiveSample, next: RelayLine): void {
    const hasVideo = this.#liveStream?.tracks.some(({ track }) => track.mediaType === "video");
    if (hasVideo === true && !(sample.isVideo && sample.isSync)) return;
    if (this.#flow !== undefined) {
      this.#drainInto(this.#flow, Number.POSITIVE_INFINITY);
      this.#dropped += this.#flow.waiting.samplesDropped;
    }
    this.#next = undefined;
    this.#course.switched();
    this.#start(next, sample.at);
  }

  #pump(): void {
    const flow = this.#flow;
    if (flow === undefined) return;
    this.#drainInto(flow, AHEAD);
    this.#tellLeftOut(flow);
    const { bytes, noticeBytes } = flow.waiting;
    if (this.#isEnding && bytes + noticeBytes === 0) this.#course.rest();
  }

  #drainInto({ line, tags, waiting }: Flow, ahead: number): void {
    while (line.unsent <= ahead) {
      const delivery = waiting.next();
      if (delivery === undefined) return;
      if (delivery.type === "dropped") continue;
      for (const message of tags.take(delivery.form)) this.#send(line, message);
    }
  }

  #send(line: RelayLine, { kind, timestamp, head, payload }: Outgoing): void {
    this.#base ??= this.#flow?.tags.base;
    line.send(kind, timestamp, payload, head);
    if (this.#course.state !== "live") this.#course.flows(true);
  }

  #tellLeftOut({ tags }: Flow): void {
    const leftOut = tags.leftOut.join(", ");
    if (leftOut === this.#told) return;
    this.#told = leftOut;
    if (leftOut === "") return;
    const message = `relay leaves out what the server does not say that it reads: ${leftOut}`;
    this.#options.log.warn(message, { code: "RELAY_LEFT_OUT" });
  }
}

/** A message of one sample, which is its own form: it becomes bytes when it is its turn. */
const alone = (sample: LiveSample): LaneMessage<Item> =>
  new LaneMessage<Item>([sample], ([one]) => one ?? sample);
