import { domainToASCII } from "node:url";
import { LIMITS } from "../../protocol/limits.ts";
import { resolveStreamName } from "../../protocol/rtmp/stream-name.ts";

/** How RTMP reaches a server. */
export type RelayScheme = "rtmp" | "rtmps" | "rtmpe" | "rtmpt" | "rtmpts" | "rtmpte";

/** Whether a relay brings a stream here, or takes one away. */
export type RelayKind = "pull" | "push";

/** A stream on another server. Its name and its queries may be secrets. */
export type RelayUrl = {
  readonly scheme: RelayScheme;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** As `connect` says it, query included. */
  readonly app: string;
  /** As `play` and `publish` say it, query included. */
  readonly streamName: string;
};

/** A URL that cannot be used; one line for people, without anything that may be secret. */
export class RelayUrlError extends Error {
  override readonly name = "RelayUrlError";
}

/** What stands where something was cut out. */
const CUT = "***";

const PORTS: { readonly [scheme in RelayScheme]: number } = {
  rtmp: 1935,
  rtmpe: 1935,
  rtmps: 443,
  rtmpt: 80,
  rtmpte: 80,
  rtmpts: 443,
};

const LONGEST: number = LIMITS.streamPath + LIMITS.streamQuery;

const ASCII = /^[!-~]+$/;

/** Scheme, user info, host, port, and the rest. */
const PATTERN =
  /^([a-z]+):\/\/(?:([^@/?#]*)@)?(\[[0-9a-f:.]+\]|[^\s:/?#[\]@]+)(?::(\d{1,5}))?\/([^\s]*)$/i;

/**
 * Reads `SCHEME://HOST[:PORT]/APP/NAME[?QUERY]`; the application may have several parts.
 *
 * @param streamKey where it is given, all of the URL's path is the application, as in OBS
 * @throws RelayUrlError
 */
export function readRelayUrl(text: string, streamKey?: string): RelayUrl {
  if (text.length > LONGEST || (streamKey?.length ?? 0) > LONGEST) {
    throw new RelayUrlError(`it is longer than ${LONGEST} characters`);
  }
  const match = PATTERN.exec(text);
  if (match === null) throw new RelayUrlError("it has not the form rtmp://HOST[:PORT]/APP/NAME");
  const [, givenScheme = "", userInfo, bracketed = "", givenPort, rest = ""] = match;
  const scheme = givenScheme.toLowerCase();
  if (!isScheme(scheme)) {
    throw new RelayUrlError(`its scheme is none of ${Object.keys(PORTS).join(", ")}`);
  }
  if (userInfo !== undefined) {
    throw new RelayUrlError("it has a user name: a stream key or a query is understood here only");
  }
  const port = givenPort === undefined ? PORTS[scheme] : Number(givenPort);
  if (port < 1 || port > 65_535) throw new RelayUrlError("its port is not from 1 to 65535");
  // Names beyond ASCII go over the line in their ASCII form only.
  const bare = bracketed.replace(/^\[|\]$/g, "");
  const host = ASCII.test(bare) ? bare : domainToASCII(bare);
  if (host === "") throw new RelayUrlError("its host is no name that can be looked up");
  const { app, streamName } =
    streamKey === undefined ? splitPath(rest) : { app: trimmed(rest), streamName: streamKey };
  if (app === "" || streamName === "" || streamName.startsWith("?")) {
    throw new RelayUrlError("it names no application, or no stream: APP/NAME");
  }
  if (hasControlCharacters(streamName)) {
    throw new RelayUrlError("its stream key has characters that cannot be sent");
  }
  return { scheme, host, port, app, streamName };
}

/** The URL of the application, as `connect` says it. */
export const tcUrlOf = (url: RelayUrl): string => `${originOf(url)}/${url.app}`;

/**
 * For people: without queries, and without the name of what is published, which is a stream key
 * with most servers.
 */
export function shownUrl(url: RelayUrl, kind: RelayKind): string {
  const name = kind === "push" ? CUT : withoutQuery(url.streamName);
  return `${originOf(url)}/${withoutQuery(url.app)}/${name}`;
}

/** Whether bytes to there are protected from who reads the line. */
export const isTls = ({ scheme }: RelayUrl): boolean => scheme === "rtmps" || scheme === "rtmpts";

/** The stream's public path on its server, as a server of our own kind reads it. */
export function remotePathOf(url: RelayUrl): string | undefined {
  try {
    const { app, streamName: name } = url;
    return resolveStreamName({ app, tcUrl: tcUrlOf(url), name }).streamPath;
  } catch {
    return undefined;
  }
}

/**
 * Cuts out of a server's words whatever of the URL may be secret: servers repeat the names and
 * queries that they refuse.
 */
export function withoutSecrets(text: string, url: RelayUrl, kind: RelayKind): string {
  let clean = text;
  for (const secret of secretsOf(url, kind)) clean = clean.replaceAll(secret, CUT);
  return clean;
}

/**
 * Where a server sends its client, with the stream that was asked for.
 *
 * @param named absolute; some servers put the stream's name behind the application
 * @throws RelayUrlError where it cannot be used, or TLS would be given up
 */
export function followed(url: RelayUrl, named: string): RelayUrl {
  const name = withoutQuery(url.streamName);
  const path = withoutQuery(named).replace(/\/+$/, "");
  const hasName = path.endsWith(`/${name}`) && path.split("/").length > 4;
  const next = hasName
    ? readRelayUrl(named.includes("?") ? named : `${path}${url.streamName.slice(name.length)}`)
    : readRelayUrl(named, url.streamName);
  if (isTls(url) && !isTls(next)) throw new RelayUrlError("it gives up TLS");
  return next;
}

/** Longest first, so that none is left in part. */
export function secretsOf({ app, streamName }: RelayUrl, kind: RelayKind): string[] {
  const queries = [app, streamName].map((text) => text.slice(withoutQuery(text).length + 1));
  const parts = queries.flatMap((query) => [
    query,
    ...query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1)),
  ]);
  if (kind === "push") parts.push(streamName, withoutQuery(streamName));
  const all = new Set(parts.flatMap((part) => [part, decoded(part)]));
  all.delete("");
  return [...all].sort((a, b) => b.length - a.length);
}

function originOf({ scheme, host, port }: RelayUrl): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${name}${port === PORTS[scheme] ? "" : `:${port}`}`;
}

/** The last part of the path, with the query, is the stream's name. */
function splitPath(rest: string): { app: string; streamName: string } {
  const path = withoutQuery(rest);
  const parts = trimmed(path).split("/");
  const name = parts.pop() ?? "";
  return { app: parts.join("/"), streamName: `${name}${rest.slice(path.length)}` };
}

const trimmed = (path: string): string => path.replace(/^\/+|\/+$/g, "");

const withoutQuery = (text: string): string => text.split("?", 1)[0] ?? "";

const isScheme = (text: string): text is RelayScheme => Object.hasOwn(PORTS, text);

const hasControlCharacters = (text: string): boolean =>
  [...text].some((character) => character < " " || character === "\u007f");

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
