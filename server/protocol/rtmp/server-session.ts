import type { Amf0Value } from "../amf0/value.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes, OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { canReconnect } from "./capabilities.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { type Command, decodeCommand, onStatus, reconnectRequest } from "./command.ts";
import { ServerHandshake } from "./handshake.ts";
import { MediaIn } from "./media-in.ts";
import {
  acknowledgement,
  type Message,
  MessageType,
  readControlNumber,
  setChunkSize,
  setPeerBandwidth,
  UserControlEvent,
  userControl,
  windowAcknowledgementSize,
} from "./message.ts";
import { MessageStreams } from "./message-streams.ts";
import { type ConnectRequest, connectResult, readConnect } from "./net-connection.ts";
import type { NetStreamInput } from "./net-stream.ts";
import type {
  ServerSessionOptions,
  SessionCounters,
  SessionEffect,
  SessionPhase,
} from "./session-effect.ts";
import { SessionOutput } from "./session-output.ts";
import { StreamCommands } from "./stream-commands.ts";

/** What we ask clients for, and the largest window of theirs that we take. */
const WINDOW = 2_500_000;

/**
 * Acknowledged that often to a client that did not say how often it wants it. Each one has a price:
 * after it, the kernel delays its own acknowledgements of TCP, and a sender under Nagle's algorithm
 * (FFmpeg) pauses for 80 ms.
 */
const UNASKED_WINDOW = 25_000_000;

/**
 * So many bytes before a window is full it is acknowledged, or at half of a small one. Some clients
 * stop sending when it is full, and some count the handshake into it.
 */
const AHEAD_OF_WINDOW = 65_536;

/**
 * The chunk size of what is played: after each chunk something more urgent may go first, so that
 * sound does not wait for a picture.
 */
export const PLAY_CHUNK_SIZE = 4096;

/** Bytes below which a message is a small one. */
const SMALL = 8;

/**
 * A server's side of one RTMP connection: bytes in, effects out. No clock, no socket.
 *
 * It speaks with publishers and players as they are: replies in the order FFmpeg, OBS, GStreamer,
 * librtmp and Flash Media Live Encoder wait for them, commands that are in no specification included.
 */
export class ServerSession {
  readonly #handshake: ServerHandshake;
  readonly #decoder = new ChunkDecoder();
  readonly #tap: ((bytes: Bytes) => void) | undefined;
  readonly #announcedChunkSize: number;
  readonly #relayId: string | undefined;
  #phase: SessionPhase = "handshake";
  #connect: ConnectRequest | undefined;
  readonly #streams = new MessageStreams();
  readonly #output = new SessionOutput();
  readonly #commands: StreamCommands;
  readonly #media = new MediaIn(this.#streams, this.#output);
  readonly #answersCall: (name: string) => boolean;
  /** What came while a publish or play is being decided. */
  #held: Message[] = [];
  #heldBytes = 0;

  #bytes = 0;
  #acknowledged = 0;
  #window = UNASKED_WINDOW;
  #messages = 0;
  #smallMessages = 0;
  #commandCount = 0;
  /** The last message could be read. */
  #wasGood = true;
  /** What the present call brought began with these. */
  #before = { smallMessages: 0, commands: 0 };

