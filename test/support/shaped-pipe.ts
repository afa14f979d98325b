import type { Socket } from "node:net";

/** What a line does to what passes it. */
export type LineShape = {
  /** ms that everything takes. */
  readonly delay?: number;
  /** ms that anything may take longer, by chance; order is kept. */
  readonly jitter?: number;
  /** bits/s. */
  readonly bandwidth?: number;
};

/** Bytes that may wait in the pipe: a router's queue, beyond which the sender's TCP has to wait. */
const QUEUE = 32 * 1024;

/** A full line passes this much (bytes) at a time. */
const PIECE = 4_096;

/** One direction of a connection through a line: it passes bytes on as the line's shape says. */
export class ShapedPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #shape: () => LineShape;
  #queue: { readonly bytes: Buffer; readonly due: number }[] = [];
  #queued = 0;
  #free = 0;
  #lastDue = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isHeld = false;
  #isOver = false;

  constructor(from: Socket, to: Socket, shape: () => LineShape) {
    this.#from = from;
    this.#to = to;
    this.#shape = shape;
    from.on("data", (bytes: Buffer) => this.push(bytes));
    to.on("drain", () => this.#mayResume());
    from.once("close", () => {
      this.#isOver = true;
      this.#endIfEmpty();
    });
    to.once("close", () => clearTimeout(this.#timer));
  }

  /** Takes bytes that were read elsewhere, too. */
  push(bytes: Buffer): void {
    const { delay = 0, jitter = 0, bandwidth = Number.POSITIVE_INFINITY } = this.#shape();
    const isPlain = delay === 0 && jitter === 0 && bandwidth === Number.POSITIVE_INFINITY;
    if (isPlain && this.#queue.length === 0) {
      if (!this.#to.write(bytes)) this.#from.pause();
      return;
    }
    const now = performance.now();
    const chance = jitter * Math.random();
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      this.#free = Math.max(this.#free, now) + (piece.length * 8_000) / bandwidth;
      this.#lastDue = Math.max(this.#lastDue, this.#free + delay + chance);
      this.#queue.push({ bytes: piece, due: this.#lastDue });
      this.#queued += piece.length;
    }
    if (this.#queued > QUEUE) this.#from.pause();
    this.#schedule();
  }

  /** Nothing passes until `release`: not what waits here either. */
  hold(): void {
    this.#isHeld = true;
    this.#from.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  release(): void {
    this.#isHeld = false;
    this.#schedule();
    this.#mayResume();
  }

  #schedule(): void {
    const [first] = this.#queue;
    if (this.#timer !== undefined || this.#isHeld || first === undefined) return;
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, first.due - performance.now()));
  }

  #deliver(): void {
    this.#timer = undefined;
    const now = performance.now();
    let first = this.#queue[0];
    while (first !== undefined && first.due <= now + 0.5) {
      this.#queue.shift();
      this.#queued -= first.bytes.length;
      if (!this.#to.destroyed) this.#to.write(first.bytes);
      first = this.#queue[0];
    }
    this.#schedule();
    this.#mayResume();
    this.#endIfEmpty();
  }

  /** Whoever ends a connection has said all of it before. */
  #endIfEmpty(): void {
    if (this.#isOver && this.#queue.length === 0) this.#to.destroySoon();
  }

  #mayResume(): void {
    if (!this.#isHeld && this.#queued <= QUEUE && !this.#to.writableNeedDrain) this.#from.resume();
  }
}
