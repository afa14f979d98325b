import type { Clock } from "../../live/clock.ts";
import type { LiveState } from "../../live/live-stream.ts";
import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { type ResourceName, readResourceName } from "../../protocol/hls/resource-name.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { readStreamUrl } from "../../stream-url.ts";
import { Audience, type AudienceLimits } from "./audience.ts";
import { readRange, slicePieces } from "./byte-range.ts";
import {
  type MediaFile,
  Presentation,
  type PresentationSettings,
  type RenderedPlaylist,
  type SegmentedStream,
} from "./presentation.ts";

/** What the handler needs of the hub. */
export type HlsStreams = {
  find(streamPath: string): (SegmentedStream & { readonly state: LiveState }) | undefined;
  /**
   * Somebody asks for this: as good as watching, for a while.
   *
   * @returns whether it is brought here on demand, so that it is worth waiting for
   */
  ask?(streamPath: string): boolean;
};

/** A request as `http`, `http2` and Express give it. */
export type HlsRequest = {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/** A response as `http`, `http2` and Express take it. */
export type HlsResponse = {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array | string): unknown;
  cork(): void;
  uncork(): void;
  destroy(): unknown;
  setTimeout(time: Milliseconds, onTimeout: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
};

/** What bounds it; times in ms. */
export type HlsLimits = AudienceLimits &
  PresentationSettings & {
    readonly heldRequests: number;
    readonly heldPerConnection: number;
    readonly holdTime: Milliseconds;
    /** A response of which nothing is taken for this long is closed … */
    readonly silence: Milliseconds;
    /** … and so is one that takes longer than this altogether. */
    readonly responseTime: Milliseconds;
  };

/** What the endpoint is made of. */
export type HlsEndpointOptions = {
  readonly hub: HlsStreams;
  readonly clock: Clock;
  readonly limits: HlsLimits;
};

const COMMON_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Age, Content-Length, Content-Range, Date",
  "X-Content-Type-Options": "nosniff",
} as const;

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
/** A segment comes every two seconds: a cache in front saves us all but one request a second. */
const PLAYLIST_CACHE = "public, max-age=1";
/** Names of files are used once. */
const FILE_CACHE = "public, max-age=86400, immutable";
const MISSING_FILE_CACHE = "public, max-age=10";
const NO_CACHE = "no-store";

type Exchange = {
  readonly request: HlsRequest;
  readonly response: HlsResponse;
  readonly isHead: boolean;
};

type Playlist = Extract<ResourceName, { readonly type: "multivariant" | "playlist" }>;

/**
 * HLS over HTTP: `index.m3u8` of every live stream and what lies beside it.
 *
 * `handle` is a plain function of request and response: it runs under `http`, under `http2`, and
 * as Express middleware, where `next` gets what is not HLS. A playlist of a stream that is on air
 * is held back until there is something to list, so the first viewer is not turned away.
 */
export class HlsEndpoint {
  readonly #options: HlsEndpointOptions;
  readonly #audience: Audience;
  readonly #presentations = new WeakMap<SegmentedStream, Presentation>();
  readonly #held = new Set<() => void>();
  /** How many of them each connection has. */
  readonly #heldBy = new WeakMap<object, number>();

  constructor(options: HlsEndpointOptions) {
    this.#options = options;
    this.#audience = new Audience(options.limits);
  }

  /** Requests that wait for a stream's first segments. */
  get held(): number {
    return this.#held.size;
  }

  /** Distinct viewers of the last while. */
  viewers(streamPath: string): number {
    return this.#audience.count(streamPath, this.#options.clock.now());
  }

