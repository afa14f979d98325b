import type { Clock } from "../../live/clock.ts";
import {
  type DeliveryDirectives,
  judge,
  readDeliveryDirectives,
} from "../../protocol/hls/delivery-directives.ts";
import { readResourceName } from "../../protocol/hls/resource-name.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { isPreview, readStreamUrl } from "../../stream-url.ts";
import {
  COMMON_HEADERS,
  type Exchange,
  NO_STORE,
  type PlainRequest,
  type PlainResponse,
  refuse,
} from "../http/exchange.ts";
import type { RenderedPlaylist } from "../http/rendered-playlist.ts";
import { sendPlaylist } from "../http/send-playlist.ts";
import { Audience, type AudienceLimits } from "./audience.ts";
import { CacheRules } from "./cache-rules.ts";
import { type EndedLimits, EndedPresentations } from "./ended-presentations.ts";
import {
  type FileName,
  type MediaPlaylistName,
  Presentation,
  type PresentationSettings,
  type SegmentedStream,
} from "./presentation.ts";
import { boundResponse, type SendLimits, sendFile } from "./send-file.ts";
import { type Release, type WaiterLimits, Waiters } from "./waiters.ts";

/** What the handler needs of the hub. */
export type HlsStreams = {
  find(streamPath: string): SegmentedStream | undefined;
  /**
   * Somebody asks for this: as good as watching, for a while.
   *
   * @returns whether it is brought here on demand, so that it is worth waiting for
   */
  ask?(streamPath: string): boolean;
};

/** What bounds it; times in ms. */
export type HlsLimits = AudienceLimits &
  PresentationSettings &
  WaiterLimits &
  SendLimits &
  EndedLimits & {
    /** The first viewers of a stream are held until there is something to list. */
    readonly holdTime: Milliseconds;
  };

/** What the endpoint is made of. */
export type HlsEndpointOptions = {
  readonly hub: HlsStreams;
  readonly clock: Clock;
  readonly limits: HlsLimits;
};

/** In target durations: how long what was asked for in advance is waited for (§6.2.5.2). */
const BLOCK = 3;
/** The same while nobody publishes: less than players wait before they take it for a fault. */
const PAUSED_BLOCK = 0.5;

/** A request that came for one stream. */
type Call = Exchange & { readonly streamPath: string };

/** A request for a media playlist, and what is known of the stream it is of. */
type MediaCall = Call & {
  readonly name: MediaPlaylistName;
  readonly directives: DeliveryDirectives;
  readonly stream: SegmentedStream;
  readonly presentation: Presentation;
};

/**
 * HLS over HTTP: `index.m3u8` of every live stream and what lies beside it.
 *
 * `handle` is a plain function of request and response: it runs under `http`, under `http2`, and
 * as Express middleware, where `next` gets what is not HLS. A playlist of a stream that is on air
 * is held back until there is something to list, so the first viewer is not turned away; what is
 * asked for in advance, the next playlist or the part that was hinted, until it is there.
 */
export class HlsEndpoint {
  readonly #options: HlsEndpointOptions;
  readonly #audience: Audience;
  /** Who only shows what there is, and says so with `?preview=1`. */
  readonly #previews: Audience;
  readonly #cache: CacheRules;
  readonly #presentations = new WeakMap<SegmentedStream, Presentation>();
  readonly #ended: EndedPresentations;
  readonly #waiters: Waiters;

  constructor(options: HlsEndpointOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#audience = new Audience(limits);
    this.#previews = new Audience(limits);
    this.#cache = new CacheRules(limits.targetDuration);
    this.#ended = new EndedPresentations(clock, limits);
    this.#waiters = new Waiters(clock, limits);
  }

  /** Requests that wait for something to come. */
  get held(): number {
    return this.#waiters.size;
  }

  /** Distinct viewers of the last while, without previews. */
  viewers(streamPath: string): number {
    return this.#audience.count(streamPath, this.#options.clock.now());
  }

  /** Those that only show what there is. */
  previews(streamPath: string): number {
    return this.#previews.count(streamPath, this.#options.clock.now());
  }

  /** Sends away who waits: the server is going away. */
  close(): void {
    this.#waiters.close();
    this.#ended.clear();
  }

