import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Log } from "../../log.ts";

/** A request, and its response, as plain handlers see them: of `http` or `http2`. */
export type PlainRequest = IncomingMessage | Http2ServerRequest;
export type PlainResponse = ServerResponse | Http2ServerResponse;

/**
 * Answers a request whatever it came over, or calls `next` before anything is said. `request.socket`
 * says who asks; over HTTP/2 it is another object for each request.
 */
export type PlainHandler = (
  request: PlainRequest,
  response: PlainResponse,
  next: (error?: unknown) => void,
) => void;

/** What stands before the app. */
export type Front = {
  /** Asked in this order. */
  readonly handlers: readonly PlainHandler[];
  readonly log: Log;
};

/**
 * Lets plain handlers answer before anybody else does.
 *
 * @param rest gets what none of them answers
 */
export function answerInFront(
  { handlers, log }: Front,
  request: PlainRequest,
  response: PlainResponse,
  rest: () => void,
): void {
  const ask = (index: number, error?: unknown): void => {
    const handler = handlers[index];
    if (error !== undefined) fail(response, error, log);
    else if (handler === undefined) rest();
    else handler(request, response, (reason) => ask(index + 1, reason));
  };
  try {
    ask(0);
  } catch (thrown) {
    fail(response, thrown, log);
  }
}

function fail(response: PlainResponse, error: unknown, log: Log): void {
  const status = statusOf(error);
  if (status >= 500) log.error("a web request failed", { error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.setHeader("Content-Length", 0);
  response.setHeader("Cache-Control", "no-store");
  response.statusCode = status;
  response.end();
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
