import type { Clock } from "../../live/clock.ts";
import type { Log } from "../../log.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { ConnectAnswer } from "../../protocol/rtmp/client-effect.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";
import { backoff } from "./backoff.ts";
import type { LineEnd, LineEvents, RelayLine } from "./line.ts";
import { followed, type RelayKind, type RelayUrl, shownUrl, withoutSecrets } from "./relay-url.ts";

/** Where a relay stands. */
export type RelayState =
  /** Not wanted: nobody watches what would be pulled, nobody publishes what would be pushed. */
  | "idle"
  | "connecting"
  /** The server was reached, and has nothing to play at present. */
  | "connected"
  /** Media flows. */
  | "live"
  /** Something failed: it tries again at `retryAt`. */
  | "waiting"
  /** The server does not want it: it tries again, but seldom. */
  | "refused";

/** A failure, for people. */
export type RelayFailure = {
  readonly code: string;
  /** Nothing that may be secret is in it. */
  readonly message: string;
  readonly at: Milliseconds;
};

/** What bounds it; times in ms. */
export type CourseLimits = {
  readonly relayConnectTime: Milliseconds;
  readonly relaySilence: Milliseconds;
  readonly relayRedirects: number;
  readonly relayRetry: Milliseconds;
  readonly relayRetryLongest: Milliseconds;
  readonly relayStable: Milliseconds;
  readonly closeTime: Milliseconds;
};

/** What a relay does with its lines; the course says when. */
export type CourseHandlers = {
  /** Why not to try now, if there is a reason. */
  obstacle?(): { readonly code: string; readonly message: string } | undefined;
  connected?(line: RelayLine, answer: ConnectAnswer, url: RelayUrl): void;
  /** The line may be used; the first one since `over`. */
  ready(line: RelayLine): void;
  /**
   * The server asked to be left, and `next` is ready: to be used from the next sync sample on, and
   * `course.switched` to be called then. `media` of `next` comes meanwhile.
   */
  handover(next: RelayLine): void;
  /** `next` of a handover is lost: the present line goes on. */
  handoverOff(): void;
  media?(line: RelayLine, media: MediaEffect): void;
  ended?(line: RelayLine): void;
  badMessage?(error: ProtocolError): void;
  drain?(): void;
  /** There is no line any more. */
  over(): void;
};

/** What it is made of. */
export type CourseOptions = {
  readonly kind: RelayKind;
  readonly url: RelayUrl;
  readonly connect: (url: RelayUrl, events: LineEvents) => RelayLine;
  readonly clock: Clock;
  /** 0 to 1, another each time. */
  readonly chance: () => number;
  readonly limits: CourseLimits;
  readonly log: Log;
};

/** Refusals that another attempt will hardly change. */
const LASTING: ReadonlySet<string> = new Set([
  "NetConnection.Connect.Rejected",
  "NetConnection.Connect.InvalidApp",
  "NetStream.Publish.Denied",
  "NetStream.Publish.Rejected",
]);

/** What servers of our own kind say of a relay that comes back to where it began. */
export const LOOP_CODE = "RELAY_LOOP";

/** Characters of a server's words that are told. */
const LONGEST_WORDS = 300;

/** How often a line is looked after. */
const CHECK_INTERVAL = 1000;

/**
 * Keeps a line to a server for as long as it is wanted: tries, follows where it is sent, waits
 * after failures longer and longer, comes back.
 */
export class Course {
  readonly #options: CourseOptions;
  readonly #handlers: CourseHandlers;
  #isWanted = false;
  #line: RelayLine | undefined;
  /** The one that is to take over, on the server's request. */
  #next: { readonly line: RelayLine; isReady: boolean } | undefined;
  #isReady = false;
  #state: RelayState = "idle";
  #since: Milliseconds;
  #failures = 0;
  #attempts = 0;
  #retryAt: Milliseconds | undefined;
  /** Before this moment it goes nowhere else again: servers could send it round without end. */
  #staysUntil: Milliseconds = 0;
  #lastFailure: RelayFailure | undefined;
  /** Of lines that are over. */
  #bytes = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelStable: (() => void) | undefined;
  /** Calls off what watches over each line. */
  readonly #watches = new Map<RelayLine, () => void>();

  constructor(options: CourseOptions, handlers: CourseHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#since = options.clock.now();
  }

  get state(): RelayState {
    return this.#state;
  }

  /** Since when it is in this state, ms since 1970. */
  get since(): Milliseconds {
    return this.#since;
  }

  /** Connections that were begun since it was wanted. */
  get attempts(): number {
    return this.#attempts;
  }

  get retryAt(): Milliseconds | undefined {
    return this.#retryAt;
  }

  get lastFailure(): RelayFailure | undefined {
    return this.#lastFailure;
  }

