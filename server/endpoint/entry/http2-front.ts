import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import type { RepeatLog } from "../../log.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { answerInFront, type Front } from "./front.ts";
import { breakOff, forward } from "./http2-forward.ts";
import { InnerSocket } from "./http2-inner-socket.ts";
import { Http2Session, type Http2SessionLimits } from "./http2-session.ts";

/** What bounds HTTP/2; times in ms. */
export type Http2Limits = Http2SessionLimits & {
  /** Requests of a session at once. */
  readonly streams: number;
  /** Bytes of a request's header fields, as RFC 9113 §6.5.2 counts them, and how many they may be. */
  readonly headerBytes: number;
  readonly headerFields: number;
  /** Bytes of answers that wait to be taken, all of a session together. */
  readonly unsent: number;
  /** What a session may send that is not valid, and requests it may send that are refused, in all. */
  readonly invalidFrames: number;
  readonly rejectedStreams: number;
  /** An answer of which nothing is taken. */
  readonly silence: Milliseconds;
};

/** What the front is made of. */
export type Http2FrontOptions = {
  /** What it does not answer is asked over HTTP/1.1. */
  readonly front: Front;
  /** Takes a connection inside the process on which HTTP/1.1 is asked in the name of a real peer. */
  readonly takeInner: (socket: Duplex) => void;
  readonly limits: Http2Limits;
  readonly clock: Clock;
  readonly repeats: RepeatLog;
};

/**
 * HTTP/2 on connections that came in elsewhere. Plain handlers answer here; all else goes to the HTTP/1.1
 * server as it is (Express cannot run on HTTP/2), each request on an inner connection of its own that
 * carries the peer's address.
 */
export class Http2Front {
  readonly #options: Http2FrontOptions;
  readonly #server: Http2Server;
  readonly #sessions = new Set<Http2Session>();

  constructor(options: Http2FrontOptions) {
    const { limits } = options;
    this.#options = options;
    // It never listens: connections are given to it.
    this.#server = createServer(
      {
        settings: {
          enablePush: false,
          maxConcurrentStreams: limits.streams,
          maxHeaderListSize: limits.headerBytes,
        },
        maxSessionMemory: Math.ceil(limits.unsent / 1_000_000), // MB
        maxHeaderListPairs: limits.headerFields,
        maxSessionInvalidFrames: limits.invalidFrames,
        maxSessionRejectedStreams: limits.rejectedStreams,
      },
      (request, response) => this.#answer(request, response),
    );
  }

  /** Sessions that are open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Takes over a connection in TLS that agreed on `h2`; its raw socket was admitted. */
  take(socket: Socket): void {
    const { limits, clock, repeats } = this.#options;
    const address = socket.remoteAddress;
    this.#server.once("session", (session: ServerHttp2Session) => {
      const looked = new Http2Session(session, socket, {
        limits,
        clock,
        onWrong: (reason) =>
          repeats.warn("HTTP2_SESSION", `HTTP/2 session ended: ${reason}`, { address }),
      });
      this.#sessions.add(looked);
      socket.once("close", () => this.#sessions.delete(looked));
    });
    this.#server.emit("connection", socket);
  }

  /** Says goodbye to all; or ends them at once. */
  closeConnections(which: "idle" | "all"): void {
    for (const session of this.#sessions) {
      if (which === "all") session.destroy();
      else session.close();
    }
  }

  #answer(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { front, limits, clock, takeInner } = this.#options;
    const { stream, socket, authority } = request;
    const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket;
    const ends = { remoteAddress, remotePort, remoteFamily, localAddress, localPort };
    // Node's own forgets whose it was as soon as the session is over.
    Object.defineProperty(request, "socket", { value: { ...ends, encrypted: true } });
    if (authority !== "") request.headers.host = authority;
    Object.defineProperty(response, "destroy", { value: () => breakOff(stream) });
    // Whoever answers may set it anew, as on HTTP/1.1.
    response.setTimeout(limits.idle, () => response.destroy());
    const connect = () => {
      const pair = InnerSocket.pair(ends, clock);
      takeInner(pair.server);
      return pair;
    };
    if (stream.destroyed) return;
    answerInFront(front, request, response, () => {
      response.setTimeout(0);
      forward(request, { connect, silence: limits.silence });
    });
  }
}
