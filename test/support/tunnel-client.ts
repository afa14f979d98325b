import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

export type TunnelOptions = {
  readonly host: string;
  readonly port: number;
  /** RTMPTS: behind TLS, whose certificate is not checked. */
  readonly tls?: boolean;
  /**
   * Pieces that are collected for one request, while none of them is the answer to anything: FFmpeg's
   * `rtmp_flush_interval`, which is 10 there. Default 1: what is there is sent at once.
   */
  readonly piecesPerRequest?: number;
};

/** ms between an answer without data and the next question: FFmpeg's. */
const POLL_INTERVAL = 50;

/**
 * A client of the HTTP tunnel (RTMPT), as a stream of RTMP's bytes: `open`, then `send` and `idle` one
 * after another on one connection, and `close` at the end.
 */
export class TunnelClient extends Duplex {
  readonly #options: TunnelOptions;
  readonly #socket: Socket;
  #id: string | undefined;
  #sequence = 0;
  /** What is asked at present. */
  #asked: "open" | "send" | "idle" | "close" | undefined;
  #answer: Buffer = Buffer.alloc(0);
  #pieces: Uint8Array[] = [];
  #unblock: (() => void) | undefined;
  #end: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: TunnelOptions) {
    super();
    this.#options = options;
    const { host, port, tls = false } = options;
    const opened = () => this.#ask("open", [Uint8Array.of(0)]);
    this.#socket = tls
      ? connectTls({ host, port, rejectUnauthorized: false }, opened)
      : connectTcp({ host, port }, opened);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes) => this.#receive(bytes));
    this.#socket.on("error", (error) => this.destroy(error));
    this.#socket.on("close", () => this.destroy());
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.#pieces.push(bytes);
    // The caller is slowed down where requests do not get through.
    if (this.#pieces.length < 256) done();
    else this.#unblock = done;
    this.#next();
  }

  override _final(done: () => void): void {
    this.#end = done;
    this.#next();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#poll);
    this.#socket.destroy();
    done(error);
  }

  /** Asks what there is to ask, if no question is open. */
  #next(): void {
    if (this.#asked !== undefined || this.#id === undefined || this.destroyed) return;
    const { piecesPerRequest = 1 } = this.#options;
    if (this.#pieces.length >= piecesPerRequest || (this.#end && this.#pieces.length > 0)) {
      this.#send();
    } else if (this.#end !== undefined) {
      this.#ask("close", [Uint8Array.of(0)]);
    } else {
      this.#poll ??= setTimeout(() => {
        this.#poll = undefined;
        if (this.#asked !== undefined) return;
        if (this.#pieces.length > 0) this.#send();
        else this.#ask("idle", [Uint8Array.of(0)]);
      }, POLL_INTERVAL);
    }
  }

  #send(): void {
    const pieces = this.#pieces.splice(0);
    this.#ask("send", pieces);
    const unblock = this.#unblock;
    this.#unblock = undefined;
    unblock?.();
  }

  #ask(what: "open" | "send" | "idle" | "close", body: readonly Uint8Array[]): void {
    clearTimeout(this.#poll);
    this.#poll = undefined;
    this.#asked = what;
    const path = what === "open" ? "/open/1" : `/${what}/${this.#id}/${this.#sequence}`;
    if (what !== "open") this.#sequence += 1;
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${this.#options.host}:${this.#options.port}`,
      "Content-Type: application/x-fcs",
      "User-Agent: Shockwave Flash",
      "Connection: Keep-Alive",
      `Content-Length: ${length}`,
      "\r\n",
    ].join("\r\n");
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    for (const piece of body) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #receive(bytes: Buffer): void {
    this.#answer = this.#answer.length === 0 ? bytes : Buffer.concat([this.#answer, bytes]);
    const headLength = this.#answer.indexOf("\r\n\r\n") + 4;
    if (headLength === 3) return;
    const head = this.#answer.toString("latin1", 0, headLength);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
    if (this.#answer.length < headLength + length) return;
    const body = this.#answer.subarray(headLength, headLength + length);
    this.#answer = this.#answer.subarray(headLength + length);
    const asked = this.#asked;
    this.#asked = undefined;
    if (!head.startsWith("HTTP/1.1 200 ")) {
      this.destroy(new Error(`The tunnel answers ${asked} with ${head.split("\r\n", 1)[0]}`));
    } else if (asked === "open") {
      this.#id = body.toString("latin1").trim();
      this.#next();
    } else if (asked === "close") {
      this.#end?.();
      this.push(null);
      this.destroy();
    } else {
      // The first byte is the interval that the server proposes.
      if (body.length > 1) this.push(body.subarray(1));
      this.#next();
    }
  }
}
