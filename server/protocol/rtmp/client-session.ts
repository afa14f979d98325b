import { decodeAmf0 } from "../amf0/decode.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, join, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Capabilities } from "./capabilities.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { ChunkEncoder } from "./chunk-encoder.ts";
import {
  CLIENT_CAPABILITIES,
  connectObject,
  type Information,
  PLAYER_FIELDS,
  readConnectAnswer,
  readInformation,
  readRedirect,
} from "./client-connect.ts";
import type { ClientEffect } from "./client-effect.ts";
import {
  afterConnect,
  afterCreateStream,
  type ClientPurpose,
  goodbye,
  Transaction,
} from "./client-stream.ts";
import {
  amf0Part,
  CONNECTION_CHUNK_STREAM,
  type Command,
  commandMessage,
  decodeCommand,
} from "./command.ts";
import { EffectQueue } from "./effect-queue.ts";
import { ClientHandshake, type Encryption, type Random } from "./handshake.ts";
import {
  acknowledgement,
  type Message,
  MessageType,
  readControlNumber,
  splitAggregate,
  UserControlEvent,
  userControl,
} from "./message.ts";
import { resolveTcUrl } from "./tc-url.ts";

/** What a client says of itself and of what it wants. */
export type ClientSessionOptions = {
  readonly random: Random;
  /** Default: to publish. */
  readonly purpose?: ClientPurpose;
  /** Makes it RTMPE: then all that is sent must go through `seal`. */
  readonly encryption?: Encryption | undefined;
  readonly app: string;
  readonly tcUrl: string;
  /** Stream key, query included. */
  readonly streamName: string;
  readonly flashVer?: string;
  /** Bytes of payload in a chunk that we send: announced after connect. */
  readonly chunkSize?: number;
  readonly capabilities?: Capabilities;
  readonly relayTrail?: string | undefined;
};

const FLASH_VERSION = {
  publish: "FMLE/3.0 (compatible; Sluice)",
  play: "LNX 9,0,124,2", // FFmpeg's: some servers serve players that have a name of this form only
} as const;

/** The chunk streams FFmpeg uses. */
const CHUNK_STREAM = { data: 4, audio: 4, video: 6 } as const;

const TYPE = {
  audio: MessageType.Audio,
  video: MessageType.Video,
  data: MessageType.DataAmf0,
} as const;

/** Statuses that end what is played, but not the connection. */
const ENDINGS: readonly string[] = [
  "NetStream.Play.UnpublishNotify",
  "NetStream.Play.Stop",
  "NetStream.Play.Complete",
];

/** Data messages that are the server's own words, not the broadcaster's. */
const NOT_BROADCAST: readonly string[] = ["onPlayStatus", "onStatus", "|RtmpSampleAccess"];

