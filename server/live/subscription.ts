import type { Milliseconds } from "../protocol/media/sample.ts";
import type { Deliverable, LaneMessage } from "./lane.ts";
import type { LiveSample } from "./live-sample.ts";

/** What one viewer may leave unread before it loses pictures, and before it loses sound. */
export type Backlog = {
  readonly bytes: number;
  readonly time: Milliseconds;
  readonly soundBytes: number;
  /** Messages that wait, however small: beyond it nothing fits. */
  readonly messages: number;
  /** History is a burst by nature: it may wait for longer. */
  readonly historyTime: Milliseconds;
};

/** What was left out of one track for one viewer. */
export type Dropped = { readonly trackId: number; samples: number; bytes: number };

/** What is to be sent next: a form, or the notice that goes before the first sample after a loss. */
export type Delivery<Form> =
  | { readonly type: "form"; readonly form: Form }
  | { readonly type: "dropped"; readonly dropped: Dropped };

/** Either some samples of a message, or a notice that keeps its place among them. */
type Waiting<Form, Item extends Deliverable> =
  | {
      readonly message: LaneMessage<Form, Item>;
      readonly mask: number;
      readonly since: Milliseconds;
      readonly isHistory: boolean;
    }
  | { readonly notice: Form; readonly size: number };

/**
 * What one viewer has yet to be sent. It takes each message of the lane by reference; where the
 * viewer does not keep up, whole pictures are taken out up to the next sync sample of their track,
 * while sound goes on as long as it fits. All of it is this viewer's own affair.
 */
export class Subscription<Form, Item extends Deliverable = LiveSample> {
  readonly #limits: Backlog;
  #waiting: Waiting<Form, Item>[] = [];
  /** How many messages wait that begin with a sample of a track, by the track's id. */
  readonly #waitingOf = new Map<number, number>();
  /** Something may wait that can be given up. */
  #hasPictures = false;
  #bytes = 0;
  #noticeBytes = 0;
  /** Video tracks that go on at their next sync sample, with what they have lost till then. */
  readonly #losing = new Map<number, Dropped>();
  /** Losses that are over: to be told before what follows. */
  readonly #losses = new Map<number, Dropped>();
  #samplesDropped = 0;
  #isFull = false;

  constructor(limits: Backlog) {
    this.#limits = limits;
  }

  /** Bytes of samples that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of notices that wait here: they are not left out, so who lets them pile up must go. */
  get noticeBytes(): number {
    return this.#noticeBytes;
  }

  /** Nothing waits and nothing is being lost: a message may go past, as a whole. */
  get isIdle(): boolean {
    const isLosing = this.#isFull || this.#losing.size > 0 || this.#losses.size > 0;
    return this.#waiting.length === 0 && !isLosing;
  }

  /** Whether what was handed on stands on the viewer's way: no picture goes there meanwhile. */
  set isFull(isFull: boolean) {
    this.#isFull = isFull;
    if (isFull) this.#giveUpPictures();
  }

  /** The notice that is next, where one is: it goes when all before it has gone. */
  get nextNotice(): Form | undefined {
    const [first] = this.#waiting;
    return first !== undefined && "notice" in first ? first.notice : undefined;
  }

  /** All samples left out for this viewer so far. */
  get samplesDropped(): number {
    return this.#samplesDropped;
  }

  /** Takes what a newcomer is given at once. Video tracks missing in it begin at a sync sample. */
  join(messages: readonly LaneMessage<Form, Item>[], now: Milliseconds): void {
    for (const message of messages) this.#push(message, message.everything, now, true);
  }

  /** Puts something that is no sample in its place behind all that waits; it is never left out. */
  insert(notice: Form, size: number): void {
    this.#waiting.push({ notice, size });
    this.#noticeBytes += size;
  }

