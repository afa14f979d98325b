import type { DataValue, MediaEvent, Milliseconds } from "../protocol/media/sample.ts";
import { findSplice, leadTime, type SpliceMessage } from "../protocol/scte35/cue-message.ts";
import type { DateRange } from "./date-range.ts";
import { DateRanges, type Moment } from "./date-ranges.ts";
import type { DataEvent } from "./live-observer.ts";
import { RecentData } from "./recent-data.ts";
import { type TimedEvent, TimedEvents } from "./timed-event.ts";

type MetadataMessage = Extract<MediaEvent, { readonly type: "metadata" }>;
type DataMessage = Extract<MediaEvent, { readonly type: "data" }>;

/** What an encoder says beside sound and pictures: what is known of it, and what it marked. */
export class LiveData {
  readonly #life: string;
  readonly #recent = new RecentData();
  readonly #timedEvents = new TimedEvents();
  #metadata: DataEvent | undefined;
  #dateRanges = new DateRanges();
  #count = 0;

  /** @param life what distinguishes this life of the streamPath from earlier ones: part of each event's id */
  constructor(life: string) {
    this.#life = life;
  }

  /** onMetaData as it stands: its newest event; undefined where there is none. */
  get metadata(): DataEvent | undefined {
    return this.#metadata;
  }

  /** Its names and values; undefined where there are none. */
  get metadataValues(): { readonly [name: string]: DataValue } | undefined {
    const values = this.#metadata?.values[0];
    const isRecord = typeof values === "object" && values !== null && !Array.isArray(values);
    return isRecord ? (values as { readonly [name: string]: DataValue }) : undefined;
  }

  /** What was said in the last seconds, oldest first. @param newest how far the timeline has come */
  recent(newest: Milliseconds): readonly DataEvent[] {
    return this.#recent.list(newest);
  }

  /** What was marked, oldest first. @param oldest where the window begins by the clock */
  dateRanges(oldest: Milliseconds | undefined): readonly DateRange[] {
    return this.#dateRanges.list(oldest);
  }

  /** onMetaData, or that there is none any more. */
  describe({ values, body }: MetadataMessage, at: Milliseconds): DataEvent {
    const event = this.#event("onMetaData", at, [values], body);
    this.#metadata = body.length === 0 ? undefined : event;
    return event;
  }

  /** Another message. */
  hear({ name, values, body }: DataMessage, at: Milliseconds): DataEvent {
    const event = this.#event(name, at, values, body);
    this.#recent.push(event);
    return event;
  }

  /** The box of a message for the parts of HLS; undefined where it gets none. */
  timed(event: DataEvent, now: Milliseconds): TimedEvent | undefined {
    return this.#timedEvents.ofData(event, now);
  }

  /**
   * Keeps what marks a moment, or a stretch of time.
   *
   * @param timestamp the encoder's, of the message
   * @param moment of the message
   * @returns a box of its own for SCTE 35
   * @throws ProtocolError where it carries SCTE 35 that cannot be read: it is a plain cue point then
   */
  mark(
    { id, number, name, values }: DataEvent,
    timestamp: Milliseconds,
    moment: Moment,
    now: Milliseconds,
  ): TimedEvent | undefined {
    let splice: SpliceMessage | undefined;
    try {
      splice = findSplice(name, values);
    } catch (error) {
      this.#dateRanges.take(id, name, values, moment);
      throw error;
    }
    if (splice === undefined) {
      this.#dateRanges.take(id, name, values, moment);
      return undefined;
    }
    const lead = leadTime(values, timestamp);
    const meant = { at: moment.at + lead, date: moment.date + lead };
    this.#dateRanges.takeSplice(id, splice, meant);
    return this.#timedEvents.ofSplice(number, splice, meant.at, now);
  }

  /** The broadcast is over. */
  clear(): void {
    this.#metadata = undefined;
    this.#dateRanges = new DateRanges();
    this.#recent.clear();
  }

  #event(
    name: string,
    at: Milliseconds,
    values: readonly DataValue[],
    body: DataEvent["body"],
  ): DataEvent {
    this.#count += 1;
    return { id: `${this.#life}-${this.#count}`, number: this.#count, name, at, values, body };
  }
}