  /** Sends away who waits: the server is going away. */
  close(): void {
    for (const release of [...this.#held]) release();
  }

  /** Answers a request; bound, so that it can be passed on as it is. */
  readonly handle = (request: HlsRequest, response: HlsResponse, next?: () => void): void => {
    const url = readStreamUrl(request.url ?? "");
    const name = url === undefined ? undefined : readResourceName(url.resource);
    if (url === undefined || name === undefined) {
      if (next !== undefined) next();
      else refuse(response, 404, "There is nothing here", MISSING_FILE_CACHE);
      return;
    }
    const { method } = request;
    if (method === "OPTIONS") {
      response.writeHead(204, {
        ...COMMON_HEADERS,
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "Range, If-None-Match",
        "Access-Control-Max-Age": 86_400,
      });
      response.end();
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      refuse(response, 405, "Only GET and HEAD are answered here", NO_CACHE, {
        Allow: "GET, HEAD",
      });
      return;
    }
    const exchange = { request, response, isHead: method === "HEAD" };
    if (name.type === "multivariant" || name.type === "playlist") {
      this.#playlist(exchange, url.streamPath, name);
    } else {
      this.#file(exchange, url.streamPath, name);
    }
  };

  #saw({ request }: Exchange, streamPath: string): void {
    const userAgent = String(request.headers["user-agent"] ?? "").slice(0, 256);
    const address = request.socket.remoteAddress ?? "";
    this.#audience.saw(streamPath, address, userAgent, this.#options.clock.now());
  }

  #presentation(stream: SegmentedStream): Presentation {
    const known = this.#presentations.get(stream);
    if (known !== undefined) return known;
    const presentation = new Presentation(stream, this.#options.limits);
    this.#presentations.set(stream, presentation);
    return presentation;
  }

  /** @param isLast whether to make do with what is there */
  #lookUp(stream: SegmentedStream, name: Playlist, isLast: boolean): RenderedPlaylist | undefined {
    const presentation = this.#presentation(stream);
    if (name.type === "playlist") return presentation.media(name.trackId);
    // It is read once: a track that is missing in it is missing for as long as somebody watches.
    return presentation.isReady || isLast ? presentation.multivariant() : undefined;
  }

  #playlist(exchange: Exchange, streamPath: string, name: Playlist): void {
    const { response } = exchange;
    const { hub, clock, limits } = this.#options;
    const isComing = hub.ask?.(streamPath) === true;
    const stream = hub.find(streamPath);
    const isOnAir = isComing || (stream?.state !== "waiting" && stream?.state !== "ended");
    const isOver = stream === undefined || !isOnAir;
    const playlist = stream && this.#lookUp(stream, name, isOver);
    if (playlist !== undefined) {
      this.#saw(exchange, streamPath);
      sendPlaylist(exchange, playlist);
      return;
    }
    if (isOver || this.#presentation(stream).isReady) {
      const what = isOver ? `${streamPath} is not on air` : "There is no such track";
      refuse(response, 404, what, PLAYLIST_CACHE);
      return;
    }
    const connection = exchange.request.socket;
    const ofConnection = this.#heldBy.get(connection) ?? 0;
    const isFull = this.#held.size >= limits.heldRequests;
    if (isFull || ofConnection >= limits.heldPerConnection) {
      refuse(response, 503, "Too many wait already", NO_CACHE, { "Retry-After": 2 });
      return;
    }
    const letGo = (): void => {
      cancel();
      unsubscribe();
      if (!this.#held.delete(release)) return;
      this.#heldBy.set(connection, (this.#heldBy.get(connection) ?? 1) - 1);
    };
    const release = (): void => {
      letGo();
      const late = this.#lookUp(stream, name, true);
      if (late !== undefined) {
        this.#saw(exchange, streamPath);
        sendPlaylist(exchange, late);
      } else {
        refuse(response, 503, `${streamPath} has nothing to list yet`, NO_CACHE, {
          "Retry-After": 1,
        });
      }
    };
    const unsubscribe = stream.segmenter.onChange(() => {
      if (this.#lookUp(stream, name, false) !== undefined) release();
    });
    const cancel = clock.after(limits.holdTime, release);
    this.#held.add(release);
    this.#heldBy.set(connection, ofConnection + 1);
    response.once("close", letGo);
  }

  #file(exchange: Exchange, streamPath: string, name: Exclude<ResourceName, Playlist>): void {
    const { hub } = this.#options;
    hub.ask?.(streamPath);
    const stream = hub.find(streamPath);
    const presentation = stream && this.#presentation(stream);
    const { trackId, life } = name;
    const file =
      name.type === "init"
        ? presentation?.init(trackId, life, name.configuration)
        : presentation?.segment(trackId, life, name.mediaSequence, name.isPacked);
    if (file === undefined) {
      refuse(exchange.response, 404, "It is gone, or never was here", MISSING_FILE_CACHE);
      return;
    }
    this.#saw(exchange, streamPath);
    const number = name.type === "init" ? `i${name.configuration}` : name.mediaSequence;
    this.#sendFile(exchange, file, `"${life}-${trackId}-${number}"`);
  }

