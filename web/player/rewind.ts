import type { StreamAddress } from "../address.ts";
import { destination, type PlayerTimeline, timelineOf } from "../control/timeline.ts";
import { DvrWindow } from "../engine/dvr-window.ts";
import { type HlsStart, isSegmented, type Playback } from "../engine/playback.ts";
import type { Succession } from "./succession.ts";

/** What plays the past goes to the edge itself where the live lane has not come within this long, ms. */
const RETURN_WITHIN = 1_500;

/** What a rewind asks of the player. */
export type RewindHost = {
  /** A track that plays, or would: its playlist tells how far back one can go. */
  trackId(): number | undefined;
  /** Makes a playback of the past, to be swapped in when it is there. */
  build(start: HlsStart): void;
  /** What was to be built is not wanted any more. */
  cancel(): void;
  /** Nothing is to be sent over the live lane any more. */
  leaveLive(): void;
  /** The live lane is to begin anew. @returns whether it can be expected to come */
  enterLive(): boolean;
};

/**
 * Going back in time and to the live edge again. The past is played over HLS, on the same timeline;
 * whatever plays goes on until the other one has its picture.
 */
export class Rewind {
  readonly #succession: Succession;
  readonly #host: RewindHost;
  readonly #window: DvrWindow;
  #isOn = false;
  /** Where the playback that is being made ready will begin, ms on the timeline. */
  #goal: number | undefined;
  /** Since when the live lane is awaited, ms. */
  #returningSince: number | undefined;

  constructor(address: StreamAddress, succession: Succession, host: RewindHost) {
    this.#succession = succession;
    this.#host = host;
    this.#window = new DvrWindow(address);
  }

  /** Whether the past is played, or about to be: the live lane rests. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Undefined while nothing plays. */
  get timeline(): PlayerTimeline | undefined {
    const place = this.#succession.current?.place;
    if (place === undefined) return undefined;
    const position = this.#goal ?? place.position;
    return timelineOf(
      { ...place, position },
      { isRewound: this.#isOn, windowLength: this.#window.length },
    );
  }

  /** Learns how far back one can go. */
  async look(): Promise<void> {
    const { current } = this.#succession;
    if (current?.transport === "hls") return; // it knows by itself
    const trackId = this.#host.trackId();
    if (trackId !== undefined) await this.#window.look(trackId);
  }

  /** @param time ms on the timeline @returns whether it leads to the past; else it is live now */
  async seek(time: number): Promise<boolean> {
    const asked = performance.now();
    await this.look();
    const { timeline } = this;
    if (timeline === undefined) return false;
    const to = destination(time, timeline);
    if (to === "live" || timeline.start === undefined) {
      this.goLive();
      return false;
    }
    this.#isOn = true;
    this.#returningSince = undefined;
    const { current, next } = this.#succession;
    const past = [next, current].find(isSegmented);
    if (past !== current) this.#goal = to;
    if (past !== undefined) {
      past.seek(to);
    } else {
      const late = performance.now() - asked;
      this.#host.build({ time: to, intoWindow: Math.max(0, to - timeline.start - late) });
    }
    return true;
  }

  /** Back to the edge: over the live lane where it comes, else where the past was played. */
  goLive(): void {
    const { current } = this.#succession;
    if (!this.#isOn) {
      current?.jumpToLive();
      return;
    }
    this.#isOn = false;
    this.#goal = undefined;
    const { next } = this.#succession;
    if (current?.transport === "websocket") {
      // What was about to go back did not come that far.
      this.#host.cancel();
      if (isSegmented(next)) this.#succession.remove(next);
      current.jumpToLive();
      return;
    }
    this.#returningSince = performance.now();
    if (!this.#host.enterLive()) this.#jump();
  }

  /** A playback took the stage. */
  entered(playback: Playback): void {
    this.#goal = undefined;
    if (playback.transport === "websocket") this.#returningSince = undefined;
    else if (this.#isOn) this.#host.leaveLive();
  }

  /** A playback failed; undefined: the one of the past could not even be made. */
  failed(playback: Playback | undefined): void {
    const { current } = this.#succession;
    const isLive = playback !== undefined && !isSegmented(playback);
    if (!this.#isOn || isLive || isSegmented(current)) return;
    this.#isOn = false;
    this.#goal = undefined;
    if (current === undefined) this.#host.enterLive();
  }

  /** To be called every 50 ms or so. */
  tick(now: number): void {
    const { current } = this.#succession;
    if (this.#isOn && isSegmented(current) && current.isReady) {
      // The broadcast is over, and all of it was seen; or it was paused for hours on a fast machine.
      const { timeline } = this;
      const isThere = timeline !== undefined && destination(timeline.position, timeline) === "live";
      if (current.surface.ended || (isThere && !current.surface.paused)) this.goLive();
    }
    if (this.#returningSince !== undefined && now - this.#returningSince > RETURN_WITHIN) {
      this.#jump();
    }
  }

  #jump(): void {
    this.#returningSince = undefined;
    this.#succession.current?.jumpToLive();
  }
}
