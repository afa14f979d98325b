import { type Amf0Value, membersOf } from "../amf0/value.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { type Bytes, concat, type OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { ChunkEncoder } from "./chunk-encoder.ts";
import { CONNECTION_CHUNK_STREAM, type Command, commandMessage, decodeCommand } from "./command.ts";
import { EffectQueue, type SendEffect } from "./effect-queue.ts";
import { ClientHandshake, type Encryption, type Random } from "./handshake.ts";
import {
  acknowledgement,
  type Message,
  MessageType,
  readControlNumber,
  setChunkSize,
  UserControlEvent,
  userControl,
} from "./message.ts";

/** What is to be done about what a server sent. */
export type ClientEffect =
  | SendEffect
  /** The server takes the broadcast: `media` may be sent. */
  | { readonly type: "publishing" }
  /** The server does not, or no longer; its own words. */
  | { readonly type: "refused"; readonly code: string; readonly description: string };

/** What a publisher says of itself and of what it wants. */
export type ClientSessionOptions = {
  readonly random: Random;
  /** Makes it RTMPE: then all that is sent must go through `seal`. */
  readonly encryption?: Encryption | undefined;
  readonly app: string;
  readonly tcUrl: string;
  /** Stream key, query included. */
  readonly streamName: string;
  readonly flashVer?: string;
  /** Bytes of payload in a chunk: announced after connect. */
  readonly chunkSize?: number;
};

/** Transactions, numbered as FFmpeg does. */
const Transaction = {
  connect: 1,
  releaseStream: 2,
  fcPublish: 3,
  createStream: 4,
  publish: 5,
  fcUnpublish: 6,
  deleteStream: 7,
} as const;

/** The chunk streams FFmpeg uses. */
const CHUNK_STREAM = { publish: 8, data: 4, audio: 4, video: 6 } as const;

const TYPE = {
  audio: MessageType.Audio,
  video: MessageType.Video,
  data: MessageType.DataAmf0,
} as const;

/**
 * A client that publishes one stream, in FFmpeg's manner: bytes in, effects out.
 *
 * `start`, then `receive` what comes; after `publishing`, `media` and at the end `finish`.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #handshake: ClientHandshake;
  readonly #decoder = new ChunkDecoder();
  readonly #encoder = new ChunkEncoder();
  #isShaken = false;
  #messageStreamId = 0;
  #received = 0;
  #acknowledged = 0;
  #window = 0;
  readonly #effects = new EffectQueue<ClientEffect>();

  constructor(options: ClientSessionOptions) {
    this.#options = options;
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
   * @throws ProtocolError from the handshake or the chunk stream, in connection scope
   */
  receive(bytes: Bytes): ClientEffect[] {
    let rest: Bytes | undefined = bytes;
    if (!this.#isShaken) {
      const step = this.#handshake.receive(bytes);
      if (step.send !== undefined) this.#send(step.send);
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
   */
  media(kind: "audio" | "video" | "data", timestamp: number, payload: Bytes): OwnBytes {
    return this.#encoder.encodeChunks({
      chunkStreamId: CHUNK_STREAM[kind],
      timestamp,
      typeId: TYPE[kind],
      messageStreamId: this.#messageStreamId,
      payload,
    });
  }

  /** The last bytes to send: the broadcast has ended, it was not lost. */
  finish(): OwnBytes {
    const { streamName } = this.#options;
    const { fcUnpublish, deleteStream } = Transaction;
    return concat(
      this.#encode("FCUnpublish", fcUnpublish, null, streamName),
      this.#encode("deleteStream", deleteStream, null, this.#messageStreamId),
    );
  }

  #send(bytes: OwnBytes): void {
    this.#effects.send(bytes);
  }

  #encode(name: string, transactionId: number, ...values: readonly Amf0Value[]): OwnBytes {
    const [commandObject, ...parameters] = values;
    return this.#encoder.encodeChunks(
      commandMessage(
        { name, transactionId, commandObject, parameters },
        { chunkStreamId: CONNECTION_CHUNK_STREAM, messageStreamId: 0 },
      ),
    );
  }

  #connect(): OwnBytes {
    const { app, tcUrl, flashVer = "FMLE/3.0 (compatible; Sluice)" } = this.#options;
    const type = "nonprivate";
    return this.#encode("connect", Transaction.connect, { app, type, flashVer, tcUrl });
  }

  #count(length: number): void {
    this.#received += length;
    if (this.#window === 0 || this.#received - this.#acknowledged < this.#window / 2) return;
    this.#acknowledged = this.#received;
    this.#send(this.#encoder.encodeChunks(acknowledgement(this.#received)));
  }

  #take(message: Message): void {
    switch (message.typeId) {
      case MessageType.WindowAcknowledgementSize:
        if (message.payload.length >= 4) this.#window = readControlNumber(message);
        return;
      case MessageType.UserControl:
        this.#userControl(message);
        return;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#command(readCommand(message));
        return;
      default:
    }
  }

  #userControl({ payload }: Message): void {
    if (payload.length < 6) return;
    const reader = new ByteReader(payload);
    if (reader.u16() !== UserControlEvent.PingRequest) return;
    const pong = userControl(UserControlEvent.PingResponse, reader.u32());
    this.#send(this.#encoder.encodeChunks(pong));
  }

  #command(command: Command | undefined): void {
    switch (command?.name) {
      case "_result":
        this.#onResult(command);
        return;
      case "_error": {
        const { connect, createStream, publish } = Transaction;
        const needed: readonly number[] = [connect, createStream, publish];
        if (needed.includes(command.transactionId)) this.#refused(command);
        return;
      }
      case "onStatus": {
        const { level, code } = membersOf(command.parameters[0]) ?? {};
        if (level === "error") this.#refused(command);
        else if (code === "NetStream.Publish.Start") this.#effects.push({ type: "publishing" });
        return;
      }
      default:
    }
  }

  #onResult({ transactionId, parameters }: Command): void {
    const { streamName, chunkSize = 4096 } = this.#options;
    switch (transactionId) {
      case Transaction.connect: {
        this.#send(this.#encoder.encodeChunks(setChunkSize(chunkSize)));
        this.#encoder.chunkSize = chunkSize;
        this.#send(this.#encode("releaseStream", Transaction.releaseStream, null, streamName));
        this.#send(this.#encode("FCPublish", Transaction.fcPublish, null, streamName));
        this.#send(this.#encode("createStream", Transaction.createStream, null));
        return;
      }
      case Transaction.createStream: {
        const [id] = parameters;
        if (typeof id !== "number") return;
        this.#messageStreamId = id;
        const { publish } = CHUNK_STREAM;
        const command = commandMessage(
          {
            name: "publish",
            transactionId: Transaction.publish,
            commandObject: null,
            parameters: [streamName, "live"],
          },
          { chunkStreamId: publish, messageStreamId: id },
        );
        this.#send(this.#encoder.encodeChunks(command));
        return;
      }
      default:
    }
  }

  #refused({ parameters, commandObject }: Command): void {
    const { code, description } = membersOf(parameters[0] ?? commandObject) ?? {};
    this.#effects.push({
      type: "refused",
      code: typeof code === "string" ? code : "",
      description: typeof description === "string" ? description : "",
    });
  }
}

/** A command, or undefined where it cannot be read: the server's affair, and not worth a broadcast. */
function readCommand(message: Message): Command | undefined {
  try {
    return decodeCommand(message);
  } catch (error) {
    if (error instanceof ProtocolError && error.scope === "message") return undefined;
    throw error;
  }
}
