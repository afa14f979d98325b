import type { Milliseconds } from "../../protocol/media/sample.ts";

/** What bounds the count. */
export type AudienceLimits = {
  readonly viewers: number;
  /** Who asked for nothing for this long is gone. */
  readonly viewerTime: Milliseconds;
};

/**
 * Who watches over HLS. There is no connection to count, so those are counted who asked for
 * something lately; an address and a browser are taken for one.
 */
export class Audience {
  readonly #limits: AudienceLimits;
  /** By stream: each viewer's last request, the latest at the end. */
  readonly #streams = new Map<string, Map<string, Milliseconds>>();
  #size = 0;

  constructor(limits: AudienceLimits) {
    this.#limits = limits;
  }

  /** Somebody asked for something of this stream. */
  saw(streamPath: string, address: string, userAgent: string, now: Milliseconds): void {
    const viewers = this.#streams.get(streamPath) ?? new Map<string, Milliseconds>();
    const viewer = `${address}\n${userAgent}`;
    if (viewers.delete(viewer)) this.#size -= 1;
    else if (this.#size >= this.#limits.viewers) this.#forgetGone(now);
    if (this.#size >= this.#limits.viewers) return;
    viewers.set(viewer, now);
    this.#size += 1;
    this.#streams.set(streamPath, viewers);
  }

  /** Distinct viewers of the last while. */
  count(streamPath: string, now: Milliseconds): number {
    const viewers = this.#streams.get(streamPath);
    if (viewers === undefined) return 0;
    for (const [viewer, last] of viewers) {
      if (now - last <= this.#limits.viewerTime) break;
      viewers.delete(viewer);
      this.#size -= 1;
    }
    if (viewers.size === 0) this.#streams.delete(streamPath);
    return viewers.size;
  }

  #forgetGone(now: Milliseconds): void {
    for (const streamPath of [...this.#streams.keys()]) this.count(streamPath, now);
  }
}
