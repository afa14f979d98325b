import type { Duplex } from "node:stream";
import type { Clock } from "../../live/clock.ts";
import type { Publication } from "../../live/live-stream.ts";
import type { Publisher, Refusal } from "../../live/registry.ts";
import type { Log } from "../../log.ts";
import { withFields } from "../../log-context.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Capabilities } from "../../protocol/rtmp/capabilities.ts";
import { ServerSession } from "../../protocol/rtmp/server-session.ts";
import type {
  PlayEffect,
  PublishEffect,
  ServerSessionOptions,
  SessionCounters,
  SessionEffect,
} from "../../protocol/rtmp/session-effect.ts";
import { BadMessages } from "./bad-messages.ts";
import type { Broadcasts } from "./broadcasts.ts";
import { type Caller, type CallHandlers, Calls } from "./calls.ts";
import { Output } from "./output.ts";
import { Plays, type PlaysLimits } from "./plays.ts";
import { Publishing } from "./publishing.ts";

/** What a connection needs of the hub. The registry has it; so has a five-line fake in a test. */
export type Publications = {
  open(streamPath: string, publisher: Publisher): Publication | Refusal;
};

/** Whether somebody may publish, and under which identity; `description` is for people. */
export type PublishDecision =
  | { readonly allowed: true; readonly identity: string | undefined }
  | { readonly allowed: false; readonly description: string };

/** Decides who may publish; `key` is what was shown, a secret. */
export type MayPublish = (request: {
  readonly streamPath: string;
  readonly key: string | undefined;
  readonly peer: Peer;
}) => PublishDecision;

/** Whether somebody may watch; `description` is for people. */
export type PlayDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly description: string };

/** Decides who may watch; `query` is what stood behind the name, and may hold secrets. */
export type MayPlay = (request: {
  readonly streamPath: string;
  readonly query: { readonly [name: string]: string };
  readonly peer: Peer;
}) => PlayDecision;

/** How an RTMP connection reached us. */
export type Transport = "rtmp" | "rtmps" | "rtmpt" | "rtmpts" | "rtmpe" | "rtmpte";

/** Who is at the other end. */
export type Peer = {
  readonly address: string;
  readonly transport: Transport;
  /** When it connected, ms since 1970: it may have been looked at for a moment. */
  readonly openedAt: number;
};

/** What a connection asks about relays: `RelayTrails` has it. */
export type RelayRules = {
  /** This server's name among its kind. */
  readonly relayId: string;
  /** Why a stream may not go on through here, to a relay of another server; undefined: it may. */
  refusal(streamPath: string, trail: string | undefined): string | undefined;
  /** Somebody has it played for them. @returns they have it no more */
  watch(streamPath: string, trail: string | undefined): () => void;
};

/** What bounds one RTMP connection; times in ms, sizes in bytes. */
export type RtmpLimits = {
  readonly handshakeTime: number;
  readonly timeToPublish: number;
  readonly publisherSilence: number;
  readonly refusalLinger: number;
  readonly publisherOutput: number;
  readonly badMessagesInARow: number;
  readonly smallMessagesPerSecond: number;
  readonly commandsPerSecond: number;
  readonly reconnectTime: number;
  readonly reconnectDrain: number;
  readonly play: PlaysLimits;
  readonly callsAtOnce: number;
  readonly callTime: number;
};

/** Keeps what both sides of one connection say, in the clear; it copies what it keeps. */
export type ConnectionCapture = {
  client(bytes: Uint8Array): void;
  server(bytes: Uint8Array): void;
  end(reason: string): void;
};

/** What an RTMP connection is made of. */
export type RtmpConnectionOptions = {
  readonly publications: Publications;
  readonly mayPublish: MayPublish;
  readonly broadcasts: Broadcasts;
  readonly mayPlay: MayPlay;
  /** Handlers of remote calls, by name; they may come and go. */
  readonly callHandlers: CallHandlers;
  readonly relays: RelayRules;
  readonly crypto: Pick<ServerSessionOptions, "hmac" | "random" | "diffieHellman">;
  /** Begins to keep what is said; undefined where nothing is kept. */
  readonly capture?: ((peer: Peer) => ConnectionCapture | undefined) | undefined;
  readonly clock: Clock;
  readonly limits: RtmpLimits;
  readonly log: Log;
};

