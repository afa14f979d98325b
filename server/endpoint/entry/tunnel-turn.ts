import type { Bytes } from "../../protocol/bytes/bytes.ts";
import type { TunnelRequest } from "../../protocol/rtmpt/request.ts";
import type { TunnelTurn } from "./tunnel-session.ts";

/** Where an answer goes, in the order of the requests. */
export type TunnelSlot = {
  answer(body: readonly Bytes[]): void;
  /** @param status of HTTP */
  refuse(status: number, reason: string): void;
};

/** An answer on its way. */
export type Content = {
  readonly status: string;
  readonly contentType: string;
  readonly body: readonly Bytes[];
};

/** The place of an answer in the order of answers. */
export class Slot implements TunnelSlot {
  /** The connection ends with it. */
  isLast: boolean;
  readonly #onContent: () => void;
  content: Content | undefined;

  constructor(isLast: boolean, onContent: () => void) {
    this.isLast = isLast;
    this.#onContent = onContent;
  }

  answer(body: readonly Bytes[]): void {
    this.#fill({ status: "200 OK", contentType: "application/x-fcs", body });
  }

  refuse(status: number, reason: string): void {
    const body = [Buffer.from(`${reason}\n`)];
    this.#fill({ status: `${status} Refused`, contentType: "text/plain; charset=utf-8", body });
  }

  #fill(content: Content): void {
    if (this.content !== undefined) return;
    this.content = content;
    this.#onContent();
  }
}

/** What a request needs of its connection. */
export type Line = {
  readonly maxBody: number;
  readonly isReachable: () => boolean;
  /** There may be more to read. */
  readonly advance: () => void;
};

/** A request on its way, as its session sees it. */
export class Turn implements TunnelTurn {
  readonly type: TunnelTurn["type"];
  readonly sequence: number;
  readonly #length: number;
  readonly #slot: Slot;
  readonly #line: Line;
  #broken: string | undefined;
  #sink: Parameters<TunnelTurn["read"]>[0] | undefined;
  #isPaused = false;
  #isDiscarded = false;

  constructor(request: TunnelRequest, length: number, slot: Slot, line: Line) {
    const isInSession = request.type !== "ident" && request.type !== "open";
    this.type = isInSession ? request.type : "idle";
    this.sequence = isInSession ? request.sequence : 0;
    this.#length = length;
    this.#slot = slot;
    this.#line = line;
  }

  get isOpen(): boolean {
    return this.#line.isReachable();
  }

  /** Nobody takes its body just now. */
  get isWaiting(): boolean {
    return !this.#isDiscarded && (this.#sink === undefined || this.#isPaused);
  }

  read(sink: Parameters<TunnelTurn["read"]>[0]): void {
    const { maxBody, advance } = this.#line;
    if (this.#broken !== undefined) {
      sink.broken(this.#broken);
    } else if (this.#length > maxBody) {
      this.#slot.isLast = true;
      this.refuse(413, `No more than ${maxBody} bytes at once`);
      sink.broken(`it has more than ${maxBody} bytes`);
    } else {
      this.#sink = sink;
      advance();
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#line.advance();
  }

  answer(body: readonly Bytes[]): void {
    this.#slot.answer(body);
  }

  refuse(status: number, reason: string): void {
    this.#slot.refuse(status, reason);
    this.discard();
    this.#line.advance();
  }

  /** Its body is of no interest. */
  discard(): void {
    this.#isDiscarded = true;
  }

  take(bytes: Bytes): void {
    if (!this.#isDiscarded) this.#sink?.bytes(bytes);
  }

  end(): void {
    if (!this.#isDiscarded) this.#sink?.end();
  }

  break(reason: string): void {
    this.#broken = reason;
    if (!this.#isDiscarded) this.#sink?.broken(reason);
  }
}