  constructor({
    chunkSize = 65_536,
    playChunkSize = PLAY_CHUNK_SIZE,
    relayId,
    ...options
  }: ServerSessionOptions) {
    this.#handshake = new ServerHandshake(options);
    this.#announcedChunkSize = chunkSize;
    this.#tap = options.tap;
    this.#answersCall = options.answersCall ?? (() => false);
    this.#commands = new StreamCommands(this.#streams, this.#output, {
      playChunkSize,
      onClose: (effect) => this.#end(effect),
    });
    this.#relayId = relayId;
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  /** Whether this is RTMPE, known when C1 has come: all that is sent must go through `seal`. */
  get isEncrypted(): boolean {
    return this.#handshake.cipher !== undefined;
  }

  /**
   * The last step before the socket, for everything that is sent, in its order: the bytes of `send`
   * effects and all others. Encrypts them where the session is encrypted, else gives them back.
   *
   * @param bytes stay as they are: they may be shared with other connections
   */
  seal(bytes: Bytes): Bytes {
    return this.#handshake.cipher?.seal(bytes) ?? bytes;
  }

  get counters(): SessionCounters {
    return {
      bytes: this.#bytes,
      messages: this.#messages,
      smallMessages: this.#smallMessages,
      commands: this.#commandCount,
    };
  }

  /**
   * Takes the next bytes from the socket, cut anywhere.
   *
   * @throws ProtocolError in connection scope, from handshake, chunks (see `ChunkDecoder`), or
   *   `RTMP_HELD`, `RTMP_RATE` (more at once than in a second) (limit): nothing more is taken.
   *   `close` then gives out what came before
   */
  receive(bytes: Bytes): SessionEffect[] {
    if (this.#phase === "closed") return [];
    this.#before = { smallMessages: this.#smallMessages, commands: this.#commandCount };
    let rest: Bytes | undefined = bytes;
    if (this.#phase === "handshake") {
      const step = this.#handshake.receive(bytes);
      if (step.send !== undefined) this.#output.sendBytes(step.send);
      if (step.done) this.#phase = "connecting";
      rest = step.rest;
      this.#tap?.(bytes.subarray(0, bytes.length - (rest?.length ?? 0)));
    }
    if (rest !== undefined) {
      this.#count(rest.length);
      const clear = this.#handshake.cipher?.open(rest) ?? rest;
      this.#tap?.(clear);
      for (const message of this.#decoder.push(clear)) this.#take(message);
      if (this.#decoder.failure !== undefined) throw this.#decoder.failure;
    }
    return this.#output.flush();
  }

  /**
   * Lets a publisher publish, or a player play; the effects include what was held meanwhile.
   *
   * @throws ProtocolError as `receive` does, where what was held is too much of one kind
   */
  accept(messageStreamId: number): SessionEffect[] {
    return this.#decide(messageStreamId, { type: "accept" });
  }

  /**
   * Turns a publisher or a player away: an error status, then close. Where the connection does
   * something else besides, a player's refusal leaves it open.
   *
   * @param code `NetStream.Publish.BadName`, `.Denied`, `.Rejected`, `NetStream.Play.Failed`,
   *   `.StreamNotFound`: clients give up on these
   * @param description for the user of the encoder or player
   */
  refuse(messageStreamId: number, code: string, description: string): SessionEffect[] {
    return this.#decide(messageStreamId, { type: "refuse", code, description });
  }

  /** Ends what a message stream plays, in the same words. */
  stopPlaying(messageStreamId: number, code: string, description: string): SessionEffect[] {
    if (this.#streams.get(messageStreamId).name !== "playing") return [];
    this.#commands.input(messageStreamId, { type: "refuse", code, description });
    return this.#output.flush();
  }

  /**
   * What a player is told when a broadcast begins, or has ended: bytes for their place among what it
   * plays, ahead of the first sample or behind the last one.
   *
   * @returns undefined where the message stream plays nothing
   */
  broadcastNotice(
    messageStreamId: number,
    event: "published" | "unpublished",
  ): OwnBytes | undefined {
    if (this.#phase !== "connected" || this.#streams.get(messageStreamId).name !== "playing") {
      return undefined;
    }
    this.#commands.input(messageStreamId, { type: event });
    const [effect] = this.#output.flush();
    return effect?.type === "send" ? effect.bytes : undefined;
  }

  /** Asks whether the client is there; most answer with a `pong`. */
  ping(timestamp: number): SessionEffect[] {
    if (this.#phase === "handshake" || this.#phase === "closed") return [];
    this.#output.send(userControl(UserControlEvent.PingRequest, timestamp));
    return this.#output.flush();
  }

  /** Whether the client says that it goes on elsewhere when it is asked to. */
  get canReconnect(): boolean {
    return this.#phase === "connected" && canReconnect(this.#connect?.capabilities);
  }

  /**
   * Asks the client to go on over another connection, if it is one of those that do: it connects
   * there, and then leaves this one, which stays as it is until then.
   *
   * @param description for people
   * @param tcUrl where to; absent: where it came
   */
  requestReconnect(description: string, tcUrl?: string): SessionEffect[] {
    if (!this.canReconnect) return [];
    this.#output.send(reconnectRequest(description, tcUrl));
    return this.#output.flush();
  }

  /**
   * Answers a `call` effect, sooner or later; where no answer is wanted, or the session is over, it
   * has no effect.
   *
   * @param answer what the call gives, or for people why it failed
   * @throws ProtocolError `AMF_DEPTH`, RangeError: as `encodeAmf0` does, and nothing is sent
   */
  answerCall(
    transactionId: number,
    answer: { readonly result: Amf0Value } | { readonly failure: string },
  ): SessionEffect[] {
    if (this.#phase !== "connected") return [];
    if ("result" in answer) this.#output.result(transactionId, answer.result);
    else this.#output.fail({ transactionId }, answer.failure);
    return this.#output.flush();
  }

  /**
   * Ends the connection from our side: an error status where one can be read, then close. What
   * the client was publishing or playing, or asked to, ends with it: there is no `unpublish` or
   * `stop-playing`, and a `publish` or `play` that was not given out yet never is.
   */
  close(code: string, description: string): SessionEffect[] {
    if (this.#phase === "closed") return [];
    if (this.#phase === "connected") {
      const { active } = this.#streams;
      const ids = active.length === 0 ? [0] : active;
      for (const id of ids) this.#output.send(onStatus(id, "error", code, description));
    }
    this.#end({ type: "close-after-flush" });
    // Nothing could follow it, and it might take a broadcast away from somebody.
    return this.#output.flush().filter(({ type }) => type !== "publish" && type !== "play");
  }

  #end(effect: SessionEffect): void {
    this.#output.push(effect);
    this.#phase = "closed";
    this.#held = [];
    this.#heldBytes = 0;
  }

  #count(length: number): void {
    this.#bytes += length;
    const due = Math.max(this.#window / 2, this.#window - AHEAD_OF_WINDOW);
    if (this.#bytes - this.#acknowledged < due) return;
    this.#acknowledged = this.#bytes;
    this.#output.send(acknowledgement(this.#bytes));
  }

  #decide(messageStreamId: number, input: NetStreamInput): SessionEffect[] {
    if (this.#phase === "closed" || this.#streams.asking !== messageStreamId) return [];
    this.#before = { smallMessages: this.#smallMessages, commands: this.#commandCount };
    this.#commands.input(messageStreamId, input);
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const message of held) this.#take(message);
    return this.#output.flush();
  }

  #take(message: Message): void {
    if (this.#phase === "closed") return;
    if (this.#streams.asking !== undefined) {
      this.#hold(message);
      return;
    }
    this.#messages += 1;
    this.#countSmall(message);
    try {
      this.#handle(message);
      this.#wasGood = true;
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope === "connection") throw error;
      const followsGood = this.#wasGood;
      this.#wasGood = false;
      this.#output.push({ type: "bad-message", typeId: message.typeId, error, followsGood });
    }
  }

  /** Each costs as much as a large one: what it costs is not in its bytes. */
  #countSmall({ payload }: Message): void {
    if (payload.length >= SMALL) return;
    this.#smallMessages += 1;
    const atOnce = this.#smallMessages - this.#before.smallMessages;
    if (atOnce > LIMITS.smallMessagesPerSecond) throw tooMany(atOnce, "messages of a few bytes");
  }

  #countCommand(): void {
    this.#commandCount += 1;
    const atOnce = this.#commandCount - this.#before.commands;
    if (atOnce > LIMITS.commandsPerSecond) throw tooMany(atOnce, "commands");
  }

  #hold(message: Message): void {
    this.#held.push(message);
    this.#heldBytes += message.payload.length;
    if (this.#held.length > LIMITS.heldMessages || this.#heldBytes > LIMITS.heldBytes) {
      const text = `Cannot hold ${this.#held.length} messages of ${this.#heldBytes} bytes while publish or play is decided`;
      throw new ProtocolError("limit", "RTMP_HELD", text, { scope: "connection" });
    }
  }

  #handle(message: Message): void {
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
      case MessageType.Aggregate:
        this.#media.take(message, (part) => this.#countSmall(part));
        return;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#countCommand();
        this.#command(decodeCommand(message), message.messageStreamId);
        return;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
        return; // the decoder has done the first two; nothing waits for the third
      case MessageType.WindowAcknowledgementSize: {
        const window = readControlNumber(message);
        if (window > 0) this.#window = Math.min(window, WINDOW);
        return;
      }
      case MessageType.SetPeerBandwidth: {
        this.#countCommand();
        const window = readControlNumber(message);
        if (window !== WINDOW) this.#output.send(windowAcknowledgementSize(window));
        return;
      }
      case MessageType.UserControl:
        this.#countCommand();
        this.#userControl(message);
        return;
      default: {
        this.#countCommand();
        const text = `Message type ${message.typeId} is not known here`;
        this.#output.note("debug", "RTMP_MESSAGE_TYPE", String(message.typeId), text);
        return;
      }
    }
  }

  #userControl({ payload }: Message): void {
    const reader = new ByteReader(payload);
    const event = reader.u16();
    switch (event) {
      case UserControlEvent.PingRequest:
        // With event 7: an answer with event 6 would be a question again.
        this.#output.send(userControl(UserControlEvent.PingResponse, reader.u32()));
        return;
      case UserControlEvent.PingResponse:
        this.#output.push({ type: "pong", timestamp: reader.u32() });
        return;
      case UserControlEvent.SetBufferLength: // what is live is sent when it comes
      case UserControlEvent.SwfVerifyResponse:
        return;
      default:
        this.#output.note(
          "debug",
          "RTMP_USER_CONTROL",
          String(event),
          `User control event ${event} is not known here`,
        );
        return;
    }
  }

  #command(command: Command, messageStreamId: number): void {
    const { name, transactionId } = command;
    if (name === "connect") {
      this.#onConnect(command);
      return;
    }
    switch (name) {
      case "_result":
      case "_error":
      case "onStatus":
        return; // answers to what we said: Flash answers onFCPublish
      case "close":
        this.#commands.end(this.#streams.active, "close");
        this.#end({ type: "close" });
        return;
    }
    if (this.#connect === undefined) {
      this.#output.fail(command, "Connect first: this command came before connect");
      return;
    }
    if (this.#commands.take(command, messageStreamId, this.#connect)) return;
    if (name === "_checkbw") {
      this.#output.result(transactionId);
      return;
    }
    if (this.#answersCall(name)) {
      this.#output.push({ type: "call", name, transactionId, parameters: command.parameters });
      return;
    }
    const shown = JSON.stringify(name.slice(0, 64));
    this.#output.note("debug", "RTMP_COMMAND_UNKNOWN", shown, `Command ${shown} is not known here`);
    this.#output.fail(command, `Method not found (${name.slice(0, 64)})`);
  }

  #onConnect(command: Command): void {
    if (this.#connect !== undefined) {
      this.#output.fail(command, "Connected already");
      return;
    }
    const request = readConnect(command);
    this.#connect = request;
    this.#phase = "connected";
    this.#output.send(windowAcknowledgementSize(WINDOW));
    this.#output.send(setPeerBandwidth(WINDOW, 2));
    // Once and for all: OBS reads no chunk size after it has begun to publish. FFmpeg echoes it, and
    // on encrypted sessions reads it from the bytes of the echo, which it has encrypted by then.
    if (!this.isEncrypted) {
      this.#output.send(setChunkSize(this.#announcedChunkSize));
      this.#output.chunkSize = this.#announcedChunkSize;
    }
    this.#output.send(userControl(UserControlEvent.StreamBegin, 0));
    this.#output.send(connectResult(command.transactionId, request, this.#relayId));
    this.#output.push({ type: "connected", ...request });
  }
}

function tooMany(count: number, what: string): ProtocolError {
  const text = `Cannot take ${count} ${what} at once`;
  return new ProtocolError("limit", "RTMP_RATE", text, { scope: "connection" });
}
