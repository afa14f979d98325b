import type { WireValue } from "../../server/protocol/wire/control.ts";

/** Something the encoder said at a moment of the stream. By strangers: text, never markup. */
export type TimedEvent = {
  /** The same over every transport and connection. */
  readonly id: string;
  readonly name: string;
  /** ms on the stream's timeline. */
  readonly time: number;
  readonly values: readonly WireValue[];
};

/** What waits for its moment: so many, of so much JSON all together (characters). */
const MOST_WAITING = { events: 512, size: 4_194_304 } as const;

/** Ids that are remembered. */
const MOST_KNOWN = 2_000;

/** A playhead that jumps over an event by no more than this (ms) fires it late; otherwise it is past. */
export const LATEST = 30_000;

/** Times are rounded on their way: a picture's and an event's may be the same and differ by this (ms). */
const ROUNDING = 2;

/**
 * Fires each event once, when what is shown reaches its time: in order, and late rather than never where
 * the playhead jumped over it to catch up. What lies before the place where a viewer came in is past,
 * and fires only if they go back to it.
 */
export class EventSchedule {
  readonly #fire: (event: TimedEvent) => void;
  readonly #known = new Set<string>();
  #waiting: { readonly event: TimedEvent; readonly size: number }[] = [];
  #size = 0;
  #position: number | undefined;
  /** Events before it are past. */
  #begin = Number.NEGATIVE_INFINITY;

  constructor(fire: (event: TimedEvent) => void) {
    this.#fire = fire;
  }

  /** Whether this is the first time that one of this id is met: what has no moment of its own. */
  isNew(id: string): boolean {
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    for (const oldest of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    return true;
  }

  /** Takes an event, once; the playhead may have passed its time. */
  offer(event: TimedEvent): void {
    if (this.#known.has(event.id)) return;
    if (this.#waiting.some((other) => other.event.id === event.id)) return;
    const size = event.name.length + JSON.stringify(event.values).length;
    this.#waiting.push({ event, size });
    this.#size += size;
    while (this.#waiting.length > MOST_WAITING.events || this.#size > MOST_WAITING.size) {
      this.#size -= this.#waiting.shift()?.size ?? 0;
    }
  }

  /** @param to what is shown now, ms on the stream's timeline */
  advance(to: number): void {
    const from = this.#position ?? Number.NEGATIVE_INFINITY;
    this.#position = to;
    if (Math.abs(to - from) > LATEST) this.#begin = to;
    else if (to < this.#begin) this.#begin = to;
    if (this.#waiting.length === 0) return;
    const oldest = Math.max(this.#begin - ROUNDING, to - LATEST);
    const isDue = ({ time }: TimedEvent) => time >= oldest && time <= to + ROUNDING;
    const due = this.#waiting.filter(({ event }) => isDue(event));
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ event }) => !isDue(event));
    for (const { event, size } of due.sort((a, b) => a.event.time - b.event.time)) {
      this.#size -= size;
      if (this.isNew(event.id)) this.#fire(event);
    }
  }
}
