import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from "node:http";
import { WebSocket } from "ws";
import { type FlvTag, FlvTagReader } from "../../server/protocol/flv/tag.ts";

/** Somebody who takes a response without end, and keeps all of it. */
export class HttpTaker {
  status: number | undefined;
  headers: IncomingHttpHeaders = {};
  /** `end`: in order; `cut`: the connection broke. */
  ended: "end" | "cut" | undefined;
  readonly #request: ClientRequest;
  readonly #pieces: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #response: IncomingMessage | undefined;

  constructor(url: string, options: { method?: string; headers?: Record<string, string> } = {}) {
    this.#request = request(url, { agent: false, ...options }, (response) => {
      this.#response = response;
      this.status = response.statusCode;
      this.headers = response.headers;
      response.on("data", (piece: Buffer) => {
        this.#pieces.push(piece);
        this.#notify();
      });
      response.on("end", () => this.#end("end"));
      response.on("close", () => this.#end("cut"));
      response.on("error", () => this.#end("cut"));
      this.#notify();
    });
    this.#request.on("error", () => this.#end("cut"));
    this.#request.end();
  }

  /** The body so far. */
  get body(): Buffer {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces.splice(0, this.#pieces.length, whole);
    return whole;
  }

  /** The newest bytes of it, where all of it would be too much to look at again and again. */
  get tail(): Buffer {
    return Buffer.concat(this.#pieces.slice(-2));
  }

  /** The local port of its connection. */
  get localPort(): number | undefined {
    return this.#request.socket?.localPort;
  }

  /** Resolves when something holds, looked at after each piece. */
  until(what: string, holds: (taker: this) => boolean, timeout = 10_000): Promise<void> {
    return waitUntil(what, this.#waiting, () => holds(this), timeout);
  }

  /** Stops to read; what the system has buffered is there all the same. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  /** Leaves without a word. */
  leave(): void {
    this.#request.destroy();
  }

  #end(how: "end" | "cut"): void {
    this.ended ??= how;
    this.#notify();
  }

  #notify(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** Somebody who takes FLV over WebSocket. */
export class WebSocketTaker {
  readonly messages: Buffer[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  isOpen = false;
  readonly socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("open", () => {
      this.isOpen = true;
      this.#notify();
    });
    this.socket.on("message", (data: Buffer) => {
      this.messages.push(data);
      this.#notify();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
  }

  /** The body of an HTTP response would be this. */
  get body(): Buffer {
    return Buffer.concat(this.messages);
  }

  until(what: string, holds: (taker: this) => boolean, timeout = 10_000): Promise<void> {
    return waitUntil(what, this.#waiting, () => holds(this), timeout);
  }

  leave(): void {
    this.socket.terminate();
  }

  #notify(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** The tags of an FLV stream as far as they are complete. */
export const tagsOf = (body: Uint8Array): FlvTag[] =>
  body.length === 0 ? [] : new FlvTagReader().push(body);

function waitUntil(
  what: string,
  waiting: Set<() => void>,
  holds: () => boolean,
  timeout: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      waiting.delete(look);
      settle();
    };
    const look = (): void => {
      if (holds()) finish(resolve);
    };
    const fail = (): void => finish(() => reject(new Error(`Waited ${timeout} ms for ${what}`)));
    const timer = setTimeout(fail, timeout);
    waiting.add(look);
    look();
  });
}
