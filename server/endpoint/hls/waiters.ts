import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { connectionOf, type Exchange } from "../http/exchange.ts";

/** What bounds those who wait. */
export type WaiterLimits = {
  readonly heldRequests: number;
  /** A connection of HTTP/2 carries the requests of a page with many players, or of a whole cache. */
  readonly heldPerConnection: number;
};

/** Why somebody waits no more. */
export type Release = "due" | "late" | "closing";

/** A request that is held until it can be answered. */
export type Waiter = {
  readonly exchange: Exchange;
  /** Whose changes it waits for. */
  readonly subject: object;
  /** Called after each change, so to be cheap. */
  readonly isDue: () => boolean;
  readonly time: Milliseconds;
  readonly answer: (release: Release) => void;
};

/** More than the time that a request is held: until then nothing moves on its connection. */
const SLACK: Milliseconds = 5000;

/** Requests that are held, of all streams, in one bounded list; who leaves is forgotten. */
export class Waiters {
  readonly #clock: Clock;
  readonly #limits: WaiterLimits;
  readonly #bySubject = new Map<object, Set<Held>>();
  readonly #perConnection = new WeakMap<object, number>();
  #size = 0;
  #isClosed = false;

  constructor(clock: Clock, limits: WaiterLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns whether there was a place for it */
  hold(waiter: Waiter): boolean {
    const { exchange, subject, time, answer } = waiter;
    const { response } = exchange;
    const connection = connectionOf(exchange.request);
    const ofConnection = this.#perConnection.get(connection) ?? 0;
    if (this.#isClosed || this.#size >= this.#limits.heldRequests) return false;
    if (ofConnection >= this.#limits.heldPerConnection) return false;
    const ofSubject = this.#bySubject.get(subject) ?? new Set<Held>();
    this.#bySubject.set(subject, ofSubject);
    const letGo = (): boolean => {
      if (!ofSubject.delete(held)) return false;
      if (ofSubject.size === 0) this.#bySubject.delete(subject);
      this.#size -= 1;
      this.#perConnection.set(connection, (this.#perConnection.get(connection) ?? 1) - 1);
      cancel();
      response.off("close", letGo);
      return true;
    };
    const release = (reason: Release): void => {
      if (letGo()) answer(reason);
    };
    const held: Held = { isDue: waiter.isDue, release };
    const cancel = this.#clock.after(time, () => release("late"));
    // An idle connection is closed sooner than that by its server.
    response.setTimeout(time + SLACK, () => response.destroy());
    response.once("close", letGo);
    ofSubject.add(held);
    this.#size += 1;
    this.#perConnection.set(connection, ofConnection + 1);
    return true;
  }

  /** Something changed: answers those for whom it was that. */
  wake(subject: object): void {
    const waiting = this.#bySubject.get(subject);
    if (waiting === undefined) return;
    for (const held of [...waiting]) if (held.isDue()) held.release("due");
  }

  /** Nobody is to wait any more. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of [...this.#bySubject.values()]) {
      for (const held of [...waiting]) held.release("closing");
    }
  }
}

type Held = { readonly isDue: () => boolean; readonly release: (reason: Release) => void };
