import { Duplex } from "node:stream";

/** The server's end of a line in a test's hand: it keeps what is written, and takes it or not. */
export class Wire extends Duplex {
  readonly #taken: Buffer[] = [];
  #isTaking = true;
  #waiting: (() => void) | undefined;

  /** All that was taken. */
  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** The pieces in which it was taken. */
  get pieces(): readonly Buffer[] {
    return this.#taken;
  }

  /** Takes nothing more: what is written waits. */
  hold(): void {
    this.#isTaking = false;
  }

  /** Takes one piece that waits. */
  takeOne(): void {
    const taken = this.#waiting;
    this.#waiting = undefined;
    taken?.();
  }

  /** Takes what waits and all that follows. */
  release(): void {
    this.#isTaking = true;
    this.takeOne();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const take = () => {
      this.#taken.push(chunk);
      callback();
    };
    if (this.#isTaking) take();
    else this.#waiting = take;
  }
}
