import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../../live/clock.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** What bounds a session besides the settings it is opened with; times in ms. */
export type Http2SessionLimits = {
  /** A session without requests. */
  readonly idle: Milliseconds;
  /** What is being said when a session ends is said within this. */
  readonly closeTime: Milliseconds;
  /** Pings and settings that a peer may send in a second. */
  readonly controlFrames: number;
  /** Requests that a peer may begin and give up in a second. */
  readonly resets: number;
};

/** What looks after a session. */
export type Http2SessionOptions = {
  readonly limits: Http2SessionLimits;
  readonly clock: Clock;
  /** Told in words for people why a session ends that its peer broke. */
  readonly onWrong: (reason: string) => void;
};

const SECOND: Milliseconds = 1000;

/**
 * One session of HTTP/2, looked after: it is ended when nothing has been asked for a while, and when
 * its peer floods it with what costs the peer nothing (RFC 9113 §10.5; CVE-2023-44487).
 */
export class Http2Session {
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #options: Http2SessionOptions;
  readonly #streams = new Set<ServerHttp2Stream>();
  #cancelIdle: (() => void) | undefined;
  #cancelClose: (() => void) | undefined;
  #second: Milliseconds;
  #controlFrames = 0;
  #resets = 0;

  /** @param socket of the session */
  constructor(session: ServerHttp2Session, socket: Socket, options: Http2SessionOptions) {
    this.#session = session;
    this.#socket = socket;
    this.#options = options;
    this.#second = options.clock.now();
    session.on("error", (error) => {
      // Connections break: nobody's business.
      const isLost = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
      if (!isLost) options.onWrong(error.message);
    });
    session.on("stream", (stream) => this.#welcome(stream));
    session.on("ping", () => this.#count("controlFrames"));
    session.on("remoteSettings", () => this.#count("controlFrames"));
    socket.once("close", () => {
      this.#cancelIdle?.();
      this.#cancelClose?.();
    });
    this.#awaitIdle();
  }

  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /** Takes no more requests; ends when those that are here are answered, or after a while. */
  close(): void {
    if (this.#cancelClose !== undefined || this.#socket.destroyed) return;
    this.#session.close();
    // A peer that does not take it, or does not close its end, goes all the same.
    this.#cancelClose = this.#options.clock.after(this.#options.limits.closeTime, () =>
      this.destroy(),
    );
  }

  /** Ends at once. */
  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  #welcome(stream: ServerHttp2Stream): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    this.#streams.add(stream);
    stream.once("aborted", () => {
      this.#count("resets");
      // With the rest of a body unread, and given up in order, Node's own is closed and stays for ever.
      stream.destroy();
    });
    stream.once("close", () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#awaitIdle();
    });
  }

  #awaitIdle(): void {
    if (this.#socket.destroyed) return;
    this.#cancelIdle?.();
    this.#cancelIdle = this.#options.clock.after(this.#options.limits.idle, () => this.close());
  }

  #count(what: "controlFrames" | "resets"): void {
    const { clock, limits, onWrong } = this.#options;
    const now = clock.now();
    if (now - this.#second >= SECOND) {
      this.#second = now;
      this.#controlFrames = 0;
      this.#resets = 0;
    }
    if (what === "resets") this.#resets += 1;
    else this.#controlFrames += 1;
    const isFlood = this.#controlFrames > limits.controlFrames || this.#resets > limits.resets;
    if (!isFlood || this.#session.destroyed) return;
    const of = what === "resets" ? "requests given up" : "pings and settings";
    onWrong(`more than ${limits[what]} ${of} in a second`);
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.destroy();
  }
}
