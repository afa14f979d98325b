import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { beginsTunnel } from "../../protocol/rtmpt/tunnel-reader.ts";
import { giveBack } from "./first-bytes.ts";
import { Places } from "./places.ts";
import type { Tunnel } from "./tunnel.ts";

/** Answers an upgrade to WebSocket. @returns false where this address takes none */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** What HTTP is answered with, by the door it comes in. */
export type HttpParts = {
  readonly app: RequestListener;
  readonly onUpgrade: OnUpgrade;
  /** RTMP in HTTP, at every door. */
  readonly tunnel?: Pick<Tunnel, "carry" | "handle" | "closeConnections">;
  /** What else came to a port for RTMP. */
  readonly astray?: RequestListener;
  readonly clock: Clock;
};

/** Where HTTP is spoken: on its own port, and wherever else a connection begins with it. */
export type HttpPort = {
  /** Listens when it is told to. */
  readonly server: Server;
  /** Takes a place for a connection until it closes, and closes it where there is none left. */
  admit(raw: Socket): boolean;
  /**
   * Takes over a connection that came in elsewhere; its raw socket was admitted.
   *
   * @param door `rtmp`: only the tunnel answers there
   * @param bytes of it that were read already
   */
  take(socket: Socket, door: Door, bytes?: Buffer): void;
  /** Takes a connection inside the process, which counts as what it was opened for. */
  takeInner(socket: Duplex): void;
  /** Ends connections of all doors, or only those on which nothing is due. */
  closeConnections(which: "idle" | "all"): void;
};

type Door = "http" | "rtmp";

/** Node looks after connections this often: their limits of time are no finer. */
const CHECK_INTERVAL = 1000;

/** The HTTP port: requests for the app, upgrades for WebSocket, and the bounds of both. */
export function createHttpPort(parts: HttpParts): HttpPort {
  const { app, onUpgrade, tunnel, astray, clock } = parts;
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
      if (tunnel?.handle(request, response) !== true) rest(request)(request, response);
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
  // Node's own takes a connection only when it is known that the tunnel does not.
  const [toNode] = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (admit(socket)) take(socket, "http");
  });

  /** Of whom it is not known yet what they ask for. */
  const strangers = new Set<Socket>();
  const take = (socket: Socket, door: Door, bytes?: Buffer): void => {
    if (bytes !== undefined) {
      lead(socket, door, bytes);
      return;
    }
    const ignore = (): void => {};
    const cancel = clock.after(LIMITS.httpHeadersTime, () => socket.destroy());
    const known = (): void => {
      cancel();
      strangers.delete(socket);
    };
    strangers.add(socket);
    socket.on("error", ignore);
    socket.once("close", known);
    socket.once("data", (first: Buffer) => {
      known();
      socket.off("close", known);
      lead(socket, door, first);
      socket.off("error", ignore);
    });
  };
  const lead = (socket: Socket, door: Door, bytes: Buffer): void => {
    giveBack(socket, bytes);
    const onForeign = (): void => {
      if (door === "rtmp") fromRtmp.add(socket);
      toNode?.call(server, socket);
      socket.resume();
    };
    if (tunnel !== undefined && beginsTunnel(bytes)) tunnel.carry(socket, onForeign);
    else onForeign();
  };

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
    take,
    takeInner: (socket) => void toNode?.call(server, socket),
    closeConnections: (which) => {
      for (const stranger of strangers) stranger.destroy();
      tunnel?.closeConnections(which);
      if (which === "all") server.closeAllConnections();
      else server.closeIdleConnections();
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
