import type { LineReading } from "../control/line-meter.ts";
import { QualityController } from "../control/quality.ts";
import { canPlayListed } from "../engine/platform.ts";
import type { Playback } from "../engine/playback.ts";
import type { PlayerTrack } from "./player-tracks.ts";

/** As the line allows, or always one of `qualities`, by its id. */
export type QualitySetting = "auto" | number;

/** A size that the picture can have: a video track that this browser plays. */
export type PlayerQuality = {
  /** Of the track. */
  readonly id: number;
  /** 0 where it is not known. */
  readonly width: number;
  readonly height: number;
  /** bits/s; 0 while it is not known. */
  readonly bitrate: number;
  /** By the encoder. */
  readonly name: string;
  /** It is the one that plays. */
  readonly isActive: boolean;
};

/** Quality is looked at this often, ms. */
const EVERY = 250;

/** Pictures are counted over this long, ms. */
const COUNTED = 2_000;

/** What the choice of a size hangs on. */
export type QualityHost = {
  setting(): QualitySetting;
  tracks(): readonly PlayerTrack[];
  /** The ids of the tracks that play. */
  played(): readonly number[];
  current(): Playback | undefined;
  line(): LineReading;
  /** Whether it plays at the live edge, and somebody may look. */
  isAwake(): boolean;
  /** Asks for another track over the WebSocket. */
  select(trackId: number): void;
  /** `qualities` are others, or another one plays. */
  onChange(): void;
};

/** The sizes of the picture: which there are, which plays, and, over the WebSocket, which should. */
export class PlayerQualities {
  readonly #host: QualityHost;
  #bitrates: ReadonlyMap<number, number> = new Map();
  #controller = new QualityController();
  #asked: number | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #dropped = 0;
  #hasStalled = false;
  #counts: readonly { readonly at: number; readonly shown: number; readonly dropped: number }[] =
    [];
  #counted: Playback | undefined;
  #told = "";

  constructor(host: QualityHost) {
    this.#host = host;
  }

  /** Largest first; of one size the one that costs most. */
  get list(): readonly PlayerQuality[] {
    const played = this.#host.played();
    const list = this.#host.tracks().flatMap((track): PlayerQuality[] => {
      if (track.mediaType !== "video" || !canPlayListed(track)) return [];
      const { id, width = 0, height = 0, name } = track;
      const bitrate = this.#bitrates.get(id) ?? ("bitrate" in track ? track.bitrate : 0);
      return [{ id, width, height, bitrate, name, isActive: played.includes(id) }];
    });
    return list.sort((a, b) => b.width * b.height - a.width * a.height || b.bitrate - a.bitrate);
  }

  /** Whether the line would not be helped by a smaller picture: there is none, or none is allowed. */
  get isExhausted(): boolean {
    if (this.#host.setting() !== "auto" || this.list.length < 2) return true;
    return this.list.at(-1)?.isActive === true;
  }

  /** The server told what tracks cost. */
  learn(tracks: readonly { readonly id: number; readonly bitrate: number }[]): void {
    this.#bitrates = new Map(tracks.map(({ id, bitrate }) => [id, bitrate]));
  }

  /** The server left pictures out. */
  lost(samples: number): void {
    this.#dropped += samples;
  }

  /** It stood still for what came too late. */
  stalled(): void {
    this.#hasStalled = true;
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    if (now - this.#lookedAt < EVERY) return;
    this.#lookedAt = now;
    const { list } = this;
    const setting = this.#host.setting();
    const told = JSON.stringify([setting, list.map(({ id, isActive }) => [id, isActive])]);
    if (told !== this.#told) {
      this.#told = told;
      this.#host.onChange();
    }
    if (setting !== "auto") {
      this.#controller = new QualityController(); // what it thought of is another time's
      this.#asked = undefined;
      return;
    }
    const current = this.#host.current();
    if (list.length > 1 && current?.transport === "websocket") this.#adapt(list, current, now);
  }

  #adapt(list: readonly PlayerQuality[], current: Playback, now: number): void {
    const playing = list.find(({ isActive }) => isActive)?.id;
    if (playing === undefined) return;
    const { element } = current.surface;
    const wanted = this.#controller.decide({
      now,
      rungs: list,
      playing,
      ...this.#host.line(),
      dropped: this.#dropped,
      stalled: this.#hasStalled,
      undecoded: this.#undecoded(current, now),
      width: element.clientWidth * devicePixelRatio,
      height: element.clientHeight * devicePixelRatio,
      isAwake: this.#host.isAwake() && current.isReady,
    });
    this.#dropped = 0;
    this.#hasStalled = false;
    if (wanted === (this.#asked ?? playing)) return;
    this.#asked = wanted;
    this.#host.select(wanted);
  }

  /** Share of the latest pictures that came too late for the screen. */
  #undecoded(current: Playback, now: number): number {
    const { shown, dropped } = current.surface;
    if (this.#counted !== current) {
      this.#counted = current;
      this.#counts = [];
    }
    this.#counts = [
      ...this.#counts.filter(({ at }) => at > now - COUNTED),
      { at: now, shown, dropped },
    ];
    const [first] = this.#counts;
    if (first === undefined) return 0;
    const late = dropped - first.dropped;
    return late / Math.max(1, late + shown - first.shown);
  }
}
