import type { ServerMessage, ViewerMessage } from "../../server/protocol/wire/control.ts";
import { decodeFrames, type Frame } from "../../server/protocol/wire/frame.ts";
import type { ClockSync } from "./clock-sync.ts";
import { parseServerMessage } from "./server-message.ts";

/** Time since 1970 by our clock, with fractions; unlike `Date.now` it never jumps. */
export const wallClock = (): number => performance.timeOrigin + performance.now();

/** What a connection reports. */
export type SocketListener = {
  onMessage(message: ServerMessage): void;
  onFrames(frames: readonly Frame[]): void;
  /** Once, at the end; `greeted` says whether the server ever spoke to us. */
  onClose(end: { readonly greeted: boolean; readonly reason: string }): void;
};

/** The clock is asked this often (ms), quicker at the beginning. */
const CLOCK_EVERY = 2_000;
const FIRST_CLOCKS = [50, 200, 500];

/** Where nothing has come for this long (ms), the clock is asked at once: somebody must answer. */
const QUIET = 1_000;

/** No answer and no media for this long (ms): people may know. Longer: the line is dead. */
const SILENCE = { told: 1_500, dead: 5_000 } as const;

/** A connection attempt that takes longer (ms) is given up. */
const OPENING = 5_000;

/** One WebSocket connection to a live stream. It ends once; who wants another makes another. */
export class StreamSocket {
  readonly #clock: ClockSync;
  readonly #socket: WebSocket;
  readonly #listener: SocketListener;
  readonly #openedAt = performance.now();
  #clocksSent = 0;
  #askedAt = performance.now();
  #heardAt = performance.now();
  #greeted = false;
  #closed = false;

  /** @param clock learns from what the server says */
  constructor(url: string, clock: ClockSync, listener: SocketListener) {
    this.#clock = clock;
    this.#listener = listener;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      this.#ask();
    };
    this.#socket.onmessage = ({ data }) => {
      this.#receive(data);
    };
    this.#socket.onclose = ({ code, reason }) => {
      this.#end(reason || `closed with ${code}`);
    };
    // Chromium says no more than this of one that the page's policy (`connect-src`) forbids.
    this.#socket.onerror = () => this.close("failed");
  }

  /** Whether the server has spoken to us. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** Whether an answer is overdue, although the connection is there. */
  get isSilent(): boolean {
    return this.#silentFor(performance.now()) > SILENCE.told;
  }

  /** To be called a few times a second: asks for the clock, and ends a dead connection. */
  tick(): void {
    const now = performance.now();
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      if (now - this.#openedAt > OPENING) this.close("no answer");
      return;
    }
    if (this.#silentFor(now) > SILENCE.dead) {
      this.close("silence");
      return;
    }
    if (this.#heardAt < this.#askedAt) return;
    const wait = FIRST_CLOCKS[this.#clocksSent - 1] ?? CLOCK_EVERY;
    if (now - this.#askedAt >= wait || now - this.#heardAt >= QUIET) this.#ask();
  }

  /** Ends the connection; the listener hears of it at once. */
  close(reason: string): void {
    this.#socket.onclose = null;
    this.#socket.onerror = null;
    this.#socket.onmessage = null;
    this.#socket.close();
    this.#end(reason);
  }

  /** Asks for these tracks and no others. */
  select(tracks: readonly number[]): void {
    this.#send({ type: "select", tracks });
  }

  /** So long (ms) what just came had stood on the way. */
  tellQueue(time: number): void {
    this.#send({ type: "queued", time });
  }

  /** Since a question that has had no answer, ms. */
  #silentFor(now: number): number {
    return this.#heardAt < this.#askedAt ? now - this.#askedAt : 0;
  }

  #ask(): void {
    this.#askedAt = performance.now();
    this.#clocksSent += 1;
    this.#send({ type: "clock", sent: wallClock() });
  }

  #send(message: ViewerMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(data: unknown): void {
    this.#heardAt = performance.now();
    if (data instanceof ArrayBuffer) {
      let frames: Frame[];
      try {
        frames = decodeFrames(new Uint8Array(data));
      } catch (error) {
        this.close(String(error));
        return;
      }
      this.#listener.onFrames(frames);
      return;
    }
    const message = typeof data === "string" ? parseServerMessage(data) : undefined;
    if (message === undefined) return;
    if (message.type === "hello") {
      this.#greeted = true;
      this.#clock.greeted(message.serverTime, wallClock());
    }
    if (message.type === "clock") {
      this.#clock.answered(message.sent, message.serverTime, wallClock());
    }
    this.#listener.onMessage(message);
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClose({ greeted: this.#greeted, reason });
  }
}
