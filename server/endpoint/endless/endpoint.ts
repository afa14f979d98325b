import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../live/clock.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { type Log, RepeatLog } from "../../log.ts";
import { readStreamUrl } from "../../stream-url.ts";
import { Places } from "../entry/places.ts";
import { Opening, type OpeningLimits, type Readiness } from "./opening.ts";
import { type Outlet, Pipe, type PipeLimits } from "./pipe.ts";
import { ResponseOutlet } from "./response-outlet.ts";

/** What an endpoint needs of the hub. */
export type Watchable = {
  /** The live stream, made if nobody publishes it yet; undefined when there are too many. */
  watch(streamPath: string): LiveStream | undefined;
  release(liveStream: LiveStream): void;
};

/** What bounds all viewers together, those of one live stream, and each. */
export type EndlessLimits = PipeLimits &
  OpeningLimits & {
    readonly viewers: number;
    readonly viewersPerAddress: number;
    readonly viewersPerStream: number;
  };

/** What an endpoint is made of. */
export type EndlessOptions = {
  readonly hub: Watchable;
  readonly clock: Clock;
  readonly limits: EndlessLimits;
  readonly log: Log;
};

/** One live stream in one output's form, for everybody who takes it. */
export type Broadcast<Choice, Form> = {
  /** Takes a viewer in, and sends what it begins with. @returns takes it out again */
  join(choice: Choice, pipe: Pipe<Form>): () => void;
  /** Nobody takes it any more. */
  stop(): void;
};

/** An output that goes on for as long as the broadcast does. */
export type Output<Choice extends object, Form> = {
  /** The last part of its URLs. */
  readonly resource: string;
  readonly contentType: string;
  /** @returns what somebody chose by the URL's query; words for people where it cannot be read */
  readChoice(query: URLSearchParams): Choice | string;
  readiness(liveStream: LiveStream, choice: Choice): Readiness;
  broadcast(liveStream: LiveStream): Broadcast<Choice, Form>;
  /** For each viewer anew. @returns what of a form is to be written, in order */
  writer(): (form: Form) => readonly Uint8Array[];
};

/** Why somebody who came to watch is sent away. */
export type Refusal = "too-many" | "not-on-air" | "going-away";

/** Somebody who came to watch, before anything is sent. */
export type Guest<Form> = {
  readonly address: string;
  /** There is something to send. */
  welcome(): Outlet<Form>;
  turnAway(why: Refusal): void;
  /** Is called when its connection is gone, from wherever. */
  onGone(listener: () => void): void;
};

type Channel<Choice, Form> = {
  broadcast: Broadcast<Choice, Form> | undefined;
  /** Who waits for it to begin included. */
  viewers: number;
};

/** What somebody has who was let in. */
type Place<Choice, Form> = {
  readonly liveStream: LiveStream;
  readonly channel: Channel<Choice, Form>;
  readonly givePlaceBack: () => void;
};

const COMMON_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
} as const;

const REFUSALS: { readonly [why in Refusal]: { status: number; text: string } } = {
  "too-many": { status: 503, text: "Too many viewers or live streams" },
  "not-on-air": { status: 404, text: "This is not on air" },
  "going-away": { status: 503, text: "The server is going away" },
};

/**
 * Everybody who takes a live stream in one of the forms without end, by HTTP or (through `admit`) in
 * another way. A request for what is not on air yet waits for a while.
 */
export class EndlessEndpoint<Choice extends object, Form> {
  readonly #output: Output<Choice, Form>;
  readonly #options: EndlessOptions;
  /** By live stream: another one of the same path is another one. */
  readonly #channels = new Map<LiveStream, Channel<Choice, Form>>();
  readonly #places: Places;
  readonly #repeats: RepeatLog;
  /** What ends each viewer when the server goes. */
  readonly #ends = new Set<() => void>();

  constructor(output: Output<Choice, Form>, options: EndlessOptions) {
    this.#output = output;
    this.#options = options;
    const { viewers: all, viewersPerAddress: perAddress } = options.limits;
    this.#places = new Places({ all, perAddress });
    this.#repeats = new RepeatLog(options.log, options.clock);
  }

  /** Viewers of one live stream, or of all. */
  viewers(streamPath?: string): number {
    if (streamPath === undefined) return this.#ends.size;
    let viewers = 0;
    for (const [liveStream, channel] of this.#channels) {
      if (liveStream.streamPath === streamPath) viewers += channel.viewers;
    }
    return viewers;
  }