/**
 * A client that publishes or plays one stream, in FFmpeg's manner: bytes in, effects out.
 *
 * `start`, then `receive` what comes. After `publishing`: `media`. At the end: `finish`.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #purpose: ClientPurpose;
  readonly #handshake: ClientHandshake;
  readonly #decoder = new ChunkDecoder();
  readonly #encoder = new ChunkEncoder();
  #isShaken = false;
  #messageStreamId = 0;
  #received = 0;
  #acknowledged = 0;
  #window = 0;
  #badInARow = 0;
  readonly #effects = new EffectQueue<ClientEffect>();

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#purpose = options.purpose ?? "publish";
    this.#handshake = new ClientHandshake(options);
  }

  /**
   * The last step before the socket, for everything that is sent, in its order: encrypts it where
   * the session is encrypted, else gives it back.
   */
  seal(bytes: Bytes): Bytes {
    return this.#handshake.cipher?.seal(bytes) ?? bytes;
  }

  /** The first bytes to send. */
  start(): OwnBytes {
    return this.#handshake.start();
  }

  /**
   * Takes the next bytes from the socket, cut anywhere.
   *
   * @throws ProtocolError in connection scope, from the handshake or the chunk stream, or
   *   `BAD_MESSAGES` (limit)
   */
  receive(bytes: Bytes): ClientEffect[] {
    let rest: Bytes | undefined = bytes;
    if (!this.#isShaken) {
      const step = this.#handshake.receive(bytes);
      if (step.send !== undefined) this.#effects.send(step.send);
      if (step.done) {
        this.#isShaken = true;
        this.#send(this.#connect());
      }
      rest = step.rest;
    }
    if (rest !== undefined && this.#isShaken) {
      this.#count(rest.length);
      const clear = this.#handshake.cipher?.open(rest) ?? rest;
      for (const message of this.#decoder.push(clear)) this.#take(message);
      if (this.#decoder.failure !== undefined) throw this.#decoder.failure;
    }
    return this.#effects.flush();
  }

  /**
   * A message of the broadcast as bytes to send.
   *
   * @param timestamp 0 to 2^32 - 1 ms
   * @param payload tag body, or for "data" AMF0 values that begin with `@setDataFrame`
   * @param head a few bytes that go before it, of the same body
   */
  media(
    kind: "audio" | "video" | "data",
    timestamp: number,
    payload: Bytes,
    head?: Bytes,
  ): OwnBytes {
    const message = {
      chunkStreamId: CHUNK_STREAM[kind],
      timestamp,
      typeId: TYPE[kind],
      messageStreamId: this.#messageStreamId,
      payload,
    };
    return this.#encoder.encodeChunks(message, head);
  }

  /** The last bytes to send: it has ended, it was not lost. Empty before the handshake is over. */
  finish(): OwnBytes {
    if (!this.#isShaken) return join([]);
    const messages = goodbye(this.#purpose, this.#options.streamName, this.#messageStreamId);
    return join(messages.map((message) => this.#encoder.encodeChunks(message)));
  }

  #send(...messages: readonly Message[]): void {
    for (const message of messages) this.#effects.send(this.#encoder.encodeChunks(message));
  }

  #connect(): Message {
    const { app, tcUrl, relayTrail } = this.#options;
    const { flashVer = FLASH_VERSION[this.#purpose], capabilities = CLIENT_CAPABILITIES } =
      this.#options;
    const fields = connectObject({ app, tcUrl, flashVer, capabilities, relayTrail });
    return commandMessage(
      {
        name: "connect",
        transactionId: Transaction.connect,
        commandObject: this.#purpose === "play" ? { ...fields, ...PLAYER_FIELDS } : fields,
        parameters: [],
      },
      { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
    );
  }

  #count(length: number): void {
    this.#received += length;
    if (this.#window === 0 || this.#received - this.#acknowledged < this.#window / 2) return;
    this.#acknowledged = this.#received;
    this.#send(acknowledgement(this.#received));
  }

  #take(message: Message): void {
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
    this.#effects.push({ type: "bad-message", typeId, error });
  }

  #handle(message: Message): void {
    switch (message.typeId) {
      case MessageType.WindowAcknowledgementSize:
        this.#window = readControlNumber(message);
        return;
      case MessageType.UserControl:
        this.#userControl(message);
        return;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#command(decodeCommand(message));
        return;
      case MessageType.Audio:
      case MessageType.Video:
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#media(message);
        return;
      case MessageType.Aggregate:
        for (const part of splitAggregate(message)) this.#media(part);
        return;
      default:
    }
  }

  #userControl({ payload }: Message): void {
    if (payload.length < 6) return;
    const reader = new ByteReader(payload);
    switch (reader.u16()) {
      case UserControlEvent.PingRequest:
        this.#send(userControl(UserControlEvent.PingResponse, reader.u32()));
        return;
      case UserControlEvent.StreamEof:
        if (this.#purpose === "play") {
          this.#effects.push({ type: "ended", code: "StreamEOF", description: "" });
        }
        return;
      default:
    }
  }

  /**
   * What is played: it is one stream, whatever the number it comes under. A server may send media
   * before it says that it plays.
   */
  #media(message: Message): void {
    if (this.#purpose !== "play") return;
    const { typeId, timestamp, messageStreamId, payload } = message;
    switch (typeId) {
      case MessageType.Audio:
      case MessageType.Video: {
        const kind = typeId === MessageType.Audio ? "audio" : "video";
        this.#effects.push({ type: "media", kind, messageStreamId, timestamp, payload });
        return;
      }
      case MessageType.DataAmf0:
      case MessageType.DataAmf3: {
        const values = amf0Part(message);
        const handler = handlerOf(values);
        if (handler === "onPlayStatus") this.#onPlayStatus(values);
        if (NOT_BROADCAST.includes(handler)) return;
        const encoding = typeId === MessageType.DataAmf0 ? "amf0" : "amf3";
        this.#effects.push({
          ...{ type: "media", kind: "data", encoding, messageStreamId, timestamp },
          payload: values,
        });
        return;
      }
      default:
    }
  }

  #onPlayStatus(values: Bytes): void {
    const [, ...parameters] = decodeAmf0(values);
    const { code, description } = readInformation(parameters.at(-1));
    if (ENDINGS.includes(code)) this.#effects.push({ type: "ended", code, description });
  }

  #command(command: Command): void {
    const { name, transactionId, parameters, commandObject } = command;
    switch (name) {
      case "_result":
        this.#onResult(command);
        return;
      case "_error": {
        const { connect, createStream, publish } = Transaction;
        const needed: readonly number[] = [connect, createStream, publish];
        if (needed.includes(transactionId)) {
          this.#refused(readInformation(parameters[0] ?? commandObject));
        }
        return;
      }
      case "onStatus":
        this.#onStatus(readInformation(parameters[0] ?? commandObject));
        return;
      case "close":
        this.#effects.push({ type: "closed" });
        return;
      default:
    }
  }

  #onResult(command: Command): void {
    const { streamName, chunkSize = 4096 } = this.#options;
    switch (command.transactionId) {
      case Transaction.connect: {
        this.#effects.push({ type: "connected", ...readConnectAnswer(command) });
        const [first, ...others] = afterConnect(this.#purpose, streamName, chunkSize);
        if (first !== undefined) this.#send(first);
        if (this.#purpose === "publish") this.#encoder.chunkSize = chunkSize;
        this.#send(...others);
        return;
      }
      case Transaction.createStream: {
        const [id] = command.parameters;
        if (typeof id !== "number") return;
        this.#messageStreamId = id;
        this.#send(...afterCreateStream(this.#purpose, streamName, id));
        return;
      }
      default:
    }
  }

  #onStatus(information: Information): void {
    const { level, code, description, fields } = information;
    if (code === "NetConnection.Connect.ReconnectRequest") {
      const { tcUrl } = this.#options;
      const named = fields["tcUrl"];
      const resolved = typeof named === "string" ? resolveTcUrl(tcUrl, named) : tcUrl;
      if (resolved === undefined) return;
      this.#effects.push({ type: "reconnect-requested", tcUrl: resolved, description });
    } else if (this.#purpose === "play" && ENDINGS.includes(code)) {
      this.#effects.push({ type: "ended", code, description });
    } else if (level === "error") {
      this.#refused(information);
    } else if (code === "NetStream.Publish.Start" && this.#purpose === "publish") {
      this.#effects.push({ type: "publishing" });
    } else if (code === "NetStream.Play.Start" && this.#purpose === "play") {
      this.#effects.push({ type: "playing" });
    }
  }

  #refused(information: Information): void {
    const { code, description } = information;
    const redirect = readRedirect(information, this.#options.tcUrl);
    this.#effects.push(
      redirect === undefined
        ? { type: "refused", code, description }
        : { type: "redirected", code, ...redirect },
    );
  }
}

/** The name that a data message begins with, as far as it can be one of ours; else empty. */
function handlerOf(values: Bytes): string {
  const length = (values[1] ?? 0) * 256 + (values[2] ?? 0);
  if (values[0] !== 2 || length > 32) return "";
  return String.fromCharCode(...values.subarray(3, 3 + length));
}
