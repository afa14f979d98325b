import type { ListedHealth, ListedStreamHealth } from "../../server/protocol/wire/stream-health.ts";

/** Points of a graph: a second each. */
export const POINTS = 60;

/** What graphs are made of; a second without a figure is undefined. */
export type HealthPoint = {
  readonly bitrate: number | undefined;
  readonly pictures: number | undefined;
};

const NOTHING: HealthPoint = { bitrate: undefined, pictures: undefined };

/** The last minute of a stream's health, from what is pushed each second and what was before. */
export class HealthPoints {
  #points: HealthPoint[] = [];
  /** Of the newest point, ms since 1970. */
  #at: number | undefined;

  /** Oldest first. */
  get points(): readonly HealthPoint[] {
    return this.#points;
  }

  /**
   * Takes what was pushed; what was missed in between stays open.
   *
   * @returns whether something was missed
   */
  push({ at, second }: Pick<ListedHealth, "at" | "second">): boolean {
    const steps = this.#at === undefined ? 1 : Math.round((at - this.#at) / 1000);
    if (steps === 0) return false;
    // Another publisher counts its seconds anew, and no clock steps back here for long.
    const missed = steps < 0 ? 0 : Math.min(steps - 1, POINTS);
    for (let index = 0; index < missed; index += 1) this.#points.push(NOTHING);
    this.#points.push({ bitrate: second.bitrate, pictures: second.pictures });
    this.#points = this.#points.slice(-POINTS);
    this.#at = at;
    return missed > 0;
  }

  /** Takes what was before it was pushed. */
  fill({ at, history }: Pick<ListedStreamHealth["health"], "at" | "history">): void {
    const before = history.bitrate.map((bitrate, index) => ({
      bitrate: bitrate ?? undefined,
      pictures: history.pictures[index] ?? undefined,
    }));
    const newer = this.#at === undefined ? 0 : Math.max(0, Math.round((this.#at - at) / 1000));
    const kept = newer === 0 ? [] : this.#points.slice(-newer);
    this.#points = [...before, ...kept].slice(-POINTS);
    this.#at = Math.max(at, this.#at ?? at);
  }
}
