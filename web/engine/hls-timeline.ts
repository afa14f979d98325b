import type { LevelDetails } from "hls.js";
import type { Place } from "../control/timeline.ts";

/** Where hls.js puts 0, by its discontinuity counters: `baseTime / timescale` seconds. */
export type TimestampOffsets = readonly (
  | { readonly baseTime: number; readonly timescale: number }
  | undefined
)[];

/** What of hls.js's view of a media playlist is needed here; times in seconds of its own. */
export type ListedMedia = Pick<
  LevelDetails,
  "fragmentStart" | "edge" | "age" | "targetduration"
> & {
  readonly fragments: readonly {
    readonly start: number;
    readonly duration: number;
    readonly cc: number;
  }[];
};

/**
 * Relates hls.js's clock (0 is where the first playlist began) to the live stream's timeline, which
 * its media has in `tfdt`: hls.js tells what it took off.
 */
export class HlsTimeline {
  #offsets: TimestampOffsets = [];

  /** What hls.js found (`INIT_PTS_FOUND`). */
  found(offsets: TimestampOffsets): void {
    this.#offsets = [...offsets];
  }

  /** Whether anything can be told. */
  get isKnown(): boolean {
    return this.#offsets.some((offset) => offset !== undefined);
  }

  /** @param at seconds of the media element @returns ms on the timeline */
  toStream(at: number, media: ListedMedia | undefined): number | undefined {
    const cc = media?.fragments.findLast(({ start }) => start <= at + 0.001)?.cc;
    const offset = this.#offsetOf(cc);
    return offset === undefined ? undefined : (at + offset) * 1_000;
  }

  /** @param time ms on the timeline @returns seconds of the media element */
  toMedia(time: number, media: ListedMedia | undefined): number | undefined {
    const seconds = time / 1_000;
    const fragment = media?.fragments.findLast(({ start, cc }) => {
      const offset = this.#offsetOf(cc);
      return offset !== undefined && start + offset <= seconds + 0.001;
    });
    const offset = this.#offsetOf(fragment?.cc ?? media?.fragments[0]?.cc);
    return offset === undefined ? undefined : seconds - offset;
  }

  /** @returns undefined while nothing is known */
  place(at: number, media: ListedMedia): Place | undefined {
    const position = this.toStream(at, media);
    const start = this.toStream(media.fragmentStart, media);
    // What is in the making goes on while no playlist tells of it.
    const edge = this.toStream(media.edge + Math.min(media.age, media.targetduration), media);
    if (position === undefined || start === undefined || edge === undefined) return undefined;
    return { position, edge, start };
  }

  /** Where none was found for this stretch yet, that of the nearest other one. */
  #offsetOf(cc: number | undefined): number | undefined {
    const own = cc === undefined ? undefined : this.#offsets[cc];
    const offset = own ?? this.#offsets.findLast((one) => one !== undefined);
    return offset === undefined ? undefined : offset.baseTime / offset.timescale;
  }
}