  /** These tracks are there now: what another one has lost is over with it. */
  keep(trackIds: readonly number[]): void {
    for (const losing of [...this.#losing.values()]) {
      if (!trackIds.includes(losing.trackId)) this.#conclude(losing);
    }
  }

  /** Takes a message of the lane, or what of it this viewer can still be sent. */
  offer(message: LaneMessage<Form, Item>, now: Milliseconds): void {
    if (this.#hasPictures && this.#isBehind(now)) this.#giveUpPictures();
    let mask = 0;
    for (const [index, sample] of message.samples.entries()) {
      if (this.#wants(sample)) mask |= 1 << index;
    }
    if (mask !== 0) this.#push(message, mask, now, false);
  }

  /** The next thing to send; undefined when nothing waits. */
  next(): Delivery<Form> | undefined {
    const waiting = this.#waiting[0];
    if (waiting === undefined) return undefined;
    for (const [trackId, dropped] of this.#losses) {
      this.#losses.delete(trackId);
      return { type: "dropped", dropped };
    }
    this.#waiting.shift();
    if ("notice" in waiting) {
      this.#noticeBytes -= waiting.size;
      return { type: "form", form: waiting.notice };
    }
    this.#bytes -= waiting.message.sizeOf(waiting.mask);
    this.#countWaiting(waiting.message, -1);
    return { type: "form", form: waiting.message.form(waiting.mask) };
  }

  /**
   * The most urgent thing to send, which may not be the oldest: for receivers that are sent each
   * sample by itself, and are not told of losses. Within a track order stays, and nothing overtakes
   * a notice.
   *
   * @param rank the lowest goes first, of equals the oldest; undefined: not now
   * @returns undefined where nothing may go now, or a notice is next: that is for `next`
   */
  nextBy(rank: (item: Item) => number | undefined): { form: Form; item: Item } | undefined {
    this.#losses.clear();
    const seen = new Set<number>();
    let best: { index: number; rank: number } | undefined;
    for (const [index, waiting] of this.#waiting.entries()) {
      if ("notice" in waiting || best?.rank === Number.NEGATIVE_INFINITY) break;
      if (seen.size === this.#waitingOf.size) break; // all others come behind one of these
      const [item] = waiting.message.samples;
      if (item === undefined || seen.has(item.track.id)) continue;
      seen.add(item.track.id);
      const ranked = rank(item);
      if (ranked === undefined || (best !== undefined && ranked >= best.rank)) continue;
      best = { index, rank: ranked };
    }
    const found = best && this.#waiting[best.index];
    if (best === undefined || found === undefined || "notice" in found) return undefined;
    const [item] = found.message.samples;
    if (item === undefined) return undefined;
    if (best.index === 0) this.#waiting.shift();
    else this.#waiting.splice(best.index, 1);
    this.#bytes -= found.message.sizeOf(found.mask);
    this.#countWaiting(found.message, -1);
    return { form: found.message.form(found.mask), item };
  }

  #push(
    message: LaneMessage<Form, Item>,
    mask: number,
    since: Milliseconds,
    isHistory: boolean,
  ): void {
    this.#waiting.push({ message, mask, since, isHistory });
    this.#bytes += message.sizeOf(mask);
    this.#hasPictures ||= message.samples.some(({ isVideo }) => isVideo);
    this.#countWaiting(message, 1);
  }

  #countWaiting({ samples: [first] }: LaneMessage<Form, Item>, step: 1 | -1): void {
    if (first === undefined) return;
    const { id } = first.track;
    const count = (this.#waitingOf.get(id) ?? 0) + step;
    if (count === 0) this.#waitingOf.delete(id);
    else this.#waitingOf.set(id, count);
  }

  #isBehind(now: Milliseconds): boolean {
    const oldest = this.#waiting.find((waiting) => "message" in waiting);
    if (oldest === undefined || !("message" in oldest)) return false;
    const { bytes, time, historyTime, messages } = this.#limits;
    if (oldest.isHistory) return now - oldest.since > historyTime;
    const isTooMuch = this.#bytes > bytes || this.#waiting.length >= messages;
    return isTooMuch || now - oldest.since > time;
  }

  #wants(sample: Item): boolean {
    if (!sample.isVideo) {
      const { soundBytes, messages } = this.#limits;
      const fits =
        this.#bytes + sample.data.length <= soundBytes && this.#waiting.length < messages;
      if (!fits) this.#lose(this.#losses, sample);
      return fits;
    }
    const losing = this.#losing.get(sample.track.id);
    if (losing === undefined && !this.#isFull) return true;
    if (losing !== undefined && sample.isSync && this.#hasRoom) {
      this.#conclude(losing);
      return true;
    }
    this.#lose(this.#losing, sample);
    return false;
  }

  /** Whether pictures that were given up may come again. */
  get #hasRoom(): boolean {
    return !this.#isFull && this.#bytes <= this.#limits.bytes / 4;
  }

  /** Takes every picture out that still waits; their tracks go on at a sync sample. */
  #giveUpPictures(): void {
    const kept: Waiting<Form, Item>[] = [];
    for (const waiting of this.#waiting) {
      if ("notice" in waiting) {
        kept.push(waiting);
        continue;
      }
      let mask = waiting.mask;
      for (const [index, sample] of waiting.message.samples.entries()) {
        if ((mask & (1 << index)) === 0 || !sample.isVideo) continue;
        mask &= ~(1 << index);
        this.#lose(this.#losing, sample);
      }
      this.#bytes += waiting.message.sizeOf(mask) - waiting.message.sizeOf(waiting.mask);
      if (mask !== 0) kept.push({ ...waiting, mask, isHistory: false });
      else this.#countWaiting(waiting.message, -1);
    }
    this.#waiting = kept;
    this.#hasPictures = false;
  }

  /** The loss is over; it is told together with one that was not told yet. */
  #conclude(losing: Dropped): void {
    const { trackId, samples, bytes } = losing;
    this.#losing.delete(trackId);
    const untold = this.#losses.get(trackId);
    if (untold === undefined) {
      this.#losses.set(trackId, losing);
      return;
    }
    untold.samples += samples;
    untold.bytes += bytes;
  }

  #lose(losses: Map<number, Dropped>, sample: Item): void {
    const trackId = sample.track.id;
    const dropped = losses.get(trackId) ?? { trackId, samples: 0, bytes: 0 };
    dropped.samples += 1;
    dropped.bytes += sample.data.length;
    losses.set(trackId, dropped);
    this.#samplesDropped += 1;
  }
}
