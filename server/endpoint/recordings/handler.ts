import type { Bytes } from "../../protocol/bytes/bytes.ts";
import { fragmentHeadLength, readFragmentHead } from "../../protocol/isobmff/fragment-reader.ts";
import { mediaSegmentHead } from "../../protocol/isobmff/media-segment.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { RecordingIndex } from "../../store/recording-index.ts";
import type { RecordingManifest } from "../../store/recording-manifest.ts";
import type { RecordingSource } from "../../store/recordings.ts";
import { readRange } from "../http/byte-range.ts";
import {
  COMMON_HEADERS,
  type Exchange,
  matches,
  NO_STORE,
  type PlainRequest,
  type PlainResponse,
  refuse,
} from "../http/exchange.ts";
import type { RenderedPlaylist } from "../http/rendered-playlist.ts";
import { sendPlaylist } from "../http/send-playlist.ts";
import { readPiece, sendPieces, Taker } from "./file-pieces.ts";
import { RecordedPresentation } from "./presentation.ts";
import { type RecordingUrl, readRecordingUrl } from "./recording-url.ts";
import type { Piece, SegmentSettings } from "./track-layout.ts";

/** What the endpoint is made of. */
export type RecordingsEndpointOptions = {
  readonly recordings: {
    find(id: string): RecordingManifest | undefined;
    source(id: string): Promise<RecordingSource | undefined>;
  };
  /** Whether this one may watch what was recorded of a stream. */
  readonly mayWatch: (request: PlainRequest, streamPath: string) => boolean;
  readonly segments: SegmentSettings;
  readonly limits: {
    /** Files that are read at once. */
    readonly readers: number;
    /** Bytes that are read for one of them at a time. */
    readonly read: number;
    /** A response of which nothing is taken for this long is closed. */
    readonly silence: Milliseconds;
  };
};

const SOON = { "Retry-After": 1 } as const;
/** It may be asked for again, and is sent only if it is another one. */
const GROWING_CACHE = "no-cache";
/** A name is never used for other bytes, but what is removed is to be gone by and by. */
const FINISHED_CACHE = "public, max-age=3600";

/** A file to be sent, or a part of it. */
type Sent = {
  readonly source: RecordingSource;
  readonly contentType: string;
  readonly length: number;
  /** Without quotes; undefined where other bytes may come to be here. */
  readonly tag: string | undefined;
  readonly pieces: (range: { readonly start: number; readonly end: number }) => Iterable<Piece>;
  readonly headers?: Record<string, string>;
};

/**
 * What was recorded, over HTTP, also while it grows: `/recordings/ID/recording.mp4` as a file, and
 * `index.m3u8` as HLS by byte ranges.
 *
 * `handle` is a plain function of request and response: it runs under `http`, under `http2`, and as
 * Express middleware, where `next` gets what is not its own.
 */
export class RecordingsEndpoint {
  readonly #options: RecordingsEndpointOptions;
  readonly #presentations = new WeakMap<RecordingIndex, RecordedPresentation>();
  #readers = 0;

  constructor(options: RecordingsEndpointOptions) {
    this.#options = options;
  }