  #sendFile({ request, response, isHead }: Exchange, file: MediaFile, etag: string): void {
    const { pieces, contentType } = file;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const headers = {
      ...COMMON_HEADERS,
      "Content-Type": contentType,
      "Cache-Control": FILE_CACHE,
      "Accept-Ranges": "bytes",
      ETag: etag,
    };
    if (matches(request.headers["if-none-match"], etag)) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const { range: rangeHeader, "if-range": ifRange } = request.headers;
    const mayBePartial = typeof rangeHeader === "string" && (ifRange ?? etag) === etag;
    const range = mayBePartial ? readRange(rangeHeader, length) : undefined;
    if (range === "unsatisfiable") {
      refuse(response, 416, `There are only ${length} bytes`, NO_CACHE, {
        "Content-Range": `bytes */${length}`,
      });
      return;
    }
    if (range === undefined) {
      response.writeHead(200, { ...headers, "Content-Length": length });
      this.#sendPieces(response, isHead ? [] : pieces);
      return;
    }
    response.writeHead(206, {
      ...headers,
      "Content-Length": range.end - range.start,
      "Content-Range": `bytes ${range.start}-${range.end - 1}/${length}`,
    });
    this.#sendPieces(response, isHead ? [] : slicePieces(pieces, range));
  }

  /** The pieces are the hub's own, shared by all who download them: one gathered write, no copy. */
  #sendPieces(response: HlsResponse, pieces: readonly Bytes[]): void {
    const { clock, limits } = this.#options;
    if (pieces.length > 0) {
      // The timer knows of bytes that the system took: it runs out when none are.
      response.setTimeout(limits.silence, () => response.destroy());
      const cancel = clock.after(limits.responseTime, () => response.destroy());
      response.once("close", cancel);
    }
    response.cork();
    for (const piece of pieces) response.write(piece);
    response.end();
    response.uncork();
  }
}

function sendPlaylist({ request, response, isHead }: Exchange, playlist: RenderedPlaylist): void {
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(
    String(request.headers["accept-encoding"] ?? ""),
  );
  const etag = takesGzip ? `"${playlist.tag}-gzip"` : `"${playlist.tag}"`;
  const headers = {
    ...COMMON_HEADERS,
    "Content-Type": PLAYLIST_TYPE,
    "Cache-Control": PLAYLIST_CACHE,
    Vary: "Accept-Encoding",
    ETag: etag,
  };
  if (matches(request.headers["if-none-match"], etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const body = takesGzip ? playlist.gzipped : playlist.body;
  response.writeHead(200, {
    ...headers,
    ...(takesGzip ? { "Content-Encoding": "gzip" } : {}),
    "Content-Length": body.length,
  });
  response.end(isHead ? undefined : body);
}

function matches(header: string | string[] | undefined, etag: string): boolean {
  if (typeof header !== "string") return false;
  return header
    .split(",")
    .some((one) => one.trim().replace(/^W\//, "") === etag || one.trim() === "*");
}

function refuse(
  response: HlsResponse,
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
  response.end(body);
}
