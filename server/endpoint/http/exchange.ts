import type { Milliseconds } from "../../protocol/media/sample.ts";

/** A request as `http`, `http2` and Express give it. */
export type PlainRequest = {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Under HTTP/2, where `socket` is another object for each request of a connection. */
  readonly stream?: { readonly session?: object | undefined } | undefined;
};

/** A response as `http`, `http2` and Express take it. */
export type PlainResponse = {
  readonly headersSent: boolean;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array | string): unknown;
  cork(): void;
  uncork(): void;
  destroy(): unknown;
  setTimeout(time: Milliseconds, onTimeout: () => void): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
};

/** A request and the answer to it. */
export type Exchange = {
  readonly request: PlainRequest;
  readonly response: PlainResponse;
  readonly isHead: boolean;
};

/** What every answer has: pages of anywhere may read it. */
export const COMMON_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Age, Content-Length, Content-Range, Date, ETag",
  "X-Content-Type-Options": "nosniff",
} as const;

/** What no cache may keep. */
export const NO_STORE = "no-store";

/** @returns what a request came in on: the same object for all requests of a connection */
export const connectionOf = ({ socket, stream }: PlainRequest): object => stream?.session ?? socket;

/** Whether an `If-None-Match` names what is there. */
export function matches(header: string | string[] | undefined, etag: string): boolean {
  if (typeof header !== "string") return false;
  return header
    .split(",")
    .some((one) => one.trim().replace(/^W\//, "") === etag || one.trim() === "*");
}

/** Answers with a line of text. */
export function refuse(
  { response, isHead }: Exchange,
  status: number,
  text: string,
  cacheControl: string,
  headers: Record<string, string | number> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": cacheControl,
    ...headers,
  });
  response.end(isHead ? undefined : body);
}
