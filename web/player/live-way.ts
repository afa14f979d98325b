import type { Choice } from "../control/choice.ts";
import { MediaAttachment } from "../engine/media-attachment.ts";
import { type AttachedMedium, MsePlayback } from "../engine/mse-playback.ts";
import type { PlannedTrack } from "../engine/plan.ts";
import { mediaSourceClass } from "../engine/platform.ts";
import type { LivePlayback, Playback, PlaybackHost } from "../engine/playback.ts";
import { Line, type LineHost } from "../line/line.ts";
import type { LineMedium } from "../line/line-medium.ts";
import { linePlaces } from "../line/line-places.ts";
import type { Stage } from "../ui/stage.ts";
import type { BareDecoders } from "./bare-decoders.ts";
import type { PlayerTracks } from "./player-tracks.ts";
import type { Succession } from "./succession.ts";

/** What is there besides, and what is asked of it. */
export type LiveWayHost = Pick<
  LineHost,
  "onMessage" | "onTracks" | "onUp" | "onDown" | "onLost"
> & {
  readonly stage: Stage;
  readonly succession: Succession;
  readonly tracks: PlayerTracks;
  readonly bare: BareDecoders;
  readonly playbacks: PlaybackHost;
  /** Whether a playback of the WebSocket may be made: it is the choice, and the past is not played. */
  mayBeLive(): boolean;
  /** This plays from now on, as soon as it has a picture. */
  made(playback: Playback): void;
};

/** The way over the WebSocket: its line, and what is made of what comes over it. */
export class LiveWay {
  readonly line: Line;
  readonly #host: LiveWayHost;
  /** The first MediaSource, while nothing plays on it. */
  #prepared: AttachedMedium | undefined;
  /** The code of what is to decode has been loaded. */
  #isEngineThere = true;

  /** @param url of the stream's WebSocket */
  constructor(url: string, host: LiveWayHost) {
    this.#host = host;
    const line: LineHost = {
      onMessage: (message) => host.onMessage(message),
      onTracks: () => host.onTracks(),
      onUp: () => host.onUp(),
      onDown: (failures) => host.onDown(failures),
      onLost: (playback, error) => host.onLost(playback, error),
      onPrepared: (medium) => this.#prepare(medium),
      onBuilt: (medium, plan) => this.#buildMse(medium, plan),
      onTaken: (plan) => this.#buildBare(plan),
    };
    this.line = new Line(url, line, linePlaces());
  }

  /** Opening a MediaSource takes its time: it begins before there is something to play. */
  openEarly(): void {
    if (mediaSourceClass() !== undefined) this.line.prepare();
  }

  /** Media is to come over the WebSocket again. */
  enter(): void {
    this.line.set({ isIdle: false, mayBuild: this.#mayBuild });
    this.line.restart();
  }

  /** Nothing is to be sent over the WebSocket, which stays: it tells how the broadcast stands. */
  leave(): void {
    this.line.set({ isIdle: true });
  }

  /** What comes over the WebSocket is decoded by this engine from now on, as soon as it is there. */
  take(engine: Choice["engine"]): void {
    const { bare, tracks, succession } = this.#host;
    const { announced } = tracks;
    const isBare = engine === "webcodecs";
    this.#isEngineThere = !isBare || bare.want(announced);
    if (!this.#isEngineThere) {
      this.line.set({ mayBuild: false });
      return;
    }
    const mayBuild = this.#mayBuild;
    this.line.set({
      sink: isBare ? "page" : "media-source",
      refused: bare.refused(announced),
      mayBuild,
    });
    const playing = succession.next ?? succession.current;
    const isOther = playing?.transport === "websocket" && playing.engine !== engine;
    if (isOther && mayBuild) this.line.rebuild();
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    this.line.set({ mayBuild: this.#mayBuild });
    this.line.tick(now);
  }

  /** The MediaSource that was opened early is not needed. */
  dropPrepared(): void {
    this.#prepared?.medium.close();
    this.#prepared?.attachment.destroy();
    this.#prepared = undefined;
  }

  destroy(): void {
    this.dropPrepared();
    this.line.stop();
  }

  /** Whether a playback may be made: its engine is there as well. */
  get #mayBuild(): boolean {
    return this.#isEngineThere && this.#host.mayBeLive();
  }

  /** The first MediaSource begins to open before anything is known of the broadcast. */
  #prepare(medium: LineMedium): boolean {
    const { stage, succession } = this.#host;
    if (succession.current !== undefined) return false;
    const [surface] = stage.videos;
    this.dropPrepared(); // of a worker that was lost
    this.#prepared = { medium, attachment: new MediaAttachment(surface, medium.source) };
    return true;
  }

  #buildMse(medium: LineMedium, plan: readonly PlannedTrack[]): boolean {
    const { succession } = this.#host;
    if (!this.#host.mayBeLive()) return false;
    const surface = succession.freeVideo();
    const prepared = this.#prepared;
    const isPrepared = prepared?.medium === medium;
    if (isPrepared && prepared.attachment.surface === surface) {
      this.#prepared = undefined;
      this.#host.made(new MsePlayback(prepared, plan, this.#host.playbacks));
      return true;
    }
    this.dropPrepared();
    if (isPrepared) return false; // it cannot be moved
    const attachment = new MediaAttachment(surface, medium.source);
    this.#host.made(new MsePlayback({ medium, attachment }, plan, this.#host.playbacks));
    return true;
  }

  #buildBare(plan: readonly PlannedTrack[]): LivePlayback | undefined {
    const { bare, succession } = this.#host;
    const playback = bare.engine?.build(plan, this.#host.playbacks);
    if (playback === undefined) return undefined;
    succession.admit(playback.surface);
    this.#host.made(playback);
    return playback;
  }
}
