import type { Clock } from "../../live/clock.ts";
import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import { firstTrack } from "../../live/track-choice.ts";
import { type Bytes, NO_BYTES } from "../../protocol/bytes/bytes.ts";
import { singleSampleHead } from "../../protocol/isobmff/single-sample.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { readStreamUrl } from "../../stream-url.ts";
import { readRange, slicePieces } from "../http/byte-range.ts";

/** What a poster is made of. */
export type PosterStream = {
  /** Tells one life of a streamPath from another. */
  readonly id: string;
  readonly tracks: readonly LiveTrack[];
  newestSync(trackId: number): LiveSample | undefined;
};

/** A request as `http`, `http2` and Express give it. */
export type PosterRequest = {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
};

/** A response as `http`, `http2` and Express take it. */
export type PosterResponse = {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array | string): unknown;
  destroy(): unknown;
  setTimeout(time: Milliseconds, onTimeout: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
};

/** What the endpoint is made of. */
export type PosterOptions = {
  readonly hub: { find(streamPath: string): PosterStream | undefined };
  readonly clock: Clock;
  readonly limits: {
    /** A response of which nothing is taken for this long is closed … */
    readonly silence: Milliseconds;
    /** … and so is one that takes longer than this altogether. */
    readonly responseTime: Milliseconds;
  };
};

const POSTER_NAME = "poster.mp4";

const COMMON_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Age, Content-Length, Content-Range, Date, ETag",
  "X-Content-Type-Options": "nosniff",
} as const;

/** A sync sample comes every two seconds or so: many who look at once cost one request a second. */
const CACHE = "public, max-age=1";

/**
 * `poster.mp4` of every live stream: the newest sync sample of the first video track, not transcoded,
 * as a file of one picture.
 *
 * `handle` is a plain function of request and response: it runs under `http`, under `http2`, and as
 * Express middleware, where `next` gets what is not its own. Safari plays no file without `Range`.
 */
export class PosterEndpoint {
  readonly #options: PosterOptions;
  /** Made once for all who ask before the next sync sample. */
  readonly #heads = new WeakMap<LiveSample, Bytes>();

  constructor(options: PosterOptions) {
    this.#options = options;
  }

  /** Answers a request; bound, so that it can be passed on as it is. */
  readonly handle = (request: PosterRequest, response: PosterResponse, next?: () => void): void => {
    const url = readStreamUrl(request.url ?? "");
    if (url?.resource !== POSTER_NAME) {
      if (next !== undefined) next();
      else refuse(response, 404, "There is nothing here");
      return;
    }
    switch (request.method) {
      case "GET":
      case "HEAD":
        this.#send(request, response, url.streamPath);
        return;
      case "OPTIONS":
        response.writeHead(204, {
          ...COMMON_HEADERS,
          "Access-Control-Allow-Methods": "GET, HEAD",
          "Access-Control-Allow-Headers": "Range, If-None-Match",
          "Access-Control-Max-Age": 86_400,
        });
        response.end();
        return;
      default:
        refuse(response, 405, "Only GET and HEAD are answered here", { Allow: "GET, HEAD" });
    }
  };

  #send(request: PosterRequest, response: PosterResponse, streamPath: string): void {
    const stream = this.#options.hub.find(streamPath);
    const track = stream && firstTrack(stream.tracks, "video");
    const sample = track && stream.newestSync(track.id);
    if (stream === undefined || sample === undefined) {
      refuse(response, 404, `There is no picture of ${streamPath}`);
      return;
    }
    const { id, configuration } = sample.track;
    const etag = `"${stream.id}-${id}-${configuration}-${sample.sequenceNumber}"`;
    const headers = {
      ...COMMON_HEADERS,
      "Content-Type": "video/mp4",
      "Cache-Control": CACHE,
      "Accept-Ranges": "bytes",
      ETag: etag,
    };
    const { range: rangeHeader, "if-none-match": known, "if-range": ifRange } = request.headers;
    if (typeof known === "string" && known.split(",").some((one) => isSame(one, etag))) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const pieces = [this.#head(sample), sample.data];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const mayBePartial = typeof rangeHeader === "string" && (ifRange ?? etag) === etag;
    const range = mayBePartial ? readRange(rangeHeader, length) : undefined;
    if (range === "unsatisfiable") {
      refuse(response, 416, `There are only ${length} bytes`, {
        "Content-Range": `bytes */${length}`,
      });
      return;
    }
    const { start, end } = range ?? { start: 0, end: length };
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      ...(range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${length}` }),
      "Content-Length": end - start,
    });
    this.#write(response, request.method === "HEAD" ? [] : slicePieces(pieces, { start, end }));
  }

  #head(sample: LiveSample): Bytes {
    const known = this.#heads.get(sample);
    const { track, timescale, language } = sample.track;
    if (known !== undefined || track.mediaType !== "video") return known ?? NO_BYTES;
    const head = singleSampleHead({ timescale, track, language, size: sample.data.length });
    this.#heads.set(sample, head);
    return head;
  }

  #write(response: PosterResponse, pieces: readonly Bytes[]): void {
    const { clock, limits } = this.#options;
    if (pieces.length > 0) {
      response.setTimeout(limits.silence, () => response.destroy());
      response.once(
        "close",
        clock.after(limits.responseTime, () => response.destroy()),
      );
    }
    for (const piece of pieces) response.write(piece);
    response.end();
  }
}

const isSame = (tag: string, etag: string): boolean =>
  tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag;

function refuse(
  response: PosterResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": status === 404 ? CACHE : "no-store",
    ...headers,
  });
  response.end(body);
}