  /** Answers a request; bound, so that it can be passed on as it is. */
  readonly handle = (request: PlainRequest, response: PlainResponse, next?: () => void): void => {
    const exchange = { request, response, isHead: request.method === "HEAD" };
    const url = readRecordingUrl(request.url ?? "");
    if (url === undefined) {
      if (next !== undefined) next();
      else refuse(exchange, 404, "There is nothing here", NO_STORE);
      return;
    }
    switch (request.method) {
      case "GET":
      case "HEAD":
        this.#answer(exchange, url).catch(() => {
          // A file that is not what it should be: once something is sent, to break off says so.
          if (response.headersSent) response.destroy();
          else refuse(exchange, 500, "It cannot be read", NO_STORE);
        });
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
        refuse(exchange, 405, "Only GET and HEAD are answered here", NO_STORE, {
          Allow: "GET, HEAD",
        });
    }
  };

  async #answer(exchange: Exchange, { id, resource }: RecordingUrl): Promise<void> {
    const { request, response } = exchange;
    const taker = new Taker(response);
    const { recordings, mayWatch } = this.#options;
    const manifest = recordings.find(id);
    if (manifest === undefined) {
      refuse(exchange, 404, "There is no such recording", NO_STORE);
      return;
    }
    if (!mayWatch(request, manifest.streamPath)) {
      refuse(exchange, 403, "This stream is not for everybody", NO_STORE);
      return;
    }
    const source = await recordings.source(id);
    if (source === undefined) {
      const isComing = manifest.state === "recording";
      if (isComing) refuse(exchange, 503, "It has only just begun", NO_STORE, SOON);
      else refuse(exchange, 404, "Nothing of it is here", NO_STORE);
      return;
    }
    const presentation = this.#presentation(source.index);
    switch (resource.type) {
      case "multivariant":
        this.#playlist(exchange, source, presentation.multivariant(source));
        return;
      case "playlist":
        this.#playlist(exchange, source, presentation.media(source, resource.trackId));
        return;
      case "file":
        await this.#send(exchange, taker, recordingFile(exchange, source));
        return;
      case "poster":
        await this.#poster(exchange, taker, source);
        return;
      case "track": {
        const layout = presentation.layout(source, resource.trackId);
        const track = source.manifest.tracks.find(
          ({ id: trackId }) => trackId === resource.trackId,
        );
        if (layout === undefined || (layout.init.length === 0) !== resource.isPacked) {
          refuse(exchange, 404, "There is no such track", NO_STORE);
          return;
        }
        await this.#send(exchange, taker, {
          source,
          contentType: resource.isPacked ? "audio/mpeg" : `${track?.mediaType}/mp4`,
          length: layout.length,
          tag: source.isGrowing ? undefined : `${id}-t${resource.trackId}`,
          pieces: (range) => layout.pieces(range),
        });
      }
    }
  }

  #presentation(index: RecordingIndex): RecordedPresentation {
    const known = this.#presentations.get(index);
    if (known !== undefined) return known;
    const presentation = new RecordedPresentation(this.#options.segments);
    this.#presentations.set(index, presentation);
    return presentation;
  }

  #playlist(
    exchange: Exchange,
    { isGrowing }: RecordingSource,
    playlist: RenderedPlaylist | undefined,
  ): void {
    if (playlist === undefined) {
      if (isGrowing) refuse(exchange, 503, "Nothing to list yet", NO_STORE, SOON);
      else refuse(exchange, 404, "There is no such track", NO_STORE);
      return;
    }
    sendPlaylist(exchange, playlist, isGrowing ? GROWING_CACHE : FINISHED_CACHE);
  }

  /** The first picture of the first video track, as a file of one sample. */
  async #poster(exchange: Exchange, taker: Taker, source: RecordingSource): Promise<void> {
    const { manifest, index, path } = source;
    const track = manifest.tracks.find(({ mediaType }) => mediaType === "video");
    const first = track && index.fragments(track.id).find(({ isSync }) => isSync);
    const init = track && this.#presentation(index).layout(source, track.id)?.init;
    if (first === undefined || init === undefined) {
      refuse(exchange, 404, "There is no picture of it", NO_STORE);
      return;
    }
    const bytes = await readPiece(path, { offset: first.offset, length: first.headLength });
    if (fragmentHeadLength(bytes) !== bytes.length) throw new Error("The index leads nowhere");
    const size = readFragmentHead(bytes).firstSize;
    const head = mediaSegmentHead({
      trackId: first.trackId,
      sequenceNumber: 1,
      baseMediaDecodeTime: 0,
      mediaType: "video",
      samples: [
        {
          duration: index.timescale(first.trackId),
          ...{ size, isSync: true, isDisposable: false, compositionOffset: 0 },
        },
      ],
    });
    const before: Bytes = Buffer.concat([init, head]);
    const offset = first.offset + first.headLength;
    await this.#send(exchange, taker, {
      source,
      contentType: "video/mp4",
      length: before.length + size,
      tag: `${manifest.id}-poster`,
      pieces: (range) => cut([{ bytes: before }, { offset, length: size }], range),
    });
  }

  async #send(exchange: Exchange, taker: Taker, sent: Sent): Promise<void> {
    if (taker.isGone) return;
    const { request, response, isHead } = exchange;
    const { limits } = this.#options;
    const { source, length, tag } = sent;
    const etag = tag === undefined ? undefined : `"${tag}"`;
    const headers = {
      ...COMMON_HEADERS,
      "Content-Type": sent.contentType,
      "Cache-Control": source.isGrowing ? GROWING_CACHE : FINISHED_CACHE,
      "Accept-Ranges": "bytes",
      ...(etag === undefined ? {} : { ETag: etag }),
      ...sent.headers,
    };
    if (etag !== undefined && matches(request.headers["if-none-match"], etag)) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const { range: rangeHeader, "if-range": ifRange } = request.headers;
    const isSame = ifRange === undefined || ifRange === etag;
    const mayBePartial = typeof rangeHeader === "string" && isSame;
    const range = mayBePartial ? readRange(rangeHeader, length) : undefined;
    if (range === "unsatisfiable") {
      const all = { "Content-Range": `bytes */${length}` };
      refuse(exchange, 416, `There are only ${length} bytes`, NO_STORE, all);
      return;
    }
    if (!isHead && this.#readers >= limits.readers) {
      refuse(exchange, 503, "Too many are being read already", NO_STORE, SOON);
      return;
    }
    const { start, end } = range ?? { start: 0, end: length };
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      "Content-Length": end - start,
      ...(range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${length}` }),
    });
    if (isHead) {
      response.end();
      return;
    }
    response.setTimeout(limits.silence, () => response.destroy());
    this.#readers += 1;
    try {
      await sendPieces(taker, source.path, sent.pieces({ start, end }), limits.read);
    } finally {
      this.#readers -= 1;
    }
  }
}

/** All of the file as it is now: one that grows has a head that says so. */
function recordingFile({ request }: Exchange, source: RecordingSource): Sent {
  const { manifest, head, length } = source;
  const isDownload = new URLSearchParams(request.url?.split("?")[1] ?? "").has("download");
  const name = `${manifest.id}.mp4`;
  const pieces: Piece[] = [{ bytes: head }, { offset: head.length, length: length - head.length }];
  return {
    source,
    contentType: "video/mp4",
    length,
    tag: `${manifest.id}-${length}`,
    pieces: (range) => cut(pieces, range),
    headers: {
      "Content-Disposition": `${isDownload ? "attachment" : "inline"}; filename="${name}"`,
    },
  };
}

/** What of some pieces in order lies in a range of all of them. */
function cut(pieces: readonly Piece[], range: { start: number; end: number }): Piece[] {
  const inside: Piece[] = [];
  let begin = 0;
  for (const piece of pieces) {
    const length = "bytes" in piece ? piece.bytes.length : piece.length;
    const from = Math.max(range.start - begin, 0);
    const to = Math.min(range.end - begin, length);
    if (from < to) {
      if ("bytes" in piece) inside.push({ bytes: piece.bytes.subarray(from, to) });
      else inside.push({ offset: piece.offset + from, length: to - from });
    }
    begin += length;
  }
  return inside;
}
