import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import type { LivePlayback, Playback } from "../engine/playback.ts";
import { LineMedium } from "./line-medium.ts";
import { LiveLine } from "./live-line.ts";
import type { LineCommand, LineFigures, LineReport, LineSettings, LineTracks } from "./messages.ts";

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
};

/** The page's end of its live line: what it knows, and what it may ask for. */
export class Line {
  readonly #host: LineHost;
  readonly #line: LiveLine;
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
  constructor(url: string, host: LineHost) {
    this.#host = host;
    this.#settings = {
      url,
      isSpare: false,
      isIdle: false,
      mayBuild: true,
      sink: "media-source",
      refused: [],
    };
    this.#line = new LiveLine((report) => this.#hear(report));
    this.#send({ type: "settings", settings: this.#settings });
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
    return this.#connections;
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
    this.#send({ type: "start" });
  }

  /** A MediaSource may begin to open, for a broadcast that nothing is known of yet. */
  prepare(): void {
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

  /** Ends it for good. */
  stop(): void {
    this.#send({ type: "stop" });
  }

  #send(command: LineCommand): void {
    this.#line.receive(command);
  }

  #hear(report: LineReport): void {
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
        this.#media.get(report.id)?.fail(report.reason);
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

  #open(id: number, source: LineMedium["source"]): LineMedium {
    const medium = new LineMedium(
      { id, source },
      (command) => this.#send(command),
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
    const medium = source === undefined ? this.#media.get(id) : this.#open(id, source);
    if (medium !== undefined && !this.#host.onBuilt(medium, plan)) this.#close(id);
  }

  #close(id: number): void {
    this.#media.get(id)?.close();
  }
}
