import type { Duplex } from "node:stream";
import { ProtocolError } from "../../protocol/errors.ts";
import type { ClientEffect, ConnectAnswer, Redirect } from "../../protocol/rtmp/client-effect.ts";
import { ClientSession, type ClientSessionOptions } from "../../protocol/rtmp/client-session.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";

/** How a line came to its end. */
export type LineEnd =
  /** The server's words: secrets may be in them. */
  | { readonly type: "refused"; readonly code: string; readonly description: string }
  | ({ readonly type: "redirected" } & Redirect)
  /** `code` is the system's (ECONNREFUSED), of TLS, of a `ProtocolError`, or one of relays. */
  | { readonly type: "lost"; readonly code: string; readonly message: string };

/** What happens on a line, in order. */
export type LineEvents = {
  /** The server took the connection. */
  connected?(answer: ConnectAnswer): void;
  /** The server takes the broadcast, or plays it. */
  ready(): void;
  /** Of what is played: may come before `ready`. */
  media?(media: MediaEffect): void;
  /** What was played has ended; it may begin again. */
  ended?(): void;
  /** @param tcUrl where the server wants us to go on */
  reconnect?(tcUrl: string): void;
  badMessage?(error: ProtocolError): void;
  /** More may be sent. */
  drain?(): void;
  /** Called once, and last; not after `finish` or `abort`. */
  over(end: LineEnd): void;
};

/** What relays need of a line. */
export type RelayLine = Pick<Line, "bytes" | "unsent" | "send" | "finish" | "abort" | "fail">;

/** Bytes of answers that may wait for a server to take them. */
const MAX_ANSWERS = 1_048_576;

/** One connection to an RTMP server, as its client: a session on a stream of bytes. No clock. */
export class Line {
  readonly #stream: Duplex;
  readonly #session: ClientSession;
  readonly #events: LineEvents;
  #isOver = false;
  #received = 0;
  #written = 0;
  /** Bytes of answers since the server last took all there was. */
  #answers = 0;

  /** @param stream a way to the server, which may not stand yet; the line's own from here on */
  constructor(stream: Duplex, options: ClientSessionOptions, events: LineEvents) {
    this.#stream = stream;
    this.#session = new ClientSession(options);
    this.#events = events;
    stream.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    stream.on("drain", () => this.#events.drain?.());
    stream.on("error", (error) => this.#lost(error));
    stream.on("close", () => {
      this.#end({
        type: "lost",
        code: "RELAY_CLOSED",
        message: "the server closed the connection",
      });
    });
    this.#write(this.#session.start());
  }

  /** Bytes of both directions, so far. */
  get bytes(): number {
    return this.#received + this.taken;
  }

  get received(): number {
    return this.#received;
  }

  /** Bytes that the system took from us. */
  get taken(): number {
    return this.#written - this.#stream.writableLength;
  }

  /** Bytes that it did not take yet: who sends is to wait while there are many. */
  get unsent(): number {
    return this.#stream.writableLength;
  }

  /**
   * Sends one message of the broadcast.
   *
   * @param timestamp 0 to 2^32 - 1 ms
   * @param head a few bytes that go before the payload
   */
  send(
    kind: "audio" | "video" | "data",
    timestamp: number,
    payload: Uint8Array,
    head?: Uint8Array,
  ): void {
    if (!this.#isOver) this.#write(this.#session.media(kind, timestamp, payload, head));
  }

  /** Says goodbye, and closes. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What the server still has to say is of no interest, but must be taken.
    this.#stream.end(this.#session.seal(this.#session.finish()));
  }

  /** Lets the line go without a word, as a lost one would. */
  abort(): void {
    this.#isOver = true;
    this.#stream.destroy();
  }

  /** Lets it go, and tells why. */
  fail(code: string, message: string): void {
    this.#end({ type: "lost", code, message });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#received += bytes.length;
    try {
      for (const effect of this.#session.receive(bytes)) this.#perform(effect);
    } catch (error) {
      this.#lost(error);
    }
  }

  #perform(effect: ClientEffect): void {
    if (this.#isOver) return;
    const events = this.#events;
    switch (effect.type) {
      case "send":
        this.#answer(effect.bytes);
        return;
      case "connected":
        events.connected?.(effect);
        return;
      case "publishing":
      case "playing":
        events.ready();
        return;
      case "media":
        events.media?.(effect);
        return;
      case "ended":
        events.ended?.();
        return;
      case "reconnect-requested":
        events.reconnect?.(effect.tcUrl);
        return;
      case "bad-message":
        events.badMessage?.(effect.error);
        return;
      case "refused":
      case "redirected":
        this.#end(effect);
        return;
      case "closed":
        this.fail("RELAY_CLOSED", "the server ended the session");
        return;
    }
  }

  /** A server that asks without end, and takes no answer, is left. */
  #answer(bytes: Uint8Array): void {
    this.#answers = this.#stream.writableLength === 0 ? 0 : this.#answers + bytes.length;
    this.#write(bytes);
    if (this.#answers > MAX_ANSWERS) this.fail("RELAY_OUTPUT", "the server takes no answers");
  }

  #write(bytes: Uint8Array): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#written += bytes.length;
    this.#stream.write(this.#session.seal(bytes));
  }

  #lost(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.#end({ type: "lost", code: error.code, message: error.message });
      return;
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (/^[A-Z][A-Z0-9_]+$/.test(code)) {
      this.#end({ type: "lost", code, message: messageOf(error, code) });
      return;
    }
    this.#end({ type: "lost", code: "RELAY_FAULT", message: String(error) });
  }

  #end(end: LineEnd): void {
    if (this.#isOver) {
      if (!this.#stream.writableEnded) this.#stream.destroy();
      return;
    }
    this.#isOver = true;
    this.#stream.destroy();
    this.#events.over(end);
  }
}

/** The system's errors are told by their code; those of tunnels have words of their own. */
function messageOf(error: unknown, code: string): string {
  if (code.startsWith("RELAY_") && error instanceof Error) return error.message;
  return `the connection failed (${code})`;
}
