import type { HlsBeginning } from "./playback.ts";

/** The playhead has landed where it was sent when it is this near, seconds; where one goes on, nearer. */
const NEAR = { back: 0.5, on: 0.05 } as const;

/** Further back than this (seconds) one does not go on from where the picture stood; nor further ahead. */
const FARTHEST = 6;
const MOST_AHEAD = 0.5;

/** It begins to load so much (seconds) before that, since it is known by the clock alone. */
const EARLY = 0.1;

/** A seek takes a while, and what plays meanwhile goes on: so much further (seconds), so often at most. */
const LEAD = 0.1;
const MOST_STEPS = 3;

/** What is needed to get there. */
export type HlsGoalHost = {
  readonly video: HTMLVideoElement;
  /** Seconds of the `<video>`, for ms on the timeline; undefined while it is not known. */
  toMedia(time: number): number | undefined;
  /** It goes on so many seconds further back than it would have begun. */
  onBack(seconds: number): void;
};

/**
 * Where a playback of segments is to go before it may be seen: to a moment of the past, or, at the live
 * edge, to where the picture before it is, so that nothing is shown twice.
 */
export class HlsGoal {
  readonly #host: HlsGoalHost;
  readonly #beginning: HlsBeginning;
  /** ms on the timeline */
  #time: number | undefined;
  #near: number = NEAR.back;
  /** Whether the picture before it may still decide. */
  #looksBack: boolean;
  #steps = 0;

  constructor(beginning: HlsBeginning, host: HlsGoalHost) {
    this.#host = host;
    this.#beginning = beginning;
    this.#time = beginning.time;
    this.#looksBack = beginning.time === undefined;
  }

  /** It is on its way there, ms on the timeline; undefined at the live edge, or when it is there. */
  get time(): number | undefined {
    return this.#time;
  }

  get isReached(): boolean {
    return this.#time === undefined && !this.#looksBack;
  }

  /** Goes to a moment of the window. */
  set(time: number): void {
    this.#looksBack = false;
    this.#time = time;
    this.#near = NEAR.back;
    this.approach();
  }

  /** It may be where it is. */
  clear(): void {
    this.#looksBack = false;
    this.#time = undefined;
  }

  /**
   * Where to begin to load: about where the picture before stands. hls.js does not load what lies before its
   * first part of a segment, whatever is asked of it later.
   *
   * @param holdBack seconds before the end of the media playlist that are asked for there
   * @returns seconds before its end; undefined: as near to the edge as it may be
   */
  startOffset(holdBack: number): number | undefined {
    const age = this.#looksBack ? this.#beginning.standsAt?.()?.age : undefined;
    if (age === undefined) return undefined;
    const offset = age / 1_000 + EARLY;
    if (offset < holdBack || offset > holdBack + FARTHEST) return undefined;
    this.#host.onBack(offset - holdBack);
    return offset;
  }

  /** Sends the playhead there, as soon as that can be told, until it has landed. */
  approach(): void {
    const { video } = this.#host;
    if (this.#looksBack) this.#lookBack();
    if (this.#time === undefined) return;
    const to = this.#host.toMedia(this.#time);
    if (to === undefined || video.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    const isOnItsWay = video.seeking && this.#near === NEAR.on;
    const isThere = Math.abs(video.currentTime - to) <= this.#near;
    if (!isThere && !isOnItsWay && this.#mayGo) {
      this.#steps += 1;
      video.currentTime = to;
      return;
    }
    if (this.#hasPicture) this.#time = undefined;
  }

  /** To go on one does not fight with who knows better where there is something to play. */
  get #mayGo(): boolean {
    return this.#near === NEAR.back || this.#steps < MOST_STEPS;
  }

  get #hasPicture(): boolean {
    const { video } = this.#host;
    return !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  /** It could begin at the live edge now: it does where the picture before stands, or is by then. */
  #lookBack(): void {
    const { video } = this.#host;
    const standsAt = this.#beginning.standsAt?.()?.time;
    const time = standsAt ?? this.#beginning.follows?.();
    if (time === undefined) this.#looksBack = false;
    const to = time === undefined ? undefined : this.#host.toMedia(time);
    if (to === undefined || !this.#hasPicture) return;
    const back = video.currentTime - to;
    if (standsAt !== undefined) {
      this.#looksBack = false;
      if (Math.abs(back) < NEAR.on || back > FARTHEST || back < -MOST_AHEAD) return;
      this.#time = standsAt;
      this.#near = NEAR.on;
      if (back > 0) this.#host.onBack(back);
      return;
    }
    this.#steps += 1;
    this.#looksBack = back < NEAR.on && back > -FARTHEST && this.#steps <= MOST_STEPS;
    if (this.#looksBack) video.currentTime = to + LEAD;
  }
}
