import type { Clock } from "../../live/clock.ts";
import type { DataEvent } from "../../live/live-stream.ts";
import type { DataValue, Milliseconds } from "../../protocol/media/sample.ts";
import type { WireValue } from "../../protocol/wire/control.ts";
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
    const safe = toWireValues(values, size);
    const time = Math.round(at * 1000) / 1000;
    const message =
      safe && packText({ type: "data", id, name: name.slice(0, size), time, values: safe });
    if (message !== undefined && message.length <= size) return message;
    this.#onLeftOut(`it is larger than ${size} bytes`);
    return undefined;
  }
}

/**
 * Values as JSON has them: what it does not know becomes the nearest it does.
 *
 * @returns undefined where their JSON would be longer than about `longest` characters, found out
 *   before it is built: references make a small message large
 */
export function toWireValues(
  values: readonly DataValue[],
  longest: number,
): WireValue[] | undefined {
  const budget = { left: longest };
  const safe = values.map((value) => toWireValue(value, budget));
  return budget.left < 0 ? undefined : safe;
}

function toWireValue(value: DataValue, budget: { left: number }): WireValue {
  budget.left -= 1;
  if (budget.left < 0 || value === null) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string") {
    budget.left -= value.length;
    return budget.left < 0 ? null : value;
  }
  if (value instanceof Date) {
    budget.left -= 24;
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (value instanceof Uint8Array) {
    budget.left -= Math.ceil(value.length / 3) * 4;
    if (budget.left < 0) return null;
    const { buffer, byteOffset, byteLength } = value;
    return { base64: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if (isList(value)) return value.map((member) => toWireValue(member, budget));
  // Without a prototype, `__proto__` is a name like any other.
  const members: { [name: string]: WireValue } = Object.create(null);
  for (const [name, member] of Object.entries(value)) {
    budget.left -= name.length;
    members[name] = toWireValue(member, budget);
  }
  return members;
}

/** `Array.isArray` loses the type of readonly arrays. */
const isList = (value: DataValue): value is readonly DataValue[] => Array.isArray(value);
