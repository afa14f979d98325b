import type { Clock } from "../../live/clock.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { readRange } from "../http/byte-range.ts";
import {
  COMMON_HEADERS,
  type Exchange,
  matches,
  NO_STORE,
  type PlainResponse,
  refuse,
} from "../http/exchange.ts";
import type { MediaFile } from "./media-file.ts";

/** What bounds a response; times in ms. */
export type SendLimits = {
  /** One of which nothing is taken for this long is closed … */
  readonly silence: Milliseconds;
  /** … and so is one that takes longer than this altogether. */
  readonly responseTime: Milliseconds;
};

/** Names of files are used once. */
const FILE_CACHE = "public, max-age=86400, immutable";

/** Answers with a file, whole or in part (RFC 9110 §13, §14). @param name of it, never used again */
export function sendFile(
  exchange: Exchange,
  file: MediaFile,
  name: string,
  { clock, limits }: { clock: Clock; limits: SendLimits },
): void {
  const { request, response, isHead } = exchange;
  const etag = `"${name}"`;
  const headers = {
    ...COMMON_HEADERS,
    "Content-Type": file.contentType,
    "Cache-Control": FILE_CACHE,
    "Accept-Ranges": "bytes",
    ETag: etag,
  };
  if (matches(request.headers["if-none-match"], etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const length = file.byteLength;
  const { range: rangeHeader, "if-range": ifRange } = request.headers;
  const mayBePartial = typeof rangeHeader === "string" && (ifRange ?? etag) === etag;
  const range = mayBePartial ? readRange(rangeHeader, length) : undefined;
  if (range === "unsatisfiable") {
    refuse(exchange, 416, `There are only ${length} bytes`, NO_STORE, {
      "Content-Range": `bytes */${length}`,
    });
    return;
  }
  const { start, end } = range ?? { start: 0, end: length };
  const writeHead = (): void => {
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      "Content-Length": end - start,
      ...(range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${length}` }),
    });
  };
  if (isHead || start === end) {
    writeHead();
    response.end();
    return;
  }
  boundResponse(response, clock, limits);
  const bytes = file.read({ start, end });
  if (Symbol.asyncIterator in bytes) {
    void stream(exchange, bytes, end - start, writeHead);
    return;
  }
  writeHead();
  // The pieces are the hub's own, shared by all who download them: one gathered write, no copy.
  response.cork();
  for (const piece of bytes) response.write(piece);
  response.end();
  response.uncork();
}

/** Closes a response that is not taken. */
export function boundResponse(response: PlainResponse, clock: Clock, limits: SendLimits): void {
  // The timer knows of bytes that the system took: it runs out when none are.
  response.setTimeout(limits.silence, () => response.destroy());
  const cancel = clock.after(limits.responseTime, () => response.destroy());
  response.once("close", cancel);
}

/**
 * Sends what comes piece by piece, no faster than it is taken. Before the first one it is still time
 * to say that there is none; after it a response that breaks off has to look like one.
 */
async function stream(
  exchange: Exchange,
  pieces: AsyncIterable<Bytes>,
  length: number,
  writeHead: () => void,
): Promise<void> {
  const { response } = exchange;
  let isClosed = false;
  response.once("close", () => {
    isClosed = true;
  });
  let sent = 0;
  try {
    for await (const piece of pieces) {
      if (isClosed) return;
      if (sent === 0) writeHead();
      sent += piece.length;
      if (!response.write(piece)) await drained(response);
    }
  } catch {
    sent = Number.NaN; // it may have failed behind the last byte
  }
  if (isClosed) return;
  if (sent === length) response.end();
  else if (response.headersSent) response.destroy();
  else refuse(exchange, 503, "It cannot be read now", NO_STORE, { "Retry-After": 1 });
}

/** Until there is room again, or nobody left. */
function drained(response: PlainResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
