import type { Bytes } from "../bytes/bytes.ts";
import type { ChunkedMessage } from "./chunk-encoder.ts";

/** A message that is to be sent, with the moment by which it is due; moments are the sources' own. */
export type DueMessage = { readonly message: ChunkedMessage; readonly due: number };

/** Messages that wait to be sent. What comes out of it is not put back. */
export type OutputSource = {
  /** Takes out the next one, in order. */
  takeNext(): DueMessage | undefined;
  /**
   * Takes out the most urgent one that may begin now.
   *
   * @param begun tells which chunk streams have a message in transmission, and how much is
   * @param before only what is due before this
   */
  takeUrgent(begun: InTransmission, before: number): DueMessage | undefined;
};

/** What a source sees of the messages that have begun. */
export type InTransmission = {
  /** A message of anybody's is on this chunk stream: another may not begin there. */
  isBusy(chunkStreamId: number): boolean;
  /** Nothing of this source has begun: what must not overtake anything may go. */
  readonly isClear: boolean;
};

/** A message in transmission. */
type Sending = DueMessage & { readonly source: OutputSource; sent: number };

/**
 * Decides what goes next over one connection. While the receiver takes all that comes, that is what
 * waits, in order. When it does not, after each chunk the most urgent message goes on or begins
 * (earliest deadline first), so that sound does not wait for the rest of a large picture. Order
 * within a chunk stream never changes, and as deadlines only grow, everybody's turn comes.
 *
 * What is in transmission is bounded: one message for each chunk stream.
 */
export class OutputScheduler {
  /** Who began something last is asked last: where two want the same chunk stream, they take turns. */
  readonly #sources = new Set<OutputSource>();
  #sending: Sending[] = [];

  /** Nothing is in transmission. */
  get isClear(): boolean {
    return this.#sending.length === 0;
  }

  /** @returns takes the source out again; what has begun is still sent whole */
  add(source: OutputSource): () => void {
    this.#sources.add(source);
    return () => {
      this.#sources.delete(source);
    };
  }

  /**
   * The next bytes to send: whole chunks of one message, at least one.
   *
   * @param room bytes that the receiver can be given; one chunk goes in any case
   * @param isCongested whether it does not take all that comes
   * @returns a view of the message's bytes; undefined when nothing waits that may begin
   */
  next(room: number, isCongested: boolean): Bytes | undefined {
    const sending = isCongested ? this.#mostUrgent() : (this.#sending[0] ?? this.#first());
    if (sending === undefined) return undefined;
    const { bytes, firstChunk, laterChunk } = sending.message;
    const chunk = sending.sent === 0 ? firstChunk : laterChunk;
    const more = Math.max(0, Math.floor((room - chunk) / laterChunk));
    const end = Math.min(bytes.length, sending.sent + chunk + more * laterChunk);
    const piece = bytes.subarray(sending.sent, end);
    sending.sent = end;
    if (end === bytes.length) this.#sending = this.#sending.filter((other) => other !== sending);
    return piece;
  }

  #first(): Sending | undefined {
    for (const source of this.#sources) {
      const due = source.takeNext();
      if (due !== undefined) return this.#begin(source, due);
    }
    return undefined;
  }

  #mostUrgent(): Sending | undefined {
    let urgent: Sending | undefined;
    for (const sending of this.#sending) {
      if (urgent === undefined || sending.due < urgent.due) urgent = sending;
    }
    const isBusy = (chunkStreamId: number): boolean =>
      this.#sending.some(({ message }) => message.chunkStreamId === chunkStreamId);
    for (const source of [...this.#sources]) {
      const isClear = !this.#sending.some((sending) => sending.source === source);
      const due = source.takeUrgent({ isBusy, isClear }, urgent?.due ?? Number.POSITIVE_INFINITY);
      if (due !== undefined) urgent = this.#begin(source, due);
    }
    return urgent;
  }

  #begin(source: OutputSource, { message, due }: DueMessage): Sending {
    const sending = { source, message, due, sent: 0 };
    this.#sending.push(sending);
    if (this.#sources.size > 1 && this.#sources.delete(source)) this.#sources.add(source);
    return sending;
  }
}
