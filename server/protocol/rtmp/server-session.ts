import type { Amf0Value } from "../amf0/value.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import type { Bytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { amf0Part, answer, type Command, decodeCommand, onStatus } from "./command.ts";
import { ServerHandshake } from "./handshake.ts";
import {
  acknowledgement,
  type Message,
  MessageType,
  readControlNumber,
  setChunkSize,
  setPeerBandwidth,
  splitAggregate,
  UserControlEvent,
  userControl,
  windowAcknowledgementSize,
} from "./message.ts";
import { MessageStreams } from "./message-streams.ts";
import { type ConnectRequest, connectResult, readConnect } from "./net-connection.ts";
import {
  type NetStreamInput,
  onInput,
  type PublishType,
  type UnpublishReason,
} from "./net-stream.ts";
import type {
  ServerSessionOptions,
  SessionCounters,
  SessionEffect,
  SessionPhase,
} from "./session-effect.ts";
import { SessionOutput } from "./session-output.ts";
import { resolveStreamName, type StreamName } from "./stream-name.ts";

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

/** Bytes below which a message is a small one. */
const SMALL = 8;

/**
 * A server's side of one RTMP connection: bytes in, effects out. No clock, no socket.
 *
 * It speaks with publishers as they are: replies in the order FFmpeg, OBS, GStreamer, librtmp and
 * Flash Media Live Encoder wait for them, commands that are in no specification included.
 */
export class ServerSession {
  readonly #handshake: ServerHandshake;
  readonly #decoder = new ChunkDecoder();
  readonly #announcedChunkSize: number;
  #phase: SessionPhase = "handshake";
  #connect: ConnectRequest | undefined;
  readonly #streams = new MessageStreams();
  /** The message stream whose publish is being decided, and what came since. */
  #asking: number | undefined;
  #held: Message[] = [];
  #heldBytes = 0;
  readonly #output = new SessionOutput();

  #bytes = 0;
  #acknowledged = 0;
  #window = UNASKED_WINDOW;
  #messages = 0;
  #smallMessages = 0;
  #commands = 0;
  /** What the present call brought began with these. */
  #before = { smallMessages: 0, commands: 0 };
  #badInARow = 0;

