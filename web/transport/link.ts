import type { ServerMessage } from "../../server/protocol/wire/control.ts";
import type { Frame } from "../../server/protocol/wire/frame.ts";
import { Backoff, RECONNECT } from "../control/reconnect.ts";
import { ClockSync } from "./clock-sync.ts";
import { StreamSocket } from "./websocket.ts";

/** What a link reports. */
export type LinkListener = {
  onMessage(message: ServerMessage): void;
  onFrames(frames: readonly Frame[]): void;
  /** The server spoke: what follows is a new connection's. */
  onUp(): void;
  /** The connection ended, or could not be made; the next attempt is already planned. */
  onDown(failures: number): void;
};

/** Keeps one WebSocket connection alive for ever: backs off, and hurries when there is reason to. */
export class Link {
  readonly #url: () => string;
  readonly #listener: LinkListener;
  readonly #backoff: Backoff = new Backoff({ random: Math.random });
  readonly #probing: Backoff = new Backoff({
    random: Math.random,
    longest: RECONNECT.longestProbe,
  });
  readonly #clock = new ClockSync();
  #socket: StreamSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #connections = 0;
  #isStopped = false;
  /** We end the connection ourselves: nothing was lost. */
  #isLeaving = false;
  /** Something else plays meanwhile: attempts may become rare. */
  isSpare = false;

  /** @param url asked at each connection */
  constructor(url: () => string, listener: LinkListener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Whether the server speaks to us now. */
  get isUp(): boolean {
    return this.#socket?.greeted ?? false;
  }

  /** Whether it should have spoken, and did not: the line may be lost. */
  get isSilent(): boolean {
    return this.isUp && this.#socket?.isSilent === true;
  }

  /** Connections that came to something. */
  get connections(): number {
    return this.#connections;
  }

  /** Server's clock minus ours, ms. */
  get clockOffset(): number | undefined {
    return this.#clock.offset;
  }

  /** ms */
  get roundTrip(): number | undefined {
    return this.#clock.roundTrip;
  }

  /** Connects now, whatever was planned; does nothing while a connection is there. */
  connect(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#socket !== undefined) return;
    try {
      const socket: StreamSocket = new StreamSocket(this.#url(), this.#clock, {
        onMessage: (message) => {
          if (message.type === "hello") this.#up();
          this.#listener.onMessage(message);
        },
        onFrames: (frames) => this.#listener.onFrames(frames),
        onClose: () => this.#down(socket),
      });
      this.#socket = socket;
    } catch {
      // A page that came over TLS may not even ask a server without it.
      this.#retry(false);
    }
  }

  /** There is reason to believe that it would work now: the network is back, the page is seen. */
  hurry(): void {
    this.#backoff.reset();
    this.#probing.reset();
    this.connect();
  }

  /** Leaves the present connection for a new one, which begins with the current pictures. */
  restart(): void {
    this.#leave("restarted");
    this.hurry();
  }

  /** Leaves the connection, and makes none until it is asked to. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#leave("rests");
  }

  /** To be called a few times a second. */
  tick(): void {
    this.#socket?.tick();
  }

  /** Asks for these tracks and no others. */
  select(tracks: readonly number[]): void {
    this.#socket?.select(tracks);
  }

  /** So long (ms) what just came had stood on the way. */
  tellQueue(time: number): void {
    this.#socket?.tellQueue(time);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close("stopped");
  }

  #leave(reason: string): void {
    this.#isLeaving = true;
    this.#socket?.close(reason);
    this.#isLeaving = false;
  }

  #up(): void {
    this.#failures = 0;
    this.#connections += 1;
    this.#backoff.reset();
    this.#probing.reset();
    this.#listener.onUp();
  }

  #down(socket: StreamSocket): void {
    if (this.#socket === socket) this.#socket = undefined;
    if (!this.#isStopped && !this.#isLeaving) this.#retry(socket.greeted);
  }

  #retry(wasGreeted: boolean): void {
    if (!wasGreeted) this.#failures += 1;
    const wait = this.isSpare ? this.#probing.next() : this.#backoff.next();
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#listener.onDown(this.#failures);
  }
}
