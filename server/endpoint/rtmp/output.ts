import type { Duplex } from "node:stream";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { OutputScheduler, type OutputSource } from "../../protocol/rtmp/output-scheduler.ts";
import { unsentBytes } from "../entry/unsent-bytes.ts";

/**
 * Bytes that are handed to the socket at once while it takes all that comes, and ahead of what it
 * has taken when it does not: what it has cannot be overtaken any more.
 */
const AT_ONCE = 64 * 1024;
const AHEAD = 32 * 1024;

/**
 * What one connection is sent: control and commands at once, and what is played as fast as the
 * socket takes it.
 */
export class Output {
  readonly #socket: Duplex;
  readonly #seal: (bytes: Bytes) => Bytes;
  readonly #scheduler = new OutputScheduler();
  /** It did not take all that came, and something has waited ever since. */
  #isCongested = false;
  /** `#pump` is called when a write that goes past the mark has been taken. */
  #awaitsTaking = false;
  #handed = 0;
  #taken = 0;
  #lastTaken: number;

  /**
   * @param seal the last step before the socket, for all bytes in their order
   * @param now ms
   */
  constructor(socket: Duplex, seal: (bytes: Bytes) => Bytes, now: number) {
    this.#socket = socket;
    this.#seal = seal;
    this.#lastTaken = now;
  }

  /** Bytes that the socket holds. */
  get length(): number {
    return this.#socket.writableLength;
  }

  /** Nothing waits: a whole message may go past what is scheduled. */
  get isIdle(): boolean {
    return !this.#isCongested && this.#scheduler.isClear && this.#socket.writableLength < AHEAD;
  }

  /** Sends whole messages ahead of all that waits. */
  send(bytes: Bytes): void {
    if (!this.#socket.writableEnded) this.#write(bytes);
  }

  /** @returns takes the source out again */
  add(source: OutputSource): () => void {
    return this.#scheduler.add(source);
  }

  /** Hands to the socket what it takes without piling up. */
  pump(): void {
    if (this.#awaitsTaking || this.#socket.writableEnded || this.#socket.destroyed) return;
    if (this.#socket.writableLength > 0) this.#isCongested = true;
    const most = this.#isCongested ? AHEAD : AT_ONCE;
    // What goes out in one turn leaves in one write.
    this.#socket.cork();
    while (!this.#awaitsTaking) {
      const room = most - this.#socket.writableLength;
      const bytes = this.#scheduler.next(room, this.#isCongested);
      if (bytes === undefined) {
        this.#isCongested = false;
        break;
      }
      this.#awaitsTaking = bytes.length >= room;
      this.#write(bytes, this.#awaitsTaking ? this.#onTaken : undefined);
    }
    this.#socket.uncork();
    if (this.#socket.writableLength > 0 && this.#awaitsTaking) this.#isCongested = true;
  }

  /** How long it has taken nothing while bytes were waiting, ms; to be asked now and then. */
  silence(now: number): number {
    const unsent = unsentBytes(this.#socket);
    const taken = this.#handed - unsent;
    if (unsent === 0 || taken > this.#taken) this.#lastTaken = now;
    this.#taken = taken;
    return now - this.#lastTaken;
  }

  readonly #onTaken = (): void => {
    this.#awaitsTaking = false;
    this.pump();
  };

  #write(bytes: Bytes, onTaken?: () => void): void {
    this.#handed += bytes.length;
    this.#socket.write(this.#seal(bytes), onTaken);
  }
}