  constructor({ chunkSize = 65_536, ...options }: ServerSessionOptions) {
    this.#handshake = new ServerHandshake(options);
    this.#announcedChunkSize = chunkSize;
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
      commands: this.#commands,
    };
  }

  /**
   * Takes the next bytes from the socket, cut anywhere.
   *
   * @throws ProtocolError in connection scope, from handshake, chunks (see `ChunkDecoder`), or
   *   `RTMP_HELD`, `RTMP_RATE` (more at once than in a second), `BAD_MESSAGES` (limit): nothing more
   *   is taken. `close` then gives out what came before
   */
  receive(bytes: Bytes): SessionEffect[] {
    if (this.#phase === "closed") return [];
    this.#before = { smallMessages: this.#smallMessages, commands: this.#commands };
    let rest: Bytes | undefined = bytes;
    if (this.#phase === "handshake") {
      const step = this.#handshake.receive(bytes);
      if (step.send !== undefined) this.#output.sendBytes(step.send);
      if (step.done) this.#phase = "connecting";
      rest = step.rest;
    }
    if (rest !== undefined) {
      this.#count(rest.length);
      const clear = this.#handshake.cipher?.open(rest) ?? rest;
      for (const message of this.#decoder.push(clear)) this.#take(message);
      if (this.#decoder.failure !== undefined) throw this.#decoder.failure;
    }
    return this.#output.flush();
  }

  /**
   * Lets a publisher publish; the effects include what was held meanwhile.
   *
   * @throws ProtocolError as `receive` does, where what was held is too much of one kind
   */
  accept(messageStreamId: number): SessionEffect[] {
    return this.#decide(messageStreamId, { type: "accept" });
  }

  /**
   * Turns a publisher away: an error status, then close.
   *
   * @param code `NetStream.Publish.BadName`, `.Denied`, `.Rejected`: clients give up on these
   * @param description for the encoder's user
   */
  refuse(messageStreamId: number, code: string, description: string): SessionEffect[] {
    return this.#decide(messageStreamId, { type: "refuse", code, description });
  }

  /** Asks whether the client is there; most answer with a `pong`. */
  ping(timestamp: number): SessionEffect[] {
    if (this.#phase === "handshake" || this.#phase === "closed") return [];
    this.#output.send(userControl(UserControlEvent.PingRequest, timestamp));
    return this.#output.flush();
  }

  /**
   * Ends the connection from our side: an error status where one can be read, then close. What
   * the client was publishing, or asked to, ends with it: there is no `unpublish`, and a `publish`
   * that was not given out yet never is.
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
    return this.#output.flush().filter(({ type }) => type !== "publish");
  }

  #end(effect: SessionEffect): void {
    this.#output.push(effect);
    this.#phase = "closed";
    this.#asking = undefined;
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
    if (this.#asking !== messageStreamId) return [];
    this.#before = { smallMessages: this.#smallMessages, commands: this.#commands };
    this.#asking = undefined;
    this.#input(messageStreamId, input);
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const message of held) this.#take(message);
    return this.#output.flush();
  }

  #take(message: Message): void {
    if (this.#phase === "closed") return;
    if (this.#asking !== undefined) {
      this.#hold(message);
      return;
    }
    this.#messages += 1;
    this.#countSmall(message);
    try {
      this.#handle(message);
      this.#badInARow = 0;
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope === "connection") throw error;
      this.#bad(message, error);
    }
  }

  #bad({ typeId }: Message, error: ProtocolError): void {
    this.#badInARow += 1;
    if (this.#badInARow >= LIMITS.badMessagesInARow) {
      const text = `Cannot go on after ${this.#badInARow} bad messages in a row, the last: ${error.message}`;
      throw new ProtocolError("limit", "BAD_MESSAGES", text, { scope: "connection" });
    }
    this.#output.push({ type: "bad-message", typeId, error });
  }

  /** Each costs as much as a large one: what it costs is not in its bytes. */
  #countSmall({ payload }: Message): void {
    if (payload.length >= SMALL) return;
    this.#smallMessages += 1;
    const atOnce = this.#smallMessages - this.#before.smallMessages;
    if (atOnce > LIMITS.smallMessagesPerSecond) throw tooMany(atOnce, "messages of a few bytes");
  }

  #countCommand(): void {
    this.#commands += 1;
    const atOnce = this.#commands - this.#before.commands;
    if (atOnce > LIMITS.commandsPerSecond) throw tooMany(atOnce, "commands");
  }

  #hold(message: Message): void {
    this.#held.push(message);
    this.#heldBytes += message.payload.length;
    if (this.#held.length > LIMITS.heldMessages || this.#heldBytes > LIMITS.heldBytes) {
      const text = `Cannot hold ${this.#held.length} messages of ${this.#heldBytes} bytes while publishing is decided`;
      throw new ProtocolError("limit", "RTMP_HELD", text, { scope: "connection" });
    }
  }

  #handle(message: Message): void {
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#media(message);
        return;
      case MessageType.Aggregate: {
        if (this.#streams.publishing(message.messageStreamId) === undefined) {
          this.#media(message);
          return;
        }
        for (const part of splitAggregate(message)) {
          this.#countSmall(part);
          this.#media(part);
        }
        return;
      }
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
      case UserControlEvent.SetBufferLength:
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

  #media(message: Message): void {
    const { typeId, timestamp, payload } = message;
    const messageStreamId = this.#streams.publishing(message.messageStreamId);
    if (messageStreamId === undefined) {
      const text = `Messages of type ${typeId} came while nothing was being published: dropped`;
      this.#output.note("debug", "RTMP_NOT_PUBLISHING", String(typeId), text);
      return;
    }
    if (messageStreamId !== message.messageStreamId) {
      const text = `Media came on message stream ${message.messageStreamId}, published is ${messageStreamId}: taken for it`;
      this.#output.note("info", "RTMP_MEDIA_STREAM", "", text);
    }
    switch (typeId) {
      case MessageType.Audio:
      case MessageType.Video: {
        const kind = typeId === MessageType.Audio ? "audio" : "video";
        this.#output.push({ type: "media", kind, messageStreamId, timestamp, payload });
        return;
      }
      case MessageType.DataAmf0:
      case MessageType.DataAmf3: {
        const encoding = typeId === MessageType.DataAmf0 ? "amf0" : "amf3";
        const values = amf0Part(message);
        this.#output.push({
          ...{ type: "media", kind: "data", encoding, messageStreamId, timestamp },
          payload: values,
        });
        return;
      }
      default:
        this.#output.note(
          "debug",
          "RTMP_MESSAGE_TYPE",
          String(typeId),
          `Message type ${typeId} in an aggregate is not known here`,
        );
        return;
    }
  }

  #command(command: Command, messageStreamId: number): void {
    const { name, transactionId, parameters } = command;
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
        this.#endStreams(this.#streams.active, "close");
        this.#end({ type: "close" });
        return;
    }
    if (this.#connect === undefined) {
      this.#output.fail(command, "Connect first: this command came before connect");
      return;
    }
    switch (name) {
      case "createStream":
        this.#createStream(command);
        return;
      case "publish":
        this.#publish(command, messageStreamId, this.#connect);
        return;
      case "play":
      case "play2":
        this.#input(messageStreamId, { type: "play" });
        return;
      case "closeStream":
        this.#endStreams(this.#streams.meant(messageStreamId), "closeStream");
        return;
      case "deleteStream":
        this.#deleteStream(parameters[0], messageStreamId);
        return;
      // Not in §7.2, yet librtmp (OBS), FFmpeg and FMLE send them around createStream and publish.
      case "releaseStream":
        this.#output.result(transactionId, undefined);
        return;
      case "FCPublish":
        // Some wait for this one, and some of them for their own transaction id in it.
        this.#output.notify("onFCPublish", transactionId, "NetStream.Publish.Start", parameters[0]);
        this.#output.result(transactionId, undefined);
        return;
      case "FCUnpublish":
        this.#output.notify("onFCUnpublish", 0, "NetStream.Unpublish.Success", parameters[0]);
        this.#output.result(transactionId, undefined);
        this.#endStreams(this.#streams.meant(0, parameters[0]), "FCUnpublish");
        return;
      case "_checkbw":
        this.#output.result(transactionId);
        return;
      case "getStreamLength":
        this.#output.result(transactionId, 0);
        return;
      default: {
        const shown = JSON.stringify(name.slice(0, 64));
        this.#output.note(
          "debug",
          "RTMP_COMMAND_UNKNOWN",
          shown,
          `Command ${shown} is not known here`,
        );
        this.#output.fail(command, `Method not found (${name.slice(0, 64)})`);
        return;
      }
    }
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
    this.#output.send(connectResult(command.transactionId, request));
    this.#output.push({ type: "connected", ...request });
  }

  #createStream(command: Command): void {
    const id = this.#streams.create();
    if (id === undefined) {
      const text = `This connection has ${LIMITS.messageStreams} message streams already`;
      this.#output.fail(command, text);
      return;
    }
    this.#output.send(answer("_result", command.transactionId, null, id));
  }

  #publish({ parameters }: Command, messageStreamId: number, connect: ConnectRequest): void {
    const [name, type] = parameters;
    if (name === false) {
      this.#endStreams(this.#streams.meant(messageStreamId), "publish-false");
      return;
    }
    if (!MessageStreams.isId(messageStreamId)) {
      const text = `Cannot publish on message stream ${messageStreamId}: create a stream first`;
      this.#output.send(onStatus(messageStreamId, "error", "NetStream.Publish.Rejected", text));
      this.#end({ type: "close-after-flush" });
      return;
    }
    const stream = this.#streams.get(messageStreamId);
    if (stream.name !== "idle") {
      const { publication } = stream; // the name is of no interest: this one is refused
      this.#input(messageStreamId, { type: "publish", publication });
      return;
    }
    const publishName = typeof name === "string" ? name : "";
    const publishType: PublishType = type === "record" || type === "append" ? type : "live";
    let streamName: StreamName;
    try {
      streamName = resolveStreamName({ app: connect.app, tcUrl: connect.tcUrl, name: publishName });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { code, message } = error;
      this.#output.send(onStatus(messageStreamId, "error", "NetStream.Publish.BadName", message));
      this.#output.push({ type: "log", level: "warn", code, message });
      this.#end({ type: "close-after-flush" });
      return;
    }
    const publication = { ...streamName, publishName, publishType };
    this.#input(messageStreamId, { type: "publish", publication });
  }

  #deleteStream(id: Amf0Value, messageStreamId: number): void {
    // GStreamer names the stream instead of giving its number.
    const ids = typeof id === "number" ? [id] : this.#streams.meant(messageStreamId, id);
    this.#endStreams(ids, "deleteStream");
    for (const each of ids) this.#streams.delete(each);
  }

  #endStreams(ids: readonly number[], reason: UnpublishReason): void {
    for (const id of ids) this.#input(id, { type: "end", reason });
  }

  #input(messageStreamId: number, input: NetStreamInput): void {
    const { stream, effects } = onInput(this.#streams.get(messageStreamId), input);
    this.#streams.set(messageStreamId, stream);
    for (const effect of effects) {
      switch (effect.type) {
        case "ask": {
          const { streamPath, query, publishType } = effect.publication;
          this.#asking = messageStreamId;
          this.#output.push({ type: "publish", messageStreamId, streamPath, query, publishType });
          break;
        }
        case "begin":
          this.#output.send(userControl(UserControlEvent.StreamBegin, messageStreamId));
          break;
        case "status":
          this.#output.send(
            onStatus(messageStreamId, effect.level, effect.code, effect.description),
          );
          break;
        case "unpublish":
          this.#output.push({ type: "unpublish", messageStreamId, reason: effect.reason });
          break;
        case "close-after-flush":
          this.#end(effect);
          break;
      }
    }
  }
}

function tooMany(count: number, what: string): ProtocolError {
  const text = `Cannot take ${count} ${what} at once`;
  return new ProtocolError("limit", "RTMP_RATE", text, { scope: "connection" });
}
