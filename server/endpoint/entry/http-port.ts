import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { LIMITS } from "../../protocol/limits.ts";
import { AddressCounter } from "./address-counter.ts";

/** Answers an upgrade to WebSocket. @returns false where this address takes none */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** Node looks after connections this often: their limits of time are no finer. */
const CHECK_INTERVAL = 1000;

/**
 * The HTTP port: requests for the app, upgrades for WebSocket, and the bounds of both. It listens
 * when it is told to.
 */
export function createHttpPort(app: RequestListener, onUpgrade: OnUpgrade): Server {
  const server = createServer(
    {
      headersTimeout: LIMITS.httpHeadersTime,
      requestTimeout: LIMITS.httpRequestTime,
      connectionsCheckingInterval: CHECK_INTERVAL,
    },
    app,
  );
  server.timeout = LIMITS.httpIdle;
  server.maxConnections = LIMITS.httpConnections;

  const addresses = new AddressCounter(LIMITS.httpConnectionsPerAddress);
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    if (addresses.take(address)) socket.once("close", () => addresses.give(address));
    else socket.destroy();
  });

  server.on("upgrade", (request, socket: Duplex, head: Buffer) => {
    // Node has taken its own listener off: without one, a reset here would end the process.
    socket.on("error", () => socket.destroy());
    const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    if (isWebSocket && onUpgrade(request, socket, head)) return;
    answerWithoutUpgrade(app, request, socket);
  });
  return server;
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
