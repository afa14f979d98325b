import type { Playback, Situation } from "../engine/playback.ts";
import type { Surface } from "../engine/surface.ts";
import type { VideoSurface } from "../engine/video-surface.ts";
import type { Stage } from "../ui/stage.ts";

/** A new playback that is ready but does not run takes the stage after this long (ms) anyway. */
const READY_BUT_STILL = 400;

/** What a succession reports. */
export type SuccessionHost = {
  /** Nobody needs it any more; it is destroyed. */
  onLeft(playback: Playback): void;
  /** It is on now, in place of another. */
  onEntered(playback: Playback): void;
};

/**
 * Who is on the stage, and who makes ready behind it: a playback that cannot go on stays until the
 * next one has a picture, so that nothing goes dark.
 */
export class Succession {
  readonly #stage: Stage;
  readonly #host: SuccessionHost;
  #current: Playback | undefined;
  #next: Playback | undefined;
  #nextReadySince: number | undefined;
  #builds = 0;

  constructor(stage: Stage, host: SuccessionHost) {
    this.#stage = stage;
    this.#host = host;
  }

  get current(): Playback | undefined {
    return this.#current;
  }

  get next(): Playback | undefined {
    return this.#next;
  }

  /** Playbacks so far. */
  get builds(): number {
    return this.#builds;
  }

  /** For `take`: the first playback has the stage at once, others make ready behind it. */
  freeVideo(): VideoSurface {
    this.#dismissNext();
    const { active, spare, videos } = this.#stage;
    const free = this.#current === undefined ? videos.find((one) => one === active) : undefined;
    if (free !== undefined) return free;
    spare.muted = true;
    return spare;
  }

  /** For `take` as well: a surface of the playback's own. */
  admit(surface: Surface): void {
    this.#dismissNext();
    this.#stage.admit(surface);
  }

  /** Takes a playback that was made on `freeVideo`, or on a surface that was admitted. */
  take(playback: Playback): void {
    this.#builds += 1;
    if (this.#current === undefined) {
      this.#current = playback;
      this.#stage.swapTo(playback.surface);
    } else {
      this.#next = playback;
    }
    this.#nextReadySince = undefined;
  }

  /** It failed. What it showed last stays, unless another one is coming. */
  remove(playback: Playback): void {
    if (playback === this.#next) {
      this.#next = undefined;
      this.#leave(playback);
    } else if (playback === this.#current) {
      this.#stage.keepPicture();
      this.#current = undefined;
      this.#leave(playback);
      if (this.#next !== undefined) this.#swapTo(this.#next);
    }
  }

  tick(situation: Situation): void {
    this.#current?.tick(situation);
    this.#next?.tick(situation);
    if (this.#next?.isReady) {
      this.#nextReadySince ??= situation.now;
      const isDue = situation.now - this.#nextReadySince > READY_BUT_STILL;
      if (this.#next.isMoving || isDue || !situation.wantsPlay) this.#swapTo(this.#next);
    }
    if (this.#current?.isReady && this.#current.surface.width > 0) this.#stage.dropPicture();
  }

  destroy(): void {
    this.#next?.destroy();
    this.#current?.destroy();
  }

  #dismissNext(): void {
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.#leave(next);
  }

  #swapTo(next: Playback): void {
    const before = this.#current;
    if (before?.isReady && next.surface.width === 0) this.#stage.keepPicture();
    this.#stage.swapTo(next.surface);
    this.#current = next;
    this.#next = undefined;
    if (before !== undefined) this.#leave(before);
    this.#host.onEntered(next);
  }

  #leave(playback: Playback): void {
    playback.destroy();
    this.#stage.release(playback.surface);
    this.#host.onLeft(playback);
  }
}
