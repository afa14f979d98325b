import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { LivePlayback, Playback } from "../engine/playback.ts";
import { LineMedium } from "./line-medium.ts";
import type { LineWorkers } from "./line-workers.ts";
import type { LineCommand, LineFigures, LineReport, LineSettings, LineTracks } from "./messages.ts";
import type { LineThread, ThreadListener, ThreadName, ThreadReason } from "./threads.ts";

/**
 * A worker that has not said a word so long (ms) after it was started, or at all for so long later, is
 * replaced by the page: it reports four times a second. The page's own pauses do not count: it must have
 * looked so many times meanwhile.
 */
const ANSWERS = { first: 500, later: 3_000, looks: 8 } as const;

/** Code for the page that did not come is asked for again after this long (ms). */
const AGAIN_AFTER = 2_000;

/** So many media of a worker that failed before anything of them was appended, and the page is tried. */
const MOST_FAILED = 2;

/** Tracks that the viewer chose are remembered, so many. */
const MOST_PREFERRED = 32;

/** What a line asks of the player. */
export type LineHost = {
  onMessage(message: ServerMessage): void;
  /** What is announced, chosen or sent has changed. */
  onTracks(): void;
  /** The server spoke: what follows is a new connection's. */
  onUp(): void;
  onDown(failures: number): void;
  /** A MediaSource for the first playback may begin to open. @returns whether it does */
  onPrepared(medium: LineMedium): boolean;
  /** Makes a playback on a medium (the prepared one, or another). @returns false: it is of no use */
  onBuilt(medium: LineMedium, plan: readonly PlannedTrack[]): boolean;
  /** Makes a playback that takes the media itself, frame by frame. */
  onTaken(plan: readonly PlannedTrack[]): LivePlayback | undefined;
  /** Nothing more comes for a playback that takes the media itself. */
  onLost(playback: LivePlayback, error: unknown): void;
};

/** Where lines may live. */
export type LinePlaces = {
  readonly workers: Pick<LineWorkers, "warm" | "open" | "refusal" | "give">;
  readonly onPage: (listener: ThreadListener) => LineThread;
};

/**
 * The page's end of its live line: what it knows, and what it may ask for. The line itself lives in a
 * worker where that works, else on the page; a worker that is lost is replaced at once.
 */
