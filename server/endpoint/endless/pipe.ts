import type { Clock } from "../../live/clock.ts";
import type { LaneMessage } from "../../live/lane.ts";
import { type Backlog, Subscription } from "../../live/subscription.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** Where the bytes of one viewer go: the body of a response, or the messages of a WebSocket. */
export type Outlet<Form> = {
  /** Bytes that were written and that this process still holds. */
  readonly waiting: number;
  /** The same with those that the system has been given, but has not taken. */
  readonly unsent: number;
  /** @returns how many bytes it was */
  write(form: Form): number;
  /** What is written meanwhile leaves together. */
  gather(write: () => void): void;
  /** Is called whenever all that was written is gone. */
  onDrain(listener: () => void): void;
  /** Is called now and then while nothing happens, to keep the line open where there is a way to. */
  keepOpen?(): void;
  /** Ends in order, behind what was written. */
  end(): void;
  /** Ends at once: nobody reads. */
  destroy(): void;
};

/** What bounds one viewer; times in ms, sizes in bytes. */
export type PipeLimits = {
  readonly backlog: Backlog;
  /** Nothing was taken for this long while bytes were waiting: cut off. */
  readonly silence: Milliseconds;
  /** What may wait and is no sample. */
  readonly notices: number;
};

/** Below this many unsent bytes the next form is handed to the outlet. */
const OUTLET_FULL = 128 * 1024;

/** How often a viewer's connection is looked after. */
const CHECK_INTERVAL: Milliseconds = 1000;
const KEEP_OPEN_INTERVAL: Milliseconds = 15_000;

/**
 * What one viewer is sent, without end, and no faster than it reads: whole pictures are left out for
 * it where it is too slow, and it is cut off where it reads nothing at all.
 */
export class Pipe<Form> {
  readonly #outlet: Outlet<Form>;
  readonly #clock: Clock;
  readonly #limits: PipeLimits;
  readonly #subscription: Subscription<Form>;
  #state: "open" | "ending" | "closed" = "open";
  #cancelLook: (() => void) | undefined;
  #lastTaken: Milliseconds;
  #lastKeptOpen: Milliseconds;
  /** Bytes given to the outlet, and those of them that the system had taken at the last look. */
  #handed = 0;
  #taken = 0;

  constructor(outlet: Outlet<Form>, { clock, limits }: { clock: Clock; limits: PipeLimits }) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.#limits = limits;
    this.#subscription = new Subscription(limits.backlog);
    this.#lastTaken = clock.now();
    this.#lastKeptOpen = clock.now();
    outlet.onDrain(() => this.#pump());
    this.#look();
  }

  /** All samples left out for this viewer so far. */
  get samplesDropped(): number {
    return this.#subscription.samplesDropped;
  }

  /** Whether what may be left out still has room, beside the samples. */
  hasRoomFor(size: number): boolean {
    return this.#subscription.noticeBytes + size <= this.#limits.notices / 2;
  }

  /** What a newcomer is given at once, behind its opening. */
  begin(opening: Form, size: number, history: readonly LaneMessage<Form>[]): void {
    this.#outlet.gather(() => {
      this.#insert(opening, size);
      this.#subscription.join(history, this.#clock.now());
      this.#pump();
    });
  }

  /** Something that is no sample, in its place behind all that waits; it is never left out. */
  insert(form: Form, size: number): void {
    this.#insert(form, size);
    this.#pump();
  }

  offer(message: LaneMessage<Form>): void {
    if (this.#state !== "open") return;
    if (this.#subscription.isIdle && this.#outlet.waiting < OUTLET_FULL) {
      this.#handed += this.#outlet.write(message.whole);
      return;
    }
    this.#subscription.offer(message, this.#clock.now());
    this.#pump();
  }

  /** These tracks are there now: what another one has lost is over with it. */
  keep(trackIds: readonly number[]): void {
    this.#subscription.keep(trackIds);
  }

  /** Nothing follows: what waits is sent, then it ends. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#pump();
  }

  /** The outlet is gone. */
  close(): void {
    this.#state = "closed";
    this.#cancelLook?.();
  }

  #insert(form: Form, size: number): void {
    if (this.#state !== "open") return;
    this.#subscription.insert(form, size);
    if (this.#subscription.noticeBytes > this.#limits.notices) this.#cutOff();
  }

  /** Hands to the outlet what it takes without piling up. */
  #pump(): void {
    while (this.#state !== "closed" && this.#outlet.waiting < OUTLET_FULL) {
      const delivery = this.#subscription.next();
      if (delivery === undefined) {
        if (this.#state === "ending") this.#finish();
        return;
      }
      // Nobody can be told of a loss here: the times of what follows say it.
      if (delivery.type === "form") this.#handed += this.#outlet.write(delivery.form);
    }
  }

  #finish(): void {
    this.close();
    this.#outlet.end();
  }

  /** Cuts off a viewer that takes nothing, and keeps a quiet line open. */
  #look(): void {
    const now = this.#clock.now();
    const { unsent, waiting } = this.#outlet;
    const taken = this.#handed - unsent;
    if (unsent === 0 || taken > this.#taken) this.#lastTaken = now;
    this.#taken = taken;
    const waits = waiting + this.#subscription.bytes + this.#subscription.noticeBytes > 0;
    if (waits && now - this.#lastTaken > this.#limits.silence) {
      this.#cutOff();
      return;
    }
    if (!waits && now - this.#lastKeptOpen > KEEP_OPEN_INTERVAL) {
      this.#lastKeptOpen = now;
      this.#outlet.keepOpen?.();
    }
    this.#cancelLook = this.#clock.after(CHECK_INTERVAL, () => this.#look());
  }

  #cutOff(): void {
    this.close();
    this.#outlet.destroy();
  }
}
