import type { Duplex } from "node:stream";
import { keyIdentity } from "./access/publish-key.ts";
import type { Transport } from "./endpoint/rtmp/peer.ts";
import type { MayPlay, MayPublish } from "./endpoint/rtmp/permission.ts";
import type { Log } from "./log.ts";
import { readStreamUrl } from "./stream-url.ts";

/** Somebody wants to publish. */
export type PublishQuestion = {
  readonly streamPath: string;
  /** What came as `?key=`: a secret. */
  readonly key: string | undefined;
  readonly address: string;
  readonly transport: Transport;
  /** What the server's own rules say: the publish key, this machine, `open`. */
  readonly allowed: boolean;
};

/** Somebody wants to watch. Over HTTP each request asks, also each segment of HLS. */
export type PlayQuestion = {
  readonly streamPath: string;
  /** What stood behind the name or in the URL: may hold secrets. */
  readonly query: { readonly [name: string]: string };
  readonly address: string;
  readonly transport: Transport | "http" | "websocket";
};

/**
 * What the program that the server is part of decides instead of it. One that throws says no, and
 * there is a line in the log.
 */
export type Hooks = {
  readonly mayPublish?: (question: PublishQuestion) => boolean;
  readonly mayPlay?: (question: PlayQuestion) => boolean;
};

const NOT_HERE = "This stream is not for everybody";

/** The rule for publishers: the hook's, which knows what the server's own says. */
export function publishRule(rule: MayPublish, { mayPublish }: Hooks, log: Log): MayPublish {
  if (mayPublish === undefined) return rule;
  return (request) => {
    const own = rule(request);
    const { streamPath, key, peer } = request;
    const { address, transport } = peer;
    const question = { streamPath, key, address, transport, allowed: own.allowed };
    const isAllowed = decide(() => mayPublish(question), log);
    const identity = key === undefined || key === "" ? undefined : keyIdentity(key);
    if (isAllowed) return own.allowed ? own : { allowed: true, identity };
    const description = "Publishing under this name is not allowed";
    return own.allowed ? { allowed: false, description } : own;
  };
}

/** The rule for players over RTMP. */
export function playRule({ mayPlay }: Hooks, log: Log): MayPlay {
  if (mayPlay === undefined) return () => ({ allowed: true });
  return ({ streamPath, query, peer: { address, transport } }) => {
    const question = { streamPath, query, address, transport };
    if (decide(() => mayPlay(question), log)) return { allowed: true };
    return { allowed: false, description: NOT_HERE };
  };
}

/** A request as the gate needs it. */
export type GatedRequest = {
  readonly url?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/** Whether a request under `/streams` may go on; whatever lies elsewhere may. */
export function mayWatch(
  { url = "", socket }: GatedRequest,
  transport: "http" | "websocket",
  { mayPlay }: Hooks,
  log: Log,
): boolean {
  const stream = readStreamUrl(url);
  if (mayPlay === undefined || stream === undefined) return true;
  return mayWatchStream({ url, socket }, stream.streamPath, transport, { mayPlay }, log);
}

/** Whether a request may have what belongs to a stream, wherever that lies. */
export function mayWatchStream(
  { url = "", socket }: GatedRequest,
  streamPath: string,
  transport: "http" | "websocket",
  { mayPlay }: Hooks,
  log: Log,
): boolean {
  if (mayPlay === undefined) return true;
  const query = Object.fromEntries(new URLSearchParams(url.split("?")[1] ?? ""));
  const address = socket.remoteAddress ?? "";
  return decide(() => mayPlay({ streamPath, query, address, transport }), log);
}

/** A response as the gate takes it: of `http`, `http2` and Express. */
export type GatedResponse = {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(text: string): unknown;
};

/** Passes a request on where it may go on, and answers it where it may not. */
export function gate(
  hooks: Hooks,
  log: Log,
): (request: GatedRequest, response: GatedResponse, next: () => void) => void {
  return (request, response, next) => {
    if (mayWatch(request, "http", hooks, log)) {
      next();
      return;
    }
    const text = `${NOT_HERE}\n`;
    response.writeHead(403, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": text.length,
      "Cache-Control": "no-store",
      "Access-Control-Allow-Origin": "*", // or a player elsewhere could not tell why
      "X-Content-Type-Options": "nosniff",
    });
    response.end(text);
  };
}

/** Answers an upgrade that may not go on. */
export function refuseUpgrade(socket: Duplex): void {
  socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

function decide(ask: () => boolean, log: Log): boolean {
  try {
    return ask() === true;
  } catch (error) {
    log.error("a hook failed", { error });
    return false;
  }
}