/** How often a connection is looked after. */
const CHECK_INTERVAL = 1000;

const OUTPUT_LIMIT = "RTMP_OUTPUT";

/** Ends of those who read nothing. */
const DEAF_CODES: ReadonlySet<string> = new Set([
  OUTPUT_LIMIT,
  "RTMP_PLAY_NOTICES",
  "RTMP_PLAYER_SILENCE",
]);

/** Asked whether it is there when nothing came for this long; some firewalls want to see traffic. */
const PING_AFTER = 5000;

/** Different codes of bad messages that are logged before anything is published. */
const MAX_BAD_CODES = 32;

/**
 * One RTMP client on its stream of bytes: a socket, TLS, or a tunnel. The session says what is to be done; this does it, keeps the
 * limits of time and rate, and tears down once, whatever the reason.
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
  /** By message stream: ends what is known of whom it is played for. */
  readonly #relayed = new Map<number, () => void>();
  /** By message stream. */
  readonly #publishings = new Map<number, { publishing: Publishing; streamPath: string }>();
  readonly #output: Output;
  readonly #plays: Plays;
  readonly #badMessages: BadMessages;
  readonly #calls: Calls;
  #capabilities: Capabilities | undefined;
  #clientName = "";
  /** Since when nothing is being published or played. */
  #idleSince: number;
  #lastHeard: number;
  #lastPing = 0;
  #lastCounters: SessionCounters;
  /** Of bad messages before anything was published: each is logged once. */
  readonly #badCodes = new Set<string>();
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
    const { clock, limits, broadcasts } = options;
    const now = clock.now();
    this.#badMessages = new BadMessages(limits.badMessagesInARow);
    const seal = (bytes: Uint8Array): Uint8Array => {
      captured?.server(bytes);
      return this.#session.seal(bytes);
    };
    this.#output = new Output(socket, seal, now);
    this.#plays = new Plays({
      broadcasts,
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
    this.#idleSince = now;
    this.#lastHeard = now;
    this.#lastCounters = this.#session.counters;
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
    return [...this.#publishings.values()].map(({ streamPath }) => streamPath);
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
    this.#lastHeard = this.#options.clock.now();
    const wasShaking = this.#session.phase === "handshake";
    try {
      const effects = this.#session.receive(bytes);
      if (wasShaking) {
        this.#idleSince = this.#lastHeard;
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
          this.#publish(effect);
          break;
        case "media":
          this.#publishings.get(effect.messageStreamId)?.publishing.take(effect);
          break;
        case "unpublish":
          this.#unpublish(effect.messageStreamId, "clean", effect.reason);
          break;
        case "play":
          this.#play(effect);
          break;
        case "stop-playing":
          this.#stopPlaying(effect.messageStreamId, effect.reason);
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
          if (effect.followsGood) this.#badMessages.good();
          this.#badMessage(effect.error);
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

  #publish({ messageStreamId, streamPath, query }: PublishEffect): void {
    const { mayPublish, publications, relays } = this.#options;
    const log = withFields(this.#log, { streamPath });
    const decision = mayPublish({ streamPath, key: query["key"], peer: this.#peer });
    if (!decision.allowed) {
      log.warn(`publish refused: ${decision.description}`, { code: "PUBLISH_DENIED" });
      this.#perform(
        this.#session.refuse(messageStreamId, "NetStream.Publish.Denied", decision.description),
      );
      return;
    }
    const loop = relays.refusal(streamPath, this.#relayTrail);
    if (loop !== undefined) {
      log.warn(`publish refused: ${loop}`, { code: "RELAY_LOOP" });
      this.#perform(this.#session.refuse(messageStreamId, "NetStream.Publish.Denied", loop));
      return;
    }
    const opened = publications.open(streamPath, {
      identity: decision.identity,
      address: this.#peer.address,
      via: this.#relayTrail,
      silence: () => this.#options.clock.now() - this.#lastHeard,
      isMoving: () => this.#options.clock.now() < this.#movesUntil,
      drop: (reason) => {
        if (reason === "moved") {
          this.#leaveTo(messageStreamId);
          return;
        }
        const why = reason === "taken-over" ? "another publisher took over" : "silent for too long";
        this.close("NetStream.Publish.BadName", `${streamPath}: ${why}`);
      },
    });
    if ("refused" in opened) {
      log.warn(`publish refused: ${opened.description}`, { code: "PUBLISH_REFUSED" });
      this.#perform(
        this.#session.refuse(messageStreamId, "NetStream.Publish.BadName", opened.description),
      );
      return;
    }
    if (this.#isOver) {
      // It took over from itself, on another message stream.
      opened.end("lost");
      return;
    }
    const publishing = new Publishing(opened, { log, badMessages: this.#badMessages });
    this.#publishings.set(messageStreamId, { publishing, streamPath });
    const { address, transport } = this.#peer;
    log.info("publishing", { address, transport });
    this.#perform(this.#session.accept(messageStreamId));
  }

  #unpublish(messageStreamId: number, how: "clean" | "lost", reason: string): void {
    const present = this.#publishings.get(messageStreamId);
    if (present === undefined) return;
    this.#publishings.delete(messageStreamId);
    this.#idleSince = this.#options.clock.now();
    const { publishing, streamPath } = present;
    this.#log.info("publishing ended", { streamPath, reason, ...remarksOf(publishing) });
    publishing.publication.end(how);
  }

  #play(effect: PlayEffect): void {
    const { streamPath, messageStreamId, query } = effect;
    const { address, transport } = this.#peer;
    const log = withFields(this.#log, { streamPath, address, transport });
    const decision = this.#options.mayPlay({ streamPath, query, peer: this.#peer });
    if (!decision.allowed) {
      const { description } = decision;
      log.warn(`play refused: ${description}`, { code: "PLAY_DENIED" });
      this.#perform(this.#session.refuse(messageStreamId, "NetStream.Play.Failed", description));
      return;
    }
    const { relays } = this.#options;
    const loop = relays.refusal(streamPath, this.#relayTrail);
    if (loop !== undefined) {
      log.warn(`play refused: ${loop}`, { code: "RELAY_LOOP" });
      this.#perform(this.#session.refuse(messageStreamId, "NetStream.Play.Failed", loop));
      return;
    }
    // First of all: a relay of our own may begin with whoever watches, and must know for whom.
    this.#relayed.set(messageStreamId, relays.watch(streamPath, this.#relayTrail));
    this.#plays.play(effect, this.#capabilities, log);
    if (this.#plays.get(messageStreamId) === undefined) this.#leave(messageStreamId);
  }

  #stopPlaying(messageStreamId: number, reason: string): void {
    this.#idleSince = this.#options.clock.now();
    this.#plays.stop(messageStreamId, reason);
    this.#leave(messageStreamId);
  }

  #leave(messageStreamId: number): void {
    this.#relayed.get(messageStreamId)?.();
    this.#relayed.delete(messageStreamId);
  }

  /** It goes on over another connection, and closes this one when it likes, within a moment. */
  #leaveTo(messageStreamId: number): void {
    this.#unpublish(messageStreamId, "lost", "goes on over another connection");
    const { clock, limits } = this.#options;
    this.#cancelMove ??= clock.after(limits.refusalLinger, () => {
      if (this.#publishings.size > 0 || this.#plays.size > 0) return;
      this.#socket.end();
      this.#finish("lost", "goes on over another connection");
    });
  }

  #badMessage(error: ProtocolError): void {
    const [present] = this.#publishings.values();
    if (present !== undefined) {
      present.publishing.bad(error);
      return;
    }
    if (!this.#badCodes.has(error.code) && this.#badCodes.size < MAX_BAD_CODES) {
      this.#badCodes.add(error.code);
      this.#log.warn(error.message, { code: error.code });
    }
    this.#badMessages.bad(error);
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
    const { code, message, offset } = error;
    this.#log.warn(`connection ended: ${message}`, { code, offset, address: this.#peer.address });
    // Who does not read is not told either.
    if (DEAF_CODES.has(code)) this.#socket.destroy();
    else this.#performLast(this.#session.close("NetConnection.Connect.Closed", message));
    this.#finish("lost", message);
  }

  /** Who calls, as a handler may know it. */
  get #caller(): Caller {
    const { address, transport } = this.#peer;
    const [present] = this.#publishings.values();
    return { address, transport, streamPath: present?.streamPath };
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

  /** Limits of time and of rate. */
  #check(): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const overdue = this.#overdue(now);
    if (overdue !== undefined) {
      this.#fail(
        new ProtocolError("limit", overdue.code, overdue.message, { scope: "connection" }),
      );
      return;
    }
    const { smallMessages, commands } = this.#session.counters;
    const small = smallMessages - this.#lastCounters.smallMessages;
    const asked = commands - this.#lastCounters.commands;
    this.#lastCounters = this.#session.counters;
    if (small > limits.smallMessagesPerSecond || asked > limits.commandsPerSecond) {
      const message = `Cannot take ${small} messages of a few bytes and ${asked} commands in a second`;
      this.#fail(new ProtocolError("limit", "RTMP_RATE", message, { scope: "connection" }));
      return;
    }
    try {
      this.#plays.check(now);
      if (now - this.#lastHeard > PING_AFTER && now - this.#lastPing > PING_AFTER) {
        this.#lastPing = now;
        this.#perform(this.#session.ping(Math.floor(now - this.#peer.openedAt)));
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#isOver) return;
    this.#cancelCheck = clock.after(CHECK_INTERVAL, () => this.#check());
  }

  #overdue(now: number): { code: string; message: string } | undefined {
    const { handshakeTime, timeToPublish, publisherSilence } = this.#options.limits;
    if (this.#session.phase === "handshake") {
      if (now - this.#peer.openedAt <= handshakeTime) return undefined;
      return {
        code: "RTMP_HANDSHAKE_TIME",
        message: `Cannot wait longer than ${handshakeTime} ms for a handshake`,
      };
    }
    if (this.#publishings.size === 0) {
      if (this.#plays.size > 0 || now - this.#idleSince <= timeToPublish) return undefined;
      return {
        code: "RTMP_TIME_TO_PUBLISH",
        message: `Cannot wait longer than ${timeToPublish} ms for a publish or play`,
      };
    }
    if (now - this.#lastHeard <= publisherSilence) return undefined;
    return {
      code: "RTMP_SILENCE",
      message: `Cannot wait longer than ${publisherSilence} ms for a publisher that sends nothing`,
    };
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
      for (const id of [...this.#publishings.keys()]) this.#unpublish(id, how, reason);
      this.#plays.stopAll(reason);
      this.#captured?.end(reason);
      for (const leave of this.#relayed.values()) leave();
      this.#log.debug("RTMP connection over", { reason, address: this.#peer.address });
    }
    if (this.#socket.destroyed) this.#cancelLinger?.();
    else if (this.#cancelLinger === undefined) this.#socket.destroy();
  }
}

/** The same peer once it has shown that it encrypts: a transport of its own, but for what TLS hides. */
function encrypted(peer: Peer): Peer {
  switch (peer.transport) {
    case "rtmp":
      return { ...peer, transport: "rtmpe" };
    case "rtmpt":
      return { ...peer, transport: "rtmpte" };
    default:
      return peer;
  }
}

function remarksOf(publishing: Publishing): { remarks?: Publishing["remarks"] } {
  const { remarks } = publishing;
  return Object.keys(remarks).length === 0 ? {} : { remarks };
}
