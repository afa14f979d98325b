import type { LiveStream } from "../../live/live-stream.ts";
import { packText } from "./packager.ts";

/** Rates are looked at this often, ms. */
export const BITRATES_EVERY = 2_000;

/** A rate that changed by less than this share is the one that was told. */
const SAME = 0.1;

/** What the tracks of a ladder cost, as a message that is made once for all viewers. */
export class BitrateMessages {
  readonly #liveStream: Pick<LiveStream, "status">;
  #told: ReadonlyMap<number, number> = new Map();
  #message: Buffer | undefined;

  constructor(liveStream: Pick<LiveStream, "status">) {
    this.#liveStream = liveStream;
  }

  /** The latest, for a newcomer; undefined where there is nothing to choose from. */
  get latest(): Buffer | undefined {
    return this.#message;
  }

  /**
   * Measures anew. To be called now and then.
   *
   * @returns what is to be told, where it is another one than before
   */
  look(): Buffer | undefined {
    const status = this.#liveStream.status();
    const isLadder = status.filter(({ track }) => track.track.mediaType === "video").length > 1;
    const rates = new Map<number, number>();
    for (const { track, bitrate } of isLadder ? status : []) {
      if (bitrate > 0) rates.set(track.id, Math.round(bitrate));
    }
    if (rates.size === 0) {
      this.#told = rates;
      this.#message = undefined;
      return undefined;
    }
    const isSame = (rate: number, id: number) =>
      Math.abs(rate - (this.#told.get(id) ?? 0)) <= SAME * rate;
    const isKnown =
      rates.size === this.#told.size && [...rates].every(([id, rate]) => isSame(rate, id));
    if (isKnown) return undefined;
    this.#told = rates;
    const tracks = [...rates].map(([id, bitrate]) => ({ id, bitrate }));
    this.#message = packText({ type: "bitrates", tracks });
    return this.#message;
  }
}