export class Line {
  readonly #host: LineHost;
  readonly #places: LinePlaces;
  #thread: LineThread | undefined;
  /** Why it lives on the page. */
  #reason: ThreadReason | undefined;
  #isPrepared = false;
  #preferred: number[] = [];
  #heardAt = 0;
  #hasAnswered = false;
  #looks = 0;
  #beginsAt = Number.POSITIVE_INFINITY;
  #mediaFailed = 0;
  #connectionsBefore = 0;
  readonly #media = new Map<number, LineMedium>();
  /** Those that take the media themselves. */
  readonly #takers = new Map<number, LivePlayback>();
  #settings: LineSettings;
  #state: "new" | "connects" | "rests" = "new";
  #isUp = false;
  #connections = 0;
  #figures: LineFigures = {
    isSilent: false,
    clockOffset: undefined,
    roundTrip: undefined,
    bitrate: 0,
    frameRate: 0,
    reading: { lateness: undefined, peak: undefined, throughput: 0, capacity: undefined },
  };
  #tracks: LineTracks = {
    announced: [],
    plan: { tracks: [], wanted: [], unsupported: [] },
    preferred: [],
  };

  /** @param url of the stream's WebSocket */
  constructor(url: string, host: LineHost, places: LinePlaces) {
    this.#host = host;
    this.#places = places;
    this.#settings = {
      url,
      isSpare: false,
      isIdle: false,
      mayBuild: true,
      sink: "media-source",
      refused: [],
    };
  }

  /** Where it lives; undefined before it was started. */
  get thread(): ThreadName | undefined {
    return this.#thread?.name;
  }

  /** Why it lives on the page. */
  get threadReason(): ThreadReason | undefined {
    return this.#reason;
  }

  /** Whether the server speaks to us now. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether it is to bring no media. */
  get isIdle(): boolean {
    return this.#settings.isIdle;
  }

  /** Connections that came to something. */
  get connections(): number {
    return this.#connectionsBefore + this.#connections;
  }

  /** What it measures. */
  get figures(): LineFigures {
    return this.#figures;
  }

  /** What is announced, chosen and played. */
  get tracks(): LineTracks {
    return this.#tracks;
  }

  /** Changes how it is to behave; to be called as often as one likes. */
  set(change: Partial<LineSettings>): void {
    const settings = { ...this.#settings, ...change };
    const names = Object.keys(settings) as (keyof LineSettings)[];
    if (names.every((name) => settings[name] === this.#settings[name])) return;
    this.#settings = settings;
    this.#send({ type: "settings", settings });
  }

  /** Connects; once. */
  start(): void {
    this.#state = "connects";
    this.#begin();
  }

  /** A MediaSource may begin to open, for a broadcast that nothing is known of yet. */
  prepare(): void {
    this.#isPrepared = true;
    this.#send({ type: "prepare" });
  }

  /** There is reason to believe that a connection would work now: the network is back, the page is seen. */
  hurry(): void {
    if (this.#state === "new") {
      this.start();
      return;
    }
    this.#state = "connects";
    this.#send({ type: "hurry" });
  }

  /** Leaves the present connection for a new one, which begins with the current pictures. */
  restart(): void {
    if (this.#state === "new") {
      this.start();
      return;
    }
    this.#state = "connects";
    this.#isUp = false;
    this.#send({ type: "restart" });
  }

  /** Leaves the connection, and makes none before `hurry` or `restart`. */
  rest(): void {
    if (this.#state !== "connects") return;
    this.#state = "rests";
    this.#isUp = false;
    this.#send({ type: "rest" });
  }

  /** The viewer wants these tracks; where it named none of a kind, that stays as it is. */
  prefer(tracks: readonly number[]): void {
    this.#preferred = [...tracks, ...this.#preferred].slice(0, MOST_PREFERRED);
    this.#send({ type: "prefer", tracks });
  }

  /** What plays is to be replaced, by what the settings now say. */
  rebuild(): void {
    this.#send({ type: "rebuild" });
  }

  /** A playback was left: where it took the media itself, that is not needed any more. */
  dismiss(playback: Playback): void {
    for (const [id, taker] of this.#takers) {
      if (taker !== playback) continue;
      this.#takers.delete(id);
      this.#send({ type: "close", id });
    }
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    if (now >= this.#beginsAt) this.#begin();
    if (this.#thread?.name !== "worker") return;
    this.#looks += 1;
    const allowed = this.#hasAnswered ? ANSWERS.later : ANSWERS.first;
    if (now - this.#heardAt > allowed && this.#looks > ANSWERS.looks)
      this.#places.workers.give("silent");
  }

  /** Ends it for good. */
  stop(): void {
    this.#beginsAt = Number.POSITIVE_INFINITY;
    this.#thread?.close();
    this.#thread = undefined;
  }

  #send(command: LineCommand): void {
    this.#thread?.send(command);
  }

  /** Finds a place to live, and takes there what was said so far. */
  #begin(): void {
    this.#beginsAt = Number.POSITIVE_INFINITY;
    this.#heardAt = performance.now();
    this.#hasAnswered = false;
    this.#looks = 0;
    this.#mediaFailed = 0;
    let thread: LineThread | undefined;
    const listener: ThreadListener = {
      onReport: (report) => {
        if (this.#thread === thread) this.#hear(report);
      },
      onLost: (reason) => {
        if (this.#thread === thread) this.#lost(reason);
      },
    };
    thread = this.#reason === undefined ? this.#places.workers.open(listener) : undefined;
    if (thread === undefined) this.#reason ??= this.#places.workers.refusal;
    thread ??= this.#places.onPage(listener);
    this.#thread = thread;
    this.#send({ type: "settings", settings: this.#settings });
    if (this.#preferred.length > 0) this.#send({ type: "prefer", tracks: this.#preferred });
    if (this.#state !== "rests") this.#send({ type: "start" });
    if (this.#isPrepared) this.#send({ type: "prepare" });
  }

  /** It lives on elsewhere. What it filled is lost. */
  #lost(reason: ThreadReason): void {
    const wasOnPage = this.#thread?.name === "page";
    this.#thread = undefined;
    this.#reason = reason;
    this.#isUp = false;
    this.#connectionsBefore += this.#connections;
    this.#connections = 0;
    const takers = [...this.#takers.values()];
    const media = [...this.#media.values()];
    this.#takers.clear();
    this.#media.clear();
    if (wasOnPage) {
      this.#beginsAt = performance.now() + AGAIN_AFTER;
    } else {
      this.#isPrepared ||= media.length > 0;
      this.#begin();
    }
    const error = new Error(`The line was lost: ${reason}`);
    for (const medium of media) medium.fail(error);
    for (const taker of takers) this.#host.onLost(taker, error);
    if (wasOnPage) this.#host.onDown(1);
  }

  #hear(report: LineReport): void {
    this.#heardAt = performance.now();
    this.#hasAnswered = true;
    this.#looks = 0;
    switch (report.type) {
      case "message":
        this.#host.onMessage(report.message);
        return;
      case "up":
        this.#isUp = true;
        this.#connections = report.connections;
        this.#host.onUp();
        return;
      case "down":
        this.#isUp = false;
        this.#host.onDown(report.failures);
        return;
      case "left":
        this.#isUp = false;
        return;
      case "figures":
        this.#figures = report.figures;
        return;
      case "tracks":
        this.#tracks = report.tracks;
        this.#host.onTracks();
        return;
      case "prepared":
        if (!this.#host.onPrepared(this.#open(report.id, report.source))) this.#close(report.id);
        return;
      case "built":
        this.#built(report);
        return;
      case "progress":
        this.#media.get(report.id)?.advance(report.progress, report.samples);
        return;
      case "failed":
        this.#failed(report.id, report.reason);
        return;
      case "init":
        this.#takers.get(report.id)?.init(report.planned, report.bytes);
        return;
      case "frames":
        this.#takers.get(report.id)?.feed(report.frames, report.isHistory);
        return;
      case "history-end":
        this.#takers.get(report.id)?.endHistory();
        return;
    }
  }

  /** What cannot even begin in a worker may on the page. */
  #failed(id: number, reason: string): void {
    const medium = this.#media.get(id);
    medium?.fail(reason);
    if (this.#thread?.name !== "worker" || medium?.progress.edge !== undefined) return;
    this.#mediaFailed += 1;
    if (this.#mediaFailed >= MOST_FAILED) this.#places.workers.give("failing");
  }

  #open(id: number, source: LineMedium["source"]): LineMedium {
    const thread = this.#thread;
    const medium = new LineMedium(
      { id, source },
      (command) => thread?.send(command),
      () => this.#media.delete(id),
    );
    this.#media.set(id, medium);
    return medium;
  }

  #built({ id, sink, plan, source }: Extract<LineReport, { readonly type: "built" }>): void {
    if (sink === "page") {
      const playback = this.#host.onTaken(plan);
      if (playback === undefined) this.#send({ type: "close", id });
      else this.#takers.set(id, playback);
      return;
    }
    // The page may have closed the prepared one while the line was building with it.
    this.#isPrepared = false;
    const medium = source === undefined ? this.#media.get(id) : this.#open(id, source);
    if (medium !== undefined && !this.#host.onBuilt(medium, plan)) this.#close(id);
  }

  #close(id: number): void {
    this.#media.get(id)?.close();
  }
}
