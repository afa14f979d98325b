import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import type { TunnelTurn } from "./tunnel-session.ts";

/** What bounds a request: bytes of its body, and how long its connection is kept behind it, ms. */
export type HttpTurnLimits = { readonly body: number; readonly silence: number };

/** A request of a session as Node read it. */
export class HttpTurn implements TunnelTurn {
  readonly type: TunnelTurn["type"];
  readonly sequence: number;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: HttpTurnLimits;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { type, sequence }: Pick<TunnelTurn, "type" | "sequence">,
    limits: HttpTurnLimits,
  ) {
    this.type = type;
    this.sequence = sequence;
    this.#request = request;
    this.#response = response;
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#request.socket.destroyed;
  }

  read(sink: Parameters<TunnelTurn["read"]>[0]): void {
    const { body } = this.#limits;
    const tooMuch = (): void => {
      this.refuse(413, `No more than ${body} bytes at once`);
      sink.broken(`it has more than ${body} bytes`);
    };
    if (Number(this.#request.headers["content-length"] ?? 0) > body) {
      tooMuch();
      return;
    }
    let size = 0;
    if (this.#request.destroyed) {
      sink.broken("its connection closed before its turn came");
      return;
    }
    this.#request.on("data", (bytes: Buffer) => {
      size += bytes.length;
      if (size > body) tooMuch();
      else sink.bytes(bytes);
    });
    this.#request.once("end", () => sink.end());
    this.#request.once("close", () => {
      if (!this.#request.complete) sink.broken("its connection closed before its end");
    });
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  answer(body: readonly Bytes[]): void {
    answer(this.#response, body, this.#limits.silence);
  }

  refuse(status: number, reason: string): void {
    refuse(this.#response, status, reason);
  }
}

/**
 * The headers in the case and form that librtmp looks for: it knows `Content-Length` with this `C`
 * only, no chunks, no body without a byte, and wants it all in its first read.
 *
 * @param silence the connection is kept for so long, ms: between two requests of a slow picture
 */
export function answer(response: ServerResponse, body: readonly Bytes[], silence: number): void {
  if (response.headersSent || response.destroyed) return;
  let length = 0;
  for (const piece of body) length += piece.length;
  const { socket } = response.req;
  response.once("finish", () => socket.setTimeout(silence));
  response.writeHead(200, [
    "Content-Type",
    "application/x-fcs",
    "Content-Length",
    String(length),
    "Connection",
    "Keep-Alive",
    "Cache-Control",
    "no-cache",
  ]);
  response.cork();
  for (const piece of body) response.write(piece);
  response.end();
  response.uncork();
}

/** Answers with an error. What is left of the request's body is not waited for. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${reason}\n`;
  if (status === 413) response.shouldKeepAlive = false;
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-cache",
  });
  response.end(body);
}
