import { LIMITS } from "../protocol/limits.ts";
import type { Milliseconds } from "../protocol/media/sample.ts";
import type { DataEvent } from "./live-observer.ts";

/**
 * What was said in the last seconds: a viewer whose line broke for a moment is told again, and knows by
 * the ids what is new. Bounded in time, number and bytes.
 */
export class RecentData {
  #events: DataEvent[] = [];
  #bytes = 0;

  push(event: DataEvent): void {
    this.#events.push(event);
    this.#bytes += event.body.length;
    while (this.#events.length > LIMITS.recentData || this.#bytes > LIMITS.recentDataBytes) {
      this.#drop();
    }
  }

  /** @param newest how far the timeline has come */
  list(newest: Milliseconds): readonly DataEvent[] {
    while ((this.#events[0]?.at ?? newest) < newest - LIMITS.recentDataTime) this.#drop();
    return this.#events;
  }

  clear(): void {
    this.#events = [];
    this.#bytes = 0;
  }

  #drop(): void {
    this.#bytes -= this.#events.shift()?.body.length ?? 0;
  }
}
