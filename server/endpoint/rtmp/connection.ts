import type { Duplex } from "node:stream";
import type { Log } from "../../log.ts";
import { withFields } from "../../log-context.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Capabilities } from "../../protocol/rtmp/capabilities.ts";
import { ServerSession } from "../../protocol/rtmp/server-session.ts";
import type { SessionEffect } from "../../protocol/rtmp/session-effect.ts";
import { type Caller, Calls } from "./calls.ts";
import type { ConnectionCapture, RtmpConnectionOptions } from "./connection-options.ts";
import { Output } from "./output.ts";
import { Patience } from "./patience.ts";
import { encrypted, type Peer, type Transport } from "./peer.ts";
import { Plays } from "./plays.ts";
import { Publishings } from "./publishings.ts";
import type { Origin } from "./relay-rules.ts";

/** How often a connection is looked after. */
const CHECK_INTERVAL = 1000;

const OUTPUT_LIMIT = "RTMP_OUTPUT";

/** Ends of those who read nothing. */
const DEAF_CODES: ReadonlySet<string> = new Set([
  OUTPUT_LIMIT,
  "RTMP_PLAY_NOTICES",
  "RTMP_PLAYER_SILENCE",
]);

/**
 * One RTMP client on its stream of bytes: a socket, TLS, or a tunnel. The session says what is to
 * be done; this does it, looks after the client each second, and tears down once, whatever the
 * reason.
 */
export class RtmpConnection {
  readonly #socket: Duplex;
  readonly #options: RtmpConnectionOptions;
  readonly #session: ServerSession;
  readonly #captured: ConnectionCapture | undefined;
  #peer: Peer;
  #log: Log;
  /** What it relays came through, where it is a server of our kind. */
  #relayTrail: string | undefined;
  readonly #publishings: Publishings;
  readonly #output: Output;
  readonly #plays: Plays;
  readonly #patience: Patience;
  readonly #calls: Calls;
  #capabilities: Capabilities | undefined;
  #clientName = "";
  /** Up to when it may come on another connection, as it was asked to. */
  #movesUntil = 0;
  #cancelCheck: (() => void) | undefined;
  #cancelMove: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;
  #isOver = false;

