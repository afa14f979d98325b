import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../live/clock.ts";
import type { Outlet } from "../endless/pipe.ts";
import { unsentBytes } from "../entry/unsent-bytes.ts";
import type { TagForm } from "./tag-form.ts";

/** How long a closing handshake may take. */
const CLOSING_TIME = 1000;
const NORMAL_CLOSURE = 1000;

/**
 * The messages of a WebSocket. They go to the socket as they are, already with their WebSocket header;
 * `ws` keeps the handshake and the control frames.
 */
export class WebSocketOutlet implements Outlet<TagForm> {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #clock: Clock;

  /** @param socket the connection that carries `webSocket` */
  constructor(webSocket: WebSocket, socket: Duplex, clock: Clock) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#socket.writableLength;
  }

  get unsent(): number {
    return unsentBytes(this.#socket);
  }

  write({ message, bytes }: TagForm): number {
    if (bytes.length === 0) return 0;
    this.#socket.write(message);
    return message.length;
  }

  gather(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  onDrain(listener: () => void): void {
    this.#socket.on("drain", listener);
    this.#webSocket.on("close", () => this.#socket.off("drain", listener));
  }

  keepOpen(): void {
    this.#webSocket.ping();
  }

  end(): void {
    this.#webSocket.close(NORMAL_CLOSURE, "the broadcast is over");
    // The closing handshake stands behind what was sent: who does not read it does not answer.
    const cancel = this.#clock.after(CLOSING_TIME, () => this.#webSocket.terminate());
    this.#webSocket.on("close", cancel);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }
}