  get bytes(): number {
    return this.#bytes + (this.#line?.bytes ?? 0) + (this.#next?.line.bytes ?? 0);
  }

  /** From now on a line is wanted. */
  want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#attempts = 0;
    this.#failures = 0;
    this.#attempt();
  }

  /** No more: says goodbye to the server. */
  rest(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#cancelRetry?.();
    this.#retryAt = undefined;
    const lines = [this.#line, this.#next?.line];
    this.#drop();
    for (const line of lines) if (line !== undefined) this.#finish(line);
    this.#become("idle");
  }

  /** Gives up the present line, as one that failed. */
  fail(code: string, message: string): void {
    this.#line?.fail(code, message);
  }

  /** Media flows, or does not. */
  flows(isLive: boolean): void {
    if (this.#line !== undefined) this.#become(isLive ? "live" : "connected");
  }

  /** `next` of a handover is used now; the old line is let go. */
  switched(): void {
    if (this.#next === undefined) return;
    const old = this.#line;
    this.#line = this.#next.line;
    this.#next = undefined;
    if (old !== undefined) this.#finish(old);
  }

  #attempt(): void {
    this.#cancelRetry = undefined;
    this.#retryAt = undefined;
    const obstacle = this.#handlers.obstacle?.();
    if (obstacle !== undefined) {
      this.#pause("waiting", obstacle.code, obstacle.message, this.#options.limits.relayRetry);
      return;
    }
    this.#attempts += 1;
    this.#become("connecting");
    this.#line = this.#open(this.#options.url, 0);
  }

  #open(url: RelayUrl, redirects: number): RelayLine {
    const { connect, clock, limits } = this.#options;
    const handlers = this.#handlers;
    let isFlowing = false;
    const line = connect(url, {
      connected: (answer) => handlers.connected?.(line, answer, url),
      ready: () => this.#ready(line),
      media: (media) => {
        isFlowing = true;
        this.#ready(line); // not every server says so before it plays
        handlers.media?.(line, media);
      },
      ended: () => {
        isFlowing = false;
        handlers.ended?.(line);
      },
      reconnect: (tcUrl) => this.#reconnect(line, url, tcUrl),
      badMessage: (error) => handlers.badMessage?.(error),
      drain: () => handlers.drain?.(),
      over: (end) => this.#over(line, url, redirects, end),
    });
    const begun = clock.now();
    let moved = { bytes: line.bytes, at: begun };
    const check = (): void => {
      const now = clock.now();
      const isUsed = line === this.#line ? this.#isReady : this.#next?.isReady === true;
      if (line.bytes !== moved.bytes) moved = { bytes: line.bytes, at: now };
      if (!isUsed && now - begun > limits.relayConnectTime) {
        line.fail("RELAY_TIME", `the server was not ready within ${limits.relayConnectTime} ms`);
        return;
      }
      const isExpected = isFlowing || line.unsent > 0;
      if (isUsed && isExpected && now - moved.at > limits.relaySilence) {
        line.fail("RELAY_SILENCE", `nothing moved for ${limits.relaySilence} ms`);
        return;
      }
      this.#watches.set(line, clock.after(CHECK_INTERVAL, check));
    };
    this.#watches.set(line, clock.after(CHECK_INTERVAL, check));
    return line;
  }

  #ready(line: RelayLine): void {
    if (line === this.#next?.line) {
      if (this.#next.isReady) return;
      this.#next.isReady = true;
      this.#handlers.handover(line);
      return;
    }
    if (line !== this.#line || this.#isReady) return;
    this.#isReady = true;
    this.#become("connected");
    const { clock, limits, log } = this.#options;
    log.info("relay connected", this.#about());
    this.#cancelStable = clock.after(limits.relayStable, () => {
      this.#failures = 0;
    });
    this.#handlers.ready(line);
  }

  /** The server asks to be left: the present line goes on until another one stands. */
  #reconnect(line: RelayLine, url: RelayUrl, tcUrl: string): void {
    if (line !== this.#line || this.#next !== undefined || !this.#isReady) return;
    const { log, clock, limits } = this.#options;
    const now = clock.now();
    if (now < this.#staysUntil) return;
    this.#staysUntil = now + limits.relayRetry;
    try {
      const next = followed(url, tcUrl);
      log.info("relay is asked to reconnect", this.#about(next));
      this.#next = { line: this.#open(next, 0), isReady: false };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`relay cannot reconnect where it is asked to: ${reason}`, {
        code: "RELAY_REDIRECT",
        ...this.#about(),
      });
    }
  }

  #over(line: RelayLine, url: RelayUrl, redirects: number, end: LineEnd): void {
    this.#unwatch(line);
    this.#bytes += line.bytes;
    if (line === this.#next?.line) {
      this.#next = undefined;
      this.#handlers.handoverOff();
      this.#note(
        "RELAY_RECONNECT",
        `the line that was to take over failed: ${this.#clean(wordsOf(end), url)}`,
        url,
      );
      return;
    }
    if (line !== this.#line) return;
    const next = this.#next;
    this.#drop();
    if (next !== undefined) {
      // The old server was faster than the new one: that one is waited for.
      this.#line = next.line;
      this.#become("connecting");
      if (next.isReady) this.#ready(next.line);
      return;
    }
    if (end.type === "redirected") this.#follow(url, redirects, end);
    else this.#failed(url, end);
  }

  #follow(url: RelayUrl, redirects: number, end: Extract<LineEnd, { type: "redirected" }>): void {
    const { limits, log } = this.#options;
    const { relayRetryLongest, relayRedirects } = limits;
    if (redirects >= relayRedirects) {
      const message = `more than ${relayRedirects} redirects`;
      this.#pause("waiting", "RELAY_REDIRECT", message, relayRetryLongest);
      return;
    }
    try {
      const next = followed(url, end.streamUrl ?? end.tcUrl);
      log.info("relay is redirected", this.#about(next));
      this.#line = this.#open(next, redirects + 1);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `the server redirects to an address that cannot be used: ${reason}`;
      this.#pause("waiting", "RELAY_REDIRECT", message, relayRetryLongest);
    }
  }

  #failed(url: RelayUrl, end: Exclude<LineEnd, { type: "redirected" }>): void {
    const { limits, chance } = this.#options;
    this.#failures += 1;
    const { relayRetry: first, relayRetryLongest: longest } = limits;
    const delay = backoff(this.#failures, chance(), { first, longest });
    if (end.type === "lost") {
      this.#pause("waiting", end.code, end.message, delay);
      return;
    }
    const isLoop = end.description.startsWith(LOOP_CODE);
    const words = this.#clean(wordsOf(end), url);
    const code = isLoop ? LOOP_CODE : "RELAY_REFUSED";
    const isLasting = isLoop || LASTING.has(end.code);
    const wait = isLasting ? longest * (1 - chance() / 2) : delay;
    this.#pause(isLasting ? "refused" : "waiting", code, words, wait);
  }

  /** A server's words, without what it was told in confidence. */
  #clean(words: string, url: RelayUrl): string {
    const { kind } = this.#options;
    const clean = withoutSecrets(withoutSecrets(words, url, kind), this.#options.url, kind);
    return clean.slice(0, LONGEST_WORDS);
  }

  #pause(state: "waiting" | "refused", code: string, message: string, delay: Milliseconds): void {
    if (!this.#isWanted) return;
    const { clock } = this.#options;
    this.#note(code, message);
    this.#become(state);
    this.#retryAt = clock.now() + delay;
    this.#cancelRetry = clock.after(delay, () => this.#attempt());
  }

  /** Told once, until it is something else. */
  #note(code: string, message: string, url?: RelayUrl): void {
    const { clock, log } = this.#options;
    const isNew = this.#lastFailure?.code !== code || this.#lastFailure.message !== message;
    this.#lastFailure = { code, message, at: clock.now() };
    const level = isNew ? "warn" : "debug";
    log[level](`relay failed: ${message}`, { code, ...this.#about(url) });
  }

  #about(url?: RelayUrl): { readonly url: string } {
    const { url: own, kind } = this.#options;
    // Where a server sends us is in its words.
    return { url: url === undefined ? shownUrl(own, kind) : this.#clean(shownUrl(url, kind), url) };
  }

  #become(state: RelayState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#options.clock.now();
    if (state === "live") this.#lastFailure = undefined;
  }

  /** Forgets its lines. */
  #drop(): void {
    const hadLine = this.#line !== undefined;
    this.#cancelStable?.();
    this.#cancelStable = undefined;
    this.#line = undefined;
    this.#next = undefined;
    this.#isReady = false;
    if (hadLine) this.#handlers.over();
  }

  /** Says goodbye; a server that does not close the line loses it after a moment. */
  #finish(line: RelayLine): void {
    this.#unwatch(line);
    const { clock, limits } = this.#options;
    this.#bytes += line.bytes;
    line.finish();
    clock.after(limits.closeTime, () => line.abort());
  }

  #unwatch(line: RelayLine): void {
    this.#watches.get(line)?.();
    this.#watches.delete(line);
  }
}

const wordsOf = (end: LineEnd): string => {
  switch (end.type) {
    case "lost":
      return end.message;
    case "redirected":
      return "the server names another one";
    case "refused":
      return [end.code, end.description].filter((text) => text !== "").join(": ") || "refused";
  }
};
