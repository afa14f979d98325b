import type { Bytes } from "../protocol/bytes/bytes.ts";
import type { Clock } from "./clock.ts";
import type { LiveSample } from "./live-sample.ts";

/** What of a sample counts where it is sent, or left out; a lane may carry other things that have it. */
export type Deliverable = {
  readonly track: { readonly id: number };
  readonly isVideo: boolean;
  /** A receiver may begin here, or go on after a loss. */
  readonly isSync: boolean;
  readonly data: Bytes;
};

/** Makes the bytes of some samples, in order, as one transport sends them. */
export type Packager<Form, Item extends Deliverable = LiveSample> = (
  samples: readonly Item[],
) => Form;

/**
 * Samples that leave together. Each form that anyone asks for is made once, for all who want it;
 * a mask has a bit for each sample that is in it.
 */
export class LaneMessage<Form, Item extends Deliverable = LiveSample> {
  readonly samples: readonly Item[];
  /** The mask of all samples. */
  readonly everything: number;
  readonly #size: number;
  readonly #pack: Packager<Form, Item>;
  readonly #forms = new Map<number, Form>();
  #whole: Form | undefined;

  constructor(samples: readonly Item[], pack: Packager<Form, Item>) {
    this.samples = samples;
    this.everything = 2 ** samples.length - 1;
    this.#size = samples.reduce((sum, sample) => sum + sample.data.length, 0);
    this.#pack = pack;
  }

  /** All samples, as almost everybody gets them. */
  get whole(): Form {
    this.#whole ??= this.form(this.everything);
    return this.#whole;
  }

  /** Bytes of the samples in `mask`, without their wrapping. */
  sizeOf(mask: number): number {
    if (mask === this.everything) return this.#size;
    let size = 0;
    for (const [index, sample] of this.samples.entries()) {
      if ((mask & (1 << index)) !== 0) size += sample.data.length;
    }
    return size;
  }

  form(mask: number): Form {
    const known = this.#forms.get(mask);
    if (known !== undefined) return known;
    const form = this.#pack(this.samples.filter((_, index) => (mask & (1 << index)) !== 0));
    this.#forms.set(mask, form);
    return form;
  }
}

/** When sound may wait for the next picture, so that many viewers cost one write a picture. */
export type Batching = {
  /** From this many receivers on. */
  readonly receivers: number;
  /** Never longer than this, in ms. */
  readonly time: number;
};

/** Messages of one sample, each made once for as long as anything holds the sample. */
export class SingleMessages<Form, Item extends Deliverable = LiveSample> {
  readonly #pack: Packager<Form, Item>;
  readonly #messages = new WeakMap<Item, LaneMessage<Form, Item>>();

  constructor(pack: Packager<Form, Item>) {
    this.#pack = pack;
  }

  of(sample: Item): LaneMessage<Form, Item> {
    const known = this.#messages.get(sample);
    if (known !== undefined) return known;
    const message = new LaneMessage([sample], this.#pack);
    this.#messages.set(sample, message);
    return message;
  }
}

/** Samples of a message are named by the bits of a mask. */
const MAX_SAMPLES = 16;

/**
 * One live stream in one byte form: samples go in, messages go to everybody who receives. While
 * receivers are few each sample leaves at once; from `batching.receivers` on sound waits for the
 * next picture, at most `batching.time`.
 */
export class Lane<Form, Item extends Deliverable = LiveSample> {
  readonly #pack: Packager<Form, Item>;
  readonly #batching: Batching;
  readonly #clock: Clock;
  readonly #receivers = new Set<(message: LaneMessage<Form, Item>) => void>();
  readonly #singles: SingleMessages<Form, Item>;
  #held: Item[] = [];
  #cancelFlush: (() => void) | undefined;

  /** @param singles shared by lanes of one live stream in one form */
  constructor(
    pack: Packager<Form, Item>,
    batching: Batching,
    clock: Clock,
    singles: SingleMessages<Form, Item> = new SingleMessages(pack),
  ) {
    this.#pack = pack;
    this.#batching = batching;
    this.#clock = clock;
    this.#singles = singles;
  }

  get receivers(): number {
    return this.#receivers.size;
  }

  /** @returns takes the receiver out again */
  receive(receiver: (message: LaneMessage<Form, Item>) => void): () => void {
    // What is held back came before this receiver did: it is in the history it was given.
    this.flush();
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  }

  /** A newcomer's history: each sample by itself, wrapped once for all newcomers. */
  history(samples: readonly Item[]): LaneMessage<Form, Item>[] {
    return samples.map((sample) => this.#singles.of(sample));
  }

  push(sample: Item): void {
    this.#held.push(sample);
    const mayWait =
      !sample.isVideo &&
      this.#receivers.size >= this.#batching.receivers &&
      this.#held.length < MAX_SAMPLES;
    if (!mayWait) this.flush();
    else this.#cancelFlush ??= this.#clock.after(this.#batching.time, () => this.flush());
  }

  /** Sends what was held back. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#held.length === 0) return;
    const [first, second] = this.#held;
    const isSingle = first !== undefined && second === undefined;
    const message = isSingle ? this.#singles.of(first) : new LaneMessage(this.#held, this.#pack);
    this.#held = [];
    for (const receiver of this.#receivers) receiver(message);
  }
}