  /** @param socket sends at once what is written to it (Nagle's algorithm is off) */
  constructor(socket: Duplex, peer: Peer, options: RtmpConnectionOptions) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
    const captured = options.capture?.(peer);
    this.#captured = captured;
    this.#session = new ServerSession({
      ...options.crypto,
      tap: captured && ((bytes) => captured.client(bytes)),
      answersCall: (name) => options.callHandlers.has(name),
      relayId: options.relays.relayId,
    });
    this.#log = options.log;
    const { clock, limits } = options;
    const now = clock.now();
    this.#patience = new Patience(limits, peer.openedAt, now, this.#session.counters);
    const seal = (bytes: Uint8Array): Uint8Array => {
      captured?.server(bytes);
      return this.#session.seal(bytes);
    };
    this.#output = new Output(socket, seal, now);
    this.#publishings = new Publishings({
      publications: options.publications,
      mayPublish: options.mayPublish,
      relays: options.relays,
      session: this.#session,
      badMessagesInARow: limits.badMessagesInARow,
      perform: (effects) => this.#perform(effects),
      silence: () => this.#patience.silence(clock.now()),
      isMoving: () => clock.now() < this.#movesUntil,
      isOver: () => this.#isOver,
      ended: () => this.#patience.idle(clock.now()),
      moved: () => this.#leaveSoon(),
      close: (code, description) => this.close(code, description),
    });
    this.#plays = new Plays({
      broadcasts: options.broadcasts,
      mayPlay: options.mayPlay,
      relays: options.relays,
      session: this.#session,
      output: this.#output,
      clock,
      limits: limits.play,
      perform: (effects) => this.#perform(effects),
      fail: (error) => this.#fail(error),
    });
    this.#calls = new Calls({
      handlers: options.callHandlers,
      clock,
      limits,
      log: options.log,
      answer: (transactionId, answer) => {
        this.#performLate(this.#session.answerCall(transactionId, answer));
      },
    });
    socket.on("data", (bytes) => this.receive(bytes));
    socket.on("error", (error) => this.#finish("lost", `socket error: ${error.message}`));
    // In the tunnel an end is a request, not a line that broke: FFmpeg says no other goodbye there.
    const isTunnel = peer.transport === "rtmpt" || peer.transport === "rtmpts";
    if (isTunnel) socket.on("end", () => this.#finish("clean", "the client ended the session"));
    socket.on("close", () => this.#finish("lost", "the client closed the connection"));
    this.#check();
  }

  /** Tells the client why, where it can be told, and closes. */
  close(code: string, description: string): void {
    if (this.#isOver) return;
    this.#performLast(this.#session.close(code, description));
    this.#finish("lost", description);
  }

  /** Who is at the other end, for an operator. */
  get client(): { readonly address: string; readonly transport: Transport; readonly name: string } {
    const { address, transport } = this.#peer;
    return { address, transport, name: this.#clientName };
  }

  /** What it publishes at present. */
  get published(): readonly string[] {
    return this.#publishings.streamPaths;
  }

  /**
   * Asks the client to go on over another connection; until it does, this one stays as it is.
   *
   * @param description for people
   * @param tcUrl where to; absent: where it came
   * @returns whether it is one that does so
   */
  requestReconnect(description: string, tcUrl?: string): boolean {
    if (this.#isOver || !this.#session.canReconnect) return false;
    const { clock, limits } = this.#options;
    this.#movesUntil = clock.now() + limits.reconnectTime;
    try {
      this.#perform(this.#session.requestReconnect(description, tcUrl));
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#log.info("asked to reconnect", { address: this.#peer.address });
    return true;
  }

  /** Takes the next bytes from the socket; the port calls it with those it had to look at. */
  receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const now = this.#options.clock.now();
    this.#patience.heard(now);
    const wasShaking = this.#session.phase === "handshake";
    try {
      const effects = this.#session.receive(bytes);
      if (wasShaking) {
        this.#patience.idle(now);
        if (this.#session.isEncrypted) this.#peer = encrypted(this.#peer);
      }
      this.#perform(effects);
    } catch (error) {
      this.#fail(error);
    }
  }

  #perform(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      // One of those before may have ended it.
      if (this.#isOver) return;
      switch (effect.type) {
        case "send":
          this.#send(effect.bytes);
          break;
        case "connected":
          this.#clientName = effect.flashVer;
          this.#relayTrail = effect.relayTrail;
          this.#log = withFields(this.#log, { client: effect.flashVer });
          this.#log.debug("RTMP client connected", { app: effect.app });
          this.#capabilities = effect.capabilities;
          break;
        case "publish":
          this.#publishings.publish(effect, this.#origin, this.#log);
          break;
        case "media":
          this.#publishings.take(effect);
          break;
        case "unpublish":
          this.#publishings.end(effect.messageStreamId, "clean", effect.reason);
          break;
        case "play":
          this.#plays.play(effect, this.#origin, this.#capabilities, this.#log);
          break;
        case "stop-playing":
          this.#patience.idle(this.#options.clock.now());
          this.#plays.stop(effect.messageStreamId, effect.reason);
          break;
        case "pause":
          this.#plays.get(effect.messageStreamId)?.pause();
          break;
        case "resume":
          this.#plays.get(effect.messageStreamId)?.resume();
          break;
        case "receive":
          this.#plays.get(effect.messageStreamId)?.receive(effect.wanted);
          break;
        case "call":
          this.#calls.take(effect, this.#caller);
          break;
        case "bad-message":
          this.#publishings.bad(effect.error, effect.followsGood, this.#log);
          break;
        case "log":
          this.#log[effect.level](effect.message, { code: effect.code });
          break;
        case "pong":
          break;
        case "close-after-flush":
        case "close":
          this.#closeAfterFlush();
          break;
      }
    }
  }

  #send(bytes: Uint8Array): void {
    this.#output.send(bytes);
    const { length } = this.#output;
    if (length <= this.#options.limits.publisherOutput) return;
    const message = `Cannot hold ${length} bytes for a client that reads nothing`;
    throw new ProtocolError("limit", OUTPUT_LIMIT, message, { scope: "connection" });
  }

  /** It goes on over another connection, and closes this one when it likes, within a moment. */
  #leaveSoon(): void {
    const { clock, limits } = this.#options;
    this.#cancelMove ??= clock.after(limits.refusalLinger, () => {
      if (this.#publishings.size > 0 || this.#plays.size > 0) return;
      this.#socket.end();
      this.#finish("lost", "goes on over another connection");
    });
  }

  /** What was found wrong costs the connection. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    if (!(error instanceof ProtocolError)) {
      // A fault of ours: it costs this connection and nobody else.
      this.#log.error("connection failed", { error });
      this.#finish("lost", "internal error");
      this.#socket.destroy();
      return;
    }
    const { code, message } = error;
    this.#logEnd(error);
    // Who does not read is not told either.
    if (DEAF_CODES.has(code)) this.#socket.destroy();
    else this.#performLast(this.#session.close("NetConnection.Connect.Closed", message));
    this.#finish("lost", message);
  }

  #logEnd({ code, message, offset }: ProtocolError): void {
    const text = `connection ended: ${message}`;
    const fields = { offset, address: this.#peer.address };
    if (this.#publishings.hasPublished || this.#plays.hasPlayed) {
      this.#log.warn(text, { code, ...fields });
      return;
    }
    // Anybody can do this as often as they connect.
    const client = this.#clientName === "" ? {} : { client: this.#clientName };
    this.#options.repeats.warn(code, text, { ...fields, ...client });
  }

  get #origin(): Origin {
    return { peer: this.#peer, relayTrail: this.#relayTrail };
  }

  /** Who calls, as a handler may know it. */
  get #caller(): Caller {
    const { address, transport } = this.#peer;
    return { address, transport, streamPath: this.#publishings.streamPaths[0] };
  }

  /** What is to be done at another time than when bytes come. */
  #performLate(effects: readonly SessionEffect[]): void {
    if (this.#isOver) return;
    try {
      this.#perform(effects);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What is to be done before the end; where that fails too, the end comes at once. */
  #performLast(effects: readonly SessionEffect[]): void {
    try {
      this.#perform(effects);
    } catch {
      this.#socket.destroy();
    }
  }

  #check(): void {
    const { clock } = this.#options;
    const now = clock.now();
    try {
      this.#patience.check(now, {
        isShaking: this.#session.phase === "handshake",
        isPublishing: this.#publishings.size > 0,
        isPlaying: this.#plays.size > 0,
        counters: this.#session.counters,
      });
      this.#plays.check(now);
      if (this.#patience.takePing(now)) {
        this.#perform(this.#session.ping(Math.floor(now - this.#peer.openedAt)));
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#isOver) return;
    this.#cancelCheck = clock.after(CHECK_INTERVAL, () => this.#check());
  }

  #closeAfterFlush(): void {
    if (this.#socket.destroyed || this.#cancelLinger !== undefined) return;
    // OBS and librtmp read the status only if the close comes a moment later.
    this.#cancelLinger = this.#options.clock.after(this.#options.limits.refusalLinger, () => {
      this.#socket.destroy();
    });
    this.#socket.on("data", () => {});
    this.#finish("lost", "closed by the server");
  }

  #finish(how: "clean" | "lost", reason: string): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#cancelCheck?.();
      this.#calls.close();
      this.#cancelMove?.();
      this.#publishings.endAll(how, reason);
      this.#plays.stopAll(reason);
      this.#captured?.end(reason);
      this.#log.debug("RTMP connection over", { reason, address: this.#peer.address });
    }
    if (this.#socket.destroyed) this.#cancelLinger?.();
    else if (this.#cancelLinger === undefined) this.#socket.destroy();
  }
}
