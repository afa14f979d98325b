import type { Bytes } from "../protocol/bytes/bytes.ts";
import { emsg } from "../protocol/isobmff/emsg.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import { SPLICE_SCHEME, type SpliceMessage } from "../protocol/scte35/cue-message.ts";
import { ID3_SCHEME } from "../protocol/text/id3.ts";
import { toJsonValues } from "../protocol/text/json-value.ts";
import { timedMetadataTag } from "../protocol/text/timed-metadata.ts";
import type { DataEvent } from "./live-observer.ts";

/** A box that goes into the parts of HLS, the same in every rendition but for its clock. */
export type TimedEvent = {
  /** When it is meant for, on the live stream's timeline. */
  readonly at: Milliseconds;
  /** It is to be known at once, however long it is until then. */
  readonly isAnnounced: boolean;
  readonly size: number;
  /** `emsg` by the clock of a track; made once for each. */
  box(timescale: number): Bytes;
};

type Message = {
  readonly id: number;
  readonly at: Milliseconds;
  readonly duration?: Milliseconds | undefined;
  readonly scheme: string;
  readonly data: Bytes;
};

/**
 * Makes the boxes of what is said in between. What is too large, or too much in a second, gets none: as
 * over WebSocket.
 */
export class TimedEvents {
  #second: { since: Milliseconds; count: number; bytes: number } = { since: 0, count: 0, bytes: 0 };

  /** A data message as ID3, for hls.js and what browsers have themselves; `now` is the wall clock. */
  ofData(event: DataEvent, now: Milliseconds): TimedEvent | undefined {
    const { id, number, name, at } = event;
    const values = toJsonValues(event.values, LIMITS.wireData);
    if (values === undefined || name.length > LIMITS.wireData) return undefined;
    const data = timedMetadataTag({ id, name, time: Math.round(at * 1000) / 1000, values });
    if (data.length > LIMITS.wireData || !this.#has(data.length, now)) return undefined;
    return timedEvent({ id: number, at, scheme: ID3_SCHEME, data }, false);
  }

  /** SCTE 35 as it is (SCTE 214-3 §7.3.2), beside the message that carried it. */
  ofSplice(
    number: number,
    { section, marks }: SpliceMessage,
    at: Milliseconds,
    now: Milliseconds,
  ): TimedEvent | undefined {
    if (!this.#has(section.length, now)) return undefined;
    const duration = marks[0]?.duration;
    return timedEvent({ id: number, at, duration, scheme: SPLICE_SCHEME, data: section }, true);
  }

  #has(bytes: number, now: Milliseconds): boolean {
    if (now - this.#second.since >= 1000) this.#second = { since: now, count: 0, bytes: 0 };
    this.#second.count += 1;
    this.#second.bytes += bytes;
    const { count, bytes: sum } = this.#second;
    return count <= LIMITS.wireDataPerSecond && sum <= LIMITS.wireDataBytesPerSecond;
  }
}

function timedEvent(message: Message, isAnnounced: boolean): TimedEvent {
  const { id, at, duration, scheme, data } = message;
  const made = new Map<number, Bytes>();
  return {
    at,
    isAnnounced,
    size: data.length,
    box: (timescale) => {
      const known = made.get(timescale);
      if (known !== undefined) return known;
      const ticks = (ms: Milliseconds): number => Math.max(0, Math.round((ms * timescale) / 1000));
      const box = emsg({
        ...{ timescale, id, scheme, data, value: "" },
        presentationTime: ticks(at),
        duration: duration === undefined ? undefined : ticks(duration),
      });
      made.set(timescale, box);
      return box;
    },
  };
}

/** Events of one rendition that have not found their part. */
export class WaitingEvents {
  #events: TimedEvent[] = [];
  #bytes = 0;

  push(event: TimedEvent): void {
    this.#events.push(event);
    this.#bytes += event.size;
    while (this.#events.length > LIMITS.partEvents || this.#bytes > LIMITS.partEventBytes) {
      this.#bytes -= this.#events.shift()?.size ?? 0;
    }
  }

  /** Takes those of a part: what comes before its end, and what is announced. */
  takeUntil(end: Milliseconds, timescale: number): Bytes[] {
    if (this.#events.length === 0) return [];
    const isDue = ({ at, isAnnounced }: TimedEvent): boolean => isAnnounced || at < end;
    const due = this.#events.filter(isDue);
    this.#events = this.#events.filter((event) => !isDue(event));
    for (const { size } of due) this.#bytes -= size;
    return due.map((event) => event.box(timescale));
  }
}