  /** Ends all of them in order: the server is going away. */
  close(): void {
    for (const end of [...this.#ends]) end();
  }

  /** Answers a request; bound, so that it can be passed on as it is. `next` gets what is not ours. */
  readonly handle = (
    request: IncomingMessage,
    response: ServerResponse<IncomingMessage>,
    next: () => void,
  ): void => {
    const url = readStreamUrl(request.url ?? "");
    if (url?.resource !== this.#output.resource) {
      next();
      return;
    }
    switch (request.method) {
      case "GET":
      case "HEAD":
        this.#get(request, response, url.streamPath);
        return;
      case "OPTIONS":
        response.writeHead(204, {
          ...COMMON_HEADERS,
          "Access-Control-Allow-Methods": "GET, HEAD",
          "Access-Control-Allow-Headers": "Range",
          "Access-Control-Max-Age": 86_400,
        });
        response.end();
        return;
      default:
        refuse(response, 405, "Only GET and HEAD are answered here", { Allow: "GET, HEAD" });
    }
  };

  /**
   * Takes in somebody who came to watch, now or as soon as there is something to watch.
   *
   * @param choice as `readChoice` gave it
   */
  admit(guest: Guest<Form>, streamPath: string, choice: Choice): void {
    const { limits, log } = this.#options;
    const { address } = guest;
    const fields = { streamPath, address, output: this.#output.resource };
    const place = this.#enter(streamPath, address);
    if (place === undefined) {
      this.#repeats.warn("VIEWERS", "viewer refused: too many", fields);
      guest.turnAway("too-many");
      return;
    }
    const { liveStream, channel, givePlaceBack } = place;
    let pipe: Pipe<Form> | undefined;
    let part: (() => void) | undefined;
    const leave = (): void => {
      if (!this.#ends.delete(end)) return;
      opening.cancel();
      part?.();
      pipe?.close();
      givePlaceBack();
      this.#leave(liveStream, channel);
      const samplesDropped = pipe?.samplesDropped ?? 0;
      log.debug("viewer left", { ...fields, samplesDropped });
    };
    const turnAway = (why: Refusal): void => {
      leave();
      guest.turnAway(why);
    };
    const end = (): void => {
      if (pipe === undefined) turnAway("going-away");
      else pipe.end();
    };
    const opening = new Opening(liveStream, {
      clock: this.#options.clock,
      limits,
      readiness: () => this.#output.readiness(liveStream, choice),
      onOpen: () => {
        channel.broadcast ??= this.#output.broadcast(liveStream);
        pipe = new Pipe(guest.welcome(), { clock: this.#options.clock, limits });
        part = channel.broadcast.join(choice, pipe);
      },
      onGiveUp: () => turnAway("not-on-air"),
    });
    this.#ends.add(end);
    guest.onGone(leave);
    log.debug("viewer came", fields);
    opening.start();
  }

  #get(
    request: IncomingMessage,
    response: ServerResponse<IncomingMessage>,
    streamPath: string,
  ): void {
    const { contentType } = this.#output;
    const { hub, limits } = this.#options;
    const choice = this.#output.readChoice(new URLSearchParams(request.url?.split("?", 2)[1]));
    if (typeof choice === "string") {
      refuse(response, 400, choice);
      return;
    }
    // It has no length and no ranges, whatever is asked for: browsers and VLC ask from byte 0 on.
    const headers = { ...COMMON_HEADERS, "Content-Type": contentType, "Accept-Ranges": "none" };
    if (request.method === "HEAD") {
      const liveStream = hub.watch(streamPath);
      const isOnAir = liveStream?.state === "live" || liveStream?.state === "reconnecting";
      if (liveStream !== undefined) hub.release(liveStream);
      response.writeHead(isOnAir ? 200 : 404, headers).end();
      return;
    }
    // Behind another one without end on the same connection it would never be sent.
    if (response.socket === null) {
      refuse(response, 503, "This connection is taken", { Connection: "close" });
      return;
    }
    // Nothing is said either way while it is waited: that is bounded elsewhere.
    response.setTimeout(0);
    this.admit(
      {
        address: request.socket.remoteAddress ?? "",
        welcome: () => {
          response.writeHead(200, headers);
          return new ResponseOutlet(response, this.#output.writer(), limits.silence);
        },
        turnAway: (why) => {
          const { status, text } = REFUSALS[why];
          refuse(response, status, text, status === 503 ? { "Retry-After": 2 } : {});
        },
        onGone: (listener) => response.once("close", listener),
      },
      streamPath,
      choice,
    );
  }

  /** @returns where it belongs, its place taken; undefined where there is none left */
  #enter(streamPath: string, address: string): Place<Choice, Form> | undefined {
    const { hub, limits } = this.#options;
    const givePlaceBack = this.#places.take(address);
    if (givePlaceBack === undefined) return undefined;
    const liveStream = hub.watch(streamPath);
    const known = liveStream && this.#channels.get(liveStream);
    const channel = known ?? { broadcast: undefined, viewers: 0 };
    if (liveStream === undefined || channel.viewers >= limits.viewersPerStream) {
      givePlaceBack();
      return undefined;
    }
    this.#channels.set(liveStream, channel);
    channel.viewers += 1;
    return { liveStream, channel, givePlaceBack };
  }

  #leave(liveStream: LiveStream, channel: Channel<Choice, Form>): void {
    channel.viewers -= 1;
    if (channel.viewers > 0) return;
    channel.broadcast?.stop();
    this.#channels.delete(liveStream);
    this.#options.hub.release(liveStream);
  }
}

function refuse(
  response: ServerResponse<IncomingMessage>,
  status: number,
  text: string,
  headers: Record<string, string | number> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": body.length,
    ...headers,
  });
  response.end(body);
}
