import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import { type Frame, FrameType } from "../../server/protocol/wire/frame.ts";
import { LineMeter } from "../control/line-meter.ts";
import { QueueWatch } from "../control/queue-watch.ts";
import { Traffic } from "../control/traffic.ts";
import { LiveFeed, type LiveSink } from "../engine/live-feed.ts";
import { MediaOpening } from "../engine/media-opening.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import { mediaSourceClass, replacesLongPictures } from "../engine/platform.ts";
import { Link } from "../transport/link.ts";
import { MediaSink } from "./media-sink.ts";
import type { LineCommand, LineReport, LineSettings } from "./messages.ts";
import { PageSink } from "./page-sink.ts";

/** The line looks at everything this often (ms), and tells its figures every so many looks. */
const TICK = 50;
const FIGURES_EVERY = 5;

type Sink = MediaSink | PageSink;

/**
 * Everything between the network and the `<video>`: connection, choice of tracks, MediaSource and its
 * buffers. It needs no page: it runs in a worker where the browser allows it, else on the page. Both
 * sides speak in `LineCommand` and `LineReport` alone, and appending waits for neither.
 */
export class LiveLine {
  readonly #report: (report: LineReport) => void;
  readonly #link: Link;
  readonly #feed: LiveFeed;
  readonly #traffic = new Traffic();
  readonly #meter = new LineMeter();
  readonly #sinks = new Map<number, Sink>();
  #settings: LineSettings = {
    url: "",
    isSpare: false,
    isIdle: false,
    mayBuild: true,
    sink: "media-source",
    refused: [],
  };
  #prepared: { readonly id: number; readonly opening: MediaOpening } | undefined;
  #lastId = 0;
  #ticks = 0;
  #queue = new QueueWatch();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(report: (report: LineReport) => void) {
    this.#report = report;
    this.#feed = new LiveFeed({
      canPlay: (mimeType) => {
        const { sink, refused } = this.#settings;
        if (sink === "page") return !refused.includes(mimeType);
        return mediaSourceClass()?.isTypeSupported(mimeType) ?? false;
      },
      canChangeType: typeof SourceBuffer !== "undefined" && "changeType" in SourceBuffer.prototype,
      mayBuild: () => this.#settings.mayBuild,
      build: (plan) => this.#build(plan),
      select: (tracks) => {
        if (!this.#settings.isIdle) this.#link.select(tracks);
      },
      now: () => performance.now(),
    });
    this.#link = new Link(() => this.#url(), {
      onMessage: (message) => this.#hear(message),
      onFrames: (frames) => this.#receive(frames),
      onUp: () => {
        this.#feed.reconnected();
        this.#meter.restart();
        this.#queue = new QueueWatch(); // the server knows nothing
        report({ type: "up", connections: this.#link.connections });
      },
      onDown: (failures) => report({ type: "down", failures }),
    });
  }

  receive(command: LineCommand): void {
    switch (command.type) {
      case "settings":
        this.#set(command.settings);
        return;
      case "start":
        this.#timer ??= setInterval(() => this.#tick(), TICK);
        this.#link.connect();
        this.#tellFigures(); // a sign of life
        return;
      case "prepare":
        if (this.#prepared === undefined) this.#prepare();
        return;
      case "hurry":
        this.#link.hurry();
        this.#tick();
        return;
      case "restart":
        this.#link.restart();
        this.#report({ type: "left" });
        return;
      case "rest":
        this.#link.rest();
        this.#report({ type: "left" });
        return;
      case "prefer":
        this.#feed.prefer(command.tracks);
        this.#tellTracks();
        return;
      case "rebuild":
        this.#feed.rebuild();
        return;
      case "trim":
        this.#sinks.get(command.id)?.trim(command.playhead, command.end);
        return;
      case "close":
        this.#close(command.id);
        return;
      case "stop":
        this.#stop();
        return;
    }
  }

  #set(settings: LineSettings): void {
    const { isIdle, sink, refused } = this.#settings;
    this.#settings = settings;
    if (settings.sink !== sink || String(settings.refused) !== String(refused)) {
      this.#feed.reconsider();
      this.#tellTracks();
    }
    this.#link.isSpare = settings.isSpare;
    if (settings.isIdle && !isIdle) this.#link.select([]);
  }

  /** Of the next connection: it brings at once what this viewer plays. */
  #url(): string {
    const { url, isIdle } = this.#settings;
    const asked = isIdle ? [] : this.#feed.asked;
    return asked === undefined ? url : `${url}${url.includes("?") ? "&" : "?"}tracks=${asked}`;
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "tracks":
        this.#feed.announce(message.tracks);
        this.#tellTracks();
        break;
      case "selected":
        this.#feed.selected(message.tracks);
        this.#tellTracks();
        break;
      case "history":
        this.#feed.history(message.fragments);
        break;
      case "hello":
        if (this.#settings.isIdle) this.#link.select([]);
        this.#tellFigures();
        break;
      case "clock":
        this.#tellFigures();
        return;
    }
    this.#report({ type: "message", message });
  }

  #receive(frames: readonly Frame[]): void {
    let bytes = 0;
    let pictures = 0;
    const { tracks } = this.#feed.plan;
    const videoId = tracks.find(({ track }) => track.mediaType === "video")?.track.id;
    for (const { type, payload, trackId } of frames) {
      bytes += payload.length;
      if (type === FrameType.Fragment && trackId === videoId) pictures += 1;
    }
    const last = frames.at(-1);
    if (!this.#feed.isHistory && last?.type === FrameType.Fragment) {
      const now = performance.now();
      this.#traffic.push(now, bytes, pictures);
      const serversNow = performance.timeOrigin + now + (this.#link.clockOffset ?? 0);
      this.#meter.push(now, serversNow - last.serverTime, bytes);
    }
    this.#feed.receive(frames);
  }

  #tick(): void {
    const now = performance.now();
    this.#link.tick();
    this.#feed.tick();
    for (const sink of this.#sinks.values()) sink.tick(now);
    this.#watchQueue(now);
    if (this.#ticks % FIGURES_EVERY === 0) this.#tellFigures();
    this.#ticks += 1;
  }

  /** The server does not see what stands on the way: buffers of systems, proxies, routers. */
  #watchQueue(now: number): void {
    const queue = this.#meter.queue(now, this.#link.roundTrip);
    const due = this.#queue.look(now, queue);
    const isStretched = this.#queue.isLong && replacesLongPictures();
    for (const sink of this.#sinks.values()) sink.stretch(isStretched);
    if (due === undefined) return;
    if (this.#queue.isLong) this.#feed.miss();
    this.#link.tellQueue(Math.round(due));
  }

  #tellFigures(): void {
    const { isSilent, clockOffset, roundTrip } = this.#link;
    const now = performance.now();
    const reading = this.#meter.read(now, roundTrip);
    const figures = { isSilent, clockOffset, roundTrip, ...this.#traffic.read(now), reading };
    this.#report({ type: "figures", figures });
  }

  #tellTracks(): void {
    const { announced, plan, preferred } = this.#feed;
    this.#report({ type: "tracks", tracks: { announced, plan, preferred } });
  }

  #prepare(): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const opening = new MediaOpening();
    this.#prepared = { id, opening };
    this.#report({ type: "prepared", id, source: opening.source });
  }

  #build(plan: readonly PlannedTrack[]): LiveSink {
    const { sink } = this.#settings;
    const prepared = sink === "media-source" ? this.#prepared : undefined;
    if (prepared === undefined) this.#lastId += 1;
    else this.#prepared = undefined;
    const id = prepared?.id ?? this.#lastId;
    const opening = sink === "media-source" ? (prepared?.opening ?? new MediaOpening()) : undefined;
    const built =
      opening === undefined
        ? new PageSink(id, plan, this.#report)
        : new MediaSink(id, opening, plan, this.#report);
    this.#sinks.set(id, built);
    const source = prepared === undefined ? opening?.source : undefined;
    this.#report({ type: "built", id, sink, plan, source });
    return built;
  }

  #close(id: number): void {
    if (this.#prepared?.id === id) {
      this.#prepared.opening.drop();
      this.#prepared = undefined;
    }
    const sink = this.#sinks.get(id);
    if (sink === undefined) return;
    this.#sinks.delete(id);
    this.#feed.discard(sink);
    sink.close();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#link.stop();
    for (const id of [...this.#sinks.keys()]) this.#close(id);
    if (this.#prepared !== undefined) this.#close(this.#prepared.id);
  }
}
