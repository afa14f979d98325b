import type { EncoderReport } from "../protocol/media/encoder-report.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";

/** What the encoder has told of itself since this publisher began; absent is what it did not tell. */
export type EncoderStatus = {
  /** The encoder's clock, by the newest picture that came with a report. */
  readonly clock: {
    /** When the picture was put together, ms since 1970 by the encoder's clock. */
    readonly composed?: Milliseconds;
    /** When it is shown, ms on the live stream's timeline. */
    readonly position: Milliseconds;
    /**
     * How far the server's clock is ahead of the encoder's, the line's delay included: the least of
     * the last reports, which is the nearest.
     */
    readonly offset?: Milliseconds;
  };
  /** How long the picture took within the encoder. */
  readonly delays: {
    /** From put together to given to the encoder. */
    readonly render?: Milliseconds;
    /** How long the encoder took to take it. */
    readonly encode?: Milliseconds;
    /** From put together to given to the output. */
    readonly total?: Milliseconds;
  };
  /** Frames of the whole broadcast, all reports together. */
  readonly session?: Required<EncoderReport>["session"];
  /** Frames of single tracks, by the encoder's own number of the track. */
  readonly renditions: readonly (Required<EncoderReport>["rendition"] & {
    readonly trackIndex: number;
  })[];
};

/** How old a picture is when it gets here. */
export type EncoderDelay = {
  /** ms that it was within the encoder, by that one's clock alone. */
  readonly inside: Milliseconds | undefined;
  /**
   * ms from put together to its arrival here, by both clocks: as true as they are set alike. Undefined
   * where they cannot be.
   */
  readonly whole: Milliseconds | undefined;
};

/** A picture from the future (ms) may be one of a clock a little fast; older than the other is none. */
const EARLIEST = -20;
const OLDEST = 30_000;

/** @returns undefined where the encoder's reports say nothing of it */
export function encoderDelay({ clock, delays }: EncoderStatus): EncoderDelay | undefined {
  const inside = delays.total;
  const { offset } = clock;
  const isPlausible = offset !== undefined && offset >= EARLIEST && offset <= OLDEST;
  const whole = isPlausible ? Math.max(0, offset + (inside ?? 0)) : undefined;
  return inside === undefined && whole === undefined ? undefined : { inside, whole };
}

/** Reports whose offsets are compared: one comes with each key frame. */
const COMPARED = 16;

/** Keeps what an encoder reports with its pictures (OBS: Broadcast Performance Metrics). */
export class EncoderClock {
  #status: EncoderStatus | undefined;
  #offsets: Milliseconds[] = [];
  /** Every track counts the session for itself: that of the first one is told. */
  readonly #sessions = new Map<number, Required<EncoderReport>["session"]>();
  readonly #renditions = new Map<number, Required<EncoderReport>["rendition"]>();

  /** Undefined while the encoder has told nothing. */
  get status(): EncoderStatus | undefined {
    return this.#status;
  }

  /**
   * @param position of the report's picture, ms on the live stream's timeline
   * @param arrived ms since 1970 by the server's clock
   */
  take(
    trackIndex: number,
    { times, session, rendition }: EncoderReport,
    position: Milliseconds,
    arrived: Milliseconds,
  ): EncoderStatus {
    const { composed, encodeBegan, encodeEnded, sent } = times;
    const last = sent ?? encodeEnded ?? encodeBegan ?? composed;
    if (last !== undefined) this.#offsets = [...this.#offsets.slice(1 - COMPARED), arrived - last];
    const offset = this.#offsets.length === 0 ? undefined : Math.min(...this.#offsets);
    if (session !== undefined) addTo(this.#sessions, trackIndex, session);
    if (rendition !== undefined) addTo(this.#renditions, trackIndex, rendition);
    const firstTrack = Math.min(...this.#sessions.keys());
    const counted = this.#sessions.get(firstTrack);
    this.#status = {
      clock: {
        ...(composed !== undefined && { composed }),
        position,
        ...(offset !== undefined && { offset }),
      },
      delays: {
        ...between("render", composed, encodeBegan),
        ...between("encode", encodeBegan, encodeEnded),
        ...between("total", composed, sent),
      },
      ...(counted !== undefined && { session: counted }),
      renditions: [...this.#renditions].map(([index, frames]) => ({
        trackIndex: index,
        ...frames,
      })),
    };
    return this.#status;
  }
}

function addTo<Counters extends { readonly [name: string]: number }>(
  totals: Map<number, Counters>,
  trackIndex: number,
  counters: Counters,
): void {
  const before = totals.get(trackIndex);
  const added = Object.entries(counters).map(([name, frames]) => [
    name,
    (before?.[name] ?? 0) + frames,
  ]);
  totals.set(trackIndex, Object.fromEntries(added) as Counters);
}

const between = <Name extends string>(
  name: Name,
  from: Milliseconds | undefined,
  to: Milliseconds | undefined,
): { [name in Name]?: Milliseconds } =>
  from === undefined || to === undefined
    ? {}
    : ({ [name]: to - from } as { [name in Name]: Milliseconds });
