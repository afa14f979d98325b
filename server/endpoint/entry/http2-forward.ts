import { type IncomingMessage, request as requestByHttp } from "node:http";
import {
  constants,
  type Http2ServerRequest,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { InnerSocket } from "./http2-inner-socket.ts";

/** Of one connection, never of a request or answer (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Whoever sent it was told to go on already.
  "expect",
]);

/**
 * Breaks an answer off, so that the peer sees that it is not whole. Node's own `close` says first that
 * it is, and then that something went wrong.
 */
export function breakOff(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.on("error", () => {});
  stream.destroy(new Error("The answer was broken off"));
}

/** How a request goes on. */
export type ForwardOptions = {
  /** Opens a connection on which HTTP/1.1 is answered. */
  readonly connect: () => { server: InnerSocket; client: InnerSocket };
  /** When the answer is complete: of what is left of it, something is taken within this, ms. */
  readonly silence: number;
};

/**
 * Answers a request of HTTP/2 by asking the same over HTTP/1.1, on a connection of its own. Bodies go
 * both ways as they come, no faster than they are taken; who leaves at one end is gone at the other.
 */
export function forward(request: Http2ServerRequest, { connect, silence }: ForwardOptions): void {
  const { stream } = request;
  const fail = (): void => breakOff(stream);
  const { server, client } = connect();
  const inner = requestByHttp({
    createConnection: () => client,
    method: request.method,
    path: request.url,
    headers: inwards(request),
    setHost: false,
  });
  inner.on("error", fail);
  inner.on("information", ({ statusCode, headers }) => {
    if (statusCode === 101 || stream.headersSent || stream.closed) return;
    stream.additionalHeaders({ ...outwards(headers), ":status": statusCode });
  });
  inner.on("response", (answer) => {
    if (stream.closed) return;
    stream.respond({ ...outwards(answer.headers), ":status": answer.statusCode });
    answer.on("error", fail);
    answer.pipe(stream);
  });
  // As long as the server's end is open, it looks after those who take nothing.
  server.once("close", () => {
    if (!stream.destroyed) stream.setTimeout(silence, fail);
  });
  stream.once("finish", () => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR); // the rest of the body is of no use
  });
  stream.once("close", () => {
    inner.off("error", fail).on("error", () => {});
    inner.destroy();
    client.destroy();
  });
  if (stream.endAfterHeaders) inner.end();
  else request.pipe(inner);
}

function inwards(request: Http2ServerRequest): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(":") && !HOP_BY_HOP.has(name)) headers[name] = value;
  }
  const { authority } = request;
  if (authority !== "") headers["host"] = authority;
  const hasBody = !request.stream.endAfterHeaders;
  if (hasBody && headers["content-length"] === undefined) headers["transfer-encoding"] = "chunked";
  return headers;
}

function outwards(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  const named = String(headers.connection ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name)),
  );
}