  /** Answers a request; bound, so that it can be passed on as it is. */
  readonly handle = (request: PlainRequest, response: PlainResponse, next?: () => void): void => {
    const { method } = request;
    const target = request.url ?? "";
    const url = readStreamUrl(target);
    const name = url === undefined ? undefined : readResourceName(url.resource);
    const exchange = { request, response, isHead: method === "HEAD" };
    if (url === undefined || name === undefined) {
      if (next !== undefined) next();
      else refuse(exchange, 404, "There is nothing here", this.#cache.missingFile);
      return;
    }
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
      refuse(exchange, 405, "Only GET and HEAD are answered here", NO_STORE, {
        Allow: "GET, HEAD",
      });
      return;
    }
    const call = { ...exchange, streamPath: url.streamPath };
    switch (name.type) {
      case "multivariant":
        this.#multivariant(call);
        return;
      case "playlist":
      case "text-playlist":
        this.#media(call, name, target);
        return;
      default:
        this.#file(call, name, url.resource);
    }
  };

  /** What is on air, or may be any moment. */
  #onAir(streamPath: string): { stream: SegmentedStream | undefined; isOnAir: boolean } {
    const { hub } = this.#options;
    const isComing = hub.ask?.(streamPath) === true;
    const stream = hub.find(streamPath);
    const isThere = stream?.state === "live" || stream?.state === "reconnecting";
    return { stream, isOnAir: stream !== undefined && (isComing || isThere) };
  }

  #presentation(stream: SegmentedStream, streamPath: string): Presentation {
    const known = this.#presentations.get(stream);
    if (known !== undefined) return known;
    const { clock, limits } = this.#options;
    const presentation: Presentation = new Presentation(stream, {
      settings: limits,
      clock,
      onChange: () => {
        if (presentation.isEnded) {
          this.#presentations.delete(stream);
          this.#ended.keep(streamPath, presentation);
        }
        this.#waiters.wake(presentation);
      },
    });
    this.#presentations.set(stream, presentation);
    return presentation;
  }

  #saw({ request, streamPath }: Call): void {
    const userAgent = String(request.headers["user-agent"] ?? "").slice(0, 256);
    const address = request.socket.remoteAddress ?? "";
    const audience = isPreview(request.url ?? "") ? this.#previews : this.#audience;
    audience.saw(streamPath, address, userAgent, this.#options.clock.now());
  }

  #multivariant(call: Call): void {
    const { streamPath } = call;
    const { stream, isOnAir } = this.#onAir(streamPath);
    const presentation = stream && this.#presentation(stream, streamPath);
    // It is read once: a track that is missing in it is missing for as long as somebody watches.
    const isDue = (): boolean => presentation?.isReady === true;
    const known = isDue() || !isOnAir ? presentation?.multivariant() : undefined;
    if (known !== undefined) {
      this.#send(call, known, this.#cache.playlist);
      return;
    }
    if (presentation === undefined || !isOnAir) {
      refuse(call, 404, `${streamPath} is not on air`, this.#cache.notOnAir);
      return;
    }
    this.#hold(call, presentation, isDue, this.#options.limits.holdTime, (release) => {
      const late = release === "closing" ? undefined : presentation.multivariant();
      if (late !== undefined) this.#send(call, late, this.#cache.playlist);
      else this.#nothingYet(call);
    });
  }

  #media(call: Call, name: MediaPlaylistName, target: string): void {
    const { streamPath } = call;
    const { stream, isOnAir } = this.#onAir(streamPath);
    const presentation = stream && this.#presentation(stream, streamPath);
    const isListed = presentation?.edge(name) !== undefined;
    const ended = isListed ? undefined : this.#ended.find(streamPath)?.media(name);
    if (ended !== undefined) {
      this.#send(call, ended, this.#cache.playlist); // and whatever was asked for means nothing
      return;
    }
    const directives = readDeliveryDirectives(target);
    if (directives === undefined) {
      refuse(call, 400, "These delivery directives make no sense", NO_STORE);
      return;
    }
    const isComing = isListed || (isOnAir && presentation?.isReady === false);
    if (stream === undefined || presentation === undefined || !isComing) {
      const what = isOnAir ? "There is no such track" : `${streamPath} is not on air`;
      refuse(call, 404, what, this.#cache.missingPlaylist(directives.msn !== undefined));
      return;
    }
    this.#list({ ...call, name, directives, stream, presentation });
  }

  /** Answers with a media playlist as soon as it has what is asked for. */
  #list(call: MediaCall): void {
    const { name, directives, stream, presentation } = call;
    const { limits } = this.#options;
    const { targetDuration } = limits;
    const isBlocking = directives.msn !== undefined;
    if (!isBlocking) {
      const isDue = (): boolean => presentation.hasSegment(name) || presentation.isEnded;
      if (isDue()) this.#sendMedia(call, this.#cache.playlist);
      else this.#holdMedia(call, isDue, limits.holdTime);
      return;
    }
    const verdict = (): "due" | "early" | "far" => {
      if (presentation.isEnded) return "due";
      const edge = presentation.edge(name);
      return edge === undefined ? "early" : judge(directives, edge, presentation.partTarget);
    };
    const isPaused = (): boolean => stream.state !== "live";
    switch (verdict()) {
      case "due":
        this.#sendMedia(call, this.#blockedCache(call));
        return;
      case "far":
        refuse(call, 400, "Nothing that far ahead can be asked for", NO_STORE);
        return;
      case "early":
        // While nobody publishes, what is there is all there is; the wait is for a return.
        if (isPaused()) {
          this.#holdMedia(call, () => verdict() !== "early", targetDuration * PAUSED_BLOCK);
        } else {
          const isDue = (): boolean => verdict() !== "early" || isPaused();
          this.#holdMedia(call, isDue, targetDuration * BLOCK);
        }
    }
  }

  #holdMedia(call: MediaCall, isDue: () => boolean, time: Milliseconds): void {
    const { stream, presentation, name, directives } = call;
    const wasPaused = stream.state !== "live";
    this.#hold(call, presentation, isDue, time, (release) => {
      const isBlocking = directives.msn !== undefined;
      const isPaused = stream.state !== "live";
      const isAnswered = release === "due" || !isBlocking || (wasPaused && isPaused);
      if (release === "closing" || presentation.edge(name) === undefined) this.#nothingYet(call);
      else if (isAnswered) this.#sendMedia(call, this.#blockedCache(call));
      else if (wasPaused) this.#list(call);
      else this.#nothingYet(call);
    });
  }

  /** What a blocked request was answered with stays true, unless it was answered for want of more. */
  #blockedCache({ directives, name, presentation }: MediaCall): string {
    const edge = presentation.edge(name);
    const hasIt =
      directives.msn !== undefined &&
      edge !== undefined &&
      judge(directives, edge, presentation.partTarget) === "due";
    return hasIt ? this.#cache.blockedPlaylist : this.#cache.playlist;
  }

  #sendMedia(call: MediaCall, cacheControl: string): void {
    const playlist = call.presentation.media(call.name, call.directives.skip);
    if (playlist === undefined) this.#nothingYet(call);
    else this.#send(call, playlist, cacheControl);
  }

  #file(call: Call, name: FileName, fileName: string): void {
    const { streamPath } = call;
    const { hub, clock, limits } = this.#options;
    hub.ask?.(streamPath);
    const stream = hub.find(streamPath);
    const presentation = stream && this.#presentation(stream, streamPath);
    const file = presentation?.file(name) ?? this.#ended.find(streamPath)?.file(name);
    if (file !== undefined) {
      this.#saw(call);
      sendFile(call, file, fileName, { clock, limits });
      return;
    }
    if (presentation?.isNext(name) !== true) {
      refuse(call, 404, "It is gone, or never was here", this.#cache.missingFile);
      return;
    }
    const isDue = (): boolean => !presentation.isNext(name);
    this.#hold(call, presentation, isDue, limits.targetDuration * BLOCK, (release) => {
      const part = presentation.file(name);
      if (part !== undefined) {
        this.#saw(call);
        sendFile(call, part, fileName, { clock, limits });
      } else if (release === "due") {
        refuse(call, 404, "It did not come", this.#cache.missingFile);
      } else this.#nothingYet(call);
    });
  }

  #hold(
    call: Call,
    subject: Presentation,
    isDue: () => boolean,
    time: Milliseconds,
    answer: (release: Release) => void,
  ): void {
    const { request, response, isHead } = call;
    const exchange = { request, response, isHead };
    if (this.#waiters.hold({ exchange, subject, isDue, time, answer })) this.#saw(call);
    else refuse(call, 503, "Too many wait already", NO_STORE, { "Retry-After": 2 });
  }

  #send(call: Call, playlist: RenderedPlaylist, cacheControl: string): void {
    const { clock, limits } = this.#options;
    this.#saw(call);
    boundResponse(call.response, clock, limits);
    sendPlaylist(call, playlist, cacheControl);
  }

  #nothingYet(call: Call): void {
    refuse(call, 503, `${call.streamPath} has nothing to list yet`, NO_STORE, {
      "Retry-After": 1,
    });
  }
}
