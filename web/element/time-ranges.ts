/** A span of seconds. */
export type Span = readonly [start: number, end: number];

/** Spans as a `<video>` gives them: what the browser's own class cannot be made of. */
export class Spans implements TimeRanges {
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  get length(): number {
    return this.#spans.length;
  }

  /** @throws RangeError where there is none of this number */
  start(index: number): number {
    return this.#at(index)[0];
  }

  /** @throws RangeError where there is none of this number */
  end(index: number): number {
    return this.#at(index)[1];
  }

  #at(index: number): Span {
    const span = this.#spans[index];
    if (span === undefined) throw new RangeError(`There is no range ${index}`);
    return span;
  }
}

/** @returns the same ranges, so many seconds later */
export function shifted(ranges: TimeRanges, by: number): Spans {
  const spans: Span[] = [];
  for (let index = 0; index < ranges.length; index += 1) {
    spans.push([ranges.start(index) + by, ranges.end(index) + by]);
  }
  return new Spans(spans);
}
