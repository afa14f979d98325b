import type { Clock } from "../../live/clock.ts";
import type { DataEvent } from "../../live/live-observer.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { toJsonValues } from "../../protocol/text/json-value.ts";
import { packText } from "./packager.ts";

/** What bounds the data messages of one live stream; sizes in bytes of JSON. */
export type DataLimits = {
  readonly size: number;
  readonly perSecond: number;
  readonly bytesPerSecond: number;
};

/**
 * The data messages of one live stream, each made once for all its viewers. One that is too large is
 * left out for everybody, and so are those of a flood: they are not what a viewer came for.
 */
export class DataMessages {
  readonly #clock: Clock;
  readonly #limits: DataLimits;
  readonly #onLeftOut: (why: string) => void;
  readonly #made = new WeakMap<DataEvent, Buffer | undefined>();
  readonly #due = new WeakMap<DataEvent, Buffer>();
  readonly #leftOut = new WeakSet<DataEvent>();
  #second: { since: Milliseconds; count: number; bytes: number } = { since: 0, count: 0, bytes: 0 };

  constructor(clock: Clock, limits: DataLimits, onLeftOut: (why: string) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onLeftOut = onLeftOut;
  }

  /** What just happened; to be called before `due` is asked. @returns whether it is to be told */
  take(event: DataEvent): boolean {
    const message = this.of(event);
    if (message === undefined) return false;
    const now = this.#clock.now();
    if (now - this.#second.since >= 1000) this.#second = { since: now, count: 0, bytes: 0 };
    this.#second.count += 1;
    this.#second.bytes += message.length;
    const { perSecond, bytesPerSecond } = this.#limits;
    if (this.#second.count > perSecond || this.#second.bytes > bytesPerSecond) {
      this.#onLeftOut("too many of them in a second");
      this.#leftOut.add(event);
      return false;
    }
    this.#due.set(event, message);
    return true;
  }

  /** The message, where it is to be told. */
  due(event: DataEvent): Buffer | undefined {
    return this.#due.get(event);
  }

  /** The same at any later time, for newcomers; also of what was said when nobody watched. */
  later(event: DataEvent): Buffer | undefined {
    return this.#leftOut.has(event) ? undefined : this.of(event);
  }

  /** The message at any time; undefined where it is too large. */
  of(event: DataEvent): Buffer | undefined {
    if (this.#made.has(event)) return this.#made.get(event);
    const message = this.#make(event);
    this.#made.set(event, message);
    return message;
  }

  #make({ id, name, at, values }: DataEvent): Buffer | undefined {
    const { size } = this.#limits;
    const safe = toJsonValues(values, size);
    const time = Math.round(at * 1000) / 1000;
    const message =
      safe && packText({ type: "data", id, name: name.slice(0, size), time, values: safe });
    if (message !== undefined && message.length <= size) return message;
    this.#onLeftOut(`it is larger than ${size} bytes`);
    return undefined;
  }
}
