import { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** The two ends of a real connection, as `net.Socket` names them. */
export type Ends = {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
};

/**
 * One end of a connection that never leaves the process. It looks to Node's HTTP as a socket in TLS
 * from the real peer does: addresses, `encrypted`, a timeout when nothing moves, an abort that the
 * other end sees. What one end writes waits until the other reads it.
 */
export class InnerSocket extends Duplex {
  readonly encrypted = true;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #clock: Clock;
  #other: InnerSocket | undefined;
  /** Goes on with what the other end writes. */
  #onRead: (() => void) | undefined;
  #timeout: Milliseconds = 0;
  #lastMoved: Milliseconds = 0;
  #cancelTimeout: (() => void) | undefined;

  constructor(ends: Ends, clock: Clock) {
    super();
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.remoteFamily = ends.remoteFamily;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.#clock = clock;
  }

  /** @returns the server's end, which has the peer's addresses, and the one of who asks in its name */
  static pair(ends: Ends, clock: Clock): { server: InnerSocket; client: InnerSocket } {
    const [server, client] = [new InnerSocket(ends, clock), new InnerSocket({}, clock)];
    server.#other = client;
    client.#other = server;
    return { server, client };
  }

  /** As `net.Socket` has it: "timeout" when nothing moved either way for this long; 0: never. */
  setTimeout(time: Milliseconds, listener?: () => void): this {
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    this.#timeout = time;
    if (listener !== undefined) {
      if (time > 0) this.once("timeout", listener);
      else this.off("timeout", listener);
    }
    this.#lastMoved = this.#clock.now();
    if (time > 0 && !this.destroyed) this.#awaitTimeout(time);
    return this;
  }

  /** Ends behind what was written, as `net.Socket` does. */
  destroySoon(): void {
    if (!this.writableEnded) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#hand([chunk], done);
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#hand(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.#other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.(); // it finds that nobody reads any more
    // Who went in order is seen to have ended, behind all that was written; else both ends are gone.
    if (!this.writableFinished) this.#other?.destroy();
    done(error);
  }

  #hand(chunks: readonly Buffer[], done: (error?: Error) => void): void {
    const other = this.#other;
    if (other === undefined || other.destroyed) {
      done(new Error("Cannot write: the other end is gone"));
      return;
    }
    this.#moved();
    let hasRoom = true;
    for (const chunk of chunks) hasRoom = other.push(chunk);
    if (hasRoom) {
      done();
      return;
    }
    other.#onRead = () => {
      this.#moved();
      done();
    };
  }

  #moved(): void {
    const now = this.#clock.now();
    this.#lastMoved = now;
    if (this.#other !== undefined) this.#other.#lastMoved = now;
  }

  #awaitTimeout(time: Milliseconds): void {
    this.#cancelTimeout = this.#clock.after(time, () => {
      this.#cancelTimeout = undefined;
      const left = this.#lastMoved + this.#timeout - this.#clock.now();
      if (left > 0) {
        this.#awaitTimeout(left);
        return;
      }
      this.#lastMoved = this.#clock.now();
      this.#awaitTimeout(this.#timeout);
      this.emit("timeout");
    });
  }
}
