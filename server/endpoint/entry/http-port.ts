import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LIMITS } from "../../protocol/limits.ts";
import { Places } from "./places.ts";

/** Answers an upgrade to WebSocket. @returns false where this address takes none */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** What HTTP is answered with, by the door it comes in. */
export type HttpParts = {
  readonly app: RequestListener;
  readonly onUpgrade: OnUpgrade;
  /** RTMP in HTTP, at every door. @returns false where a request is none of its own */
  readonly tunnel?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** What else came to a port for RTMP. */
  readonly astray?: RequestListener;
};

/** Where HTTP is spoken: on its own port, and wherever else a connection begins with it. */
export type HttpPort = {
  /** Listens when it is told to, and looks after the connections of all doors. */
  readonly server: Server;
  /** Takes a place for a connection until it closes, and closes it where there is none left. */
  admit(raw: Socket): boolean;
  /**
   * Takes over a connection that came in elsewhere; its raw socket was admitted.
   *
   * @param door `rtmp`: only the tunnel answers there
   */
  take(socket: Socket, door: "http" | "rtmp"): void;
};

/** Node looks after connections this often: their limits of time are no finer. */
const CHECK_INTERVAL = 1000;

/** The HTTP port: requests for the app, upgrades for WebSocket, and the bounds of both. */
export function createHttpPort({ app, onUpgrade, tunnel, astray }: HttpParts): HttpPort {
  const admitted = new WeakSet<Socket>();
  const fromRtmp = new WeakSet<Duplex>();
  const rest = (request: IncomingMessage): RequestListener =>
    astray !== undefined && fromRtmp.has(request.socket) ? astray : app;
  const server = createServer(
    {
      headersTimeout: LIMITS.httpHeadersTime,
      requestTimeout: LIMITS.httpRequestTime,
      connectionsCheckingInterval: CHECK_INTERVAL,
    },
    (request, response) => {
      if (tunnel?.(request, response) !== true) rest(request)(request, response);
    },
  );
  server.timeout = LIMITS.httpIdle;
  server.maxConnections = LIMITS.httpConnections;

  const places = new Places({
    all: LIMITS.httpConnections,
    perAddress: LIMITS.httpConnectionsPerAddress,
  });
  const admit = (raw: Socket): boolean => {
    const give = places.take(raw.remoteAddress ?? "");
    if (give === undefined) raw.destroy();
    else raw.once("close", give);
    return give !== undefined;
  };
  server.on("connection", (socket: Socket) => {
    if (!admitted.has(socket)) admit(socket);
  });

  server.on("upgrade", (request, socket: Duplex, head: Buffer) => {
    // Node has taken its own listener off: without one, a reset here would end the process.
    socket.on("error", () => socket.destroy());
    const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    const isHere = isWebSocket && !fromRtmp.has(request.socket);
    if (isHere && onUpgrade(request, socket, head)) return;
    answerWithoutUpgrade(rest(request), request, socket);
  });
  return {
    server,
    admit,
    take: (socket, door) => {
      admitted.add(socket);
      if (door === "rtmp") fromRtmp.add(socket);
      server.emit("connection", socket);
    },
  };
}

/** A server may ignore an upgrade it does not know, such as h2c (RFC 9110 §7.8). */
function answerWithoutUpgrade(
  app: RequestListener,
  request: IncomingMessage,
  socket: Duplex,
): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  response.on("finish", () => socket.end());
  socket.on("finish", () => socket.destroy());
  app(request, response);
}
