import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Clock } from "../../live/clock.ts";
import type { RepeatLog } from "../../log.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { openAnswer } from "../../protocol/rtmpt/answer.ts";
import { readTunnelRequest } from "../../protocol/rtmpt/request.ts";
import type { Places } from "./places.ts";
import { TunnelCarriers } from "./tunnel-carriers.ts";
import { type TunnelLimits, TunnelSession, type TunnelTurn } from "./tunnel-session.ts";

/** Who opened a session. */
export type TunnelGuest = {
  readonly address: string;
  readonly transport: "rtmpt" | "rtmpts";
  /** ms since 1970 */
  readonly openedAt: number;
};

/** What the tunnel is made of. */
export type TunnelOptions = {
  /** Takes an RTMP client. */
  readonly adopt: (stream: Duplex, guest: TunnelGuest) => void;
  /** Sessions count as the RTMP connections they are. */
  readonly places: Places;
  /** @returns something nobody guesses, 1 to 63 of A-Z a-z 0-9: who knows it is in the session */
  readonly newId: () => string;
  readonly clock: Clock;
  readonly limits: TunnelLimits & {
    /** Bytes of a request's body. */
    readonly body: number;
  };
  readonly repeats: RepeatLog;
};

/** RTMP in HTTP (RTMPT), or in HTTPS (RTMPTS): the server's end. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #sessions = new Map<string, TunnelSession>();
  readonly #carriers = new TunnelCarriers();
  #isClosed = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  /** Answers a request of the tunnel, whatever door it came in by. @returns false where it is none */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const wanted = readTunnelRequest(request.method, request.url);
    if (wanted === undefined) return false;
    if (wanted.type === "ident") refuse(response, 404, "There is no other address");
    else if (wanted.type === "open") this.#open(request, response);
    else {
      const session = this.#sessions.get(wanted.sessionId);
      if (session === undefined) {
        refuse(response, 404, "There is no such session");
      } else {
        this.#carriers.note(session, request.socket);
        session.handle(new HttpTurn(request, response, wanted, this.#options.limits));
      }
    }
    return true;
  };

  /** Opens no more sessions; those that are there are for others to end. */
  close(): void {
    this.#isClosed = true;
  }

  #open(request: IncomingMessage, response: ServerResponse): void {
    const { places, newId, clock, limits, repeats, adopt } = this.#options;
    const { socket } = request;
    const address = socket.remoteAddress ?? "";
    const leave = this.#isClosed ? undefined : places.take(address);
    if (leave === undefined) {
      if (!this.#isClosed) {
        repeats.warn("RTMPT_SESSIONS", "RTMPT session refused: too many", { address });
      }
      refuse(response, 503, "There is no place for another session");
      return;
    }
    const id = newId();
    const session = new TunnelSession({
      clock,
      limits,
      onWrong: (code, message) => repeats.warn(code, `RTMPT: ${message}`, { address }),
    });
    this.#sessions.set(id, session);
    session.once("close", () => {
      this.#sessions.delete(id);
      this.#carriers.forget(session);
      leave();
    });
    const transport = socket instanceof TLSSocket ? "rtmpts" : "rtmpt";
    this.#carriers.note(session, socket);
    adopt(session, { address, transport, openedAt: clock.now() });
    answer(response, [openAnswer(id)], limits.silence);
  }
}

/** A request of a session as it came over HTTP. */
class HttpTurn implements TunnelTurn {
  readonly type: TunnelTurn["type"];
  readonly sequence: number;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: TunnelOptions["limits"];

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { type, sequence }: Pick<TunnelTurn, "type" | "sequence">,
    limits: TunnelOptions["limits"],
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
function answer(response: ServerResponse, body: readonly Bytes[], silence: number): void {
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

/** What is left of the request's body is not waited for. */
function refuse(response: ServerResponse, status: number, reason: string): void {
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
