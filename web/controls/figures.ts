/** What the graphs show of one moment. Times in ms, bits a second; undefined where it is not known. */
export type Figures = {
  /** `performance.now()` */
  readonly at: number;
  readonly delay: number | undefined;
  readonly buffer: number | undefined;
  readonly bitrate: number | undefined;
};

/** So much is remembered, ms, and at most so many moments. */
const SPAN = 60_000;
const MOST = 300;

/** The last minute, moment by moment. */
export class FiguresOfMinute {
  #moments: Figures[] = [];

  get moments(): readonly Figures[] {
    return this.#moments;
  }

  push(figures: Figures): void {
    this.#moments.push(figures);
    const oldest = figures.at - SPAN;
    let gone = Math.max(0, this.#moments.length - MOST);
    while ((this.#moments[gone]?.at ?? oldest) < oldest) gone += 1;
    if (gone > 0) this.#moments.splice(0, gone);
  }

  /** Another broadcast. */
  clear(): void {
    this.#moments = [];
  }

  /** @param share 0.5: the median @returns undefined where nothing was measured */
  delayAt(share: number): number | undefined {
    const delays = this.#moments.flatMap(({ delay }) => delay ?? []).sort((a, b) => a - b);
    return delays[Math.min(delays.length - 1, Math.floor(share * delays.length))];
  }
}

/**
 * A line through values of the last minute, for the `points` of a polyline; it breaks where nothing was
 * measured.
 *
 * @param now the right end, ms
 * @param top value at the upper edge
 */
export function linesOf(
  moments: readonly Figures[],
  name: "delay" | "buffer" | "bitrate",
  { now, top, width, height }: { now: number; top: number; width: number; height: number },
): string[] {
  const lines: string[][] = [[]];
  for (const moment of moments) {
    const value = moment[name];
    if (value === undefined) {
      if (lines.at(-1)?.length) lines.push([]);
      continue;
    }
    const x = width * (1 - Math.min(1, (now - moment.at) / SPAN));
    const y = height * (1 - Math.min(1, Math.max(0, value / top)));
    lines.at(-1)?.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return lines.filter((line) => line.length > 1).map((line) => line.join(" "));
}

/** A round number above all values: 1, 2 or 5 times a power of ten. */
export function roundTop(values: readonly (number | undefined)[], least: number): number {
  const most = Math.max(least, ...values.flatMap((value) => value ?? []));
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}
