import type { Clock } from "./clock.ts";
import { type Batching, Lane, type LaneMessage, type Packager, SingleMessages } from "./lane.ts";
import type { LiveSample } from "./live-sample.ts";
import type { TrackChoice } from "./track-choice.ts";

/** Somebody who is sent some of a live stream's tracks. */
export type TrackReceiver<Form> = {
  readonly choice: TrackChoice;
  /** Takes a message; all samples in it are of tracks that it is sent. */
  receive(message: LaneMessage<Form>): void;
};

type Group<Form> = { readonly trackIds: ReadonlySet<number>; readonly lane: Lane<Form> };

/**
 * One live stream in one byte form for receivers who want different tracks of it: a lane for each
 * set of tracks that anyone is sent, so that bytes are made once for all who are sent the same, and
 * sound rides with the picture of its own viewers. Where a stream has one track of a kind, that is
 * one lane for all.
 *
 * Who waits for a track's sync sample is looked after by itself, sample for sample, until it comes.
 */
export class TrackLanes<Form> {
  readonly #pack: Packager<Form>;
  readonly #batching: Batching;
  readonly #clock: Clock;
  readonly #singles: SingleMessages<Form>;
  /** By the tracks' ids. */
  readonly #groups = new Map<string, Group<Form>>();
  /** Where each receiver is; undefined while it waits for a sync sample. */
  readonly #places = new Map<TrackReceiver<Form>, (() => void) | undefined>();
  readonly #waiting = new Set<TrackReceiver<Form>>();

  constructor(pack: Packager<Form>, batching: Batching, clock: Clock) {
    this.#pack = pack;
    this.#batching = batching;
    this.#clock = clock;
    this.#singles = new SingleMessages(pack);
  }

  /** Sets of tracks that are sent to anyone. */
  get size(): number {
    return this.#groups.size;
  }

  /** Takes a receiver in, or to where it belongs now: to be called when its choice has changed. */
  place(receiver: TrackReceiver<Form>): void {
    this.remove(receiver);
    this.#places.set(receiver, undefined);
    if (receiver.choice.isSettled) this.#settle(receiver);
    else this.#waiting.add(receiver);
  }

  /** Takes a receiver out. What was held back for it goes out first. */
  remove(receiver: TrackReceiver<Form>): void {
    this.#waiting.delete(receiver);
    this.#places.get(receiver)?.();
    this.#places.delete(receiver);
  }

  /** A newcomer's history: each sample by itself, wrapped once for all newcomers. */
  history(samples: readonly LiveSample[]): LaneMessage<Form>[] {
    return samples.map((sample) => this.#singles.of(sample));
  }

  push(sample: LiveSample): void {
    for (const { trackIds, lane } of this.#groups.values()) {
      if (trackIds.has(sample.track.id)) lane.push(sample);
    }
    for (const receiver of this.#waiting) {
      if (!receiver.choice.takes(sample)) continue;
      receiver.receive(this.#singles.of(sample));
      // It may have gone while it received.
      if (receiver.choice.isSettled && this.#waiting.delete(receiver)) this.#settle(receiver);
    }
  }

  /** Sends what was held back. */
  flush(): void {
    for (const { lane } of this.#groups.values()) lane.flush();
  }

  #settle(receiver: TrackReceiver<Form>): void {
    const trackIds = receiver.choice.sent;
    const key = trackIds.join();
    const known = this.#groups.get(key);
    const lane = known?.lane ?? new Lane(this.#pack, this.#batching, this.#clock, this.#singles);
    if (known === undefined) this.#groups.set(key, { trackIds: new Set(trackIds), lane });
    const leave = lane.receive((message) => receiver.receive(message));
    this.#places.set(receiver, () => {
      lane.flush();
      leave();
      if (lane.receivers === 0) this.#groups.delete(key);
    });
  }
}
