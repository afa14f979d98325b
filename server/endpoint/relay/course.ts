import type { Milliseconds } from "../../protocol/media/sample.ts";
import { backoff } from "./backoff.ts";
import type { CourseHandlers, CourseOptions, RelayFailure, RelayState } from "./course-parts.ts";
import type { LineEnd, RelayLine } from "./line.ts";
import { LineWatch } from "./line-watch.ts";
import { followed, type RelayUrl, shownUrl, withoutSecrets } from "./relay-url.ts";

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
  #next: RelayLine | undefined;
  #state: RelayState = "idle";
  #since: Milliseconds;
  #failures = 0;
  #attempts = 0;
  #retryAt: Milliseconds | undefined;
  #lastFailure: RelayFailure | undefined;
  /** Of lines that are over. */
  #bytes = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelStable: (() => void) | undefined;
  /** Of both. */
  readonly #watches = new Map<RelayLine, LineWatch>();

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
    return this.#bytes + (this.#line?.bytes ?? 0) + (this.#next?.bytes ?? 0);
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
    const lines = [this.#line, this.#next];
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

  /**
   * `next` of a handover is used now. The old line is let go a moment later: what goes over the new
   * one is to be there first.
   */
  switched(): void {
    const old = this.#line;
    if (this.#next === undefined || old === undefined) return;
    this.#line = this.#next;
    this.#next = undefined;
    this.#unwatch(old);
    const { clock, limits } = this.#options;
    clock.after(limits.refusalLinger, () => this.#finish(old));
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
    const line = connect(url, {
      connected: (answer) => handlers.connected?.(line, answer, url),
      ready: () => this.#ready(line, watch),
      media: (media) => {
        if (line !== this.#line && line !== this.#next) return;
        watch.isFlowing = true;
        this.#ready(line, watch); // not every server says so before it plays
        handlers.media?.(line, media);
      },
      ended: () => {
        watch.isFlowing = false;
        if (line === this.#line) handlers.ended?.(line);
      },
      reconnect: (tcUrl) => this.#reconnect(line, url, tcUrl),
      badMessage: (error) => handlers.badMessage?.(error),
      drain: () => handlers.drain?.(),
      over: (end) => this.#over(line, url, redirects, end),
    });
    const watch = new LineWatch(line, { clock, limits });
    this.#watches.set(line, watch);
    return line;
  }

  #ready(line: RelayLine, watch: LineWatch): void {
    if (watch.isReady || (line !== this.#line && line !== this.#next)) return;
    watch.isReady = true;
    if (line === this.#next) this.#handlers.handover(line);
    else this.#begin(line);
  }

  /** The line is the one that is used. */
  #begin(line: RelayLine): void {
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
    const isUsed = line === this.#line && this.#watches.get(line)?.isReady === true;
    if (!isUsed || this.#next !== undefined) return;
    const { log } = this.#options;
    try {
      const next = followed(url, tcUrl);
      log.info("relay is asked to reconnect", this.#about(next));
      this.#next = this.#open(next, 0);
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
    if (line === this.#next) {
      this.#bytes += line.bytes;
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
    this.#bytes += line.bytes;
    const next = this.#next;
    this.#drop();
    if (next !== undefined) {
      // The old server was faster than the new one: that one is waited for.
      this.#line = next;
      this.#become("connecting");
      if (this.#watches.get(next)?.isReady === true) this.#begin(next);
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

  #about(url: RelayUrl = this.#options.url): { readonly url: string } {
    return { url: shownUrl(url, this.#options.kind) };
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
    this.#watches.get(line)?.stop();
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
