import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Duplex } from "node:stream";
import { LIMITS } from "../../protocol/limits.ts";
import type { RelayUrl } from "./relay-url.ts";

/** How an answer without bytes is followed up, ms: as FFmpeg does. */
const POLL_INTERVAL = 50;
/** Of one request: a server may hold `idle` back for a moment. */
const REQUEST_TIME = 10_000;

/** What FFmpeg and librtmp send along. */
const HEADERS = {
  "Content-Type": "application/x-fcs",
  "User-Agent": "Shockwave Flash",
  "Cache-Control": "no-cache",
};

/** A server of the tunnel answered otherwise than it should. */
class TunnelError extends Error {
  override readonly name = "TunnelError";
  readonly code = "RELAY_TUNNEL";
}

/** For HTTPS: what the agent is to know. Undefined: HTTP. */
export type TunnelTls = { readonly rejectUnauthorized: boolean; readonly servername?: string };

/** RTMP through HTTP (RTMPT, RTMPTS): a client's end, as a stream of bytes. */
export const openTunnel = (url: RelayUrl, tls: TunnelTls | undefined): Duplex =>
  new Tunnel(url, tls);

/**
 * One request at a time on a connection that is kept: `open`, then `send` with what was written, or
 * `idle` where nothing was, each answered with what the server has; `close` at the end. The first
 * byte of each answer but the first is a hint how often to ask.
 */
class Tunnel extends Duplex {
  readonly #url: RelayUrl;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #isTls: boolean;
  #session: string | undefined;
  #sequence = 0;
  #unsent: Buffer[] = [];
  /** Called when all that was written is on its way. */
  #onSent: (() => void) | undefined;
  #onClosed: (() => void) | undefined;
  /** Whoever reads takes more. */
  #isRead = false;
  /** The one that is under way. */
  #request: ClientRequest | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(url: RelayUrl, tls: TunnelTls | undefined) {
    super({ allowHalfOpen: false });
    this.#url = url;
    this.#isTls = tls !== undefined;
    const options = { keepAlive: true, maxSockets: 1, noDelay: true };
    this.#agent =
      tls === undefined ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls });
    this.#post("/open/1", POLL, (body) => this.#opened(body));
  }

  override _read(): void {
    this.#isRead = true;
    this.#go(0);
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#unsent.push(chunk);
    this.#onSent = callback;
    this.#go(0);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    callback: (error?: Error | null) => void,
  ): void {
    for (const { chunk } of chunks) this.#unsent.push(chunk);
    this.#onSent = () => callback();
    this.#go(0);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#onClosed = () => callback();
    this.#go(0);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#pause);
    this.#request?.destroy();
    this.#agent.destroy();
    callback(error);
  }

  #opened(body: Buffer): void {
    const session = body.toString("latin1").trim();
    if (/^[\w.~-]{1,128}$/.test(session)) {
      this.#session = session;
      this.#go(0);
    } else {
      this.destroy(new TunnelError("the tunnel's server gave no session"));
    }
  }

  /** The next request: at once where there is something to send, else after `wait`. */
  #go(wait: number): void {
    if (this.#session === undefined || this.#request !== undefined || this.destroyed) return;
    if (this.#unsent.length > 0) this.#send();
    else if (this.#onClosed !== undefined) this.#close(this.#onClosed);
    else if (this.#pause !== undefined || !this.#isRead) return;
    else if (wait > 0) this.#pause = setTimeout(() => this.#poll(), wait);
    else this.#poll();
  }

  #send(): void {
    const all = Buffer.concat(this.#unsent);
    const bytes = all.subarray(0, LIMITS.tunnelBody);
    const rest = all.subarray(bytes.length);
    this.#unsent = rest.length > 0 ? [rest] : [];
    this.#post(this.#next("send"), bytes, (body) => {
      if (this.#unsent.length === 0) {
        const onSent = this.#onSent;
        this.#onSent = undefined;
        onSent?.();
      }
      this.#took(body, POLL_INTERVAL);
    });
  }

  #poll(): void {
    this.#pause = undefined;
    const asked = performance.now();
    this.#post(this.#next("idle"), POLL, (body) => {
      this.#took(body, POLL_INTERVAL - (performance.now() - asked));
    });
  }

  #close(onClosed: () => void): void {
    this.#post(this.#next("close"), POLL, () => {
      onClosed();
      this.destroy();
    });
  }

  #next(command: string): string {
    const path = `/${command}/${this.#session}/${this.#sequence}`;
    this.#sequence += 1;
    return path;
  }

  /** What an answer brought, behind its first byte. */
  #took(body: Buffer, wait: number): void {
    const hasBytes = body.length > 1;
    if (hasBytes) this.#isRead = this.push(body.subarray(1));
    this.#go(hasBytes ? 0 : wait);
  }

  #post(path: string, body: Buffer, onAnswer: (body: Buffer) => void): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const { host, port } = this.#url;
    const make = this.#isTls ? httpsRequest : httpRequest;
    const request = make({
      ...{ host, port, path, method: "POST", agent: this.#agent, timeout: REQUEST_TIME },
      headers: { ...HEADERS, "Content-Length": body.length },
    });
    this.#request = request;
    const fail = (message: string): void => {
      if (this.#request === request) this.destroy(new TunnelError(message));
    };
    request.on("error", (error) => this.destroy(error));
    request.on("timeout", () => fail(`the tunnel's server did not answer in ${REQUEST_TIME} ms`));
    request.on("response", (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on("data", (piece: Buffer) => {
        pieces.push(piece);
        length += piece.length;
        if (length > LIMITS.tunnelBody) fail(`the tunnel's server sent more than ${length} bytes`);
      });
      // Where it breaks off there is no "end", and the request has no "error" any more.
      response.on("close", () => {
        if (!response.complete) fail("the tunnel's server broke off an answer");
      });
      response.on("end", () => {
        if (this.destroyed || !response.complete) return;
        this.#request = undefined;
        if (response.statusCode !== 200) {
          this.destroy(new TunnelError(`the tunnel's server answered ${response.statusCode}`));
          return;
        }
        onAnswer(Buffer.concat(pieces));
      });
    });
    request.end(body);
  }
}

/** The body of a request that says nothing. */
const POLL = Buffer.from([0]);
