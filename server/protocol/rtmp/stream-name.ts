import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** Which stream an encoder means: the public path, and what it gave along (`query.key`, secret). */
export type StreamName = {
  /** APP/NAME, two parts or more. */
  readonly streamPath: string;
  readonly query: { readonly [name: string]: string };
};

const SEGMENT = /^[A-Za-z0-9._~-]+$/;

/** Whether this can be one part of a streamPath: what nobody can publish, nobody can watch. */
export const isStreamPathPart = (part: string): boolean =>
  part !== "." && part !== ".." && SEGMENT.test(part);

/** Scheme and host of a URL; its path and query follow. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i;

/** What clients put before names that end in `.flv`, `.mp4`, `.mp3` … */
const FILE_PREFIX = /^(?:flv|mp4|f4v|mp3):/;

/** What an application, a URL or a name may have: a path and its query. */
const LONGEST: number = LIMITS.streamPath + LIMITS.streamQuery;

/** The name of an application's only instance: it says nothing. */
const DEFAULT_INSTANCE = "_definst_";

/**
 * Finds out which stream is meant. Clients divide one URL differently into application and name,
 * so only both together name a stream; each part may have a query, and the name's wins over the
 * application's over the URL's.
 *
 * @param app `app` of connect; where it is empty, the URL's path counts
 * @param name what publish or play named
 * @throws ProtocolError `RTMP_STREAM_NAME` in message scope; its text is meant for the encoder's
 *   user and never holds the query
 */
export function resolveStreamName({
  app,
  tcUrl,
  name,
}: {
  app: string;
  tcUrl: string;
  name: string;
}): StreamName {
  for (const text of [app, tcUrl, name]) {
    // Taking apart what is longer would be work for nothing.
    if (text.length > LONGEST) {
      throw bad(`Cannot take a name of ${text.length} characters: the limit is ${LONGEST}`);
    }
  }
  const url = splitQuery(unquoted(tcUrl).replace(ORIGIN, ""));
  const application = splitQuery(unquoted(app));
  const stream = splitQuery(unquoted(name));
  const applicationPath = segments(application.path).length > 0 ? application.path : url.path;
  const parts = [
    ...segments(applicationPath),
    ...segments(stream.path.replace(/^\/+/, "").replace(FILE_PREFIX, "")),
  ];
  const streamPath = parts.join("/");
  if (streamPath.length > LIMITS.streamPath) {
    throw bad(
      `Cannot take a stream name of ${streamPath.length} characters: the limit is ${LIMITS.streamPath}`,
    );
  }
  for (const part of parts) {
    if (!isStreamPathPart(part)) {
      throw bad(
        `Cannot take the stream name ${JSON.stringify(streamPath)}: use letters, digits and . _ ~ - only`,
      );
    }
  }
  if (parts.length < 2) {
    const have = parts.length === 0 ? "nothing" : JSON.stringify(streamPath);
    throw bad(
      `Cannot name a stream with ${have}: the server URL gives the application and the stream key the name, as in live/show`,
    );
  }
  const queries = [url.query, application.query, stream.query];
  const length = queries.reduce((sum, query) => sum + query.length, 0);
  if (length > LIMITS.streamQuery) {
    throw bad(`Cannot take ${length} characters of parameters: the limit is ${LIMITS.streamQuery}`);
  }
  return { streamPath, query: Object.fromEntries(queries.flatMap(parameters)) };
}

function splitQuery(text: string): { path: string; query: string } {
  const at = text.indexOf("?");
  return at < 0
    ? { path: text, query: "" }
    : { path: text.slice(0, at), query: text.slice(at + 1) };
}

const segments = (path: string): string[] =>
  path.split("/").filter((segment) => segment !== "" && segment !== DEFAULT_INSTANCE);

/** Some senders put their URL in quotation marks. */
function unquoted(text: string): string {
  const trimmed = text.trim();
  let start = 0;
  let end = trimmed.length;
  while (start < end && isQuote(trimmed[start])) start += 1;
  while (end > start && isQuote(trimmed[end - 1])) end -= 1;
  return trimmed.slice(start, end);
}

const isQuote = (character: string | undefined): boolean => character === '"' || character === "'";

function parameters(query: string): [string, string][] {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0
        ? [decoded(pair), ""]
        : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    });
}

/** Percent-decoded, or as it is where that is no percent-encoding. `+` is a plus: keys may hold it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const bad = (text: string): ProtocolError =>
  new ProtocolError("malformed", "RTMP_STREAM_NAME", text);
